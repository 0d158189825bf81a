"""Texts that are nearly the same: normal forms, MinHash, clusters.

A text is the set of its shingles: three words in a row, or five characters of a text that is short
or written without spaces. Of two sets, the share of hash functions whose least value is the same is
an estimate of their Jaccard similarity (Broder 1997); texts that share a band of such values are
compared (Leskovec, Rajaraman, Ullman, "Mining of Massive Datasets", chapter 3).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from moderator import kernel, text
from moderator.text import DIGIT, UNSPACED, Columns, Mask, Positions

NEAR = 0.8  # least estimated similarity of near-duplicates
HASHES, ROWS = 120, 6  # 20 bands: finds 99.8 % of the pairs with similarity 0.8, and 27 % of those with 0.5
SHORT = 30  # words; below, one changed word would change too many of the shingles
CHUNK = 2000
ZERO = np.uint32(ord("0"))
Signatures = npt.NDArray[np.uint32]


def normal_forms(texts: Sequence[str]) -> list[bytes]:
    """Return what texts are when case, width, spacing, invisible characters and digits do not count.

    >>> a, b, c = normal_forms(["Win  500 NOW", "win 900 now", "win now"])
    >>> a == b, a == c
    (True, False)
    """
    found = []
    for low in range(0, len(texts), CHUNK):
        columns = text.columns(*text.encode(texts[low : low + CHUNK]))
        code = _without_digits(columns)
        ranges = zip(columns.start.tolist(), columns.end.tolist(), strict=True)
        found += [code[start:end].tobytes() for start, end in ranges]
    return found


def clusters(texts: Sequence[str]) -> Positions:
    """Return for each text the first one of its cluster of near-duplicates; empty texts stay alone.

    >>> clusters(["Cheap pills, call 555", "Rye bread", "cheap pills,  call 777"]).tolist()
    [0, 1, 0]
    """
    first: dict[bytes, int] = {}
    same = np.array([first.setdefault(form or b"%d" % i, i) for i, form in enumerate(normal_forms(texts))], np.int64)
    distinct = np.unique(same)
    signatures, known = _signatures([texts[i] for i in distinct.tolist()])
    pairs = distinct[known][_alike(signatures[known])]
    return joined(len(texts), [*enumerate(same.tolist()), *map(tuple, pairs.tolist())])


def joined(size: int, pairs: Iterable[tuple[int, int]]) -> Positions:
    """Return for each of `size` things the first one that pairs connect it with.

    >>> joined(5, [(1, 3), (3, 4)]).tolist()
    [0, 1, 2, 1, 1]
    """
    parent = list(range(size))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for one, other in pairs:
        low, high = sorted((root(one), root(other)))
        parent[high] = low
    return np.array([root(i) for i in range(size)], np.int64)


def _without_digits(columns: Columns) -> text.Codes:
    return np.where(columns.kind & DIGIT, ZERO, columns.code)


def _signatures(texts: Sequence[str]) -> tuple[Signatures, Mask]:
    """Return the least value of every hash function for each text, and which texts have shingles at all."""
    random = np.random.default_rng(0)
    factor = random.integers(0, 1 << 31, HASHES, np.uint32) * np.uint32(2) + np.uint32(1)
    offset = random.integers(0, 1 << 32, HASHES, np.uint32)
    signatures = np.zeros((len(texts), HASHES), np.uint32)
    known = np.zeros(len(texts), bool)
    for low in range(0, len(texts), CHUNK):
        shingle, owner = _shingles(text.columns(*text.encode(texts[low : low + CHUNK])))
        if not len(owner):
            continue
        first = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1]])
        rows = owner[first] + low
        known[rows] = True
        for k in range(HASHES):
            signatures[rows, k] = np.minimum.reduceat(shingle * factor[k] + offset[k], first)
    return signatures, known


def _shingles(columns: Columns) -> tuple[kernel.Hashes, Positions]:
    """Return the hashes of the shingles of all units, and the unit of each, in order."""
    units, unit, code = len(columns.start), columns.unit, _without_digits(columns)
    words = np.bincount(columns.word_unit, minlength=units)
    single = np.bincount(unit[(columns.kind & UNSPACED) != 0], minlength=units)
    by_character = (words < SHORT) | (single * 2 > words)
    hashes, owners = [], []
    if len(code) >= 5:
        start = np.flatnonzero(unit[1:-3] == unit[4:])
        grams = kernel.scramble(kernel.char_ngrams(code, 5)[start])
        chosen = by_character[unit[start + 1]]
        hashes.append(grams[chosen])
        owners.append(unit[start + 1][chosen])
    if len(columns.word_start) >= 3:
        word = kernel.word_hashes(code, columns.word_start, columns.word_end)
        triple = kernel.scramble(kernel.scramble(word[:-2] * kernel.STEP + word[1:-1]) * kernel.STEP + word[2:])
        owner = columns.word_unit[:-2]
        chosen = (owner == columns.word_unit[2:]) & ~by_character[owner]
        hashes.append(triple[chosen])
        owners.append(owner[chosen])
    if not hashes:
        return np.zeros(0, np.uint32), np.zeros(0, np.int64)
    owner = np.concatenate(owners)
    order = np.argsort(owner, kind="stable")
    return np.concatenate(hashes)[order], owner[order]


def _alike(signatures: Signatures) -> Positions:
    """Return pairs of rows that are near-duplicates (P x 2), enough of them to connect every cluster.

    In a bucket of a band, each row is compared with the first one and with the one before it, so
    that a thousand copies of an advert are not a million pairs.
    """
    found = [np.zeros((0, 2), np.int64)]
    for low in range(0, HASHES, ROWS) if len(signatures) > 1 else ():
        key = np.zeros(len(signatures), np.uint64)
        for k in range(low, low + ROWS):
            key = (key ^ signatures[:, k]) * np.uint64(0x9E3779B97F4A7C15)
            key ^= key >> np.uint64(29)
        order = np.argsort(key, kind="stable")
        again = key[order][1:] == key[order][:-1]
        place = np.arange(len(order))
        leader = np.maximum.accumulate(np.where(np.r_[False, again], 0, place))
        later = np.flatnonzero(again) + 1
        found.append(np.stack([order[leader[later]], order[later]], axis=1))
        found.append(np.stack([order[later - 1], order[later]], axis=1))
    pairs = np.unique(np.concatenate(found), axis=0)
    near = np.zeros(len(pairs), bool)
    for low in range(0, len(pairs), CHUNK):
        one, other = signatures[pairs[low : low + CHUNK]].transpose(1, 0, 2)
        near[low : low + CHUNK] = (one == other).mean(axis=1) >= NEAR
    return pairs[near]
