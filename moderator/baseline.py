"""Findings that were accepted: a file that names them without their text, so that only new ones are reported.

A finding is the same wherever it stands in its file; a second copy of it is new.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

from moderator.allow import hide
from moderator.errors import InputError
from moderator.identity import identity
from moderator.readers.files import STDIN, name_from
from moderator.records import Action, Allowed, Verdict
from moderator.samples import writing

FORMAT = 2
HEAD = {"baseline": FORMAT}
KEYS = {"path", "id", "count"}
MAX_BYTES = 50_000_000

Accepted = Counter[tuple[str, str]]  # path, identity -> how many


def read(path: Path) -> Accepted:
    """Read a baseline; raises InputError with the line of what is wrong."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        hint = "; moderator scan --write-baseline makes one" if isinstance(error, FileNotFoundError) else ""
        raise InputError(f"cannot be read: {error.strerror}{hint}", path=str(path)) from error
    if len(data) > MAX_BYTES:
        raise InputError(f"longer than {MAX_BYTES} bytes", path=str(path))
    found: Accepted = Counter()
    for number, line in enumerate(data.splitlines(), 1):
        try:
            row = _row(line, first=number == 1)
        except (ValueError, RecursionError) as error:
            reason = error.args[0] if isinstance(error, _WrongError) else f"not JSON: {line[:40]!r}"
            raise InputError(reason, path=str(path), line=number) from error
        if row:
            key = row["path"], row["id"]
            found[key] = max(found[key], row["count"])  # two branches may have added the same line
    if not data:
        raise InputError(f"not a baseline: its first line is not {json.dumps(HEAD)}", path=str(path), line=1)
    return found


class _WrongError(ValueError):
    """A line of a baseline that is JSON but makes no sense."""


def _row(line: bytes, *, first: bool) -> dict[str, Any] | None:
    if not first and not line.strip():
        return None
    row = json.loads(line)
    if first:
        if isinstance(row, dict) and row.keys() == HEAD.keys() and row["baseline"] in range(1, FORMAT):
            raise _WrongError(
                "made by an earlier version: delete it, and moderator scan --write-baseline makes it anew"
            )
        if row != HEAD:
            raise _WrongError(f"not a baseline: its first line is not {json.dumps(HEAD)}")
        return None
    if not isinstance(row, dict) or row.keys() != KEYS:
        raise _WrongError("a line has path, id and count")
    if not (isinstance(row["path"], str) and isinstance(row["id"], str)):
        raise _WrongError("path and id are strings")
    if type(row["count"]) is not int or row["count"] < 1:
        raise _WrongError(f"count is a number from 1, not {row['count']!r}")
    return row


def write(path: Path, accepted: Accepted) -> None:
    """Write a baseline; the same findings give the same bytes, and one is one line, so that branches merge."""
    rows = [HEAD, *({"path": p, "id": i, "count": accepted[p, i]} for p, i in sorted(accepted) if accepted[p, i] > 0)]
    with writing(path) as file:
        for row in rows:
            file.write(json.dumps(row).encode("ascii") + b"\n")


class Ledger:
    """The findings of one scan, beside those that were accepted before."""

    def __init__(self, file: Path, accepted: Accepted) -> None:
        self._file, self._before, self._left = file, accepted, Counter(accepted)
        self._folder = os.path.realpath(file.parent)
        self._names: dict[str, str] = {STDIN: STDIN}
        self._seen: set[str] = set()
        self._found: Accepted = Counter()

    def settle(self, verdict: Verdict, path: str, text: str, on_error: Action) -> Verdict:
        """Return a verdict without the findings that were accepted; it says which those are."""
        name = self._name(path)
        self._seen.add(name)
        hidden = []
        for finding in verdict.findings:
            key = name, identity(text, finding)
            self._found[key] += 1
            if self._left[key] > 0:
                self._left[key] -= 1
                hidden.append(Allowed("baseline", key[1], self._file.name, (finding.span,), finding))
        return hide(verdict, hidden, on_error) if hidden else verdict

    def stale(self) -> Accepted:
        """Return what was accepted and is gone: from files that were read, and from those that are no more."""
        return Counter({key: count for key, count in self._left.items() if count > 0 and self._is_gone(key[0])})

    def accepted(self) -> Accepted:
        """Return what is accepted now: all that was found, and what was accepted in files that were not read."""
        kept = {key: count for key, count in self._before.items() if not self._is_gone(key[0])}
        return self._found + Counter(kept)

    def _is_gone(self, name: str) -> bool:
        return name in self._seen or (name != STDIN and not Path(self._folder, name).exists())

    def _name(self, path: str) -> str:
        """Return the name of a file from the folder of the baseline, so that it is the same on every machine."""
        if path not in self._names:
            self._names[path] = name_from(self._folder, path)
        return self._names[path]
