"""What plugins of site generators share: settings, and what there is to say about a page, with its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path, PurePath
from typing import Any, Literal, NamedTuple

from moderator import baseline, config, hooks
from moderator.config import Config, Value
from moderator.errors import ModeratorError
from moderator.house import Reading
from moderator.policy import LEVELS, fails
from moderator.readers import files
from moderator.records import ACTIONS, Action, Verdict
from moderator.report import Entry, entries, note_entries, printable

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

    `then` says what becomes of a page that fails: the build stops, or the page is left out of the site. What is not
    given is as the configuration says: the file `config`, none if that is false, else the nearest one above `content`.
    What either of the two leaves out is not judged.
    """

    fail_on: FailOn | None = None
    then: Literal["fail", "skip"] = "fail"
    model: str | None = None
    on_error: Action | None = None
    exclude: tuple[str, ...] = ()
    config: str | bool | None = None
    content: str = "."

    def __post_init__(self) -> None:
        for name, allowed in (("fail_on", LEVELS), ("then", ("fail", "skip")), ("on_error", ACTIONS)):
            given = getattr(self, name)
            if given not in allowed and (given is not None or name == "then"):
                raise ModeratorError(f"moderator: {name} must be one of {', '.join(allowed)}, not {given!r}")

    @classmethod
    def of(cls, given: Mapping[str, Any] | None, content: str) -> Settings:
        """Make settings of what is given to a plugin; raises ModeratorError for a key that there is not."""
        known = {field.name for field in fields(cls)} - {"content"}
        if unknown := sorted((given or {}).keys() - known):
            raise ModeratorError(
                f"moderator: no such setting: {', '.join(unknown)}; there are {', '.join(sorted(known))}"
            )
        values = dict(given or {})
        exclude = values.get("exclude") or ()
        if not isinstance(exclude, list | tuple) or not all(isinstance(pattern, str) for pattern in exclude):
            raise ModeratorError(f"moderator: exclude must be a list of patterns, not {exclude!r}")
        file = values.get("config")
        if isinstance(file, PurePath):
            values["config"] = str(file)
        elif not isinstance(file, str | bool | None):
            raise ModeratorError(f"moderator: config must be the path of a file or false, not {file!r}")
        return cls(**values | {"exclude": tuple(exclude), "content": content})

    @cached_property
    def found(self) -> Config:
        """Return the configuration, an empty one if there is none; raises ConfigError."""
        if isinstance(self.config, str):
            return config.read(self.config)
        nearest = None if self.config is False else config.find([self.content])
        return nearest or Config(Path(self.content, config.FILE).resolve())

    @property
    def sources(self) -> list[str]:
        """Return the files that say how pages are judged."""
        values = self.found.values
        named = (values[key].value for key in ("baseline", "profile") if key in values)
        return [path for path in (str(self.found.path), *named) if Path(path).is_file()]

    def of_file(self, path: str, name: str = "") -> list[Complaint]:
        """Return what there is to say about a source file; `name` is its path within the site."""
        if not self._judged(path):
            return self.of_text("", path, name)
        record = next(files.read(path, self._reading.options(path)), None)
        if record is None or record.document is None:
            error = printable(record.error if record else "nothing in it")
            return [Complaint(self._level(self._on_error), shown(path), f"failure  input: {error}")]
        return self.of_text(record.document.text, path, name)

    def of_text(self, text: str, path: str, name: str = "") -> list[Complaint]:
        """Return what there is to say about the source of a page."""
        if any(fnmatch((name or shown(path)).replace("\\", "/"), pattern) for pattern in self.exclude):
            return []
        if self._reading.leaves_out(path):
            return []
        if not self._judged(path):
            return [Complaint("info", shown(path), "not judged: a kind of file that is not read")]
        media = self._reading.options(path).media
        verdict = hooks.page(text, path=path, media=media, model=self.model, config=self.found, on_error=self._on_error)
        if self._accepted:
            file, accepted = self._accepted
            verdict = baseline.Ledger(file, accepted).settle(verdict, path, text, self._on_error)
        return list(self._complaints(verdict, text, shown(path)))

    @cached_property
    def _reading(self) -> Reading:
        given = {"kind": Value("page"), "fail-on": Value(self.fail_on), "on-error": Value(self.on_error)}
        return Reading(files.Options(), self.found, {key: value for key, value in given.items() if value.value})

    @cached_property
    def _on_error(self) -> Action:
        action: Action = self._reading.settings(files.STDIN)["on-error"].value
        return action

    @cached_property
    def _accepted(self) -> tuple[Path, baseline.Accepted] | None:
        """Return the baseline of the configuration, and what was accepted in it."""
        file = self._reading.settings(files.STDIN)["baseline"].value
        return (Path(file), baseline.read(Path(file))) if file else None

    def _judged(self, path: str) -> bool:
        return PurePath(path).suffix.lower() in files.MEDIA_OF

    def _complaints(self, verdict: Verdict, text: str, path: str) -> Iterator[Complaint]:
        """Yield the findings, failures and notes of a verdict, in the words of a scan."""
        for entry in entries(verdict, text, path):
            yield Complaint(self._level(entry.action or verdict.action), *_said(entry))
        for entry in note_entries(verdict, text, path):
            yield Complaint("warning", *_said(entry))

    def _level(self, action: Action) -> Level:
        return "error" if fails(action, self._reading.settings(files.STDIN)["fail-on"].value) else "warning"


def _said(entry: Entry) -> tuple[str, str]:
    return entry.place, "  ".join((*(word for word, _ in entry.words), entry.message))


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
