"""How much texts have in common."""

from __future__ import annotations

import numpy as np
import pytest

from moderator.kernel import slots
from moderator.text import columns, encode
from moderator.topics import TERM_BITS, Terms, compare, pieces, rare, rarity_of, terms, weights, within


def read(*texts: str) -> Terms:
    return terms(columns(*encode(texts)))


def counts(*texts: str) -> list[int]:
    return np.bincount(read(*texts).unit, minlength=len(texts)).tolist()


def related(own: str, context: str) -> float:
    mine, others = (pieces(columns(*encode([text]))) for text in (own, context))
    return float(compare(mine, 1, others, np.array([0]), None).cosine[0])


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("", 0),
        ("of it to", 0),  # short words are in every text
        ("123 456", 0),
        ("bread", 1),
        ("bread Bread BREAD", 1),
        ("bakery bakerys bakerymen baker", 2),  # cut to six letters
        ("bread oven", 2),
        ("中文", 1),
        ("中文字", 2),
        ("中。文", 0),
        ("\ud800\0", 0),
    ],
)
def test_terms(text: str, number: int) -> None:
    assert counts(text) == [number]


def test_terms_are_those_of_each_text() -> None:
    assert counts("bread oven", "", "oven", "中", "文") == [2, 0, 1, 0, 0]
    assert counts() == []


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("", 0),
        ("of it to", 0),  # short words are in every text
        ("123 456", 0),
        ("oven", 2),  # " oven", "oven "
        ("oven, oven!", 2),
        ("tea", 1),
        ("ovens", 3),
        ("中文字", 2),
        ("中。文", 0),
        ("빵집", 3),  # both syllables, and the two
        ("ไทย", 2),
        ("\ud800\0", 0),
    ],
)
def test_pieces(text: str, number: int) -> None:
    assert len(pieces(columns(*encode([text]))).term) == number


@pytest.mark.parametrize(
    ("own", "context", "least", "most"),
    [
        ("bread", "bread", 1.0, 1.0),
        ("Baking bread", "bread, bread and baking", 0.8, 1.0),
        ("Brotbacken", "Der Brotbackofen ist heiß", 0.3, 0.9),  # compound words meet
        ("cars", "bread", 0.0, 0.0),
        ("", "bread", 0.0, 0.0),
        ("bread", "", 0.0, 0.0),
        ("烤面包", "面包", 0.5, 0.9),
        ("выпечка хлеба", "Хлеба много", 0.3, 0.9),
        ("빵을 굽다", "빵이 맛있다", 0.1, 0.9),  # the same noun before other particles
    ],
)
def test_a_comment_and_its_post(own: str, context: str, least: float, most: float) -> None:
    assert least <= round(related(own, context), 6) <= most


def test_each_text_is_compared_with_its_own_context() -> None:
    own, others = read("bread", "bread", "bread", "cars"), read("cars", "bread")
    found = compare(own, 4, others, np.array([0, 1, -1, 0]), None)
    assert found.cosine.tolist() == [0.0, 1.0, 0.0, 1.0]
    assert found.terms.tolist() == [1, 1, 1, 1]
    assert found.context_terms.tolist() == [1, 1, 0, 1]


def test_without_any_context() -> None:
    found = compare(read("bread", ""), 2, read(), np.array([-1, -1]), None)
    assert found.cosine.tolist() == [0.0, 0.0]
    assert found.terms.tolist() == [1, 0]


def test_within_a_document_the_others_are_the_context() -> None:
    own = read("bread oven", "oven", "bread oven", "oven")
    found = within(own, 4, np.array([0, 0, 1, 2]), None)
    assert found.share.tolist() == [0.5, 1.0, 0.0, 0.0]


def test_rare_terms_count_for_more() -> None:
    seldom, common = read("bread").term, read("oven").term
    seen = np.zeros(1 << TERM_BITS, np.int64)
    seen[slots(common, 0, TERM_BITS)] = 50
    rarity = rare(seen, 100)
    assert weights(seldom, rarity)[0] == round(16 * np.log(101))
    assert weights(common, rarity)[0] == round(16 * np.log(101 / 51))
    found = compare(read("bread oven"), 1, read("bread"), np.array([0]), rarity)
    assert found.cosine[0] > 0.8
    assert found.rare[0] == (round(16 * np.log(101)) - 48) / 16


def test_rarity_counts_the_texts_that_a_term_is_in() -> None:
    rarity = rarity_of(["bread bread", "oven bread", "tea"])
    table = rarity.terms[slots(read("bread oven tea unseen").term, 0, TERM_BITS)]
    assert sorted(table.tolist()) == sorted(round(16 * np.log(4 / n)) for n in (3, 2, 2, 1))
    assert rarity.pieces.min() < rarity.pieces.max() == round(16 * np.log(4))


def test_rarity_stays_within_a_byte_and_never_is_nothing() -> None:
    seen = np.array([0, 10**9, 5])
    assert rare(seen, 10**9).tolist() == [255, 1, 255]
    assert rare(seen, 0).dtype == np.uint8
