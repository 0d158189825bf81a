"""What text, HTML and JSON share: a document in parts, each a segment with the rest of its lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from moderator.records import Allowed, Explanation, Finding, Weighed
from moderator.report import Lines, to_json


class Part(NamedTuple):
    """A stretch of a document: a segment and what else stands on its lines, or lines that hold none."""

    start: int
    end: int
    line: int  # from 1
    weighed: Weighed | None = None
    finding: Finding | None = None


def parts(explanation: Explanation) -> list[Part]:
    """Return the parts of a document in order; together they are its text."""
    text, findings = explanation.document.text, iter(explanation.verdict.findings)
    lines, finding = Lines(text), next(findings, None)
    out = []
    for start, end, weighed in _cut(text, explanation.segments):
        while finding and finding.span.end <= start:
            finding = next(findings, None)
        # Where nobody could find a segment, nothing is flagged: a finding begins and ends with one.
        begin = weighed.segment.span.start if weighed else start
        flagged = finding if finding and finding.span.start <= begin else None
        out.append(Part(start, end, lines.place(start)[0], weighed, flagged))
    return out


def _cut(text: str, segments: tuple[Weighed, ...]) -> Iterator[tuple[int, int, Weighed | None]]:
    """Yield the range of each segment with the rest of its lines, and the ranges between them."""
    position = 0
    for number, weighed in enumerate(segments):
        span = weighed.segment.span
        start = max(position, text.rfind("\n", position, span.start) + 1)
        if position < start:
            yield position, start, None
        last = number + 1 == len(segments)
        after = text.find("\n", span.end, len(text) if last else segments[number + 1].segment.span.start)
        position = after + 1 if after >= 0 else len(text) if last else span.end
        yield start, position, weighed
    if position < len(text):
        yield position, len(text), None


def percent(share: float) -> str:
    """Return a probability for people; it is never rounded to certainty.

    >>> percent(0.9968), percent(0.00001), percent(0.99999)
    ('99.7%', '<0.1%', '>99.9%')
    """
    if share < 0.001:
        return "<0.1%"
    return ">99.9%" if share > 0.999 else f"{share:.1%}"


def permitted(allowed: Allowed) -> str:
    """Return the words for what does not count: by which rule, where that stands, and what it would have been.

    >>> permitted(Allowed("domain", "example.org", ".moderator.toml:2"))
    'domain example.org (.moderator.toml:2): links there count for nothing'
    """
    what = allowed.finding.reason if allowed.finding else "links there count for nothing"
    return f"{allowed.rule} {allowed.match} ({allowed.place}): {what}"


def more(count: int, what: str, hidden: list[Part]) -> str:
    """Return the words for what is folded away, and for the worst that is in it.

    >>> more(1200, "lines", [])
    '... 1,200 more lines ...'
    """
    scores = [part.weighed.score for part in hidden if part.weighed]
    worst = f", none scored above {percent(max(scores))}" if scores else ""
    return f"... {count:,} more {what}{worst} ..."


def explanation_json(explanation: Explanation) -> dict[str, Any]:
    """Return the JSON form of an explanation: that of its verdict, the thresholds, and every segment."""
    text = explanation.document.text
    lines = Lines(text)
    segments = [
        {
            "start": s.span.start,
            "end": s.span.end,
            "line": lines.place(s.span.start)[0],
            "kind": s.kind,
            "language": s.language,
            "script": s.script,
            "hidden": s.hidden,
            "trailing": s.trailing,
            "share": None if weighed.share is None else round(weighed.share, 4),
            "score": weighed.score,
        }
        for weighed in explanation.segments
        for s in [weighed.segment]
    ]
    thresholds = {"hold": explanation.hold, "reject": explanation.reject}
    return {**to_json(explanation.verdict, text), **thresholds, "segments": segments, "worst": explanation.worst}
