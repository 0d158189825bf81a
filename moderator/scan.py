"""Scanning: records from readers become verdicts, in order; what could not be read becomes a failure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from moderator.errors import InputError
from moderator.fix import Asked, Fix, Refusal, fix, rejected
from moderator.pipeline import FLUSH, Moderator, batches
from moderator.readers.files import STDIN, Record
from moderator.records import Failure, Verdict
from moderator.rewrite import rewrite

FIX = "fix"  # what failed, if a file could not be written
LINES = "it is in JSON Lines, where each line is published or not as a whole"


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


@dataclass(frozen=True, slots=True)
class Fixing:
    """What is cut out of pages, and whether it is cut out of their files as well, which must be in `roots`."""

    asked: Asked = rejected
    write: bool = False
    backup: bool = True
    encoding: str | None = None
    roots: Sequence[Path] = ()


@dataclass(frozen=True, slots=True)
class Fixed:
    """A judged record, what is cut out of it, and whether the file was written; `backup` is what it was before."""

    judged: Judged
    fix: Fix
    written: bool = False
    backup: Path | None = None


def fix_record(moderator: Moderator, judged: Judged, how: Fixing) -> Fixed:
    """Cut out of a page what is asked for; a file that cannot be written is a failure of its verdict."""
    record, verdict = judged.record, judged.verdict
    if record.document is None:
        return Fixed(judged, Fix((), (), "", verdict))
    if record.line is not None:
        refused = tuple(Refusal(finding.span, LINES) for finding in verdict.findings if how.asked(finding))
        return Fixed(judged, Fix((), refused, record.document.text, verdict))
    found = fix(moderator, record.document, verdict, how.asked)
    if not found.cuts or not how.write or record.path == STDIN:
        return Fixed(judged, found)
    try:
        kept = rewrite(
            record.path, record.document.text, found.cuts, how.roots, encoding=how.encoding, backup=how.backup
        )
    except InputError as error:
        failure = Failure(FIX, error.message)
        failed = replace(judged, verdict=replace(verdict, failures=(*verdict.failures, failure)))
        return Fixed(failed, found)
    return Fixed(judged, found, written=True, backup=kept)
