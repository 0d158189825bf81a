"""The most memory that `moderator scan` takes, for inputs from small to hostile.

    python tests/benchmarks/memory.py [--counts 10000 100000 400000]

Each row is a new process, scanning a file that is made here from the project's own samples; peak
resident set (maximum over its life) as the kernel counts it, and how many bytes that is more than
the first row's. Comments are judged in batches, so their number should not matter. Files and lines
above the limits are refused, pages just below are judged whole.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
MB = 1_000_000
LARGE = 50 * MB
# A process begins with the peak of the one that started it, so a small one stands between.
MEASURE = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, done.returncode, file=sys.stderr)
"""
LIMIT = 4_900_000  # characters: just below what is judged at once


class Run(NamedTuple):
    """What a scan took and said."""

    peak: int  # bytes
    seconds: float
    code: int
    said: str


def scan(path: Path) -> Run:
    """Scan a file in a new process, its verdicts thrown away."""
    command = [sys.executable, "-m", "moderator", "scan", str(path), "--format", "jsonl"]
    begin = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", MEASURE, *command], capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - begin
    *said, figures = done.stderr.strip().splitlines()
    peak, code = map(int, figures.split())
    return Run(peak * (1 if sys.platform == "darwin" else 1024), seconds, code, said[-1] if said else "")


def words() -> list[str]:
    """Return the words of the project's own comments."""
    return [word for text in texts() for word in text.split()]


def texts() -> list[str]:
    """Return the project's own comments."""
    folder = ROOT / "samples" / "comments"
    return [json.loads(row)["text"] for file in sorted(folder.glob("*.jsonl")) for row in file.open(encoding="utf-8")]


def comments(count: int) -> Iterator[str]:
    """Yield comments as JSON Lines: a sample each, and words of others, so that no two are the same."""
    chance, some, vocabulary = random.Random(0), texts(), words()
    for number in range(count):
        text = f"{chance.choice(some)[:200]} {' '.join(chance.choices(vocabulary, k=chance.randint(2, 12)))}"
        yield json.dumps({"id": str(number), "text": text}, ensure_ascii=False) + "\n"


def stretch(size: int, between: str = " ") -> str:
    """Return ordinary words, so many characters of them."""
    chance, vocabulary = random.Random(0), words()
    some = [between.join(chance.choices(vocabulary, k=20)) for _ in range(1000)]
    parts, length = [], 0
    while length < size:
        parts.append(chance.choice(some))
        length += len(parts[-1]) + len(between)
    return between.join(parts)[:size]


def inputs(folder: Path, counts: list[int]) -> Iterator[tuple[str, Path]]:
    """Write each input, yield it, and delete it again."""
    files: dict[str, tuple[str, Callable[[], Iterable[str]]]] = {
        **{f"{count:,} comments": ("c.jsonl", partial(comments, count)) for count in counts},
        "50 MB of text in one line": ("c.txt", lambda: [stretch(LARGE)]),
        "50 MB in one line of JSON Lines": ("c.jsonl", lambda: [json.dumps({"text": stretch(LARGE)}), "\n"]),
        "a page of 4.9 M characters in lines": ("c.txt", lambda: [stretch(LIMIT).replace(". ", ".\n")]),
        "a page of 4.9 M characters in one line": ("c.txt", lambda: [stretch(LIMIT)]),
        "the same as Markdown": ("c.md", lambda: [stretch(LIMIT)]),
        "a page of 2.4 M lines of one letter": ("c.txt", lambda: ["a\n" * (LIMIT // 2)]),
        "a page of 1 M bare hosts": ("c.md", lambda: ["a.io " * (LIMIT // 5)]),
        "a page of 0.5 M paragraphs of HTML": ("c.html", lambda: ["<p>a b</p>" * (LIMIT // 10)]),
    }
    for name, (file, content) in files.items():
        path = folder / file
        with path.open("w", encoding="utf-8", errors="replace", newline="") as out:
            out.writelines(content())
        yield name, path
        path.unlink()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--counts", type=int, nargs="*", default=[10_000, 100_000, 400_000])
    options = parser.parse_args()
    print(f"{'input':40}{'file':>9}{'peak':>10}{'more':>10}{'wall':>8}{'exit':>6}  summary")
    least = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, path in inputs(Path(folder), options.counts):
            run = scan(path)
            least = least or run.peak
            print(
                f"{name:40}{path.stat().st_size / MB:6.1f} MB{run.peak / MB:7.0f} MB{(run.peak - least) / MB:7.0f} MB"
                f"{run.seconds:6.1f} s{run.code:6}  {run.said}",
                flush=True,
            )


if __name__ == "__main__":
    main()
