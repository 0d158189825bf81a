"""Language identification beside langdetect: accuracy, agreement, calibration, texts a second.

    python tests/benchmarks/languages.py --data ../shared/data [--count 1500]

Reads DATA/langid: single words, pairs of words and sentences, in the languages that both know
(Norwegian Bokmål is their "no"; zh-cn and zh-tw are "zh"; no answer is a wrong one). moderator gives
no answer below a probability of 0.5, where langdetect always gives one; `guess` counts what would be
moderator's. `moderator.build.languages` says that its constants were chosen on the odd rows, so every
figure is for rows at even places of the file, counted from 0, and the odd ones stand beside them once.
langdetect is slow: --count texts of each kind, drawn at random, are given to both. Rates are per CPU
second.
"""

from __future__ import annotations

import argparse
import os
import random
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from langdetect import DetectorFactory, LangDetectException, detect_langs, detector_factory

from moderator.language import identify, names
from moderator.samples import rows
from moderator.text import columns, encode

KINDS = ("single-words", "word-pairs", "sentences")
RENAMED = {"nb": "no", "zh-cn": "zh", "zh-tw": "zh"}
BATCH = 2000
EDGES = (0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 1.01)
SURE = 0.99


class Row(NamedTuple):
    """A text and its language."""

    text: str
    language: str


class Answer(NamedTuple):
    """A language, how probable it is said to be, and the likeliest one even where none is said."""

    language: str
    probability: float
    guess: str


def ours(texts: Sequence[str]) -> list[Answer]:
    """Ask moderator, in batches as a scan does."""
    out = []
    for low in range(0, len(texts), BATCH):
        found = identify(columns(*encode(texts[low : low + BATCH])))
        numbers = zip(found.language.tolist(), found.probability.tolist(), found.table.argmax(1).tolist(), strict=True)
        out += [Answer(names()[said], probability, names()[best]) for said, probability, best in numbers]
    return out


def theirs(texts: Sequence[str]) -> list[Answer]:
    """Ask langdetect, text by text; it has no answer for a text without letters."""
    out = []
    for text in texts:
        try:
            best = detect_langs(text)[0]
            name = RENAMED.get(best.lang, best.lang)
            out.append(Answer(name, best.prob, name))
        except LangDetectException:
            out.append(Answer("", 0.0, ""))
    return out


def right(given: Sequence[Row], answers: Sequence[Answer]) -> list[bool]:
    """Return which answers are right."""
    return [row.language == answer.language for row, answer in zip(given, answers, strict=True)]


def timed(ask: Callable[[Sequence[str]], list[Answer]], texts: Sequence[str]) -> tuple[list[Answer], float]:
    """Return the answers, and how many a second of CPU time gave."""
    begin = time.process_time()
    answers = ask(texts)
    return answers, len(texts) / (time.process_time() - begin)


def read(data: Path) -> dict[str, dict[int, list[Row]]]:
    """Return kind -> 0 for even and 1 for odd rows -> the rows in languages that both know."""
    both = {RENAMED.get(name, name) for name in langdetect_languages()} & set(names())
    found: dict[str, dict[int, list[Row]]] = {kind: {0: [], 1: []} for kind in KINDS}
    for path in sorted((data / "langid").glob("*.jsonl.gz")):
        for number, row in rows(path):
            language = RENAMED.get(row["label"], row["label"])
            if language in both:
                found[row["kind"]][(number - 1) % 2].append(Row(row["text"], language))
    return found


def langdetect_languages() -> list[str]:
    """Return langdetect's own names of its languages."""
    detector_factory.init_factory()
    return [str(name) for name in detector_factory._factory.get_lang_list()]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--count", type=int, default=1500)
    options = parser.parse_args()
    DetectorFactory.seed = 0
    found = read(options.data)
    known = {row.language for halves in found.values() for row in halves[0]}
    theirs(["warm"])
    ours(["warm"])
    print(f"{len(known)} languages")
    compare(found, options.count)
    calibration({kind: halves[0] for kind, halves in found.items()})
    comments(options.data)


def compare(found: dict[str, dict[int, list[Row]]], count: int) -> None:
    """Print how often each is right on the same texts, how fast, and where they agree."""
    print(f"\n{'':14}{'n':>7}{'moderator':>11}{'guess':>8}{'langdetect':>12}{'only we':>9}{'only they':>10}", end="")
    print(f"{'we/s':>10}{'they/s':>8}")
    for kind, halves in found.items():
        given = random.Random(0).sample(halves[0], min(count, len(halves[0])))
        texts = [row.text for row in given]
        (mine, my_rate), (other, other_rate) = timed(ours, texts), timed(theirs, texts)
        a, b = right(given, mine), right(given, other)
        guess = np.mean([row.language == answer.guess for row, answer in zip(given, mine, strict=True)])
        only = [sum(x and not y for x, y in zip(p, q, strict=True)) for p, q in ((a, b), (b, a))]
        print(
            f"{kind:14}{len(given):7}{np.mean(a):11.3f}{guess:8.3f}{np.mean(b):12.3f}{only[0]:9}{only[1]:10}"
            f"{my_rate:10,.0f}{other_rate:8,.0f}"
        )
        sure = [(x.language, y.language) for x, y in zip(mine, other, strict=True) if y.probability >= SURE]
        agree = sum(x == y for x, y in sure)
        print(f"{'':14}agree on {100 * agree / len(sure):.2f} % of {len(sure)} where langdetect is {SURE:.0%} sure")
    print("\nall rows, moderator alone   even n    right   no answer   odd (chosen on)    right")
    for kind, halves in found.items():
        even, odd = (ours([row.text for row in halves[k]]) for k in (0, 1))
        silent = np.mean([answer.language == "und" for answer in even])
        print(
            f"{kind:26}{len(even):9}{np.mean(right(halves[0], even)):9.3f}{silent:12.3f}"
            f"{len(odd):18}{np.mean(right(halves[1], odd)):9.3f}"
        )


def calibration(found: dict[str, list[Row]]) -> None:
    """Print how often an answer is right beside how probable it was said to be."""
    print(f"\n{'probability':14}" + "".join(f"{kind:^26}" for kind in found))
    print(" " * 14 + f"{'n':>8}{'said':>9}{'right':>9}" * len(found))
    answers = {kind: ours([row.text for row in given]) for kind, given in found.items()}
    for low, high in pairwise(EDGES):
        line = f"{low:.2f}-{min(high, 1.0):.2f}".ljust(14)
        for kind, given in found.items():
            hit = right(given, answers[kind])
            chosen = [
                (a.probability, h) for a, h in zip(answers[kind], hit, strict=True) if low <= a.probability < high
            ]
            said, was = np.mean(chosen, axis=0) if chosen else (np.nan, np.nan)
            line += f"{len(chosen):8}{said:9.3f}{was:9.3f}"
        print(line)


def comments(data: Path) -> None:
    """Print the rates on comments of about 100 characters."""
    pool = [row["text"] for _, row in rows(data / "unlabelled" / "youtube_2014.jsonl.gz")]
    pool = [text for text in pool if 70 <= len(text) <= 130]
    _, mine = timed(ours, pool * (20_000 // len(pool) + 1))
    _, other = timed(theirs, pool[:500])
    print(
        f"\ncomments of {np.mean([len(text) for text in pool]):.0f} characters: we {mine:,.0f}/s, they {other:,.0f}/s"
    )


if __name__ == "__main__":
    main()
