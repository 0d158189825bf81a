"""SARIF 2.1.0: results for code scanning."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import moderator
from moderator.formats.items import Item, items
from moderator.formats.rules import RULES
from moderator.report import printable
from moderator.scan import Judged

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {"hold": "warning", "reject": "error"}


class Sarif:
    """Gathers results and failures; they are written at the end as one run."""

    def __init__(self) -> None:
        self._items: list[Item] = []

    def lines(self, judged: Judged) -> Iterator[str]:
        """Gather what is wrong with a record."""
        self._items += items(judged)
        yield from ()

    def end(self) -> Iterator[str]:
        """Yield the log."""
        findings = [item for item in self._items if item.action]
        failures = [item for item in self._items if not item.action]
        codes = sorted({item.code for item in findings})
        driver = {
            "name": "moderator",
            "version": moderator.__version__,
            "semanticVersion": moderator.__version__,
            "rules": [_rule(code) for code in codes],
        }
        run = {
            "tool": {"driver": driver},
            # Stated, since programs that show results disagree about what to take for granted.
            "columnKind": "utf16CodeUnits",
            "newlineSequences": ["\r\n", "\n"],
            "invocations": [
                {
                    "executionSuccessful": not failures,
                    "toolExecutionNotifications": [_notification(item) for item in failures],
                }
            ],
            "results": [_result(item, codes.index(item.code)) for item in findings],
        }
        yield json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _rule(code: str) -> dict[str, Any]:
    text = RULES.get(code, f"What the detector {code.partition('/')[0]} found.")
    return {"id": code, "shortDescription": {"text": text}, "defaultConfiguration": {"level": "warning"}}


def _result(item: Item, index: int) -> dict[str, Any]:
    return {
        "ruleId": item.code,
        "ruleIndex": index,
        "level": _LEVELS[item.kind],
        "kind": "fail",
        "message": {"text": _plain(item.message) or item.code},
        "locations": [{"physicalLocation": _location(item)}],
        # Without its place: a text that moves down a page, or to another file, is the same finding.
        "partialFingerprints": {"moderatorText/v2": f"{item.identity}:{item.nth}"},
        "properties": {
            "action": item.kind,
            "label": item.label,
            "score": item.score,
            "codes": list(item.codes),
        },
    }


def _notification(item: Item) -> dict[str, Any]:
    return {
        "level": "error",
        "message": {"text": _plain(item.message)},
        "locations": [{"physicalLocation": _location(item)}],
    }


def _plain(text: str) -> str:
    """Return a message without what would become a link: a quoted word must not lead anywhere."""
    return printable(text).replace("](", "] (")


def _location(item: Item) -> dict[str, Any]:
    region: dict[str, int] = {"startLine": item.line}
    if item.place:
        start, end = item.place.utf16
        # The end is the place after the last character.
        region |= {"startColumn": start, "endLine": item.place.end_line, "endColumn": end + 1}
    return {"artifactLocation": _artifact(item.path), "region": region}


def _artifact(path: str) -> dict[str, str]:
    if path == "-":
        return {"uri": "stdin"}
    if Path(path).is_absolute():
        return {"uri": Path(path).as_uri()}
    return {"uri": quote(os.fsencode(path))}
