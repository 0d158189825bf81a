"""GitLab's code quality report: an array of issues."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from moderator.formats.items import Item, items
from moderator.identity import digest
from moderator.report import printable
from moderator.scan import Judged

_SEVERITY = {"hold": "minor", "reject": "critical", "failure": "major"}


class GitLab:
    """Gathers issues; they are written at the end, since the array must be whole."""

    def __init__(self) -> None:
        self._issues: list[dict[str, Any]] = []

    def lines(self, judged: Judged) -> Iterator[str]:
        """Gather what is wrong with a record."""
        self._issues += map(_issue, items(judged))
        yield from ()

    def end(self) -> Iterator[str]:
        """Yield the report."""
        # A fingerprint must be there once: what is equal in one document is counted, other records differ by line.
        seen: set[str] = set()
        for issue in self._issues:
            mark = issue["fingerprint"]
            while mark in seen:
                mark = digest(mark)
            seen.add(mark)
            issue["fingerprint"] = mark
        yield json.dumps(self._issues, indent=2)


def _issue(item: Item) -> dict[str, Any]:
    return {
        "description": printable(item.message),
        "check_name": item.code,
        "fingerprint": digest(item.path, item.identity),
        "severity": _SEVERITY[item.kind],
        "location": {
            "path": item.path.encode("utf-8", "surrogateescape").decode("utf-8", "replace"),
            "lines": {"begin": item.line, "end": item.place.end_line if item.place else item.line},
        },
    }
