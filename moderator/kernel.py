"""The hot functions: fold, n-gram score, language score. Arrays in, arrays out, nothing else.

This module knows nothing of the rest of the package, so that a compiled kernel can take its place
with this one as the reference. Every sum is a sum of integers: the result does not depend on the
order, the size of the batch or the machine.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.uint32]
Hashes = npt.NDArray[np.uint32]
Positions = npt.NDArray[np.int64]

# Multipliers of the hash functions; all odd, so that multiplication is a permutation of 32 bits.
STEP = np.uint32(0x9E3779B1)
MIX = np.uint32(0x85EBCA6B)
ORDERS = (2, 3, 4, 5)
BLANK = np.uint32(0x20)
MAX_WORD = 64
POWERS = np.cumprod(np.r_[np.uint32(1), np.full(MAX_WORD - 1, STEP, np.uint32)], dtype=np.uint32)


def fold(codes: Codes, table: Codes) -> Codes:
    """Return what each code point counts as: one table look-up each."""
    return np.take(table, codes)


def char_ngrams(code: Codes, n: int, previous: Hashes | None = None) -> Hashes:
    """Return the hash of the n-gram that starts at each character; the last n - 1 are cut short.

    `previous` is the answer for n - 1, to which one character is added.
    """
    if previous is None:
        previous = np.zeros(len(code), np.uint32)
        for k in range(n - 1):
            previous = char_ngrams(code, k + 1, previous)
    hashes = previous * STEP
    tail = len(code) - n + 1
    if tail > 0:
        hashes[:tail] += code[n - 1 :]
    hashes ^= hashes >> np.uint32(15)
    return hashes


def word_hashes(code: Codes, start: Positions, end: Positions) -> Hashes:
    """Return the hash of each word; what lies beyond its first 64 characters does not count."""
    if not len(start):
        return np.zeros(0, np.uint32)
    lengths = np.minimum(end - start, MAX_WORD)
    first = np.cumsum(lengths) - lengths
    offset = np.arange(int(lengths.sum())) - np.repeat(first, lengths)
    terms = (code[np.repeat(start, lengths) + offset] + np.uint32(1)) * POWERS[offset]
    hashes = np.add.reduceat(terms, first, dtype=np.uint32)
    return scramble(hashes)


def scramble(hashes: Hashes) -> Hashes:
    """Return the hashes with every bit depending on every other (the finaliser of MurmurHash3)."""
    hashes = (hashes ^ (hashes >> np.uint32(16))) * MIX
    hashes = (hashes ^ (hashes >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return hashes ^ (hashes >> np.uint32(16))


def slots(hashes: Hashes, salt: int, bits: int) -> npt.NDArray[np.intp]:
    """Return the row of a table with 2**bits rows for each hash; `salt` keeps kinds apart."""
    return (((hashes ^ np.uint32(salt)) * MIX) >> np.uint32(32 - bits)).astype(np.intp)


def distinct(keys: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Return the distinct keys in order."""
    keys = np.sort(keys)
    return keys[np.r_[True, keys[1:] != keys[:-1]]] if len(keys) else keys


def sums(values: npt.NDArray[np.int32], start: Positions, end: Positions) -> Positions:
    """Return the sum of `values[start:end]` for each range, exactly."""
    total = np.zeros(len(values) + 1, np.int64)
    np.cumsum(values, out=total[1:])
    return total[np.maximum(end, start)] - total[start]


def repeats(code: Codes) -> list[Positions]:
    """Return, for each of ORDERS, where n-grams start that equal the one a character before: runs such as "!!!!!!"."""
    same = np.append((code[1:] == code[:-1]) & (code[1:] != BLANK), np.zeros(ORDERS[-1] + 1, bool))
    at = np.flatnonzero(same[: len(code)])
    out = []
    for n in ORDERS:
        for k in range(1 if n == ORDERS[0] else n - 1, n):
            at = at[same[at + k]]
        out.append(at + 1)
    return out


def char_scores(
    code: Codes, unit: Positions, repeated: list[Positions], weights: npt.NDArray[np.int8], salt: int, bits: int
) -> npt.NDArray[np.int32]:
    """Return the weights of all n-grams that start at each character, added up.

    An n-gram may take in the blank before its unit and the one after it, and none beyond. A run of one
    character counts once (`repeated` are its `repeats`), or it would drown out all the rest.
    """
    size = len(code)
    total = np.zeros(size, np.int32)
    hashes = char_ngrams(code, 1)
    for n, again in zip(ORDERS, repeated, strict=True):
        if size < n:
            break
        hashes = char_ngrams(code, n, hashes)
        value = np.take(weights, slots(hashes[: size - n + 1], salt + n, bits))
        value *= unit[1 : size - n + 2] == unit[n - 1 :]
        value[again] = 0
        total[: size - n + 1] += value
    return total


def word_scores(
    words: Hashes, same: npt.NDArray[np.bool_], weights: npt.NDArray[np.int8], word: int, pair: int, bits: int
) -> npt.NDArray[np.int32]:
    """Return the weight of each word and of the pair it makes with the next one of the `same` unit."""
    total = np.take(weights, slots(words, word, bits)).astype(np.int32)
    if len(words) > 1:
        pairs = scramble(words[:-1] * STEP + words[1:])
        total[:-1] += np.take(weights, slots(pairs, pair, bits)) * same
    return total


def probe(hashes: Hashes, bits: int, choice: int) -> npt.NDArray[np.intp]:
    """Return the first (0) or second (1) slot where a hash may stand in a table of 2**bits slots."""
    spread = hashes * (STEP, MIX)[choice]
    return (spread >> np.uint32(32 - bits)).astype(np.intp)


def find(hashes: Hashes, keys: Hashes, values: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Return the value stored for each hash in a cuckoo table, or -1."""
    bits = len(keys).bit_length() - 1
    slot = probe(hashes, bits, 0)
    found = values[slot]
    miss = np.flatnonzero(keys[slot] != hashes)
    second = probe(hashes[miss], bits, 1)
    found[miss] = np.where(keys[second] == hashes[miss], values[second], np.int32(-1))
    return found


def letter_hash(*letters: Codes) -> Hashes:
    """Return the hash of one to three letter numbers, the first to the last."""
    hashes = np.zeros(len(letters[0]), np.uint32)
    for letter in letters:
        hashes = (hashes + letter + np.uint32(1)) * STEP
        hashes = hashes ^ (hashes >> np.uint32(15))
    return hashes


def letter_ngrams(letter: Codes) -> Iterator[tuple[Hashes, Positions]]:
    """Yield the hashes of all one, two and three letters in a row, and the place of a letter of each.

    Number 0 is no letter: it may begin or end an n-gram but not stand within, nor make up all of it.
    """
    some = letter != 0
    at = np.flatnonzero(some)
    yield letter_hash(letter[at]), at
    at = np.flatnonzero(some[1:] | some[:-1])
    yield letter_hash(letter[at], letter[at + 1]), at + ~some[at]
    at = np.flatnonzero(some[1:-1]) + 1
    yield letter_hash(letter[at - 1], letter[at], letter[at + 1]), at


def add_rows(total: npt.NDArray[np.uint64], unit: Positions, rows: npt.NDArray[np.uint64]) -> None:
    """Add each row to the total of its unit; `unit` never decreases."""
    if len(unit):
        first = np.flatnonzero(np.r_[True, unit[1:] != unit[:-1]])
        total[unit[first]] += np.add.reduceat(rows, first, axis=0)
