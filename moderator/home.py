"""What is at home in each document: its script, its languages, and where its own text ends."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from moderator.addresses import read_list
from moderator.language import Languages, names
from moderator.text import Columns, Positions

OWN_WORDS = 8  # of a segment that counts as the page's own text
MAX_ENDING = 12  # words of a line that says that the page has ended
MAX_UNSPACED = 20  # characters of such a line, where each of them counts as a word
LAST = 0.5  # strength of being the last segment, where no line says that the page has ended

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.uint8]


LARGEST = 0.4  # share of a document's letters; a segment of more is part of what it is


@dataclass(frozen=True, slots=True)
class Home:
    """The main script and language of each document, and how far each segment is behind its end."""

    script: Numbers  # D
    language: Numbers  # D; 0 where it is not determined
    own_script: Floats  # S: share of the letters around the segment that are in its script
    own_language: Floats  # S: share of those whose language is determined that are in its language
    trailing: Floats  # S


@cache
def endings() -> frozenset[str]:
    """Return the phrases that lines after the end of a page begin with."""
    return frozenset(read_list("endings.txt"))


def home(
    documents: int,
    document: Positions,
    columns: Columns,
    found: Languages,
    counts: npt.NDArray[np.bool_],
    declared: dict[int, str],
) -> Home:
    """Find what is at home in each document.

    `counts` says which segments speak for their document (not code, not hidden); `declared` holds
    the languages that documents say they are in, used where the text itself does not tell.
    """
    letters = np.where(counts, found.letters, 0)
    scripts, own_script = _shares(documents, document, found.script, letters, 256)
    likely = found.likely
    languages, own_language = _shares(documents, document, likely, np.where(likely > 0, letters, 0), len(names()))
    language = languages.argmax(axis=1).astype(np.uint8)
    for number, name in declared.items():
        if not language[number] and name in names():
            language[number] = names().index(name)
    script = scripts.argmax(axis=1).astype(np.uint8)
    own = counts & (found.script == script[document]) & _speaks(likely, language[document])
    return Home(script, language, own_script, own_language, _trailing(documents, document, columns, own))


def _shares(
    documents: int, document: Positions, value: Numbers, letters: Positions, size: int
) -> tuple[Positions, Floats]:
    """Return the letters of each document by value, and for each segment the share of its value around it.

    A segment of less than half of its document is left out of what is around it, so that a trailer is not at
    home on a short page because it is there.
    """
    table = np.bincount(document * size + value, letters, documents * size).astype(np.int64).reshape(documents, size)
    total = table.sum(axis=1)[document]
    out = np.where(letters < LARGEST * total, letters, 0)
    return table, (table[document, value] - out) / np.maximum(total - out, 1)


def _speaks(language: Numbers, own: Numbers) -> npt.NDArray[np.bool_]:
    spoken: npt.NDArray[np.bool_] = (language == own) | (language == 0)
    return spoken


def _trailing(documents: int, document: Positions, columns: Columns, own: npt.NDArray[np.bool_]) -> Floats:
    """Return how far each segment is behind the end of its page's own text: 0, 0.5 or 1."""
    words = np.bincount(columns.word_unit, minlength=len(document))
    brief = (words <= MAX_ENDING) | (columns.end - columns.start <= MAX_UNSPACED)
    own = own & (words >= OWN_WORDS)
    out = np.zeros(len(document))
    first = np.searchsorted(document, np.arange(documents + 1))
    for low, high in zip(first[:-1].tolist(), first[1:].tolist(), strict=True):
        if high - low < 2:
            continue
        mine = np.flatnonzero(own[low:high])
        if not len(mine):
            continue
        out[low + int(mine[-1]) + 1 : high] = 1.0
        out[high - 1] = max(out[high - 1], LAST)
        for i in range(low + (high - low) // 2, high - 1):
            if brief[i] and _ends(columns, i):
                out[i + 1 : high] = 1.0
                break
    return out


def _ends(columns: Columns, segment: int) -> bool:
    """Return whether a segment begins as lines after the end of a page do."""
    low, high = int(columns.start[segment]), int(columns.end[segment])
    line = "".join(map(chr, columns.code[low:high].tolist())).strip(" .:–-*_#|")
    if line in endings():
        return True
    heads = line.replace(":", " ").replace(",", " ").split()[:6]
    return any(" ".join(heads[:n]) in endings() for n in range(1, len(heads) + 1))
