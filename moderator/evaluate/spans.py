"""How findings lie on what should have been found."""

from __future__ import annotations

import re
from collections.abc import Sequence

from moderator.records import Finding, Span

_TAG = re.compile(r"<[^<>]*>")


def common(one: Span, other: Span) -> int:
    """Return how many characters two spans share."""
    return max(0, min(one.end, other.end) - max(one.start, other.start))


def size(spans: Sequence[Span]) -> int:
    """Return how many characters spans hold."""
    return sum(span.end - span.start for span in spans)


def overlap(spans: Sequence[Span], findings: Sequence[Finding]) -> int:
    """Return how many characters of the spans are in findings."""
    return sum(common(span, finding.span) for span in spans for finding in findings)


def is_exact(text: str, span: Span, findings: Sequence[Finding]) -> bool:
    """Return whether one finding begins and ends with a span, white space and markup around words aside."""
    touching = [finding.span for finding in findings if common(span, finding.span)]
    return len(touching) == 1 and not any(
        _words(text[min(a, b) : max(a, b)]) for a, b in ((span.start, touching[0].start), (span.end, touching[0].end))
    )


def _words(text: str) -> bool:
    return any(char.isalnum() for char in _TAG.sub("", text))
