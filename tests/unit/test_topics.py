"""How much texts have in common."""

from __future__ import annotations

import numpy as np
import pytest

from moderator.kernel import slots
from moderator.text import columns, encode
from moderator.topics import TERM_BITS, Terms, overlap, rarity_of, terms, weights, within


def read(*texts: str) -> Terms:
    return terms(columns(*encode(texts)))


def counts(*texts: str) -> list[int]:
    return np.bincount(read(*texts).unit, minlength=len(texts)).tolist()


def shared(own: str, context: str) -> float:
    return float(overlap(read(own), 1, read(context), np.array([0]), None).share[0])


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
    ("own", "context", "share"),
    [
        ("bread oven", "The oven is hot", 0.5),
        ("Baking bread", "bread, bread and baking", 1.0),
        ("cars", "bread", 0.0),
        ("", "bread", 0.0),
        ("bread", "", 0.0),
        ("烤面包", "面包", 0.5),
        ("выпечка хлеба", "Хлеба много", 0.5),
    ],
)
def test_overlap_is_the_share_of_the_own_terms(own: str, context: str, share: float) -> None:
    assert shared(own, context) == share


def test_each_text_is_compared_with_its_own_context() -> None:
    own, others = read("bread", "bread", "bread", "cars"), read("cars", "bread")
    found = overlap(own, 4, others, np.array([0, 1, -1, 0]), None)
    assert found.share.tolist() == [0.0, 1.0, 0.0, 1.0]
    assert found.terms.tolist() == [1, 1, 1, 1]


def test_without_any_context() -> None:
    found = overlap(read("bread", ""), 2, read(), np.array([-1, -1]), None)
    assert found.share.tolist() == [0.0, 0.0]
    assert found.terms.tolist() == [1, 0]


def test_within_a_document_the_others_are_the_context() -> None:
    own = read("bread oven", "oven", "bread oven", "oven")
    found = within(own, 4, np.array([0, 0, 1, 2]), None)
    assert found.share.tolist() == [0.5, 1.0, 0.0, 0.0]


def test_rare_terms_count_for_more() -> None:
    rare, common = read("bread").term, read("oven").term
    seen = np.zeros(1 << TERM_BITS, np.int64)
    seen[slots(common, 0, TERM_BITS)] = 50
    rarity = rarity_of(seen, 100)
    assert weights(rare, rarity)[0] == round(16 * np.log(101))
    assert weights(common, rarity)[0] == round(16 * np.log(101 / 51))
    found = overlap(read("bread oven"), 1, read("bread"), np.array([0]), rarity)
    assert found.share[0] > 0.8


def test_rarity_stays_within_a_byte_and_never_is_nothing() -> None:
    seen = np.array([0, 10**9, 5])
    assert rarity_of(seen, 10**9).tolist() == [255, 1, 255]
    assert rarity_of(seen, 0).dtype == np.uint8
