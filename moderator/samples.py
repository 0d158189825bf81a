"""Labelled text on disk: JSON Lines, one sample an object, unknown keys refused with their line."""

from __future__ import annotations

import gzip
import json
import os
import secrets
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from moderator.errors import InputError
from moderator.records import KINDS, LABELS, MEDIA, Document, Label, Span

DOCUMENT_KEYS = ("text", "id", "kind", "media", "context", "author", "url", "site_url", "language")
SAMPLE_KEYS = frozenset({*DOCUMENT_KEYS, "label", "spans", "source", "group", "note", "labelled_at"})


@dataclass(frozen=True, slots=True)
class Sample:
    """A document and what it is.

    `group` names what must stay together when samples are split: a site, a campaign; the source if
    nothing was named. `weight` says how sure the label is: 1 for one that a person gave. What is not `judged`
    teaches the tables of words, but the policy is neither fitted nor measured on it.
    """

    document: Document
    label: Label
    source: str = ""
    group: str = ""
    weight: float = 1.0
    spans: tuple[Span, ...] = ()
    note: str = ""
    labelled_at: str = ""
    judged: bool = True


def read(path: Path) -> Iterator[Sample]:
    """Yield the samples of a file; raises InputError with the line of the first that is wrong."""
    for number, row in rows(path):
        try:
            yield from_json(row)
        except InputError as error:
            raise InputError(error.message, path=str(path), line=number) from error


def rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the objects of a JSON Lines file, plain or gzip, and their lines."""
    for number, data in _numbered(path):
        try:
            yield number, _object(data)
        except InputError as error:
            raise InputError(error.message, path=str(path), line=number) from error


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a file as it stands there, and the sample it holds or what is wrong with it."""

    path: str
    number: int
    data: bytes
    sample: Sample | None
    error: str = ""


def lines(path: Path) -> Iterator[Line]:
    """Yield every line that is not blank; one that is wrong comes with its error, and the next ones are read."""
    for number, data in _numbered(path):
        try:
            yield Line(str(path), number, data, from_json(_object(data)))
        except InputError as error:
            yield Line(str(path), number, data, None, error.message)


def files(names: Iterable[str]) -> list[Path]:
    """Return the files that are named, and those with samples in folders that are; each once, in order."""
    found = []
    for path in map(Path, names):
        if path.is_dir():
            found += sorted(p for p in path.rglob("*") if p.name.endswith((".jsonl", ".jsonl.gz")) and p.is_file())
        elif path.exists():
            found.append(path)
        else:
            raise InputError("no such file or folder", path=str(path))
    return list(dict.fromkeys(found))


@contextmanager
def writing(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that is there when all of it was written, and otherwise is as it was before."""
    scratch = path.with_name(f".{path.name}-{secrets.token_hex(6)}")
    try:
        file = scratch.open("xb")
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", path=str(path)) from error
    try:
        with file:
            if path.suffix == ".gz":
                # Without a name and a time in it, the same samples give the same bytes.
                with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
                    yield cast("IO[bytes]", packed)
            else:
                yield file
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)


def _numbered(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of a file that are not blank, and their numbers."""
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rb") as file:
            for number, data in enumerate(file, 1):
                if not data.isspace():
                    yield number, data
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"cannot be read: {reason}", path=str(path)) from error


def _object(data: bytes) -> dict[str, Any]:
    try:
        row = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"not JSON: {error}") from error
    if not isinstance(row, dict):
        raise InputError("not a JSON object")
    return row


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
        source=row.get("source") or "",
        group=row.get("group") or row.get("source") or "",
        spans=spans,
        note=row.get("note") or "",
        labelled_at=row.get("labelled_at") or "",
    )


def to_json(sample: Sample) -> dict[str, Any]:
    """Return the JSON form of a sample, without what it does not say.

    >>> to_json(Sample(Document("Thanks!"), "ham"))
    {'text': 'Thanks!', 'kind': 'comment', 'label': 'ham'}
    """
    document = {key: getattr(sample.document, key) for key in DOCUMENT_KEYS}
    if document["media"] == "auto":
        del document["media"]
    rest = {
        "label": sample.label,
        "spans": [[span.start, span.end] for span in sample.spans],
        "source": sample.source,
        "group": sample.group if sample.group != sample.source else "",
        "note": sample.note,
        "labelled_at": sample.labelled_at,
    }
    return {key: value for key, value in {**document, **rest}.items() if value}
