"""Scanning: records from readers become verdicts, in order; what could not be read becomes a failure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from moderator.pipeline import BATCH_CHARACTERS, BATCH_DOCUMENTS, Moderator
from moderator.readers.files import Record
from moderator.records import Failure, Verdict


@dataclass(frozen=True, slots=True)
class Judged:
    """A record, its verdict, and how many bytes of input are done with it."""

    record: Record
    verdict: Verdict
    done: int


def scan_records(moderator: Moderator, records: Iterable[Record | None]) -> Iterator[list[Judged]]:
    """Yield batches of judged records, in the order of the records."""
    done, before, path = 0, 0, ""
    for batch in _batches(records):
        verdicts = iter(moderator.judge([record.document for record in batch if record.document]))
        judged = []
        for record in batch:
            if record.path != path:
                before, path = done, record.path
            done = before + record.position
            verdict = next(verdicts) if record.document else _unread(moderator, record)
            judged.append(Judged(record, verdict, done))
        yield judged


def _unread(moderator: Moderator, record: Record) -> Verdict:
    name = record.path if record.line is None else f"{record.path}:{record.line}"
    return moderator.unjudged(name, Failure("input", record.error))


def _batches(records: Iterable[Record | None]) -> Iterator[list[Record]]:
    """Group records; a None ends a group early, since nothing more is waiting."""
    batch: list[Record] = []
    size, context = 0, None
    for record in records:
        if record is not None:
            batch.append(record)
            if document := record.document:
                # Comments on one post follow each other, and the post is analysed once.
                size += len(document.text)
                size += len(document.context or "") if document.context != context else 0
                context = document.context
        if batch and (record is None or len(batch) >= BATCH_DOCUMENTS or size >= BATCH_CHARACTERS):
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
