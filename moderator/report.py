"""Verdicts for people and programs: text lines and JSON objects."""

from __future__ import annotations

import json
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from moderator.fix import Fix
from moderator.records import Action, Allowed, Contribution, Failure, Finding, Note, Signal, Span, Verdict

Style = Callable[[str, str], str]  # text, what it is -> text to print
# Control characters of the second block, and what changes the direction or the line of the text after it.
_UNSEEN = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
# Persian and the languages of India are not spelled right without it; elsewhere it hides in words.
_JOINER = "\u200c"
_SPELLED = re.compile(f"(?<=[\u0620-\u0dff]){_JOINER}(?=[\u0620-\u0dff])")
_ENCODE = json.JSONEncoder(ensure_ascii=False).encode


class Lines:
    r"""Where the lines of a text begin, to turn offsets into lines and columns, both from 1.

    >>> Lines("ab\ncd").place(4)
    (2, 2)
    """

    def __init__(self, text: str) -> None:
        self._starts = [0]
        at = text.find("\n")
        while at >= 0:
            self._starts.append(at + 1)
            at = text.find("\n", at + 1)

    def place(self, offset: int) -> tuple[int, int]:
        """Return the line and the column of an offset."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1


def to_json(verdict: Verdict, text: str, **place: Any) -> dict[str, Any]:
    """Return the JSON form of a verdict; `place` says where the document came from (path, line)."""
    lines = Lines(text) if verdict.findings else None
    return {
        "id": verdict.document_id,
        **place,
        "action": verdict.action,
        "label": verdict.label,
        "score": verdict.score,
        "bias": verdict.bias,
        "findings": [finding_json(finding, lines) for finding in verdict.findings] if lines else [],
        "contributions": [contribution_json(c) for c in verdict.contributions],
        "failures": [{"detector": f.detector, "error": f.error} for f in verdict.failures],
        "model": verdict.model,
        "policy": verdict.policy,
        **_by_rule(verdict, text),
    }


def _by_rule(verdict: Verdict, text: str) -> dict[str, Any]:
    """Return what rules of the site's owner did to a verdict; no key if they did nothing."""
    if not (verdict.allowed or verdict.notes):
        return {}
    lines = Lines(text)
    keys: dict[str, Any] = {}
    if verdict.allowed:
        keys["allowed"] = [allowed_json(allowed, lines) for allowed in verdict.allowed]
    if verdict.notes:
        keys["notes"] = [
            {"start": n.span.start, "end": n.span.end, "line": lines.place(n.span.start)[0], "message": n.message}
            for n in verdict.notes
        ]
    return keys


def allowed_json(allowed: Allowed, lines: Lines) -> dict[str, Any]:
    """Return the JSON form of what a rule allows."""
    return {
        "rule": allowed.rule,
        "match": allowed.match,
        "place": allowed.place,
        "spans": [[span.start, span.end] for span in allowed.spans],
        "finding": finding_json(allowed.finding, lines) if allowed.finding else None,
    }


def finding_json(finding: Finding, lines: Lines) -> dict[str, Any]:
    """Return the JSON form of a finding; its end line and column are those of the last character."""
    return {
        **span_json(finding.span, lines),
        "action": finding.action,
        "label": finding.label,
        "score": finding.score,
        "reason": finding.reason,
        "codes": list(finding.codes),
    }


def span_json(span: Span, lines: Lines) -> dict[str, Any]:
    """Return where a span is."""
    line, column = lines.place(span.start)
    end_line, end_column = lines.place(max(span.start, span.end - 1))
    return {
        "start": span.start,
        "end": span.end,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
    }


def fix_json(fix: Fix, text: str) -> dict[str, Any]:
    """Return the JSON form of what is cut out of a text, and of what is not although that was asked for."""
    lines = Lines(text) if fix.cuts or fix.refused else None
    if lines is None:
        return {"cut": [], "not_cut": []}
    refused = [{**span_json(one.span, lines), "reason": one.reason} for one in fix.refused]
    return {"cut": [span_json(span, lines) for span in fix.cuts], "not_cut": refused}


def contribution_json(contribution: Contribution) -> dict[str, Any]:
    """Return the JSON form of a contribution."""
    signal = contribution.signal
    return {
        "code": signal.code,
        "label": signal.label,
        "strength": signal.strength,
        "log_odds": contribution.log_odds,
        "message": signal.message,
        "spans": [[span.start, span.end] for span in signal.spans],
    }


def from_json(data: Mapping[str, Any]) -> Verdict:
    """Read a verdict back from its JSON form."""
    findings = tuple(map(_finding, data["findings"]))
    contributions = tuple(
        Contribution(
            Signal(c["code"], c["strength"], c["message"], tuple(Span(*s) for s in c["spans"]), c["label"]),
            c["log_odds"],
        )
        for c in data["contributions"]
    )
    allowed = tuple(
        Allowed(
            a["rule"],
            a["match"],
            a["place"],
            tuple(Span(*s) for s in a["spans"]),
            a["finding"] and _finding(a["finding"]),
        )
        for a in data.get("allowed", ())
    )
    notes = tuple(Note(Span(n["start"], n["end"]), n["message"]) for n in data.get("notes", ()))
    failures = tuple(Failure(f["detector"], f["error"]) for f in data["failures"])
    return Verdict(
        data["id"], data["action"], data["label"], data["score"], data["bias"], findings, contributions, failures,
        data["model"], data["policy"], allowed, notes,
    )  # fmt: skip


def _finding(data: Mapping[str, Any]) -> Finding:
    span = Span(data["start"], data["end"])
    return Finding(span, data["action"], data["label"], data["score"], data["reason"], tuple(data["codes"]))


def to_line(data: Mapping[str, Any]) -> str:
    r"""Return JSON on one line, readable but with nothing in it that a terminal would act on.

    >>> print(to_line({"id": "a" + chr(0x9B) + "31m"}))
    {"id": "a\u009b31m"}
    """
    return _UNSEEN.sub(lambda match: f"\\u{ord(match.group()):04x}", _ENCODE(data))


class Entry(NamedTuple):
    """A finding, or what has no action, a failure or a note: its place and its words, as they can be printed."""

    place: str
    action: Action | None
    words: tuple[tuple[str, str], ...]  # each with what it is
    message: str


def entries(verdict: Verdict, text: str, name: str) -> Iterator[Entry]:
    """Yield what there is to say of each finding and failure, for those who list them."""
    lines, name = Lines(text) if verdict.findings else None, printable(name)
    for finding in verdict.findings:
        line, column = lines.place(finding.span.start) if lines else (1, 1)
        code = printable(finding.codes[0]) if finding.codes else "-"
        words = (finding.action, finding.action), (code, "code")
        yield Entry(f"{name}:{line}:{column}", finding.action, words, printable(finding.reason))
    for failure in verdict.failures:
        error = printable(f"{failure.detector}: {failure.error}")
        yield Entry(name, None, (("failure", "failure"),), error)


def note_entries(verdict: Verdict, text: str, name: str) -> Iterator[Entry]:
    """Yield what there is to say of each note."""
    lines = Lines(text) if verdict.notes else None
    for note in verdict.notes:
        line, column = lines.place(note.span.start) if lines else (1, 1)
        yield Entry(f"{printable(name)}:{line}:{column}", None, (("warning", "hold"),), printable(note.message))


def text_lines(verdict: Verdict, text: str, name: str, style: Style) -> Iterator[str]:
    """Yield a line for each finding and failure: `path:line:column  action  code  reason`."""
    for entry in entries(verdict, text, name):
        yield _line(entry, style)


def _line(entry: Entry, style: Style) -> str:
    return "  ".join((style(entry.place, "place"), *(style(*word) for word in entry.words), entry.message))


def refusal_lines(fix: Fix, text: str, name: str, style: Style) -> Iterator[str]:
    """Yield a line for each stretch that was to be cut but is not: `path:line:column  not cut  why`."""
    lines = Lines(text) if fix.refused else None
    for one in fix.refused:
        line, column = lines.place(one.span.start) if lines else (1, 1)
        place = f"{printable(name)}:{line}:{column}"
        yield f"{style(place, 'place')}  {style('not cut', 'failure')}  {one.reason}"


def note_lines(verdict: Verdict, text: str, name: str, style: Style) -> Iterator[str]:
    """Yield a line for each note: `path:line:column  warning  what`."""
    for entry in note_entries(verdict, text, name):
        yield _line(entry, style)


def printable(text: str, *, newlines: bool = False) -> str:
    r"""Return text that is safe to print: control and direction characters become escapes.

    >>> printable("a\x1b[31mb\u202e")
    'a\\x1b[31mb\\u202e'
    """
    if text.isprintable():
        return text
    if newlines:
        text = text.replace("\r\n", "\n")
    kept = "\n" if newlines else ""
    return _JOINER.join(
        "".join(char if _harmless(char) or char == kept else _escape(char) for char in piece)
        for piece in _SPELLED.split(text)
    )


def _harmless(char: str) -> bool:
    return char.isprintable() or unicodedata.category(char) in ("Zs", "Mn", "Mc", "Co") or char in "\t\u200d\ufe0f"


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
