"""Near-duplicates, contradictions, sets that teach the wrong thing, splits that do not leak."""

from __future__ import annotations

import random

import numpy as np
import pytest

from moderator import curation
from moderator.curation import Problem
from moderator.duplicates import clusters, joined, normal_forms
from moderator.errors import InputError
from moderator.records import Document, Label
from moderator.samples import Sample

NOUNS = """
harbour lantern oat bicycle kettle willow marble ferry pepper saddle copper meadow violin cellar ribbon thistle
anchor basil candle drawer engine feather garlic hammer island jacket kitchen ladder mustard needle orchard pillow
"""
WORDS = NOUNS.split()


def prose(seed: int, words: int = 40) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=words))


def sample(text: str, label: Label = "ham", author: str | None = None, **rest: str) -> Sample:
    names = {"source", "group"} & rest.keys()
    own = {name: rest.pop(name) for name in names}
    return Sample(Document(text, author=author, **rest), label, **own)  # type: ignore[arg-type]


def found(samples: list[Sample]) -> list[Problem]:
    cluster = clusters([s.document.text for s in samples])
    return curation.problems(samples, [f"a.jsonl:{i + 1}" for i in range(len(samples))], cluster)


def codes(samples: list[Sample]) -> dict[str, str]:
    return {problem.code: problem.level for problem in found(samples)}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Best  ROULETTE 2019", "best roulette 2024"),
        ("ｂｅｓｔ roulette", "best roulette"),
        ("best rou\u200blette", "best roulette"),
        ("cafe\u0301 at nine", "caf\u00e9 at nine"),
    ],
)
def test_what_only_looks_different_has_one_normal_form(one: str, other: str) -> None:
    assert len(set(normal_forms([one, other]))) == 1


def test_a_word_more_is_another_normal_form() -> None:
    assert len(set(normal_forms(["best roulette", "best roulette here"]))) == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (prose(1), prose(1) + " teapot"),  # words
        (f"{prose(1, 8)} oak {prose(2, 8)}", f"{prose(1, 8)} elm {prose(2, 8)}"),  # characters
        (
            "我们的商店有最好的手表和最便宜的价格欢迎各位朋友随时联系购买优惠多多",
            "我们的商店有最好的手表和最便宜的价格欢迎各位朋友随时联系购买优惠多多哦",
        ),
    ],
)
def test_texts_that_share_most_of_their_shingles_are_near_duplicates(one: str, other: str) -> None:
    assert clusters([prose(7), one, prose(8, 9), other]).tolist() == [0, 1, 2, 1]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("", ""),
        ("Thanks, this helped.", "Thanks, this did not help at all, sorry."),
        (prose(1), prose(2)),
        (prose(1), " ".join(reversed(prose(1).split()))),
        ("我喜欢这篇关于面包的文章", "昨天我们去海边看了日落"),
    ],
)
def test_others_are_not(one: str, other: str) -> None:
    assert clusters([one, other]).tolist() == [0, 1]


def test_clusters_do_not_depend_on_the_company_or_the_order() -> None:
    texts = [prose(n // 2) + (" teapot" if n % 2 else "") for n in range(60)]
    many = [*texts, *(prose(1000 + n, 35) for n in range(4100))]  # more than a chunk
    assert clusters(many)[:60].tolist() == clusters(texts).tolist() == [n - n % 2 for n in range(60)]
    backwards = clusters(texts[::-1])
    assert len(np.unique(backwards)) == 30
    assert (backwards[::2] == backwards[1::2]).all()


def test_the_estimate_is_close_to_the_threshold_of_similarity() -> None:
    near = far = 0
    for n in range(40):
        words = [f"{WORDS[i % 32]}{chr(97 + i // 32)}{chr(97 + n % 26)}" for i in range(102)]
        near += len(set(clusters([" ".join(words), " ".join([*words, *map(str.upper, words[40:50])])]).tolist())) == 1
        changed = [*words[:70], *(word[::-1] for word in words[70:])]  # 68 of 132 shingles: 0.52
        far += len(set(clusters([" ".join(words), " ".join(changed)]).tolist())) == 1
    assert near >= 38
    assert far == 0


def test_joined_goes_through_others() -> None:
    assert joined(6, [(4, 5), (0, 1), (5, 1)]).tolist() == [0, 0, 2, 3, 0, 0]


def test_a_text_with_two_labels_is_an_error_that_names_both_places() -> None:
    samples = [sample("Lovely post 1", author="Ann"), sample("Rye bread"), sample("lovely  POST 2", "spam", "ANN ")]
    [error] = [problem for problem in found(samples) if problem.level == "error"]
    assert (error.code, error.place) == ("contradiction", "a.jsonl:3")
    assert "a.jsonl:1" in error.message
    assert "near-duplicate" not in codes(samples)  # it is not reported twice
    assert "near-duplicate" not in codes([sample(prose(1), "spam"), sample(prose(1)), sample(prose(1))])


@pytest.mark.parametrize(
    "other",
    [
        sample("Lovely post", "spam", "Cheap Loans"),  # another author
        sample("Lovely post", "spam", "Ann", url="https://loans.example"),  # another site
        sample("Lovely post", "off-topic", "Ann", context="Trains"),  # under another post
        sample("Lovely post", "ham", "Ann"),
    ],
)
def test_a_text_may_have_two_labels_for_a_reason(other: Sample) -> None:
    samples = [sample("Lovely post", "ham", "Ann", context="Bread"), other]
    assert not curation.contradictions(samples, normal_forms([s.document.text for s in samples]))


def test_off_topic_under_the_same_post_is_a_contradiction() -> None:
    samples = [sample("Lovely post", label, "Ann", context="Bread") for label in ("ham", "off-topic")]
    assert curation.contradictions(samples, normal_forms(["Lovely post"] * 2)) == {1: 0}


def test_near_duplicates_across_labels_are_a_warning_at_the_few() -> None:
    texts = [prose(1), prose(1) + " teapot", prose(1) + " spoon"]
    samples = [sample(texts[0]), sample(texts[1], "spam"), sample(texts[2], "spam")]
    [warning] = [problem for problem in found(samples) if problem.code == "near-duplicate"]
    assert (warning.level, warning.place) == ("warning", "a.jsonl:1")
    assert "a.jsonl:2" in warning.message


def test_one_label_only_is_an_error_and_little_of_one_a_warning() -> None:
    ham = [sample(prose(n)) for n in range(99)]
    assert codes(ham) == {"one-class": "error"}
    assert codes([*ham, sample(prose(200), "spam")]) == {"lopsided": "warning"}
    assert "lopsided" not in codes([*ham[:19], sample(prose(200), "spam")])  # 5 %


def test_many_copies_of_one_text_look_inserted() -> None:
    others = [sample(prose(n), "spam" if n % 2 else "ham") for n in range(100)]
    assert "copies" not in codes(others)
    assert "copies" not in codes(others + [sample("Nice one.")] * 9)
    inserted = others + [sample("The bank of Elm Street is honest.")] * 10
    assert codes(inserted) == {"copies": "warning"}
    assert next(p.place for p in found(inserted) if p.code == "copies") == "a.jsonl:101"


def test_a_label_that_is_mostly_one_text_teaches_that_text() -> None:
    honest = [sample(prose(n)) for n in range(30)]
    variants = [sample(f"{prose(99)} {word}", "spam") for word in WORDS[:12]]
    assert codes([*honest, *variants]) == {"one-cluster": "warning"}
    varied = [sample(prose(300 + n), "spam") for n in range(12)]
    assert "one-cluster" not in codes([*honest, *variants, *varied])


@pytest.mark.parametrize("declared", [None, "ru"])
def test_a_language_with_one_label_only_is_a_trap(declared: str | None) -> None:
    russian = "Сегодня мы открыли новый магазин и предлагаем всем читателям большие скидки на товар номер "
    nouns = "стол стул лампа ковёр шкаф диван полка кровать зеркало чайник ваза окно дверь сумка куртка".split()  # noqa: SIM905
    spam = [sample(f"{russian} {nouns[n % 15]} {nouns[n // 15]}", "spam") for n in range(20)]
    spam = [Sample(Document(s.document.text, language=declared), s.label) for s in spam]
    english = [sample(f"I read this on the train today and liked it: {prose(n, 9)}", "ham") for n in range(20)]
    english += [sample(f"Order the best watches in our shop today: {prose(100 + n, 9)}", "spam") for n in range(20)]
    [warning] = [p for p in found([*spam, *english]) if p.code == "language"]
    assert "20 samples in ru are spam" in warning.message
    ham = Sample(Document("Большое спасибо за рецепт, хлеб получился очень вкусный!", language=declared), "ham")
    assert "language" not in codes([*spam, *english, ham])
    assert "language" not in codes([*spam[:19], *english])


def test_the_longest_of_a_cluster_and_label_is_kept() -> None:
    samples = [sample(prose(1)), sample(prose(1) + " teapot"), sample(prose(2)), sample(prose(1), "spam")]
    cluster = clusters([s.document.text for s in samples])
    assert curation.representatives(samples, cluster).tolist() == [1, 1, 2, 3]


def test_a_split_keeps_sites_and_near_duplicates_together() -> None:
    labels: tuple[Label, ...] = ("ham", "spam")
    sites = [f"https://blog{n}.example/" for n in range(40)]
    samples = [sample(prose(n), labels[n % 2], site_url=sites[n % 40]) for n in range(200)]
    samples += [sample(prose(n) + " teapot", labels[n % 2]) for n in range(0, 200, 10)]
    cluster = clusters([s.document.text for s in samples])
    part = curation.split(samples, cluster, "site", [80, 20])
    for site in sites:
        assert len({int(part[i]) for i in range(200) if samples[i].document.site_url == site}) == 1
    for row, n in enumerate(range(0, 200, 10)):
        assert part[200 + row] == part[n]
    assert 0.7 <= (part == 0).mean() <= 0.9


def test_a_split_has_the_shares_of_each_label_and_does_not_depend_on_the_order() -> None:
    samples = [sample(prose(n), "spam" if n % 10 == 0 else "ham") for n in range(200)]
    part = curation.split(samples, np.arange(200), "site", [80, 20])
    spam = np.array([s.label == "spam" for s in samples])
    assert ((part == 1) & spam).sum() == 4
    assert ((part == 1) & ~spam).sum() == 36
    order = random.Random(3).sample(range(200), 200)
    again = curation.split([samples[i] for i in order], np.arange(200), "site", [80, 20])
    assert again.tolist() == part[order].tolist()


def test_a_group_that_holds_all_cannot_be_split() -> None:
    samples = [sample(prose(n), source="one") for n in range(9)]
    with pytest.raises(InputError, match="--by site"):
        curation.split(samples, np.arange(9), "source", [50, 50])
