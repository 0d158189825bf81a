"""What plugins of site generators share: settings, and what there is to say about a page, with its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from fnmatch import fnmatch
from pathlib import Path, PurePath
from typing import Any, Literal, NamedTuple

from moderator import hooks
from moderator.errors import ModeratorError
from moderator.policy import LEVELS, fails
from moderator.readers import files
from moderator.records import ACTIONS, Action, Verdict
from moderator.report import Lines, printable

Level = Literal["error", "warning", "info"]
FailOn = Literal["hold", "reject", "never"]


class Complaint(NamedTuple):
    """One thing that is wrong with a page: where, what it is, and whether the site must not be built with it."""

    level: Level
    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}  {self.message}"


@dataclass(frozen=True)
class Settings:
    """How pages are judged: from which action on a build fails, by which model, and which pages are left out.

    `then` says what becomes of a page that fails: the build stops, or the page is left out of the site.
    """

    fail_on: FailOn = "hold"
    then: Literal["fail", "skip"] = "fail"
    model: str | None = None
    on_error: Action = "hold"
    exclude: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, allowed in (("fail_on", LEVELS), ("then", ("fail", "skip")), ("on_error", ACTIONS)):
            if getattr(self, name) not in allowed:
                raise ModeratorError(
                    f"moderator: {name} must be one of {', '.join(allowed)}, not {getattr(self, name)!r}"
                )

    @classmethod
    def of(cls, given: Mapping[str, Any] | None) -> Settings:
        """Make settings of what a configuration holds; raises ModeratorError for a key that there is not."""
        known = {field.name for field in fields(cls)}
        if unknown := sorted((given or {}).keys() - known):
            raise ModeratorError(
                f"moderator: no such setting: {', '.join(unknown)}; there are {', '.join(sorted(known))}"
            )
        values = dict(given or {})
        return cls(**values | {"exclude": tuple(values.get("exclude", ()))})

    def of_file(self, path: str, name: str = "") -> list[Complaint]:
        """Return what there is to say about a source file; `name` is its path within the site."""
        if not self._judged(path):
            return self.of_text("", path, name)
        record = next(files.read(path, files.Options(kind="page")), None)
        if record is None or record.document is None:
            error = printable(record.error if record else "nothing in it")
            return [Complaint(self._level(self.on_error), f"{shown(path)}:1:1", f"failure  input: {error}")]
        return self.of_text(record.document.text, path, name)

    def of_text(self, text: str, path: str, name: str = "") -> list[Complaint]:
        """Return what there is to say about the source of a page."""
        if any(fnmatch((name or shown(path)).replace("\\", "/"), pattern) for pattern in self.exclude):
            return []
        if not self._judged(path):
            return [Complaint("info", shown(path), "not judged: a kind of file that is not read")]
        verdict = hooks.page(text, path=path, model=self.model, on_error=self.on_error)
        return list(self._complaints(verdict, text, shown(path)))

    def _judged(self, path: str) -> bool:
        return PurePath(path).suffix.lower() in files.MEDIA_OF

    def _complaints(self, verdict: Verdict, text: str, path: str) -> Iterator[Complaint]:
        """Yield the findings and failures of a verdict, in the words of a scan."""
        lines = Lines(text)
        for finding in verdict.findings:
            line, column = lines.place(finding.span.start)
            code = printable(finding.codes[0]) if finding.codes else "-"
            message = f"{finding.action}  {code}  {printable(finding.reason)}"
            yield Complaint(self._level(finding.action), f"{path}:{line}:{column}", message)
        for failure in verdict.failures:
            error = printable(f"{failure.detector}: {failure.error}")
            yield Complaint(self._level(verdict.action), f"{path}:1:1", f"failure  {error}")

    def _level(self, action: Action) -> Level:
        return "error" if fails(action, self.fail_on) else "warning"


def failing(complaints: list[Complaint]) -> bool:
    """Return whether a site must not be built with what is complained of."""
    return any(complaint.level == "error" for complaint in complaints)


def summary(count: int) -> str:
    """Return the sentence that a build ends with."""
    if count == 1:
        return "moderator: 1 page should not be published as it is"
    return f"moderator: {count} pages should not be published as they are"


def shown(path: str) -> str:
    """Return a path as a person would write it: from the current folder, if it is within."""
    try:
        return printable(Path(path).resolve().relative_to(Path.cwd().resolve()).as_posix())
    except ValueError:
        return printable(str(path))
