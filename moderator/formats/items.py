"""What formats print: findings and failures with their places in a file."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from moderator.identity import digest, identity
from moderator.records import Action, Finding
from moderator.report import Lines
from moderator.scan import Judged

FAILURE = "failure"
_BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class Place:
    """Lines and columns from 1, in code points and in UTF-16; the end is that of the last character."""

    line: int
    column: int
    end_line: int
    end_column: int
    utf16: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Item:
    """A finding or a failure. A record of JSON Lines is a line of its file, and has no place in that line."""

    path: str
    line: int
    place: Place | None
    action: Action | None  # None: it could not be judged
    code: str
    message: str
    identity: str
    nth: int = 1  # of those with this identity in its document
    score: float | None = None
    label: str | None = None
    codes: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """Return what it is, in a word."""
        return self.action or FAILURE

    @property
    def where(self) -> str:
        """Return the place as compilers write it."""
        column = f":{self.place.column}" if self.place else ""
        return f"{self.path}:{self.line}{column}"


def items(judged: Judged) -> Iterator[Item]:
    """Yield what is wrong with a record."""
    record, verdict = judged.record, judged.verdict
    path, line = _relative(record.path), record.line or 1
    text = record.document.text if record.document else ""
    seen: Counter[str] = Counter()
    lines = Lines(text) if verdict.findings and record.line is None else None
    for finding in verdict.findings:
        mark = identity(text, finding)
        seen[mark] += 1
        place = _place(text, finding, lines) if lines else None
        code = finding.codes[0] if finding.codes else "moderator"
        yield Item(
            path, place.line if place else line, place, finding.action, code, finding.reason, mark, seen[mark],
            finding.score, finding.label, finding.codes,
        )  # fmt: skip
    for failure in verdict.failures:
        message = f"{failure.detector}: {failure.error}"
        yield Item(path, line, None, None, FAILURE, message, digest(message))


def _place(text: str, finding: Finding, lines: Lines) -> Place:
    first, last = finding.span.start, max(finding.span.start, finding.span.end - 1)
    (line, column), (end_line, end_column) = lines.place(first), lines.place(last)
    # A mark at the beginning of a file is no part of its first line, for those who read it.
    mark = text.startswith(_BOM)
    column, end_column = (max(c - (mark and n == 1), 1) for c, n in ((column, line), (end_column, end_line)))
    wide = (
        column + _surrogates(text[first - column + 1 : first]),
        end_column + _surrogates(text[max(last - end_column + 1, 0) : last + 1]),
    )
    return Place(line, column, end_line, end_column, wide)


def _surrogates(text: str) -> int:
    """Return how many characters of a text are two units in UTF-16."""
    return 0 if text.isascii() else sum(char > "\uffff" for char in text)


def _relative(path: str) -> str:
    """Return a path as seen from the current folder, with slashes; as it is if it lies elsewhere."""
    whole = Path(path)
    if whole.is_absolute():
        return (whole.relative_to(Path.cwd()) if whole.is_relative_to(Path.cwd()) else whole).as_posix()
    return os.path.normpath(path).replace(os.sep, "/")
