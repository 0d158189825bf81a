"""Labelled comments with their places, and what a model makes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from moderator.errors import InputError
from moderator.pipeline import Moderator
from moderator.records import Action, Document
from moderator.report import printable
from moderator.samples import Sample, files, lines

Show = Callable[[str, int], None]  # what is being done, and how much of it is ready
TEXT, AUTHOR = 80, 40  # characters of a text and of a name that are shown


@dataclass(frozen=True, slots=True)
class Case:
    """A sample and where it stands."""

    path: str
    line: int
    sample: Sample


@dataclass(frozen=True, slots=True)
class Outcome:
    """A case and what a model makes of it; no score if it could not be judged."""

    case: Case
    action: Action
    score: float | None
    failed: bool = False


def read(names: Iterable[str]) -> Iterator[Case]:
    """Yield the samples of files and folders; raises InputError with the line of the first that is wrong."""
    for file in files(names):
        for line in lines(file):
            if line.sample is None:
                raise InputError(line.error, path=line.path, line=line.number)
            yield Case(line.path, line.number, line.sample)


def judge(moderator: Moderator, cases: Sequence[Case], show: Show) -> list[Outcome]:
    """Return what a moderator makes of all cases, in their order."""
    found = []
    for case, verdict in zip(cases, moderator.scan(case.sample.document for case in cases), strict=True):
        found.append(Outcome(case, verdict.action, verdict.score, bool(verdict.failures)))
        show("comments", len(found))
    return found


def shown(document: Document) -> str:
    r"""Return the beginning of a text and who wrote it, on one line that is safe to print.

    >>> shown(Document("Great post!\nThank you.", author="Cheap Watches", url="http://watches.example/"))
    'Great post! Thank you. — Cheap Watches, http://watches.example/'
    """
    by = ", ".join(_short(part, AUTHOR) for part in (document.author, document.url) if part)
    text = _short(document.text, TEXT)
    return f"{text} — {by}" if by else text


def _short(text: str, most: int) -> str:
    # More than is shown is looked at, since white space goes; never all of a text of millions of characters.
    line = " ".join(text[: 20 * most].split())
    return printable(line if len(line) <= most else line[: most - 1] + "…")
