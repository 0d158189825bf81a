"""Measure the model that ships on comments that no model is trained on, and fail if it is below the floors.

    python tests/quality/gate.py             print what was measured, exit 1 if it is below a floor
    python tests/quality/gate.py --raise     also write what was measured as the new floors, where it is better

Floors are never lowered by this script: that takes an edit, which a reviewer sees.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from moderator import load
from moderator.pipeline import Moderator
from moderator.samples import Sample, read

HERE = Path(__file__).parent
CORPUS, FLOORS = HERE / "comments.jsonl", HERE / "floors.json"


def measure(moderator: Moderator, samples: list[Sample]) -> dict[str, float]:
    """Return the shares of honest and spam comments that are held or rejected."""
    actions = [verdict.action for verdict in moderator.scan(sample.document for sample in samples)]
    of = {
        label: [action for sample, action in zip(samples, actions, strict=True) if sample.label == label]
        for label in ("ham", "spam")
    }
    return {
        "ham held": share(of["ham"], "hold", "reject"),
        "ham rejected": share(of["ham"], "reject"),
        "spam held": share(of["spam"], "hold", "reject"),
        "spam rejected": share(of["spam"], "reject"),
    }


def share(actions: list[str], *counted: str) -> float:
    """Return the share of actions that are among those counted."""
    return round(sum(action in counted for action in actions) / len(actions), 4)


def digest(corpus: Path = CORPUS) -> str:
    """Return the SHA-256 of the corpus, whatever its newlines."""
    return hashlib.sha256(corpus.read_bytes().replace(b"\r\n", b"\n")).hexdigest()


def broken(measured: dict[str, float], floors: dict[str, Any], corpus: Path = CORPUS) -> list[str]:
    """Return what is worse than the floors: more ham flagged, or less spam."""
    found = [] if floors["sha256"] == digest(corpus) else ["the corpus is not the one that the floors are for"]
    for name, value in measured.items():
        worse = value > floors[name] if name.startswith("ham") else value < floors[name]
        if worse:
            found.append(f"{name}: {value:.2%}, the floor is {floors[name]:.2%}")
    return found


def main() -> int:
    """Run the gate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--raise", dest="rise", action="store_true")
    options = parser.parse_args()
    moderator, samples = load(), list(read(CORPUS))
    measured = measure(moderator, samples)
    print(f"model {moderator.model}, {len(samples)} comments of {CORPUS.name}")
    for name, value in measured.items():
        print(f"  {name:14} {value:7.2%}")
    floors = json.loads(FLOORS.read_text(encoding="utf-8"))
    failures = broken(measured, floors)
    for failure in failures:
        print(f"below the floor: {failure}")
    if options.rise and not failures:
        better = {n: (min if n.startswith("ham") else max)(v, floors[n]) for n, v in measured.items()}
        FLOORS.write_text(json.dumps({"sha256": digest(), **better}, indent=1) + "\n", encoding="utf-8")
    return int(bool(failures))


if __name__ == "__main__":
    sys.exit(main())
