"""The gate: what a model must reach on labelled comments before it is promoted.

`floors.json` beside the models names the corpora, each with a digest, and for each the most honest comments
that may be flagged and the least spam that must be. A corpus that is not there, as in an installed
package, is not measured.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from moderator import pipeline, samples
from moderator.errors import ModelError
from moderator.pipeline import Moderator
from moderator.samples import Sample
from moderator.store import Artefact

FLOORS = "floors.json"


def failures(artefact: Artefact, models: Path) -> list[str]:
    """Return where a model is below the floors; nothing if it passes or there are no floors."""
    moderator = pipeline.build(artefact)
    found = []
    for corpus in load(models):
        path = models / corpus["file"]
        if path.exists():
            found += [f"{path.name}: {failure}" for failure in broken(moderator, path, corpus)]
    return found


def load(models: Path) -> list[dict[str, Any]]:
    """Return the corpora and their floors; raises ModelError if the file cannot be read."""
    path = models / FLOORS
    if not path.exists():
        return []
    try:
        return list(json.loads(path.read_bytes())["corpora"])
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path} is no list of floors: {error}") from error


def broken(moderator: Moderator, path: Path, corpus: Mapping[str, Any]) -> list[str]:
    """Return what is worse than the floors of a corpus: more ham flagged, or less spam."""
    found = [] if corpus["sha256"] == digest(path) else ["not the corpus that the floors are for"]
    for name, value in measure(moderator, list(samples.read(path))).items():
        floor = corpus["floors"][name]
        if value > floor if name.startswith("ham") else value < floor:
            found.append(f"{name} {value:.2%}, the floor is {floor:.2%}")
    return found


def measure(moderator: Moderator, labelled: Sequence[Sample]) -> dict[str, float]:
    """Return the shares of honest and spam comments that are held or rejected."""
    verdicts = moderator.scan(sample.document for sample in labelled)
    actions = [(sample.label, verdict.action) for sample, verdict in zip(labelled, verdicts, strict=True)]
    return {
        f"{label} {what}": _share([action for given, action in actions if given == label], counted)
        for label in ("ham", "spam")
        for what, counted in (("held", ("hold", "reject")), ("rejected", ("reject",)))
    }


def _share(actions: Sequence[str], counted: Sequence[str]) -> float:
    return round(sum(action in counted for action in actions) / max(1, len(actions)), 4)


def digest(path: Path) -> str:
    """Return the SHA-256 of a corpus, whatever its newlines."""
    return hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n")).hexdigest()
