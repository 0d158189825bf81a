"""Fixing: what was found in a page is cut out, and what remains is judged again before anybody sees it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from moderator.allow import hide
from moderator.cuts import Unsafe, nothing_left, safe_cuts, without
from moderator.pipeline import Moderator
from moderator.records import Allowed, Document, Finding, Media, Span, Verdict
from moderator.segments import layout, media_of

ROUNDS = 5  # how often what remains is cut again
ALONE = 50  # findings that are tried one by one if they cannot be cut together

COMMENT = "a comment is published or not as a whole"
WHOLE = "the page is spam as a whole: nothing of it would be left"
FAILED = "the page could not be judged in full"
WORSE = "what would be left is judged worse than the page"
ENDLESS = f"there is more to cut after {ROUNDS} rounds"

Asked = Callable[[Finding], bool]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A stretch of a text that was to be cut but is not, and why."""

    span: Span
    reason: str


@dataclass(frozen=True, slots=True)
class Fix:
    """What is cut out of a document, in offsets of its text as received, and what remains."""

    cuts: tuple[Span, ...]
    refused: tuple[Refusal, ...]
    text: str
    verdict: Verdict


def rejected(finding: Finding) -> bool:
    """Return whether a finding is one that nobody needs to look at."""
    return finding.action == "reject"


def fix(moderator: Moderator, document: Document, verdict: Verdict, asked: Asked = rejected) -> Fix:
    """Return a document without the findings that are asked for, and the verdict on what remains.

    It changes nothing rather than leave something that is worse, or half of the page's markup.
    """
    wanted = [finding.span for finding in verdict.findings if asked(finding)]
    nothing = Fix((), (), document.text, verdict)
    if not wanted:
        return nothing
    cuts: list[Span] = []
    current, judged = document, verdict
    for _ in range(ROUNDS + 1):
        media = media_of(current)
        spans = [finding.span for finding in judged.findings if asked(finding)]
        reason = _wrong_with(current, judged, media, spans)
        if reason:
            return replace(nothing, refused=tuple(Refusal(span, reason) for span in wanted))
        found, refused = _cut(current, media, spans)
        if not found:
            kept = tuple(Refusal(_received(r.span, cuts), r.reason) for r in refused)
            return Fix(tuple(cuts), kept, current.text, judged)
        cuts = _composed(cuts, found)
        current = replace(current, text=without(current.text, found))
        judged = _settled(moderator.judge([current])[0], verdict.allowed, cuts, moderator)
        if judged.score is None or (verdict.score is not None and judged.score > verdict.score):
            return replace(nothing, refused=tuple(Refusal(span, WORSE) for span in wanted))
    return replace(nothing, refused=tuple(Refusal(span, ENDLESS) for span in wanted))


def _settled(verdict: Verdict, allowed: Sequence[Allowed], cuts: Sequence[Span], moderator: Moderator) -> Verdict:
    """Return the verdict on what remains without what a baseline accepted before, which the moderator knows not of."""
    known = [(one, one.finding.span) for one in allowed if one.rule == "baseline" and one.finding]
    hidden = []
    for finding in verdict.findings if known else ():
        span = _received(finding.span, cuts)
        if one := next((one for one, place in known if span.start < place.end and place.start < span.end), None):
            hidden.append(replace(one, spans=(finding.span,), finding=finding))
    return hide(verdict, hidden, moderator.on_error) if hidden else verdict


def _wrong_with(document: Document, verdict: Verdict, media: Media, spans: Sequence[Span]) -> str:
    """Return why nothing of a document is to be cut; empty if something may be."""
    if document.kind == "comment":
        return COMMENT
    if verdict.failures:
        return FAILED
    return WHOLE if nothing_left(layout(replace(document, media=media)), spans) else ""


def _cut(document: Document, media: Media, spans: Sequence[Span]) -> tuple[list[Span], list[Refusal]]:
    """Return what is cut for the spans together, or else for as many of them as can be cut."""
    if not spans:
        return [], []
    found = layout(replace(document, media=media))
    try:
        return safe_cuts(document.text, media, found, spans), []
    except Unsafe as reason:
        if len(spans) == 1 or len(spans) > ALONE:
            return [], [Refusal(span, str(reason)) for span in spans]
    cuts: list[Span] = []
    going: list[Span] = []
    refused: list[Refusal] = []
    for span in spans:
        try:
            cuts = safe_cuts(document.text, media, found, [*going, span])
        except Unsafe as reason:
            refused.append(Refusal(span, str(reason)))
        else:
            going.append(span)
    return cuts, refused


def _received(span: Span, cuts: Sequence[Span]) -> Span:
    """Return where a span of what remains is in the text as received.

    >>> _received(Span(3, 5), [Span(1, 4)])
    Span(start=6, end=8)
    """
    lost = list(accumulate((cut.end - cut.start for cut in cuts), initial=0))
    before = [cut.start - gone for cut, gone in zip(cuts, lost, strict=False)]  # where each cut was made
    start = span.start + lost[sum(place <= span.start for place in before)]
    end = span.end + lost[sum(place < span.end for place in before)]
    return Span(start, max(start, end))


def _composed(cuts: Sequence[Span], more: Sequence[Span]) -> list[Span]:
    """Return earlier cuts and later ones, which are in what the earlier ones left, as one list."""
    out: list[Span] = []
    for span in sorted((*cuts, *(_received(span, cuts) for span in more))):
        if out and span.start <= out[-1].end:
            out[-1] = Span(out[-1].start, max(out[-1].end, span.end))
        else:
            out.append(span)
    return out
