"""How much two texts have in common: the terms that both have.

A term is a word cut to its first letters, or two characters in a row in scripts that write no
spaces. To compare a comment with its post, where little text must tell, words are cut into
overlapping pieces instead, so that inflected and compound words meet. Rare terms count for more
(inverse document frequency, Spärck Jones 1972).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from moderator import kernel, text
from moderator.text import LETTER, UNSPACED, Columns, Mask, Positions, tables

TERM_BITS = 16
CHUNK = 1000  # texts that are read at once
STEPS = 16  # of how rare a term is, per unit of log-odds
COMMON = 3 * STEPS  # what is not rarer than this says little
RUN, SHORTEST_RUN = 4, 20  # words, and characters, that are copied and not just said alike
PIECE = 5  # characters, the blanks around a word included
STEM = 6  # letters of a word that count: a crude stemmer that works alike in most languages
MIN_WORD = 3  # letters; shorter words are in every text

Floats = npt.NDArray[np.float64]
Rare = npt.NDArray[np.uint8]  # 2**bits: how rare the terms of a bucket are, in STEPS


class Rarity(NamedTuple):
    """How rare terms are, and pieces of words."""

    terms: Rare
    pieces: Rare


class Terms(NamedTuple):
    """The distinct terms of each unit, ordered by unit."""

    unit: Positions
    term: npt.NDArray[np.uint32]


class Overlap(NamedTuple):
    """For each unit: how many distinct terms it has, and what share of their weight is elsewhere in its document."""

    terms: Positions
    share: Floats


class Relation(NamedTuple):
    """For each unit and its context: how many distinct terms each has, and what they have in common."""

    terms: Positions
    context_terms: Positions
    cosine: Floats  # of the angle between their vectors of weights
    rare: Floats  # sum of how much rarer than COMMON the terms are that both have
    share: Floats  # of the weight of the unit's terms that the context has too


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


def pieces(columns: Columns, skip: Mask | None = None) -> Terms:
    """Return the distinct pieces of words of every unit; of Korean words, their syllables and pairs of them.

    Characters under `skip` are in none.
    """
    letters = (columns.kind & LETTER) != 0
    if skip is not None:
        letters &= ~skip
    code = np.where(letters, columns.code, np.uint32(ord(" ")))
    hangul = letters & (columns.script == tables().scripts.index("Hang"))
    letter = (code != ord(" ")) & ((columns.kind & UNSPACED) == 0) & ~hangul
    inside = np.flatnonzero(letter[1:-3] & letter[2:-2] & letter[3:-1]) if len(code) >= PIECE else np.zeros(0, np.int64)
    single = hangul | (letters & ((columns.kind & UNSPACED) != 0))
    pairs = np.flatnonzero(single[:-1] & single[1:])
    lone = np.flatnonzero(hangul)
    found = [
        (inside + 1, kernel.char_ngrams(code, PIECE)[inside]),
        (pairs, kernel.char_ngrams(code, 2)[pairs]),
        (lone, kernel.char_ngrams(code, 1)[lone]),
    ]
    key = np.concatenate([(columns.unit[at].astype(np.uint64) << np.uint64(32)) | hashes for at, hashes in found])
    key = kernel.distinct(key)
    return Terms((key >> np.uint64(32)).astype(np.int64), key.astype(np.uint32))


def copied(columns: Columns, others: Columns, context: Positions) -> Mask:
    """Return which characters stand in runs of words that are in the unit's context word for word."""
    own, theirs = _runs(columns), _runs(others)
    known = np.unique((theirs.unit.astype(np.uint64) << np.uint64(32)) | theirs.term)
    out = np.zeros(len(columns.code) + 1, np.int64)
    under = context[own.unit]
    key = (under.astype(np.uint64) << np.uint64(32)) | own.term
    hit = (under >= 0) & np.isin(key, known)
    np.add.at(out, own.start[hit], 1)
    np.add.at(out, own.end[hit], -1)
    return np.cumsum(out)[:-1] > 0


class _Runs(NamedTuple):
    unit: Positions
    term: npt.NDArray[np.uint32]
    start: Positions
    end: Positions


def _runs(columns: Columns) -> _Runs:
    """Return all runs of RUN words in one unit that are long enough to be no common phrase."""
    words = kernel.word_hashes(columns.code, columns.word_start, columns.word_end)
    last = np.arange(RUN - 1, len(words))
    first = last - RUN + 1
    start, end = columns.word_start[first], columns.word_end[last]
    whole = (columns.word_unit[first] == columns.word_unit[last]) & (end - start >= SHORTEST_RUN)
    first, start, end = first[whole], start[whole], end[whole]
    term = words[first].copy()
    for k in range(1, RUN):
        term = kernel.scramble(term * kernel.STEP + words[first + k])
    return _Runs(columns.word_unit[first], term, start, end)


def weights(term: npt.NDArray[np.uint32], rarity: Rare | None) -> Positions:
    """Return the weight of each term, a whole number; all weigh the same where rarity is not known."""
    if rarity is None:
        return np.full(len(term), STEPS, np.int64)
    return rarity[kernel.slots(term, 0, TERM_BITS)].astype(np.int64)


def compare(own: Terms, units: int, others: Terms, context: Positions, rarity: Rare | None) -> Relation:
    """Compare each unit with the unit `context[unit]` of other texts; -1 is no context.

    >>> from moderator.text import columns, encode
    >>> def read(*texts): return terms(columns(*encode(texts)))
    >>> compare(read("bread oven", "cars"), 2, read("oven"), np.array([0, 0]), None).cosine.round(2).tolist()
    [0.71, 0.0]
    """
    key = (context[own.unit].astype(np.uint64) << np.uint64(32)) | own.term
    known = (others.unit.astype(np.uint64) << np.uint64(32)) | others.term
    place = np.minimum(np.searchsorted(known, key), max(len(known) - 1, 0))
    shared = (known[place] == key) & (context[own.unit] >= 0) if len(known) else np.zeros(len(key), bool)
    mine, theirs = weights(own.term, rarity), weights(others.term, rarity)
    contexts = int(context.max(initial=-1)) + 1
    size = np.append(np.bincount(others.unit, minlength=contexts)[:contexts], 0)[context]
    length = np.append(np.bincount(others.unit, theirs**2, contexts)[:contexts], 0.0)[context]
    norm = np.sqrt(np.bincount(own.unit, mine**2, units) * length)
    common = np.bincount(own.unit[shared], mine[shared] ** 2, units)
    rare = np.bincount(own.unit[shared], np.maximum(mine[shared] - COMMON, 0), units) / STEPS
    share = np.bincount(own.unit[shared], mine[shared], units) / np.maximum(np.bincount(own.unit, mine, units), 1)
    return Relation(np.bincount(own.unit, minlength=units), size, common / np.maximum(norm, 1.0), rare, share)


def within(own: Terms, units: int, document: Positions, rarity: Rare | None) -> Overlap:
    """Return what share of the weight of each unit's terms the other units of its document have too."""
    key = (document[own.unit].astype(np.uint64) << np.uint64(32)) | own.term
    _, index, count = np.unique(key, return_inverse=True, return_counts=True)
    shared, weight = count[index] > 1, weights(own.term, rarity)
    total = np.bincount(own.unit, weight, units)
    common = np.bincount(own.unit[shared], weight[shared], units)
    return Overlap(np.bincount(own.unit, minlength=units), common / np.maximum(total, 1))


def rarity_of(texts: Sequence[str]) -> Rarity:
    """Return how rare terms and pieces are in texts."""
    counts = [np.zeros(1 << TERM_BITS, np.int64), np.zeros(1 << TERM_BITS, np.int64)]
    for low in range(0, len(texts), CHUNK):
        columns = text.columns(*text.encode(texts[low : low + CHUNK]))
        for found, count in zip((terms(columns), pieces(columns)), counts, strict=True):
            bucket = kernel.slots(found.term, 0, TERM_BITS)
            once = np.unique((found.unit << TERM_BITS) | bucket)
            count += np.bincount(once & ((1 << TERM_BITS) - 1), minlength=1 << TERM_BITS)
    return Rarity(*(rare(count, len(texts)) for count in counts))


def rare(counts: npt.NDArray[np.int64], documents: int) -> Rare:
    """Return the table of rarity for counts of documents per bucket of terms."""
    idf = np.log((documents + 1) / (counts + 1.0))
    return np.clip(np.round(idf * STEPS), 1, 255).astype(np.uint8)
