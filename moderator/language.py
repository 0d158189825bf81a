"""Which language a stretch of text is written in: Unicode script first, then n-grams of letters.

The n-grams are langdetect's own profiles, compiled by `moderator.build.languages`; a text's score
for a language is the naive-Bayes sum over all its n-grams, where langdetect samples them at random.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
import numpy.typing as npt

from moderator import kernel
from moderator.records import UNDETERMINED
from moderator.text import LETTER, Columns, Mask, Positions, ranges, tables

LANES = 32  # languages in a plane: 16 bits each in eight 64-bit numbers
SCALE = 12.0  # steps per unit of log-likelihood
MAX_VALUE = 120
CHUNK = 10_000  # units whose chances are worked out at once
MAX_LETTERS = 180  # per unit: three n-grams each, so that their values fit in 16 bits

# How far n-grams are from independent evidence: scores are divided before they become odds.
TEMPERATURE = 4.0
MIN_PROBABILITY = 0.2  # of a guess that is named; what relies on it asks for LIKELY
LIKELY = 0.5

# Scripts that only one of the known languages is written in.
BY_SCRIPT = {
    "Grek": "el", "Hang": "ko", "Hebr": "he", "Thai": "th", "Beng": "bn", "Gujr": "gu", "Guru": "pa",
    "Knda": "kn", "Mlym": "ml", "Taml": "ta", "Telu": "te", "Armn": "hy", "Geor": "ka", "Khmr": "km",
    "Laoo": "lo", "Mymr": "my", "Sinh": "si", "Ethi": "am", "Tibt": "bo", "Hira": "ja", "Kana": "ja",
}  # fmt: skip
SHARED_SCRIPTS = ("Latn", "Cyrl", "Arab", "Deva", "Hani")
LETTERS_PER_CHARACTER = {"Hani": 3, "Hira": 2, "Kana": 2, "Hang": 2}
# Japanese is written in three scripts; a text in Chinese characters with this share of kana is Japanese.
MIN_KANA = 0.1
SAME_SCRIPT = {"Hira": "Hani", "Kana": "Hani", "Bopo": "Hani"}
RENAMED = {"zh-cn": "zh", "zh-tw": "zh"}


@dataclass(frozen=True, slots=True)
class Profiles:
    """langdetect's profiles as a hash table of rows; a row is the values of 32 languages."""

    letter: npt.NDArray[np.uint16]  # code point -> number of the letter, 0 for all that is none
    keys: npt.NDArray[np.uint32]
    row: npt.NDArray[np.int32]
    values: npt.NDArray[np.uint64]  # rows x 8, four languages in each
    plane: npt.NDArray[np.uint8]  # of each row
    lanes: tuple[npt.NDArray[np.uint8], ...]  # plane -> lane -> index in names
    by_script: npt.NDArray[np.uint8]  # script -> index in names
    shared: npt.NDArray[np.uint8]  # scripts in which n-grams must decide
    is_kana: npt.NDArray[np.bool_]
    weight: npt.NDArray[np.int64]  # script -> letters of an alphabet that one character is worth
    merged: npt.NDArray[np.uint8]  # script -> the script that it counts as
    names: tuple[str, ...]  # "und" first


@dataclass(frozen=True, slots=True)
class Languages:
    """The language of each unit: an index in `names()`, how probable it is, and the main script."""

    language: npt.NDArray[np.uint8]
    probability: npt.NDArray[np.float64]
    script: npt.NDArray[np.uint8]
    letters: Positions
    table: npt.NDArray[np.float32]  # units x names: how probable each language is

    @property
    def likely(self) -> npt.NDArray[np.uint8]:
        """The language of each unit where it is more probable than all others together, otherwise "und"."""
        return np.where(self.probability >= LIKELY, self.language, 0).astype(np.uint8)


@cache
def profiles() -> Profiles:
    """Load the profiles that ship with the package."""
    with resources.files("moderator.data").joinpath("languages.npz").open("rb") as file:
        data = dict(np.load(file, allow_pickle=False))
    languages = [RENAMED.get(str(n), str(n)) for n in data["languages"]]
    names = (UNDETERMINED, *sorted({*languages, *BY_SCRIPT.values()}))
    scripts = tables().scripts
    letter = np.zeros(0x20000, np.uint16)
    letter[data["letter_from"]] = data["letter_to"]
    bits = int(data["slot_bits"])
    keys, row = np.zeros(1 << bits, np.uint32), np.full(1 << bits, -1, np.int32)
    keys[data["slot"]] = data["hash"]
    row[data["slot"]] = np.arange(len(data["slot"]))
    values = np.zeros((len(data["slot"]), LANES), np.uint16)
    cell_row = np.repeat(np.arange(len(values)), data["count"])
    values[cell_row, data["lane"] % LANES] = data["value"]
    plane = np.zeros(len(values), np.uint8)
    plane[cell_row] = data["lane"] // LANES
    lanes = []
    for p in (0, 1):
        members = [names.index(n) for n, q in zip(languages, data["planes"], strict=True) if q == p]
        lanes.append(np.array(members, np.uint8))
    return Profiles(
        letter=letter,
        keys=keys,
        row=row,
        values=values.view(np.uint64),
        plane=plane,
        lanes=tuple(lanes),
        by_script=np.array([names.index(BY_SCRIPT.get(s, UNDETERMINED)) for s in scripts], np.uint8),
        shared=np.array([scripts.index(s) for s in SHARED_SCRIPTS], np.uint8),
        is_kana=np.isin(scripts, ("Hira", "Kana")),
        weight=np.array([LETTERS_PER_CHARACTER.get(s, 1) for s in scripts]),
        merged=np.array([scripts.index(SAME_SCRIPT.get(s, s)) for s in scripts], np.uint8),
        names=names,
    )


def names() -> tuple[str, ...]:
    """Return the known languages (BCP 47), "und" first.

    >>> names()[0], "en" in names(), "zh" in names()
    ('und', True, True)
    """
    return profiles().names


def identify(columns: Columns, skip: Mask | None = None) -> Languages:
    """Identify the language of every unit of the columns; characters under `skip` say nothing of it."""
    p = profiles()
    letter = (columns.kind & LETTER) != 0
    if skip is not None:
        letter &= ~skip
    script, share, letters, kana = _main_script(columns, letter)
    language = np.where(kana >= MIN_KANA, np.uint8(p.names.index("ja")), p.by_script[script])
    table = np.zeros((len(script), len(p.names)), np.float32)
    table[np.arange(len(script)), language] = share
    table[:, 0] = 0.0
    plane = np.where(script == tables().scripts.index("Latn"), 0, 1).astype(np.uint8)
    asked = np.isin(script, p.shared) & (language == 0) & (letters > 0)
    if asked.any():
        scores = _ngram_scores(columns, letter, plane, asked)
        for number in (0, 1):
            chosen = np.flatnonzero(asked & (plane == number))
            for low in range(0, len(chosen), CHUNK):
                some = chosen[low : low + CHUNK]
                table[some] = _chances(scores[some], p.lanes[number], len(p.names))
    best = table.argmax(axis=1)
    probability = table[np.arange(len(best)), best].astype(np.float64)
    language = np.where((probability >= MIN_PROBABILITY) | (language > 0), best, 0).astype(np.uint8)
    return Languages(language, probability, script, letters, table)


def _main_script(
    columns: Columns, is_letter: Mask
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float64], Positions, npt.NDArray[np.float64]]:
    """Return each unit's script, its share of the letters, their number, and the share of kana."""
    p, units = profiles(), len(columns.start)
    letter = np.flatnonzero(is_letter)
    script, unit = columns.script[letter], columns.unit[letter]
    present = np.flatnonzero(np.bincount(script, minlength=1))
    column = np.zeros(256, np.int64)
    column[present] = np.arange(len(present))
    counts = np.bincount(unit * len(present) + column[script], minlength=units * len(present))
    counts = counts.reshape(units, len(present)) * p.weight[present]
    kana = counts[:, p.is_kana[present]].sum(axis=1)
    merged, column = np.unique(p.merged[present], return_inverse=True)
    table = np.zeros((units, max(1, len(merged))), np.int64)
    for i, target in enumerate(column):
        table[:, target] += counts[:, i]
    total, best = table.sum(axis=1), table.argmax(axis=1)
    script = merged[best] if len(merged) else np.zeros(units, np.uint8)
    script = np.where(total > 0, script, 0).astype(np.uint8)
    most = np.maximum(table.max(axis=1), 1)
    return script, most / np.maximum(total, 1), total, kana / most


def _ngram_scores(
    columns: Columns, is_letter: Mask, plane: npt.NDArray[np.uint8], asked: Mask
) -> npt.NDArray[np.uint16]:
    """Return the score of every unit asked for, in every language of its plane (units x lanes)."""
    p = profiles()
    start = columns.start[asked] - 1
    place, _ = ranges(start, np.minimum(columns.end[asked], start + MAX_LETTERS) + 1)
    code = columns.code[place]
    unit = columns.unit[np.minimum(place + 1, len(columns.unit) - 1)]
    letter = p.letter[np.minimum(code, len(p.letter) - 1)].astype(np.uint32)
    letter[~is_letter[place]] = 0
    letter = np.append(letter, np.uint32(0))  # a text that was cut short ends like any other, whatever follows it
    total = np.zeros((len(asked), LANES // 4), np.uint64)
    for hashes, at in kernel.letter_ngrams(letter):
        row = kernel.find(hashes, p.keys, p.row)
        owner = unit[at]
        hit = np.flatnonzero((row >= 0) & (p.plane[row] == plane[owner]))
        kernel.add_rows(total, owner[hit], p.values[row[hit]])
    return total.view(np.uint16)


def _chances(scores: npt.NDArray[np.uint16], lanes: npt.NDArray[np.uint8], count: int) -> npt.NDArray[np.float32]:
    """Return how probable each language is for each row of scores."""
    logits = scores[:, : len(lanes)] / (SCALE * TEMPERATURE)
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    by_name = np.zeros((len(scores), count))
    np.add.at(by_name.T, lanes, odds.T)
    chances: npt.NDArray[np.float32] = np.round(by_name / by_name.sum(axis=1, keepdims=True), 4).astype(np.float32)
    return chances
