"""Hashed n-grams of text, as numbers: what the text model is trained on and scores with.

A feature is an n-gram of characters (2 to 5, borders of the unit included) or one word or two in
a row, hashed to a row of one table of weights; of a run of one character, such as "!!!!!!", an n-gram
counts once. A unit's score is the sum of its features' weights
over the square root of their number, for characters and words apart, so that long texts do not
outshout short ones. Weights are whole numbers: sums are exact.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from moderator import kernel
from moderator.addresses import host_of
from moderator.records import Document
from moderator.text import Columns, Positions

Weights = npt.NDArray[np.int8]
Floats = npt.NDArray[np.float64]

BITS = 20
STEPS = 2.0**32
WORD, PAIR = 6, 7  # salts; those of character n-grams are their lengths
FIELDS = {"text": 0, "page": 0, "author": 100, "host": 200}


def value(document: Document, field: str) -> str:
    """Return what a field of a document holds: its text, its author's name, or the host of the author's site."""
    if field in ("text", "page"):
        return document.text
    return document.author or "" if field == "author" else host_of(document.url or "")


@dataclass(frozen=True, slots=True)
class Features:
    """All features of one kind in a batch: table rows, and where each begins and ends."""

    slot: npt.NDArray[np.intp]
    start: Positions
    end: Positions
    unit: Positions
    is_word: bool


def features(columns: Columns, field: str = "text", bits: int = BITS) -> Iterator[Features]:
    """Yield the features of a batch, kind by kind."""
    salt = FIELDS[field]
    unit, size = columns.unit, len(columns.code)
    hashes = kernel.char_ngrams(columns.code, 1)
    for n, again in zip(kernel.ORDERS, kernel.repeats(columns.code), strict=True):
        hashes = kernel.char_ngrams(columns.code, n, hashes)
        if size < n:
            break
        whole = unit[1 : size - n + 2] == unit[n - 1 :]
        whole[again] = False
        start = np.flatnonzero(whole)
        slot = kernel.slots(hashes[start], salt + n, bits)
        yield Features(slot, start, start + n, unit[start + 1], is_word=False)
    words = kernel.word_hashes(columns.code, columns.word_start, columns.word_end)
    yield Features(
        kernel.slots(words, salt + WORD, bits), columns.word_start, columns.word_end, columns.word_unit, is_word=True
    )
    if len(words) > 1:
        first = np.flatnonzero(columns.word_unit[1:] == columns.word_unit[:-1])
        pairs = kernel.scramble(words[first] * kernel.STEP + words[first + 1])
        yield Features(
            kernel.slots(pairs, salt + PAIR, bits),
            columns.word_start[first],
            columns.word_end[first + 1],
            columns.word_unit[first],
            is_word=True,
        )


def score(columns: Columns, weights: Weights, field: str = "text") -> Floats:
    """Return the score of each unit, in steps of the weights' scale (shape: units)."""
    bits, salt = len(weights).bit_length() - 1, FIELDS[field]
    repeated = kernel.repeats(columns.code)
    chars = kernel.char_scores(columns.code, columns.unit, repeated, weights, salt, bits)
    length = columns.end - columns.start
    sums = kernel.sums(chars, columns.start - 1, columns.end)
    grams = sum((np.maximum(length + 3 - n, 0) for n in kernel.ORDERS), np.zeros(len(length), np.int64))
    for again in repeated:
        grams -= np.bincount(columns.unit[again], minlength=len(length))
    sums[length == 0] = 0
    words = kernel.word_hashes(columns.code, columns.word_start, columns.word_end)
    first = np.searchsorted(columns.word_unit, np.arange(len(length) + 1))
    same = columns.word_unit[1:] == columns.word_unit[:-1]
    word_scores = kernel.word_scores(words, same, weights, salt + WORD, salt + PAIR, bits)
    count = np.diff(first)
    word_sums = kernel.sums(word_scores, first[:-1], first[1:])
    pairs = np.maximum(count - 1, 0)
    scores: npt.NDArray[np.float64] = sums / np.sqrt(np.maximum(grams, 1))
    scores += word_sums / np.sqrt(np.maximum(count + pairs, 1))
    return scores


def rows(columns: Columns, field: str, bits: int) -> tuple[Positions, npt.NDArray[np.intp], npt.NDArray[np.float32]]:
    """Return all features as coordinates of a sparse matrix: unit, table row, value."""
    units = len(columns.start)
    kinds = list(features(columns, field, bits))
    out_unit, out_slot, out_value = [], [], []
    for is_word in (False, True):
        chosen = [f for f in kinds if f.is_word == is_word]
        count = sum((np.bincount(f.unit, minlength=units) for f in chosen), np.zeros(units, np.int64))
        value = (1.0 / np.sqrt(np.maximum(count, 1))).astype(np.float32)
        for f in chosen:
            out_unit.append(f.unit)
            out_slot.append(f.slot)
            out_value.append(value[f.unit])
    return np.concatenate(out_unit), np.concatenate(out_slot), np.concatenate(out_value)


def character_scores(columns: Columns, weights: Weights, field: str = "text") -> Floats:
    """Return what each character of the columns adds to its unit's score; sums up to `score`.

    The weight of an n-gram is shared out evenly among its characters, the blanks around a unit apart.
    """
    bits = len(weights).bit_length() - 1
    units, size = len(columns.start), len(columns.code)
    kinds = list(features(columns, field, bits))
    out = np.zeros(size + 1, np.int64)  # whole steps, so that sums do not depend on what else is in the batch
    for is_word in (False, True):
        chosen = [f for f in kinds if f.is_word == is_word]
        count = sum((np.bincount(f.unit, minlength=units) for f in chosen), np.zeros(units, np.int64))
        for f in chosen:
            low, high = np.maximum(f.start, columns.start[f.unit]), np.minimum(f.end, columns.end[f.unit])
            share = np.rint(STEPS * (weights[f.slot] / np.sqrt(count[f.unit]) / (high - low))).astype(np.int64)
            np.add.at(out, low, share)
            np.add.at(out, high, -share)
    return np.cumsum(out)[:-1] / STEPS
