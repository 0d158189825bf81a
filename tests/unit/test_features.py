"""Hashed n-grams: what is trained on is what is scored with."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderator import features, kernel
from moderator.text import columns, encode

BITS = 12
WEIGHTS = np.random.default_rng(0).integers(-127, 128, 1 << BITS).astype(np.int8)

texts = st.lists(st.text(alphabet="ab! é中\u200b\n", max_size=30), max_size=6)


def score(*texts: str) -> list[float]:
    """Return the scores of texts that are read together."""
    return features.score(columns(*encode(texts)), WEIGHTS).tolist()


@given(texts)
def test_training_sees_what_scoring_sees(values: list[str]) -> None:
    read = columns(*encode(values))
    unit, slot, amount = features.rows(read, "text", BITS)
    expected = np.bincount(unit, WEIGHTS[slot] * amount.astype(float), len(values))
    empty = read.end == read.start
    assert np.allclose(features.score(read, WEIGHTS)[~empty], expected[~empty], rtol=1e-5)


@given(texts)
def test_what_characters_add_is_the_score(values: list[str]) -> None:
    read = columns(*encode(values))
    share = np.r_[0.0, np.cumsum(features.character_scores(read, WEIGHTS))]
    parts = share[read.end] - share[read.start]
    full = read.end > read.start
    assert np.allclose(parts[full], features.score(read, WEIGHTS)[full], atol=1e-4)


@given(texts)
def test_neighbours_do_not_matter(values: list[str]) -> None:
    assert score(*values) == [score(value)[0] for value in values]


@pytest.mark.parametrize("mark", ["!", ".", "…", "-"])
def test_a_run_of_one_character_counts_once(mark: str) -> None:
    assert score("Buy it now" + mark * 8) == score("Buy it now" + mark * 800)


@pytest.mark.parametrize("mark", ["!", "é", "中", "a"])
def test_where_runs_are(mark: str) -> None:
    found = kernel.repeats(columns(*encode(["xb" + mark * 8 + "c"])).code)
    assert [at.tolist() for at in found] == [list(range(4, 12 - n)) for n in kernel.ORDERS]


def test_blanks_of_empty_units_are_no_run() -> None:
    assert [at.tolist() for at in kernel.repeats(columns(*encode(["", "", "", "", "", "a"])).code)] == [[], [], [], []]
