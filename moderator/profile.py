"""The profile of a site: the languages and scripts that it publishes in, and the hosts it normally links to.

A profile is a small file without any text of the site; `moderator.survey` learns it from the site's
own pages. It only changes how strong signals are, so that any policy stays valid.
"""

from __future__ import annotations

import json
import re
import reprlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from moderator import language, text
from moderator.errors import ProfileError
from moderator.language import Languages
from moderator.text import Positions

FORMAT = 1
MAX_BYTES = 1_000_000
MAX_PAGES = 1_000_000_000
MAX_HOSTS = 300
SHARE_DIGITS = 4
LEAST_SHARE = 0.001  # of a site's letters; a guess at the language of short lines is wrong more often than this
ROUNDING = 0.01  # by which shares may add up to more than 1

HALF = 20  # pages from which on a profile counts for half of what it could
FAIR = 0.05  # share of a site's letters from which on a language or a script is fully at home
MOST = 0.6  # of a signal's strength that being known to the site can take away
HALF_LINKED = 5  # pages from which a host is linked that is half known

STEPS = 10_000  # whole steps, so that sums do not depend on the machine
HOST = re.compile(r"[\w-]{1,63}(?:\.[\w-]{1,63}){1,9}")
KEYS = ("format", "pages", "languages", "scripts", "hosts")

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Part:
    """A language or a script of a site: its share of the letters, and the pages with a fair piece of it."""

    share: float
    pages: int


@dataclass(frozen=True, slots=True)
class Profile:
    """What a site publishes: how many pages, in which languages and scripts, with links to which hosts."""

    pages: int
    languages: Mapping[str, Part]
    scripts: Mapping[str, Part]
    hosts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Familiar:
    """What is familiar to a site: for each script and language how far, for each host what a link there counts."""

    trust: float  # in what the profile does not know
    script: Floats  # 256: how far each script is at home, 0 to 1
    language: Positions  # how far each of `language.names()` is at home, in STEPS
    listed_scripts: npt.NDArray[np.bool_]
    listed_languages: npt.NDArray[np.bool_]
    main_script: int  # the one with the largest share; 0 if there is none
    main_language: int
    hosts: Mapping[str, float]


def familiar(profile: Profile) -> Familiar:
    """Return what a profile says about any script, language and host."""
    scripts, languages = text.tables().scripts, language.names()
    by_script, script = _home(profile.scripts, scripts, 256)
    by_language, spoken = _home(profile.languages, languages, len(languages))
    sure = trust(profile.pages)
    return Familiar(
        trust=sure,
        script=by_script,
        language=np.rint(by_language * STEPS).astype(np.int64),
        listed_scripts=script > 0.0,
        listed_languages=spoken > 0.0,
        main_script=int(script.argmax()),
        main_language=int(spoken.argmax()),
        hosts={host: 1.0 - MOST * sure * pages / (pages + HALF_LINKED) for host, pages in profile.hosts.items()},
    )


def trust(pages: int) -> float:
    """Return how much is to be made of what so many pages say, from 0 to nearly 1.

    >>> trust(0), trust(HALF)
    (0.0, 0.5)
    """
    return pages / (pages + HALF)


def _home(parts: Mapping[str, Part], names: tuple[str, ...], size: int) -> tuple[Floats, Floats]:
    """Return how far each of the names is at home, and its share."""
    home, share = np.zeros(size), np.zeros(size)
    for name, part in parts.items():
        number = names.index(name)
        home[number] = trust(part.pages) * min(1.0, part.share / FAIR)
        share[number] = part.share
    return home, share


def left_by_script(known: Familiar, found: Languages) -> Floats:
    """Return what is left of the strength of "another script", for each unit."""
    left: Floats = 1.0 - MOST * known.script[found.script]
    return left


def left_by_language(known: Familiar, found: Languages) -> Floats:
    """Return what is left of the strength of "another language", for each unit: by all that it may be written in."""
    left: Floats = 1.0 - MOST * (_steps(found) @ known.language) / STEPS**2
    return np.clip(left, 1.0 - MOST, 1.0)


def strange(known: Familiar, found: Languages) -> Floats:
    """Return how much more likely it is for each unit to be in languages that the site never uses, -1 to 1."""
    sign = np.where(known.listed_languages, -1, 1)
    sign[0] = 0
    more: Floats = (_steps(found) @ sign) / STEPS
    return more


def _steps(found: Languages) -> Positions:
    return np.rint(found.table * STEPS).astype(np.int64)


def dumps(profile: Profile) -> bytes:
    """Return a profile as a file: what there is most of comes first, and the same profile is the same bytes.

    >>> one = Profile(3, {"en": Part(1.0, 3)}, {"Latn": Part(1.0, 3)}, {"example.org": 2})
    >>> loads(dumps(one)) == one
    True
    """
    data = {
        "format": FORMAT,
        "pages": profile.pages,
        "languages": _parts_json(profile.languages),
        "scripts": _parts_json(profile.scripts),
        "hosts": dict(sorted(profile.hosts.items(), key=lambda item: (-item[1], item[0]))),
    }
    return (json.dumps(data, indent=1, ensure_ascii=False) + "\n").encode()


def _parts_json(parts: Mapping[str, Part]) -> dict[str, Any]:
    ordered = sorted(parts.items(), key=lambda item: (-item[1].share, item[0]))
    return {name: {"share": part.share, "pages": part.pages} for name, part in ordered}


def read(path: Path) -> Profile:
    """Read a profile; raises ProfileError that names the file and the key that is wrong."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ProfileError(f"{path} cannot be read: {error.strerror}") from error
    try:
        return loads(data)
    except ProfileError as error:
        raise ProfileError(f"{path}: {error}") from error


def loads(data: bytes) -> Profile:
    """Return the profile that a file holds; raises ProfileError that names the key that is wrong."""
    if len(data) > MAX_BYTES:
        raise ProfileError(f"longer than {MAX_BYTES:,} bytes, which no profile is")
    try:
        row = json.loads(data, object_pairs_hook=_distinct)
    except RecursionError as error:
        raise ProfileError("not a profile: nested too deeply") from error
    except ValueError as error:
        raise ProfileError(f"not JSON: {error}") from error
    if not isinstance(row, dict) or "format" not in row:
        raise ProfileError("not the profile of a site: it has no format")
    if type(row["format"]) is not int or row["format"] != FORMAT:
        raise ProfileError(f"format is {_shown(row['format'])}, this version reads {FORMAT}: build the profile again")
    _keys("", row, KEYS)
    pages = _count("pages", row["pages"], 0, MAX_PAGES)
    languages = _parts("languages", row["languages"], language.names()[1:], pages)
    scripts = _parts("scripts", row["scripts"], text.tables().scripts[text.FIRST_SCRIPT :], pages)
    return Profile(pages, languages, scripts, _hosts("hosts", row["hosts"], pages))


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name, value in pairs:
        if name in row:
            raise ProfileError(f"{_shown(name)} is there twice")
        row[name] = value
    return row


def _parts(where: str, data: Any, names: tuple[str, ...], pages: int) -> dict[str, Part]:
    found = {}
    for name, row in _object(where, data).items():
        if name not in names:
            raise ProfileError(f"{where} has {_shown(name)}, which is none that is known")
        key = f"{where}.{name}"
        _keys(key, _object(key, row), ("share", "pages"))
        found[name] = Part(_share(f"{key}.share", row["share"]), _count(f"{key}.pages", row["pages"], 0, pages))
    if sum(part.share for part in found.values()) > 1.0 + ROUNDING:
        raise ProfileError(f"{where}: the shares add up to more than 1")
    return found


def _hosts(where: str, data: Any, pages: int) -> dict[str, int]:
    hosts = _object(where, data)
    if len(hosts) > MAX_HOSTS:
        raise ProfileError(f"{where} has {len(hosts):,} hosts; at most {MAX_HOSTS} are kept")
    for host, count in hosts.items():
        if not is_host(host):
            raise ProfileError(f"{where} has {_shown(host)}, which is no host in lower case")
        _count(f"{where}.{host}", count, 1, pages)
    return hosts


def is_host(name: str) -> bool:
    """Return whether a name is that of a host, as links are compared with it.

    >>> is_host("example.org"), is_host("Example.org"), is_host("two words.org")
    (True, False, False)
    """
    return name == name.lower() and HOST.fullmatch(name) is not None


def _object(where: str, data: Any) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise ProfileError(f"{where} must be an object, not {_shown(data)}")
    return data


def _keys(where: str, data: Mapping[str, Any], known: tuple[str, ...]) -> None:
    place = f"{where}: " if where else ""
    for key in data:
        if key not in known:
            raise ProfileError(f"{place}unknown key {_shown(key)}; known are {', '.join(known)}")
    for key in known:
        if key not in data:
            raise ProfileError(f"{place}{key} is missing")


def _count(where: str, value: Any, least: int, most: int) -> int:
    return int(_number(where, value, lambda x: type(x) is int and least <= x <= most, f"whole, {least} to {most:,}"))


def _share(where: str, value: Any) -> float:
    return float(_number(where, value, lambda x: type(x) in (int, float) and 0 < x <= 1, "more than 0, at most 1"))


def _number(where: str, value: Any, fits: Callable[[Any], bool], wanted: str) -> Any:
    if not fits(value):
        raise ProfileError(f"{where} must be a number ({wanted}), not {_shown(value)}")
    return value


def _shown(value: Any) -> str:
    """Return what a stranger's file holds, short enough for a message."""
    return reprlib.repr(value) if not isinstance(value, int) or abs(value) < 10**20 else "a huge number"
