"""Scanning: records from readers become verdicts, in order; what could not be read becomes a failure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
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


def scan_records(
    moderator: Moderator, records: Iterable[Record | None], who: Callable[[Record], Moderator] | None = None
) -> Iterator[list[Judged]]:
    """Yield batches of judged records, in the order of the records; `who` says who judges which."""
    done, before, path = 0, 0, ""
    waiting = (FLUSH if record is None else record for record in records)
    for batch in batches(waiting, attrgetter("document")):
        verdicts = _verdicts(batch, who or (lambda _: moderator))
        judged = []
        for record in batch:
            if record.path != path:
                before, path = done, record.path
            done = before + record.position
            verdict = next(verdicts) if record.document else _unread(moderator, record)
            judged.append(Judged(record, verdict, done))
        yield judged


def _verdicts(batch: list[Record], who: Callable[[Record], Moderator]) -> Iterator[Verdict]:
    readable = [(who(record), record.document) for record in batch if record.document]
    for _, group in groupby(readable, lambda pair: id(pair[0])):
        pairs = list(group)
        yield from pairs[0][0].judge([document for _, document in pairs])


def _unread(moderator: Moderator, record: Record) -> Verdict:
    name = record.path if record.line is None else f"{record.path}:{record.line}"
    return moderator.unjudged(name, Failure("input", record.error))
