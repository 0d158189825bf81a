"""The configuration of a site: `[tool.moderator]` in pyproject.toml, or `.moderator.toml`.

A value comes from the command line, else from the last section of the file that is about the path, else
from the rest of the file, else it is the default. Every value knows where it came from.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from moderator.errors import ConfigError
from moderator.readers.files import STDIN, name_from
from moderator.records import ACTIONS, KINDS, MEDIA

FILE = ".moderator.toml"
PROJECT = "pyproject.toml"
MAX_BYTES = 1_000_000
MAX_DOTS = 1_000  # in a line: what tomllib needs grows with the square of the parts of a key
OTHERWISE = "name another file with --config, or use --no-config"
_MENTIONS = re.compile(rb"moderator[\"']?\s*[].={]")
_HEADER = re.compile(r"\s*\[(\[)?([^\]#]++)\]")
_KEY = re.compile(r"\s*((?:[\w-]+|\"[^\"\n]*\"|'[^'\n]*')(?:\s*\.\s*(?:[\w-]+|\"[^\"\n]*\"|'[^'\n]*'))*)\s*=")

Check = Callable[[Any], str]  # a value -> what it should have been; empty if it is right


@dataclass(frozen=True, slots=True)
class Value:
    """A value, and where it comes from: "default", "command line", or a file and its line."""

    value: Any
    origin: str = "default"
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """Settings of the paths that its patterns match."""

    paths: Value
    values: Mapping[str, Value]
    matches: Callable[[str], bool]


@dataclass(frozen=True, slots=True, eq=False)
class Config:
    """A configuration file: its settings, and those that are about some paths only. Each is equal to itself only."""

    path: Path
    values: Mapping[str, Value] = field(default_factory=dict)
    sections: tuple[Section, ...] = ()
    excludes: Callable[[str], bool] = lambda _: False


def _one_of(*choices: str) -> Check:
    return lambda value: "" if value in choices else f"one of {', '.join(choices)}"


def _text(value: Any) -> str:
    return "" if isinstance(value, str) and value.strip() and "\0" not in value else "a string"


def _flag(value: Any) -> str:
    return "" if isinstance(value, bool) else "true or false"


def _probability(value: Any) -> str:
    right = isinstance(value, int | float) and not isinstance(value, bool) and 0.0 <= value <= 1.0
    return "" if right else "a number from 0 to 1"


def _texts(value: Any) -> str:
    return "" if isinstance(value, list) and not any(map(_text, value)) else "a list of strings"


# What may be said about some paths only, and what about all of them.
BY_PATH: Mapping[str, Check] = {
    "kind": _one_of(*KINDS),
    "media": _one_of(*MEDIA[1:]),
    "encoding": _text,
    "hold-at": _probability,
    "reject-at": _probability,
    "skip": _flag,
    "directives": _flag,
    "allow.domains": _texts,
    "allow.phrases": _texts,
    "allow.authors": _texts,
}
FOR_ALL: Mapping[str, Check] = {
    "model": _text,
    "profile": _text,
    "baseline": _text,
    "fail-on": _one_of(*ACTIONS[1:], "never"),
    "on-error": _one_of(*ACTIONS),
    "ignored": _flag,
    "exclude": _texts,
    **{key: check for key, check in BY_PATH.items() if key != "skip"},
}
PATHS = ("model", "profile", "baseline")  # from the folder of the file
DEFAULTS: Mapping[str, Any] = {
    **dict.fromkeys(FOR_ALL),
    "fail-on": "hold",
    "on-error": "hold",
    "ignored": False,
    "exclude": [],
    "directives": True,
    "skip": False,
    "allow.domains": [],
    "allow.phrases": [],
    "allow.authors": [],
}
LISTS = ("allow.domains", "allow.phrases", "allow.authors")  # what several parts of a file say of them adds up


def find(paths: Iterable[str]) -> Config | None:
    """Return the configuration that is nearest to all paths, or to the current folder, upwards to the repository."""
    folders = [_folder(path) for path in paths if path != STDIN]
    try:
        folder = Path(os.path.commonpath(folders) if folders else os.path.realpath("."))
    except ValueError:  # on different drives
        return None
    for above in (folder, *folder.parents):
        for path in (above / FILE, above / PROJECT):
            if os.path.lexists(path) and not path.is_dir() and (found := _read(path, searched=True)):
                return found
        if (above / ".git").exists():
            break
    return None


def _folder(path: str) -> str:
    whole = Path(os.path.realpath(path))
    return str(whole if whole.is_dir() else whole.parent)


def read(path: str) -> Config:
    """Read a configuration file; raises ConfigError that says what is wrong, and in which line."""
    found = _read(Path(path), searched=False)
    if found is None:
        raise ConfigError("has no [tool.moderator]", path=path)
    return found


def _read(path: Path, *, searched: bool) -> Config | None:
    """Read a file; nothing if it is a pyproject.toml that says nothing about this."""
    shown = _shown(path)
    data = _bytes(path, shown, searched=searched)
    project = path.name == PROJECT
    if project and not _MENTIONS.search(data):
        return None
    content, table = _parsed(data, shown)
    if project:
        tool: Any = table.get("tool")
        own = tool.get("moderator") if isinstance(tool, dict) else None
        if own is None:
            return None
        if not isinstance(own, dict):
            raise ConfigError("tool.moderator must be a table", path=shown)
        table = own
    places = _places(content, ("tool", "moderator") if project else ())
    return _config(Path(os.path.realpath(path)), shown, table, places)


def _bytes(path: Path, shown: str, *, searched: bool) -> bytes:
    try:
        if searched and not path.is_file():
            path.stat()  # says what is wrong with a link that leads nowhere
            raise ConfigError(f"not a file; {OTHERWISE}", path=shown)
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}; {OTHERWISE}", path=shown) from error
    if len(data) > MAX_BYTES:
        raise ConfigError(f"longer than {MAX_BYTES} bytes; {OTHERWISE}", path=shown)
    return data


def _parsed(data: bytes, shown: str) -> tuple[str, dict[str, Any]]:
    import tomllib

    for number, row in enumerate(data.split(b"\n"), 1):
        if row.count(b".") > MAX_DOTS:
            raise ConfigError(f"a line with more than {MAX_DOTS} dots; {OTHERWISE}", path=shown, line=number)
    try:
        content = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"not UTF-8: byte 0x{data[error.start]:02x}", path=shown, line=line) from error
    try:
        return content, tomllib.loads(content)
    except RecursionError as error:
        raise ConfigError("nested too deeply", path=shown) from error
    except ValueError as error:
        reason, _, at = str(error).partition(" (at ")
        told = re.match(r"line (\d+)", at)
        line = int(told[1]) if told else content.count("\n") + 1
        raise ConfigError(f"not TOML: {reason}", path=shown, line=line) from error


def _shown(path: Path) -> str:
    """Return a path as it is named to a person: from the current folder if it is in it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


Place = tuple[str | int, ...]


def _places(content: str, root: Place) -> dict[Place, int]:
    """Return the line of each key and table below a root, as far as reading line by line can tell."""
    found: dict[Place, int] = {}
    table: Place = ()
    count: dict[Place, int] = {}
    for number, line in enumerate(content.split("\n"), 1):
        if header := _HEADER.match(line):
            table = _names(header[2])
            if header[1]:
                count[table] = count.get(table, -1) + 1
                table = (*table, count[table])
            found.setdefault(table, number)
        elif key := _KEY.match(line):
            names = _names(key[1])
            found.setdefault((*table, names[0]), number)
            found.setdefault((*table, *names), number)
    return {place[len(root) :]: line for place, line in found.items() if place[: len(root)] == root}


def _names(dotted: str) -> Place:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))


@dataclass(frozen=True, slots=True)
class _Table:
    """A table of a file, for what is wrong in it: where it stands and which keys it may have."""

    shown: str
    places: Mapping[Place, int]
    at: Place
    checks: Mapping[str, Check]

    def line(self, key: str) -> int | None:
        """Return the line of a key, or of the nearest thing around it."""
        place: Place = (*self.at, *key.split("."))
        while place and place not in self.places:
            place = place[:-1]
        return self.places.get(place)

    def error(self, key: str, message: str) -> ConfigError:
        return ConfigError(message, path=self.shown, line=self.line(key))


def _config(path: Path, shown: str, data: Mapping[str, Any], places: Mapping[Place, int]) -> Config:
    rest = {key: value for key, value in data.items() if key != "per-path"}
    table = _Table(shown, places, (), {**FOR_ALL, "per-path": _texts})
    values = dict(_values(table, rest))
    for key in PATHS:
        if key in values:
            try:
                whole = str(path.parent / Path(values[key].value).expanduser())
            except RuntimeError as error:  # "~" of somebody who is not here
                raise table.error(key, f"{key}: there is no {_short(values[key].value)}") from error
            values[key] = Value(whole, values[key].origin, values[key].line)
    found = Config(path, values, tuple(_sections(table, data.get("per-path", []))))
    return (
        replace(found, excludes=_matcher(table, "exclude", values["exclude"].value)) if "exclude" in values else found
    )


def _sections(table: _Table, rows: Any) -> Iterator[Section]:
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise table.error("per-path", "per-path must be tables: [[per-path]], or [[tool.moderator.per-path]]")
    for number, row in enumerate(rows):
        own = _Table(table.shown, table.places, ("per-path", number), {**BY_PATH, "paths": _texts})
        values = dict(_values(own, row))
        paths = values.pop("paths", None)
        if paths is None or not paths.value:
            raise own.error("paths", 'per-path needs paths = ["folder/**"]')
        yield Section(paths, values, _matcher(own, "paths", paths.value))


def _matcher(table: _Table, key: str, patterns: Sequence[str]) -> Callable[[str], bool]:
    from moderator.readers.ignore import matcher

    try:
        return matcher(patterns)
    except ValueError as error:
        raise table.error(key, f"{key}: {error}") from error


def _values(table: _Table, data: Mapping[str, Any]) -> Iterator[tuple[str, Value]]:
    """Yield the settings of a table, each checked; raises ConfigError for the first that is wrong."""
    for key, value in _flat(table, data):
        check = table.checks.get(key)
        if check is None:
            raise table.error(key, _unknown(key, table.checks))
        if expected := check(value):
            raise table.error(key, f"{key} must be {expected}, not {_short(value)}")
        line = table.line(key)
        _allowable(table, key, value)
        yield key, Value(value, f"{table.shown}:{line}" if line else table.shown, line)


def _flat(table: _Table, data: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield keys and values, those of `allow` as "allow.domains"."""
    for key, value in data.items():
        if key != "allow":
            yield key, value
        elif isinstance(value, dict):
            yield from ((f"allow.{name}", inner) for name, inner in value.items())
        else:
            raise table.error(key, f"allow must be a table with domains, phrases or authors, not {_short(value)}")


def _allowable(table: _Table, key: str, value: Any) -> None:
    if key in LISTS and value:
        from moderator import allow

        form = {"allow.domains": allow.domain, "allow.phrases": allow.phrase, "allow.authors": allow.author}[key]
        for entry in value:
            try:
                form(entry)
            except ValueError as error:
                raise table.error(key, f"{key}: {error}") from error


def _unknown(key: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(key[:100].replace("_", "-").lower(), list(known), 1, 0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
    return f"unknown key {_short(key)}: {hint}"


def _short(value: Any) -> str:
    try:
        shown = repr(value)
    except (RecursionError, ValueError):  # too deep, or a number of too many digits
        return "that"
    return shown if len(shown) <= 60 else f"{shown[:57]}..."


def sections_of(config: Config, path: str) -> tuple[int, ...]:
    """Return which sections are about a file."""
    name = name_of(config, path) if config.sections and path != STDIN else ""
    return tuple(i for i, section in enumerate(config.sections) if section.matches(name)) if name else ()


def layers_of(config: Config | None, sections: Iterable[int] = ()) -> list[Mapping[str, Value]]:
    """Return the settings of a file for all paths, and those of some of its sections."""
    return [config.values, *(config.sections[i].values for i in sections)] if config else []


def combined(layers: Iterable[Mapping[str, Value]], given: Mapping[str, Value]) -> dict[str, Value]:
    """Return the settings that layers make together, the later ones before the earlier; raises ConfigError."""
    found = {key: Value(value) for key, value in DEFAULTS.items()}
    for layer in (*layers, given):
        for key, value in layer.items():
            before = found.get(key)
            if key in LISTS and before and before.value:
                value = Value([*before.value, *value.value], f"{before.origin}, {value.origin}", value.line)
            found[key] = value
    hold, reject = found["hold-at"], found["reject-at"]
    for value in (hold, reject):  # a command line may say "nan"
        if value.value is not None and (expected := _probability(value.value)):
            raise ConfigError(f"a score must be {expected}, not {value.value} ({value.origin})")
    if hold.value is not None and reject.value is not None and hold.value > reject.value:
        raise ConfigError(
            f"hold-at must not be above reject-at, but it is {hold.value} ({hold.origin}), "
            f"and reject-at is {reject.value} ({reject.origin})"
        )
    return found


def name_of(config: Config, path: str) -> str:
    """Return the name of a file from the folder of the configuration; empty if it is not in it."""
    name = name_from(str(config.path.parent), path)
    return "" if name.startswith("../") or name == ".." else name
