"""Labelled text on disk: JSON Lines, one sample an object, unknown keys refused with their line."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moderator.errors import InputError
from moderator.records import KINDS, LABELS, MEDIA, Document, Label, Span

DOCUMENT_KEYS = ("text", "id", "kind", "media", "context", "author", "url", "site_url", "language")
SAMPLE_KEYS = frozenset({*DOCUMENT_KEYS, "label", "spans", "source", "note", "labelled_at"})


@dataclass(frozen=True, slots=True)
class Sample:
    """A document and what it is.

    `group` names what must stay together when samples are split: a site, a campaign. `weight` says
    how sure the label is: 1 for one that a person gave.
    """

    document: Document
    label: Label
    source: str = ""
    group: str = ""
    weight: float = 1.0
    spans: tuple[Span, ...] = ()
    note: str = ""
    labelled_at: str = ""


def read(path: Path) -> Iterator[Sample]:
    """Yield the samples of a file; raises InputError with the line of the first that is wrong."""
    for number, row in rows(path):
        try:
            yield from_json(row)
        except InputError as error:
            raise InputError(error.message, path=str(path), line=number) from error


def rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the objects of a JSON Lines file, plain or gzip, and their lines."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rb") as file:
        for number, line in enumerate(file, 1):
            if line.isspace():
                continue
            try:
                row = json.loads(line.decode("utf-8"))
            except (ValueError, RecursionError) as error:
                raise InputError(f"not JSON: {error}", path=str(path), line=number) from error
            if not isinstance(row, dict):
                raise InputError("not a JSON object", path=str(path), line=number)
            yield number, row


def from_json(row: Mapping[str, Any]) -> Sample:
    """Read a sample from its JSON form; raises InputError that names what is wrong."""
    unknown = row.keys() - SAMPLE_KEYS
    if unknown:
        raise InputError(f"unknown key {sorted(unknown)[0]!r}; known are {', '.join(sorted(SAMPLE_KEYS))}")
    if not isinstance(row.get("text"), str):
        raise InputError("a sample needs a text")
    for key in sorted(SAMPLE_KEYS - {"spans"}):
        if not isinstance(row.get(key, ""), str | None):
            raise InputError(f"{key} is not a string")
    for key, allowed in (("label", LABELS), ("kind", KINDS), ("media", MEDIA)):
        if key in row and row[key] not in allowed:
            raise InputError(f"{key} must be one of {', '.join(allowed)}, not {row[key]!r}")
    if "label" not in row:
        raise InputError("a sample needs a label")
    document = Document(**{key: row[key] for key in DOCUMENT_KEYS if row.get(key) is not None})
    try:
        spans = tuple(Span(int(start), int(end)) for start, end in row.get("spans", ()))
    except (TypeError, ValueError) as error:
        raise InputError("spans must be a list of [start, end]") from error
    if any(not 0 <= span.start < span.end <= len(document.text) for span in spans):
        raise InputError("a span lies outside of the text")
    return Sample(
        document,
        row["label"],
        source=row.get("source", ""),
        group=row.get("source", ""),
        spans=spans,
        note=row.get("note", ""),
        labelled_at=row.get("labelled_at", ""),
    )
