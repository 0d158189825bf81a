"""The profile of a site: what it is learned from, how it is read, and what it does to verdicts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from moderator import Document, Verdict, load, policy
from moderator.errors import ProfileError
from moderator.pipeline import Moderator
from moderator.profile import FAIR, MAX_BYTES, MOST, Part, Profile, dumps, familiar, loads, read
from moderator.readers.files import Record
from moderator.survey import Tally, profile_of, survey

GERMAN = (
    "Der Verein trifft sich jeden zweiten Mittwoch im alten Pfarrhaus neben der Kirche.",
    "Im Frühjahr schneiden wir die Obstbäume, im Herbst wird gemeinsam geerntet und gekeltert.",
    "Wer einen Korb Äpfel mitbringt, bekommt dafür am Abend drei Flaschen frischen Saft.",
    "Die Kinder lernen, wie man eine Leiter richtig anlegt und welche Äste stehen bleiben.",
    "Letztes Jahr hat der Frost die Kirschblüte erwischt, deshalb gab es kaum Marmelade.",
    "Unsere Bibliothek im Keller hat inzwischen mehr als vierhundert Bücher über Gärten.",
)
RUSSIAN = (
    "Мы собираемся каждую вторую среду в старом доме священника рядом с церковью.",
    "Весной мы обрезаем плодовые деревья, а осенью вместе собираем урожай и варим сидр.",
    "Тот, кто принесёт корзину яблок, вечером получит три бутылки свежего сока.",
    "Дети учатся правильно ставить лестницу и узнают, какие ветки нужно оставить.",
    "В прошлом году мороз погубил цветы вишни, поэтому варенья почти не было.",
    "В нашей библиотеке в подвале уже больше четырёхсот книг о садах и огородах.",
)
ENGLISH = (
    "The society meets every second Wednesday in the old vicarage next to the church.",
    "In spring we prune the fruit trees, and in autumn we gather and press the apples together.",
    "Whoever brings a basket of apples takes home three bottles of fresh juice that evening.",
    "The children learn how to set up a ladder safely and which of the branches should stay.",
    "Last year the frost caught the cherry blossom, which is why there was hardly any jam.",
    "Our library in the cellar has grown to more than four hundred books about gardens.",
)
ADVERT = "Лучшее онлайн казино с бонусами за регистрацию, играйте на деньги прямо сейчас!"

TRADE = "Ремонт окон и балконов по низким ценам, мастер выезжает бесплатно по всему городу."


def page(*paragraphs: str) -> Document:
    return Document("\n\n".join(paragraphs), kind="page", media="plain")


def pages(sentences: Sequence[str], count: int = 60) -> list[Document]:
    """Return pages of four paragraphs, two sentences each."""
    size = len(sentences)
    return [
        page(*(f"{sentences[(n + k) % size]} {sentences[(n * k + 1) % size]}" for k in range(4))) for n in range(count)
    ]


def counted(moderator: Moderator, documents: Sequence[Document]) -> Tally:
    *_, tally = survey(moderator, (Record(d, f"page-{n}.txt") for n, d in enumerate(documents)))
    return tally


def profile(moderator: Moderator, documents: Sequence[Document]) -> Profile:
    return profile_of(counted(moderator, documents))


def knowing(moderator: Moderator, found: Profile) -> Moderator:
    return replace(moderator, familiar=familiar(found))


def made(pages: int = 1000, hosts: dict[str, int] | None = None, **languages: float) -> Profile:
    scripts = {"ru": "Cyrl", "zh": "Hani"}
    shares: dict[str, float] = {}
    for name, share in languages.items():
        script = scripts.get(name, "Latn")
        shares[script] = shares.get(script, 0.0) + share
    return Profile(
        pages,
        {name: Part(share, pages) for name, share in languages.items()},
        {name: Part(share, pages) for name, share in shares.items()},
        hosts or {},
    )


def strengths(verdict: Verdict) -> dict[str, float]:
    return {c.signal.code: c.signal.strength for c in verdict.contributions}


def observed(moderator: Moderator, document: Document) -> dict[str, float]:
    """Return the strongest signal of each code."""
    _, signals, _ = moderator.observe([document])
    return {s.code: s.strength for found in signals for s in sorted(found, key=lambda s: s.strength)}


# What it does to verdicts


def test_a_bilingual_site_is_less_suspicious_with_its_profile(moderator: Moderator) -> None:
    site = [*pages(GERMAN), *pages(RUSSIAN, 40)]
    mixed = page(" ".join(GERMAN[:3]), " ".join(GERMAN[3:]), RUSSIAN[0])
    knows = knowing(moderator, profile(moderator, site))
    before, after = (m.judge([mixed])[0] for m in (moderator, knows))
    assert after.action == "publish"
    assert policy.log_odds_of(after) <= policy.log_odds_of(before)
    seen, then = (observed(m, mixed) for m in (moderator, knows))
    assert then["drift/language"] < seen["drift/language"] - 0.3


def test_an_advert_is_still_found_on_a_bilingual_site(moderator: Moderator) -> None:
    known = knowing(moderator, profile(moderator, [*pages(GERMAN), *pages(RUSSIAN)]))
    text = page(*GERMAN, f"{ADVERT} http://kazino-bonus.example")
    before, after = (m.judge([text])[0] for m in (moderator, known))
    assert before.action == "reject"
    assert after.action != "publish"
    assert policy.log_odds_of(after) < policy.log_odds_of(before)


def test_a_foreign_trailer_of_a_short_page_scores_higher_with_the_profile(moderator: Moderator) -> None:
    short = page("Our library opens at eight on Saturdays.", TRADE)
    before, after = (m.judge([short])[0] for m in (moderator, knowing(moderator, profile(moderator, pages(ENGLISH)))))
    assert policy.log_odds_of(after) > policy.log_odds_of(before) + 0.5
    assert "in Russian on a site in English" in [c.signal.message for c in after.contributions]


@pytest.mark.parametrize("sentences", [GERMAN, RUSSIAN])
def test_an_honest_short_page_in_another_language_is_published(moderator: Moderator, sentences: Sequence[str]) -> None:
    known = knowing(moderator, made(en=1.0))
    assert {m.judge([page(text)])[0].action for m in (moderator, known) for text in sentences} == {"publish"}


def test_a_few_pages_change_little(moderator: Moderator) -> None:
    mixed = page(" ".join(GERMAN[:3]), " ".join(GERMAN[3:]), RUSSIAN[0])
    short = page("Our library opens at eight on Saturdays.", ADVERT)
    for text, sentences in ((mixed, (*GERMAN, *RUSSIAN)), (short, ENGLISH)):
        changes = []
        for count in (2, 400):
            known = knowing(moderator, profile(moderator, pages(sentences, count)))
            foreign = [observed(m, text).get("drift/script", 0.0) for m in (moderator, known)]
            changes.append(abs(foreign[1] - foreign[0]))
        assert changes[0] < 0.4 * changes[1]


def test_a_page_that_tells_its_own_language_is_left_alone(moderator: Moderator) -> None:
    known = knowing(moderator, made(en=1.0))
    text = page(*GERMAN, *GERMAN)
    assert known.judge([text]) == moderator.judge([text])


def test_a_comment_in_a_language_of_the_site_drifts_less(moderator: Moderator) -> None:
    comment = Document(RUSSIAN[2], context=" ".join(GERMAN))
    known = knowing(moderator, made(de=0.6, ru=0.4))
    before, after = observed(moderator, comment), observed(known, comment)
    assert before["drift/script"] == 1.0
    assert 1.0 - MOST <= after["drift/script"] < 0.5
    assert 0.0 < after["drift/language"] < 0.5 * before["drift/language"]


def test_a_comment_without_a_post_is_compared_with_the_site(moderator: Moderator) -> None:
    comment = Document(RUSSIAN[2])
    assert "drift/script" not in observed(moderator, comment)
    assert observed(knowing(moderator, made(en=1.0)), comment)["drift/script"] > 0.9
    assert "drift/script" not in observed(knowing(moderator, made(en=0.9, ru=0.1)), comment)


def test_a_comment_under_a_post_is_not_compared_with_the_site(moderator: Moderator) -> None:
    comment = Document(RUSSIAN[2], context=" ".join(RUSSIAN))
    assert "drift/script" not in observed(knowing(moderator, made(en=1.0)), comment)


@pytest.mark.parametrize(("share", "least", "most"), [(FAIR, 0.35, 0.45), (FAIR / 2, 0.65, 0.75), (0.001, 0.95, 1.0)])
def test_drift_is_lowered_in_proportion(moderator: Moderator, share: float, least: float, most: float) -> None:
    comment = Document(RUSSIAN[2], context=" ".join(GERMAN))
    assert least < observed(knowing(moderator, made(de=1.0 - share, ru=share)), comment)["drift/script"] < most


# Links


def test_a_link_to_where_the_site_links_counts_less(moderator: Moderator) -> None:
    known = knowing(moderator, made(en=1.0, hosts={"orchards.example": 500, "seeds.example": 2}))
    seen = {
        host: observed(known, Document(f"See http://{host}/a and http://{host}/b for more.", kind="comment"))
        for host in ("orchards.example", "seeds.example", "elsewhere.example")
    }
    for code in ("links/count", "links/density", "links/repeated"):
        rising = [seen[host][code] for host in ("orchards.example", "seeds.example", "elsewhere.example")]
        assert all(a < b for a, b in pairwise(rising))
    elsewhere = Document("See http://elsewhere.example/a and http://elsewhere.example/b for more.", kind="comment")
    assert seen["elsewhere.example"] == observed(moderator, elsewhere)


def test_behind_a_messenger_or_a_short_link_stands_anybody(moderator: Moderator) -> None:
    known = knowing(moderator, made(en=1.0, hosts={"t.me": 900, "bit.ly": 900}))
    text = Document("Write to https://t.me/anna or see https://bit.ly/abc", kind="comment")
    before, after = observed(moderator, text), observed(known, text)
    assert all(after[code] == before[code] for code in ("links/messenger", "links/shortener"))


# What it is learned from


def test_a_survey_counts_languages_scripts_and_hosts(moderator: Moderator) -> None:
    linked = [
        page(d.text, "More at https://www.orchards.example.org/list and mail@seeds.org.") for d in pages(GERMAN, 30)
    ]
    found = profile(moderator, [*linked, *pages(RUSSIAN, 10), page("Once: https://single.example.org/")])
    assert found.pages == 41
    assert list(found.languages)[:2] == ["de", "ru"]
    assert found.languages["de"].pages == 30
    assert 0.15 < found.scripts["Cyrl"].share < 0.35
    assert found.hosts == {"orchards.example.org": 30}


def test_order_and_batches_make_no_difference(moderator: Moderator, monkeypatch: pytest.MonkeyPatch) -> None:
    site = [*pages(GERMAN, 20), *pages(RUSSIAN, 10)]
    whole = dumps(profile(moderator, site))
    assert dumps(profile(moderator, site[::-1])) == whole
    monkeypatch.setattr("moderator.pipeline.BATCH_DOCUMENTS", 3)
    assert dumps(profile(moderator, site)) == whole


def test_nothing_of_the_text_is_in_it(moderator: Moderator) -> None:
    words = {word for d in pages(GERMAN) for word in d.text.split() if len(word) > 3}
    written = dumps(profile(moderator, pages(GERMAN))).decode()
    assert not any(word in written for word in words)


def test_files_and_machines_of_the_site_are_no_hosts(moderator: Moderator) -> None:
    links = "Look at [this](notes.html), [that](http://localhost/x) and [those](http://10.0.0.7/x)."
    site = [Document(f"{GERMAN[n % 6]}\n\n{links}", kind="page", media="markdown") for n in range(5)]
    assert profile(moderator, site).hosts == {}


def test_spam_on_the_pages_is_left_out(moderator: Moderator) -> None:
    advert = f"{ADVERT} http://kazino-bonus.com/"
    spoilt = [page(d.text, advert) for d in pages(ENGLISH)]
    tally = counted(moderator, spoilt)
    assert (tally.pages, tally.segments, tally.flagged) == (60, 60, 60)
    assert profile_of(tally) == profile(moderator, pages(ENGLISH))


def test_an_advert_that_was_not_found_is_not_at_home(counting: str) -> None:
    blind = load(counting)  # sees links only
    spoilt = [page(*(p for d in pages(ENGLISH, 3) for p in d.text.split("\n\n")), ADVERT) for _ in range(50)]
    found = profile(blind, spoilt)
    assert found.languages["ru"].pages == 0
    known = familiar(found)
    assert known.script.sum() == known.script[known.main_script]


def test_comments_do_not_make_the_profile(moderator: Moderator) -> None:
    strangers = [Document(text) for text in RUSSIAN]
    tally = counted(moderator, [*pages(ENGLISH, 5), *strangers])
    assert (tally.pages, tally.comments) == (5, 6)
    assert list(profile_of(tally).scripts) == ["Latn"]


def test_what_could_not_be_judged_says_nothing(moderator: Moderator) -> None:
    records = [Record(None, "a.md", error="a binary file, not text"), *(Record(d, "b.md") for d in pages(ENGLISH, 2))]
    *_, tally = survey(moderator, records)
    assert tally.pages == 2
    assert tally.problems == ["a.md: a binary file, not text"]


def test_code_and_what_is_hidden_do_not_count(moderator: Moderator) -> None:
    text = f"<p>{' '.join(ENGLISH)}</p><p hidden>{' '.join(RUSSIAN)}</p><pre>{' '.join(GERMAN)}</pre>"
    found = profile(moderator, [Document(text, kind="page", media="html")])
    assert list(found.languages) == ["en"]


# Reading


GOOD = {
    "format": 1,
    "pages": 9,
    "languages": {"de": {"share": 0.75, "pages": 8}},
    "scripts": {"Latn": {"share": 1, "pages": 9}},
    "hosts": {"example.org": 3},
}


def changed(**keys: Any) -> bytes:
    return json.dumps({**GOOD, **keys}).encode()


def test_a_profile_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "profile.json"
    path.write_bytes(changed())
    found = read(path)
    assert found.languages == {"de": Part(0.75, 8)}
    assert loads(dumps(found)) == found


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", "not JSON"),
        (b"[1]", "it has no format"),
        (b"\xff\xfe\xfd", "not JSON"),
        (b'{"format": 1', "not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b'{"format": 1, "format": 1}', "'format' is there twice"),
        (b'{"format": ' + b"9" * 5000 + b"}", "not JSON"),
        (changed(format=2), "format is 2, this version reads 1"),
        (changed(format=True), "format is True"),
        (changed(format=[[]]), "format is \\[\\[\\]\\]"),
        (changed(colour="red"), "unknown key 'colour'"),
        (changed(**{"x" * 9000: 1}), r"unknown key 'x{10,14}\.\.\.x+'"),
        (b'{"format": 1, "pages": 2}', "languages is missing"),
        (changed(pages=-1), "pages must be a number"),
        (changed(pages=10**400), "pages must be a number .*, not a huge number"),
        (changed(pages=1.5), "pages must be a number"),
        (changed(pages=True), "pages must be a number"),
        (changed(pages="9"), "pages must be a number .*, not '9'"),
        (changed(languages=[]), "languages must be an object"),
        (changed(languages={"klingon": {}}), "languages has 'klingon'"),
        (changed(languages={"und": {"share": 1, "pages": 1}}), "languages has 'und'"),
        (changed(languages={"de": 1}), "languages.de must be an object, not 1"),
        (changed(languages={"de": {"share": 1}}), "languages.de: pages is missing"),
        (changed(languages={"de": {"share": 1, "pages": 1, "x": 1}}), "languages.de: unknown key 'x'"),
        (changed(languages={"de": {"share": float("nan"), "pages": 1}}), "languages.de.share must be .*, not nan"),
        (changed(languages={"de": {"share": float("inf"), "pages": 1}}), "languages.de.share must be .*, not inf"),
        (changed(languages={"de": {"share": 0, "pages": 1}}), "languages.de.share must be"),
        (changed(languages={"de": {"share": 1.5, "pages": 1}}), "languages.de.share must be"),
        (changed(languages={"de": {"share": "1", "pages": 1}}), "languages.de.share must be"),
        (changed(languages={"de": {"share": 1, "pages": 10}}), "languages.de.pages must be"),
        (
            changed(languages={"de": {"share": 0.9, "pages": 1}, "fr": {"share": 0.9, "pages": 1}}),
            "languages: the shares add up to more than 1",
        ),
        (changed(scripts={"Zyyy": {"share": 1, "pages": 1}}), "scripts has 'Zyyy'"),
        (changed(scripts=None), "scripts must be an object, not None"),
        (changed(hosts={"two words.org": 2}), "hosts has 'two words.org'"),
        (changed(hosts={"Example.org": 2}), "hosts has 'Example.org'"),
        (changed(hosts={"\ud800.org": 2}), "hosts has"),
        (changed(hosts={"example.org": 10}), "hosts.example.org must be"),
        (changed(hosts={f"h{n}.example": 1 for n in range(301)}), "hosts has 301 hosts"),
        (b" " * (MAX_BYTES + 1), "longer than 1,000,000 bytes"),
    ],
)  # fmt: skip
def test_a_wrong_profile_is_refused_by_file_and_key(tmp_path: Path, data: bytes, error: str) -> None:
    path = tmp_path / "profile.json"
    path.write_bytes(data)
    with pytest.raises(ProfileError, match=error) as raised:
        load(profile=path)
    assert str(raised.value).startswith(f"{path}: ")
    assert len(str(raised.value)) < 400


def test_a_gigabyte_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "profile.json"
    with path.open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(ProfileError, match="longer than"):
        read(path)


def test_a_missing_profile_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match=r"nowhere\.json cannot be read: No such file"):
        load(profile=tmp_path / "nowhere.json")


def test_a_profile_with_nothing_in_it_changes_nothing(moderator: Moderator) -> None:
    empty = knowing(moderator, Profile(0, {}, {}, {}))
    for text in (page(*ENGLISH, ADVERT), page(ADVERT), Document(ADVERT, context=" ".join(ENGLISH))):
        assert empty.judge([text]) == moderator.judge([text])
