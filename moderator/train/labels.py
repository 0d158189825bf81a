"""The labels that a site's own people gave, on disk: JSON Lines beside the models, in one order."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from moderator.samples import Sample, read, to_json
from moderator.store import write_atomically

LABELS = "labels.jsonl"


def load(models: Path) -> list[Sample]:
    """Return the labels that were given; none if there is no file."""
    path = models / LABELS
    return list(read(path)) if path.exists() else []


def save(models: Path, labels: Iterable[Sample]) -> None:
    """Write the labels, whole or not at all."""
    rows = sorted(json.dumps(to_json(sample), ensure_ascii=False, sort_keys=True) for sample in labels)
    models.mkdir(parents=True, exist_ok=True)
    data = "".join(row + "\n" for row in rows).encode("utf-8", "surrogatepass")
    write_atomically(models / LABELS, data)


def with_labels(labels: Sequence[Sample], given: Iterable[Sample]) -> list[Sample]:
    """Return the labels with new ones; of one comment the last label stands."""
    found = {key(sample): sample for sample in (*labels, *given)}
    return list(found.values())


def without(labels: Sequence[Sample], taken: Iterable[Sample]) -> list[Sample]:
    """Return the labels without those of the given comments, whatever these were labelled."""
    gone = {key(sample) for sample in taken}
    return [sample for sample in labels if key(sample) not in gone]


def key(sample: Sample) -> str:
    """Return what tells comments apart: text, author, the author's site and the post."""
    document = sample.document
    parts = [document.text, document.author, document.url, document.context]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
