"""Scanning: records from readers become verdicts, in order; what could not be read becomes a failure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter

from moderator.pipeline import FLUSH, Moderator, batches
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
    waiting = (FLUSH if record is None else record for record in records)
    for batch in batches(waiting, attrgetter("document")):
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
