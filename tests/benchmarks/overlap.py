"""Whether the project's own samples repeat what stands in the data sets: runs of words that both have.

    python tests/benchmarks/overlap.py --data ../shared/data [--words 8] [samples/threads ...]

Samples are written by the project. Well-known templates of spam come to mind word for word to whoever writes
spam, so this names each sample that has so many words in a row with any data set. Exits with 1 if there is one.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
WORD = re.compile(r"\w+")
FIELDS = ("text", "context", "body", "html")


def runs(text: str, words: int) -> set[str]:
    """Return all runs of so many words."""
    found = WORD.findall(text.lower().replace("'", "").replace("’", ""))
    return {" ".join(found[i : i + words]) for i in range(len(found) - words + 1)}


def rows(file: Path) -> Iterator[str]:
    """Yield the texts of a file, line by line."""
    with gzip.open(file, "rt", encoding="utf-8") if file.suffix == ".gz" else file.open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            yield "\n\n".join(row[field] for field in FIELDS if isinstance(row.get(field), str))


def main() -> None:
    """Name the samples that repeat."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--words", type=int, default=8)
    parser.add_argument("samples", nargs="*", type=Path, default=[ROOT / "samples"])
    options = parser.parse_args()
    own = {
        (file, number): runs(text, options.words)
        for folder in options.samples
        for file in sorted(folder.rglob("*.jsonl") if folder.is_dir() else [folder])
        for number, text in enumerate(rows(file), 1)
    }
    written = set().union(*own.values())
    known: set[str] = set()
    for file in sorted(options.data.rglob("*.jsonl.gz")):
        for text in rows(file):
            known |= runs(text, options.words) & written
    hits = {place: sorted(found & known) for place, found in own.items() if found & known}
    for (file, number), found in hits.items():
        print(f"{file}:{number}: {len(found)} runs, such as {found[0]!r}")
    print(f"{len(hits)} of {len(own):,} samples have {options.words} words in a row with a data set")
    sys.exit(1 if hits else 0)


if __name__ == "__main__":
    main()
