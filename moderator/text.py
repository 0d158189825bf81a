"""The columnar text core: a batch of texts as one array of code points.

A batch is ONE array of code points and offsets, as Arrow lays strings out. `columns` turns the
stretches of it that are to be judged into a second, compact array: folded (case, width, style),
white space collapsed, invisible characters and markup taken out, with the raw position of every
character kept, so that whatever is found in it has its place in the text as received.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources

import numpy as np
import numpy.typing as npt

from moderator import kernel

Codes = npt.NDArray[np.uint32]
Positions = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

# What kind of character a code point is: bits of `Tables.kind`.
LETTER, DIGIT, SPACE, UPPER, INVISIBLE, STYLED, UNSPACED, PICTURE = (1 << i for i in range(8))
WORD = LETTER | DIGIT

# The scripts whose letters pass for each other, and all the others: bits of `Columns.word_scripts`.
LATIN, CYRILLIC, GREEK, OTHER = 1, 2, 4, 8

BLANK = 0x20
MASKED = 0xFEFF  # an invisible character: what is replaced by it is not read
MARKS = (0x300, 0x370)
MIN_SPACED_LETTERS = 5
FIRST_SCRIPT = 3  # before it stand "inherited", "common" and "unknown", which are no scripts


@dataclass(frozen=True, slots=True)
class Tables:
    """Facts about every code point, indexed by it; built by `moderator.build.unicode`."""

    kind: Bytes
    script: Bytes
    fold: Codes
    latin: Codes
    cyrillic: Codes
    compose_from: npt.NDArray[np.uint64]
    compose_to: Codes
    scripts: tuple[str, ...]
    groups: Bytes


@cache
def tables() -> Tables:
    """Load the tables of code points that ship with the package."""
    with resources.files("moderator.data").joinpath("unicode.npz").open("rb") as file:
        data = dict(np.load(file, allow_pickle=False))
    names = tuple(str(name) for name in data["scripts"])
    group = {"Latn": LATIN, "Cyrl": CYRILLIC, "Grek": GREEK, "Zyyy": 0, "Zinh": 0, "Zzzz": 0}
    return Tables(
        kind=_spread(data["class_starts"], data["class_values"]),
        script=_spread(data["script_starts"], data["script_values"]),
        fold=_mapped(np.arange(0x110000, dtype=np.uint32), data["fold_from"], data["fold_to"]),
        latin=_mapped(np.zeros(0x3000, np.uint32), data["latin_from"], data["latin_to"]),
        cyrillic=_mapped(np.zeros(0x3000, np.uint32), data["cyrillic_from"], data["cyrillic_to"]),
        compose_from=data["compose_from"],
        compose_to=data["compose_to"],
        scripts=names,
        groups=np.array([group.get(name, OTHER) for name in names], np.uint8),
    )


def _spread(starts: Codes, values: Bytes) -> Bytes:
    return np.repeat(values, np.diff(starts, append=0x110000))


def _mapped(table: Codes, sources: Codes, targets: Codes) -> Codes:
    table[sources] = targets
    return table


def encode(texts: Sequence[str]) -> tuple[Codes, Positions, Positions]:
    """Return all texts as one array of code points, and where each starts and ends in it.

    A line feed stands between two texts. Lone surrogates are kept as they are.

    >>> codes, starts, ends = encode(["ab", "", "ж"])
    >>> codes.tolist(), starts.tolist(), ends.tolist()
    ([97, 98, 10, 10, 1078], [0, 3, 4], [2, 3, 5])
    """
    codes = np.frombuffer("\n".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    ends = np.cumsum(lengths + 1) - 1
    return codes, ends - lengths, ends


@dataclass(frozen=True, slots=True)
class Columns:
    """Stretches of text ("units"), folded and compact, and the words in them.

    Shapes: M characters, U units, W words. A blank stands before the first unit and after each,
    so that an n-gram may begin or end with the border of a unit but never crosses one.
    """

    code: Codes  # M: folded characters, one blank for any white space
    at: Positions  # M: the raw position of each; for the blank after a unit, the unit's raw end
    kind: Bytes  # M: character bits before folding
    script: Bytes  # M: script number before look-alikes were folded
    unit: Positions  # M: the unit each belongs to; a blank belongs to the unit before it
    start: Positions  # U: first character of each unit
    end: Positions  # U: the blank after each unit
    word_start: Positions  # W
    word_end: Positions  # W
    word_unit: Positions  # W
    word_scripts: Bytes  # W: bits LATIN, CYRILLIC, GREEK, OTHER
    lookalike: Mask  # W: letters of another script pass for letters of the word's own
    spaced: Positions  # R x 2: first and last character of each run of s p a c e d letters


def columns(codes: Codes, starts: Positions, ends: Positions) -> Columns:
    """Fold the stretches `codes[starts:ends]` into columns."""
    t = tables()
    unit, at, code, kind = _gather(t, codes, starts, ends)
    code, at, unit, kind = _compose(t, code, at, unit, kind)
    left = np.searchsorted(unit, np.arange(-1, len(starts)), side="right")
    start, end = left[:-1], np.maximum(left[1:] - 1, left[:-1])
    word_start, word_end = _words(kind, code)
    runs = _spaced(code, kind, unit, word_start, word_end)
    spaced = np.empty((0, 2), np.int64)
    if len(runs):
        keep = _without_gaps(len(code), word_start, word_end, runs)
        new = np.append(0, np.cumsum(keep))
        spaced = np.stack([new[word_start[runs[:, 0]]], new[word_start[runs[:, 1]]]], axis=1)
        code, at, unit, kind = code[keep], at[keep], unit[keep], kind[keep]
        start, end = new[start], new[end]
        word_start, word_end = _words(kind, code)
    script = t.script[codes[np.minimum(at, len(codes) - 1)]] if len(codes) else np.zeros(len(at), np.uint8)
    script = np.where(kind & STYLED, t.script[code], script)  # styled letters are of no script, what they stand for is
    script[kind == SPACE] = 0
    word_scripts = _word_scripts(t, script, kind, word_start)
    lookalike = _fold_lookalikes(t, codes, at, code, script, word_start, word_end, word_scripts)
    return Columns(
        code,
        at,
        kind,
        script,
        unit,
        start,
        end,
        word_start,
        word_end,
        unit[word_start],
        word_scripts,
        lookalike,
        spaced,
    )


def without_empty(columns: Columns, keep: Mask) -> tuple[Columns, Mask]:
    """Return the columns without units that hold nothing to read, apart from those to keep; and which are left."""
    kept = (columns.end > columns.start) | keep
    if kept.all():
        return columns, kept
    number = np.cumsum(kept) - 1
    unit = np.where(columns.unit < 0, -1, number[columns.unit])
    return (
        replace(
            columns,
            unit=unit,
            start=columns.start[kept],
            end=columns.end[kept],
            word_unit=number[columns.word_unit],
        ),
        kept,
    )


def _gather(t: Tables, codes: Codes, starts: Positions, ends: Positions) -> tuple[Positions, Positions, Codes, Bytes]:
    """Copy the units one after the other, a blank before the first and after each."""
    lengths = ends - starts
    unit = np.repeat(np.arange(-1, len(starts)), np.concatenate(([1], lengths + 1)))
    first = np.cumsum(np.concatenate(([0, 1], lengths[:-1] + 1))) if len(starts) else np.zeros(1, np.int64)
    offset = np.arange(len(unit)) - first[unit + 1]
    at = np.concatenate(([0], starts))[unit + 1] + offset
    border = offset == np.concatenate(([0], lengths))[unit + 1]
    padded = np.append(codes, np.uint32(BLANK)).astype(np.uint32, copy=False)
    raw = padded[at]
    raw[border] = BLANK
    kind = t.kind[raw]
    keep = (kind & INVISIBLE) == 0
    blank = (kind & SPACE) != 0
    if not keep.all():
        unit, at, raw, kind, blank = unit[keep], at[keep], raw[keep], kind[keep], blank[keep]
    keep = np.concatenate(([True], ~(blank[1:] & blank[:-1])))
    unit, at, kind = unit[keep], at[keep], kind[keep]
    return unit, at, kernel.fold(raw[keep], t.fold), kind


def _compose(
    t: Tables, code: Codes, at: Positions, unit: Positions, kind: Bytes
) -> tuple[Codes, Positions, Positions, Bytes]:
    """Join letters with the accents that follow them, so that NFD text reads as NFC text does."""
    for _ in range(2):
        marks = np.flatnonzero((code >= MARKS[0]) & (code < MARKS[1]))
        if not len(marks):
            break
        key = (code[marks - 1].astype(np.uint64) << np.uint64(32)) | code[marks]
        row = np.minimum(np.searchsorted(t.compose_from, key), len(t.compose_from) - 1)
        found = t.compose_from[row] == key
        code[marks[found] - 1] = t.compose_to[row[found]]
        keep = np.ones(len(code), bool)
        keep[marks[found]] = False
        code, at, unit, kind = code[keep], at[keep], unit[keep], kind[keep]
    return code, at, unit, kind


def _words(kind: Bytes, code: Codes) -> tuple[Positions, Positions]:
    """Return where words start and end; each character of an unspaced script is a word."""
    word = (kind & WORD) != 0
    single = (kind & UNSPACED) != 0
    joined = word[1:] & word[:-1] & ~(single[1:] | single[:-1])
    starts = np.flatnonzero(word & ~np.concatenate(([False], joined)))
    ends = np.flatnonzero(word & ~np.concatenate((joined, [False]))) + 1
    return starts, ends


def _spaced(code: Codes, kind: Bytes, unit: Positions, start: Positions, end: Positions) -> Positions:
    """Return runs (first word, last word) of letters set apart one by one: `c a s i n o`."""
    one = (end - start == 1) & ((kind[start] & UNSPACED) == 0)
    if np.count_nonzero(one) < MIN_SPACED_LETTERS:
        return np.empty((0, 2), np.int64)
    near = one[1:] & one[:-1] & (start[1:] == end[:-1] + 1) & (unit[start[1:]] == unit[start[:-1]])
    gap = code[np.minimum(end, len(code) - 1)]
    change = np.concatenate(([True], gap[1:] != gap[:-1]))
    linked = np.flatnonzero(near)
    if not len(linked):
        return np.empty((0, 2), np.int64)
    fresh = np.concatenate(([True], (np.diff(linked) > 1) | change[linked[1:]]))
    first = linked[fresh]
    last = linked[np.concatenate((fresh[1:], [True]))] + 1
    letters = np.concatenate(([0], np.cumsum((kind[start] & LETTER) != 0)))
    long = (last - first + 1 >= MIN_SPACED_LETTERS) & (letters[last + 1] - letters[first] >= MIN_SPACED_LETTERS - 1)
    return np.stack([first[long], last[long]], axis=1)


def _without_gaps(size: int, start: Positions, end: Positions, runs: Positions) -> Mask:
    keep = np.ones(size, bool)
    inside = np.zeros(len(start) + 1, np.int64)
    np.add.at(inside, runs[:, 0], 1)
    np.add.at(inside, runs[:, 1], -1)
    keep[end[np.flatnonzero(np.cumsum(inside)[:-1])]] = False
    return keep


def _word_scripts(t: Tables, script: Bytes, kind: Bytes, word_start: Positions) -> Bytes:
    if not len(word_start):
        return np.zeros(0, np.uint8)
    group = np.where(kind & WORD, t.groups[script], np.uint8(0))
    return np.bitwise_or.reduceat(group, word_start)


def _fold_lookalikes(
    t: Tables,
    codes: Codes,
    at: Positions,
    code: Codes,
    script: Bytes,
    start: Positions,
    end: Positions,
    scripts: Bytes,
) -> Mask:
    """Fold look-alikes, in place, in words that mix scripts; say which words could be folded.

    A word is read in the script where every letter of another script has a twin; if that is so
    for two scripts, in the one of most of its letters. A word of one script with an ending of the
    other ("PDFка") is how people inflect foreign words, so it is left alone.
    """
    lookalike = np.zeros(len(start), bool)
    several = ((scripts & LATIN) != 0) & ((scripts & (CYRILLIC | GREEK)) != 0) | (scripts == CYRILLIC | GREEK)
    mixed = np.flatnonzero(several & ((scripts & OTHER) == 0))
    if not len(mixed):
        return lookalike
    place, first = ranges(start[mixed], end[mixed])
    length = end[mixed] - start[mixed]
    group, raw = t.groups[script[place]], np.minimum(codes[at[place]], len(t.latin) - 1)
    reading = []
    for table, own in ((t.latin, LATIN), (t.cyrillic, CYRILLIC)):
        foreign, twin = (group != own) & (group != 0), table[raw]
        fits = np.logical_and.reduceat(~foreign | (twin != 0), first)
        turns = np.concatenate(([False], foreign[1:] != foreign[:-1]))
        turns[first] = False
        fits &= (np.add.reduceat(turns.astype(np.int64), first) > 1) | foreign[first]
        reading.append((foreign, twin, fits, np.add.reduceat((group == own).astype(np.int64), first)))
    is_latin = reading[0][2] & (~reading[1][2] | (reading[0][3] >= reading[1][3]))
    for (foreign, twin, fits, _), chosen in zip(reading, (is_latin, ~is_latin), strict=True):
        change = foreign & np.repeat(fits & chosen, length)
        code[place[change]] = twin[change]
        lookalike[mixed[fits & chosen]] = True
    return lookalike


def ranges(starts: Positions, ends: Positions) -> tuple[Positions, Positions]:
    """Return the positions of all ranges, one after the other, and where each begins among them.

    >>> ranges(np.array([3, 10]), np.array([5, 13]))[0].tolist()
    [3, 4, 10, 11, 12]
    """
    lengths = ends - starts
    first = np.cumsum(lengths) - lengths
    return np.arange(int(lengths.sum())) + np.repeat(starts - first, lengths), first
