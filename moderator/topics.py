"""How much two texts have in common: the share of a text's terms that its context has too.

A term is a word cut to its first letters, or two characters in a row in scripts that write no
spaces. Rare terms count for more (inverse document frequency, Spärck Jones 1972).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from moderator import kernel
from moderator.text import LETTER, UNSPACED, Columns, Positions

TERM_BITS = 16
STEM = 6  # letters of a word that count: a crude stemmer that works alike in most languages
MIN_WORD = 3  # letters; shorter words are in every text

Rarity = npt.NDArray[np.uint8]  # 2**TERM_BITS: how rare the terms of a bucket are, in steps of 1/16


class Terms(NamedTuple):
    """The distinct terms of each unit, ordered by unit."""

    unit: Positions
    term: npt.NDArray[np.uint32]


class Overlap(NamedTuple):
    """For each unit: how many distinct terms it has, and what share of their weight is in its context."""

    terms: Positions
    share: npt.NDArray[np.float64]


def terms(columns: Columns) -> Terms:
    """Return the distinct terms of every unit."""
    start, end = columns.word_start, columns.word_end
    single = (columns.kind[start] & UNSPACED) != 0
    words = ~single & (end - start >= MIN_WORD) & ((columns.kind[start] & LETTER) != 0)
    stems = kernel.word_hashes(columns.code, start[words], np.minimum(end[words], start[words] + STEM))
    pairs = np.flatnonzero(single[1:] & single[:-1] & (start[1:] == end[:-1]))
    bigrams = kernel.word_hashes(columns.code, start[pairs], start[pairs] + 2)
    unit = np.r_[columns.word_unit[words], columns.word_unit[pairs]].astype(np.uint64)
    key = kernel.distinct((unit << np.uint64(32)) | np.r_[stems, bigrams])
    return Terms((key >> np.uint64(32)).astype(np.int64), key.astype(np.uint32))


def weights(term: npt.NDArray[np.uint32], rarity: Rarity | None) -> Positions:
    """Return the weight of each term, a whole number; all weigh the same where rarity is not known."""
    if rarity is None:
        return np.full(len(term), 16, np.int64)
    return rarity[kernel.slots(term, 0, TERM_BITS)].astype(np.int64)


def overlap(own: Terms, units: int, others: Terms, context: Positions, rarity: Rarity | None) -> Overlap:
    """Compare each unit with the unit `context[unit]` of other texts; -1 is no context.

    >>> from moderator.text import columns, encode
    >>> def read(*texts): return terms(columns(*encode(texts)))
    >>> overlap(read("bread oven", "cars"), 2, read("The oven"), np.array([0, 0]), None).share.tolist()
    [0.5, 0.0]
    """
    key = (context[own.unit].astype(np.uint64) << np.uint64(32)) | own.term
    known = (others.unit.astype(np.uint64) << np.uint64(32)) | others.term
    place = np.minimum(np.searchsorted(known, key), max(len(known) - 1, 0))
    shared = (known[place] == key) & (context[own.unit] >= 0) if len(known) else np.zeros(len(key), bool)
    return _shares(own, units, shared, rarity)


def within(own: Terms, units: int, document: Positions, rarity: Rarity | None) -> Overlap:
    """Compare each unit with all the other units of its document."""
    key = (document[own.unit].astype(np.uint64) << np.uint64(32)) | own.term
    _, index, count = np.unique(key, return_inverse=True, return_counts=True)
    return _shares(own, units, count[index] > 1, rarity)


def _shares(own: Terms, units: int, shared: npt.NDArray[np.bool_], rarity: Rarity | None) -> Overlap:
    weight = weights(own.term, rarity)
    total = np.bincount(own.unit, weight, units)
    common = np.bincount(own.unit[shared], weight[shared], units)
    return Overlap(np.bincount(own.unit, minlength=units), common / np.maximum(total, 1))


def rarity_of(counts: npt.NDArray[np.int64], documents: int) -> Rarity:
    """Return the table of rarity for counts of documents per bucket of terms."""
    idf = np.log((documents + 1) / (counts + 1.0))
    return np.clip(np.round(idf * 16), 1, 255).astype(np.uint8)
