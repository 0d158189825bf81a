"""Measure the model that ships on comments that no model is trained on, and fail if it is below the floors.

    python tests/quality/gate.py

The floors are in models/floors.json. `moderator model promote` keeps to them as well; to lower one takes an edit
that a reviewer sees.
"""

from __future__ import annotations

import sys
from pathlib import Path

from moderator import gate, pipeline, samples, store

MODELS = Path(__file__).parents[2] / "models"


def main() -> int:
    """Run the gate."""
    artefact = store.read(store.current(MODELS))
    moderator = pipeline.build(artefact)
    for corpus in gate.load(MODELS):
        path = MODELS / corpus["file"]
        labelled = list(samples.read(path))
        print(f"model {artefact.id}, {len(labelled)} comments of {path.name}")
        for name, value in gate.measure(moderator, labelled).items():
            print(f"  {name:14} {value:7.2%}   floor {corpus['floors'][name]:7.2%}")
    failures = gate.failures(artefact, MODELS)
    for failure in failures:
        print(f"below the floor: {failure}")
    return int(bool(failures))


if __name__ == "__main__":
    sys.exit(main())
