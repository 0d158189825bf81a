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
    """For each unit: how many distinct terms it has, and what share of their weight some of them have."""

    terms: Positions
    share: Floats


class Relation(NamedTuple):
    """For each unit and its context: how many distinct terms each has, and what they have in common."""

    terms: Positions
    context_terms: Positions
    cosine: Floats  # of the angle between their vectors of weights
    rare: Floats  # sum of how much rarer than COMMON the terms are that both have


def terms(columns: Columns) -> Terms:
    """Return the distinct terms of every unit."""
    start, end = columns.word_start, columns.word_end
    single = (columns.kind[start] & UNSPACED) != 0
    words = ~single & (end - start >= MIN_WORD) & ((columns.kind[start] & LETTER) != 0)
    stems = kernel.word_hashes(columns.code, start[words], np.minimum(end[words], start[words] + STEM))
    pairs = np.flatnonzero(single[1:] & single[:-1] & (start[1:] == end[:-1]))
    bigrams = kernel.word_hashes(columns.code, start[pairs], start[pairs] + 2)
    unit = np.r_[columns.word_unit[words], columns.word_unit[pairs]]
    return _distinct(_keys(unit, np.r_[stems, bigrams]))


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
    return _distinct(np.concatenate([_keys(columns.unit[at], hashes) for at, hashes in found]))


def _keys(unit: Positions, term: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint64]:
    """Return each term together with its unit as one number."""
    return (unit.astype(np.uint64) << np.uint64(32)) | term


def _distinct(keys: npt.NDArray[np.uint64]) -> Terms:
    keys = kernel.distinct(keys)
    return Terms((keys >> np.uint64(32)).astype(np.int64), keys.astype(np.uint32))


def copied(columns: Columns, others: Columns, context: Positions) -> Mask:
    """Return which characters stand in runs of words that are in the unit's context word for word."""
    own, theirs = _runs(columns), _runs(others)
    known = kernel.distinct(_keys(theirs.unit, theirs.term))
    out = np.zeros(len(columns.code) + 1, np.int64)
    under = context[own.unit]
    hit = (under >= 0) & np.isin(_keys(under, own.term), known)
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
    common_to = shared(own, others, context)
    mine, theirs = weights(own.term, rarity), weights(others.term, rarity)
    contexts = int(context.max(initial=-1)) + 1
    size = np.append(np.bincount(others.unit, minlength=contexts)[:contexts], 0)[context]
    length = np.append(np.bincount(others.unit, theirs**2, contexts)[:contexts], 0.0)[context]
    norm = np.sqrt(np.bincount(own.unit, mine**2, units) * length)
    both, weight = own.unit[common_to], mine[common_to]
    common = np.bincount(both, weight**2, units)
    rare = np.bincount(both, np.maximum(weight - COMMON, 0), units) / STEPS
    return Relation(np.bincount(own.unit, minlength=units), size, common / np.maximum(norm, 1.0), rare)


def shared(own: Terms, others: Terms, context: Positions) -> Mask:
    """Return which terms the context of their unit has too."""
    key, known = _keys(context[own.unit], own.term), _keys(others.unit, others.term)
    if not len(known):
        return np.zeros(len(key), bool)
    place = np.minimum(np.searchsorted(known, key), len(known) - 1)
    found: Mask = (known[place] == key) & (context[own.unit] >= 0)
    return found


def within(own: Terms, units: int, document: Positions, rarity: Rare | None) -> Overlap:
    """Return what share of the weight of each unit's terms the other units of its document have too."""
    key = _keys(document[own.unit], own.term)
    _, index, count = np.unique(key, return_inverse=True, return_counts=True)
    return overlap(own, units, count[index] > 1, rarity)


def overlap(own: Terms, units: int, chosen: Mask, rarity: Rare | None) -> Overlap:
    """Return what share of the weight of each unit's terms the chosen ones have."""
    weight = weights(own.term, rarity)
    total = np.bincount(own.unit, weight, units)
    common = np.bincount(own.unit[chosen], weight[chosen], units)
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
