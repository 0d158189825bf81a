"""What a site's owner allows: what matches, what only looks as if it did, and what the verdict says of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from moderator import load
from moderator.allow import Allow, Entry, author, domain, fold, phrase
from moderator.analysis import Batch
from moderator.pipeline import Moderator
from moderator.records import Document, Verdict
from moderator.report import from_json, to_json

TWO = "See http://a.example/x and http://b.example/y for more."
BAKERY = "Our bakery stall: http://a.example/x and http://b.example/y"


@pytest.fixture(scope="module")
def plain(counting: str) -> Moderator:
    return load(counting)


def allowing(plain: Moderator, *, domains: str = "", phrases: str = "", authors: str = "") -> Moderator:
    made = Allow(
        {domain(name): Entry(name, "f:1") for name in domains.split()},
        {phrase(words): Entry(words, "f:2") for words in filter(None, phrases.split("|"))},
        {author(name): Entry(name, "f:3") for name in filter(None, authors.split("|"))},
    )
    return replace(plain, allow=made)


def codes(verdict: Verdict) -> set[str]:
    return {c.signal.code for c in verdict.contributions}


def test_links_to_an_allowed_domain_do_not_count(plain: Moderator) -> None:
    assert plain.check(TWO).action == "hold"
    verdict = allowing(plain, domains="a.example").check(TWO)
    assert verdict.action == "publish"
    assert verdict.contributions[0].signal.spans == (plain.check(TWO).contributions[0].signal.spans[1],)
    (allowed,) = verdict.allowed
    assert (allowed.rule, allowed.match, allowed.place, allowed.finding) == ("domain", "a.example", "f:1", None)
    assert [TWO[s.start : s.end] for s in allowed.spans] == ["http://a.example/x"]


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        ("http://docs.a.example/x", False),
        ("HTTPS://WWW.A.Example:8080/?q=1@2", False),
        ("www.a.example/x", False),
        ("http://not-a.example/x", True),
        ("http://a.example.evil.example/", True),
        ("http://a.example@evil.example/", True),
        ("http://evil.example@a.example/", True),
        ("http://а.example/", True),  # the first letter is Cyrillic
    ],
)
def test_only_what_leads_to_the_domain_is_allowed(plain: Moderator, text: str, counted: bool) -> None:
    verdict = allowing(plain, domains="a.example").check(f"Read {text} first")
    assert ("links/count" in codes(verdict)) == counted
    assert bool(verdict.allowed) != counted


@pytest.mark.parametrize(
    ("target", "counted"),
    [
        ("https://a.example/x", False),
        ("//a.example/x", False),
        ("https://evil.example&bsol;@a.example/", True),
        ("https://evil.example&sol;.a.example/", True),
        ("https://a.example\t.evil.example/", True),
        (r"https:\\evil.example/a.example", True),
    ],
)
def test_targets_in_markup_are_read_as_browsers_do(plain: Moderator, target: str, counted: bool) -> None:
    document = Document(f'<p>The <a href="{target}">recipe</a> I used.</p>', kind="page", media="html")
    batch = Batch([document], allowing=allowing(plain, domains="a.example").allow)
    assert bool(batch.links) == counted
    assert bool(batch.allowed_links) != counted


def test_domains_of_other_alphabets_are_compared_as_they_are_looked_up(plain: Moderator) -> None:
    for name in ("bücher.example", "xn--bcher-kva.example"):
        verdict = allowing(plain, domains=name).check("Read http://bücher.example/ and http://xn--bcher-kva.example/")
        assert (verdict.action, len(verdict.allowed[0].spans)) == ("publish", 2)


@pytest.mark.parametrize(
    "value", ["", "example", "https://a.example", "a.example/x", "*.a.example", "a b.example", "a@b.c"]
)
def test_what_is_no_domain_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="domain"):
        domain(value)


def test_a_phrase_hides_a_finding_that_consists_of_it(plain: Moderator) -> None:
    verdict = allowing(plain, phrases="OUR  Ｂakery stall").check(BAKERY)
    assert (verdict.action, verdict.label, verdict.findings) == ("publish", "ham", ())
    assert verdict.score == plain.check(BAKERY).score
    (allowed,) = verdict.allowed
    assert (allowed.rule, allowed.match, allowed.place) == ("phrase", "OUR  Ｂakery stall", "f:2")
    assert allowed.finding == plain.check(BAKERY).findings[0]


def test_a_phrase_is_whole_words(plain: Moderator) -> None:
    assert allowing(plain, phrases="bake").check(BAKERY).action == "hold"
    assert allowing(plain, phrases="Our").check(BAKERY).action == "publish"
    assert allowing(plain, phrases="面包店").check(f"我们的面包店很好 {TWO}").action == "publish"


def test_a_phrase_hides_no_other_finding(plain: Moderator) -> None:
    text = f"{BAKERY}\n\n{'The dough rests for an hour. ' * 4}\n\n{TWO}\n"
    verdict = allowing(plain, phrases="our bakery stall").check(text, kind="page", media="markdown")
    assert verdict.action == "hold"
    assert [text[f.span.start : f.span.end] for f in verdict.findings] == [TWO]
    assert [text[a.spans[0].start : a.spans[0].end] for a in verdict.allowed] == [BAKERY]


def test_a_finding_that_is_more_than_the_phrase_stays_whole(plain: Moderator) -> None:
    text = f"{BAKERY}\n\n{TWO}\n"
    before = plain.check(text, kind="page", media="markdown")
    verdict = allowing(plain, phrases="our bakery stall").check(text, kind="page", media="markdown")
    assert (verdict.findings, verdict.allowed) == (before.findings, ())


@pytest.mark.parametrize("value", ["", " . ", "ab", "x" * 2000])
def test_what_is_no_phrase_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="phrase"):
        phrase(value)


def test_an_allowed_author_is_published(plain: Moderator) -> None:
    allowed = allowing(plain, authors="Jo  Example")
    verdict = allowed.check(TWO, author="jo example")
    assert (verdict.action, verdict.allowed[0].rule, verdict.allowed[0].place) == ("publish", "author", "f:3")
    assert allowed.check(TWO, author="Jo Examples").action == "hold"
    assert allowed.check(TWO, author="Jо Example").action == "hold"  # a Cyrillic letter
    assert allowed.check(TWO, author=" ").action == "hold"
    assert allowed.check("Thank you.", author="Jo Example").allowed == ()


def test_what_failed_is_not_published_although_it_is_allowed(plain: Moderator) -> None:
    from moderator.detectors import per_document

    def broken(_: Document) -> list[object]:
        raise ZeroDivisionError

    moderator = allowing(plain, authors="Jo")
    moderator = replace(moderator, detectors=(*plain.detectors, per_document("broken", (), broken)))  # type: ignore[arg-type]
    verdict = moderator.check(TWO * 4, author="Jo")
    assert (verdict.action, verdict.findings) == ("hold", ())


def test_verdicts_with_rules_read_back(plain: Moderator) -> None:
    verdict = allowing(plain, domains="a.example", authors="Jo").check(f"{TWO} http://c.example/z", author="Jo")
    assert {allowed.rule for allowed in verdict.allowed} == {"domain", "author"}
    assert from_json(to_json(verdict, TWO)) == verdict


def test_nothing_allowed_is_nothing_said(plain: Moderator) -> None:
    data = to_json(allowing(plain, domains="c.example", phrases="nowhere", authors="Jo").check(TWO, author="Al"), TWO)
    assert data == to_json(plain.check(TWO, author="Al"), TWO)
    assert not {"allowed", "notes"} & data.keys()


def test_folding_is_that_of_the_product() -> None:
    assert fold("  ＲYE\n bread\u200b ") == "rye bread"
