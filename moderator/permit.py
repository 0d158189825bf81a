"""What is allowed is taken out of a verdict, and the verdict says by which rule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from moderator import allow as rules
from moderator.allow import Allow
from moderator.analysis import Batch
from moderator.records import Action, Allowed, Finding, Note, Span, Verdict

if TYPE_CHECKING:
    from moderator.directives import Directive, Directives


def apart(batch: Batch, segments: Sequence[int], said: Directives) -> Iterator[Sequence[int]]:
    """Yield the segments in groups that are allowed by the same directive or by none, so that no finding is both."""
    for _, group in groupby(segments, lambda segment: _covering(said, batch.span(segment))):
        yield list(group)


def _covering(said: Directives, span: Span) -> Directive | None:
    return next((d for d in said.directives if d.covers.start <= span.start and span.end <= d.covers.end), None)


def permit(allow: Allow, batch: Batch, number: int, verdict: Verdict, on_error: Action) -> Verdict:
    """Return a verdict without the findings that are allowed, and with what links did not count."""
    said = batch.directives.get(number)
    links = batch.allowed_links.get(number, {}) if allow.domains else {}
    if not (verdict.findings or said or links):
        return verdict
    uncounted = [Allowed("domain", entry.match, entry.place, tuple(spans)) for entry, spans in links.items()]
    used: set[Span] = set()
    hidden = []
    for finding in verdict.findings:
        if found := _allowed(allow, batch, number, finding, said, used):
            hidden.append(found)
    verdict = rules.hide(verdict, hidden, on_error) if hidden else verdict
    notes = _notes(said, used) if said else ()
    return replace(verdict, allowed=(*uncounted, *verdict.allowed), notes=notes)


def _allowed(
    allow: Allow, batch: Batch, number: int, finding: Finding, said: Directives | None, used: set[Span]
) -> Allowed | None:
    """Return by which rule a finding is allowed, if it is; the directives that allow something go to `used`."""
    spans = (finding.span,)
    if said and (directive := _covering(said, finding.span)):
        used.add(directive.span)
        what = " ".join(filter(None, (directive.name, directive.reason)))
        return Allowed("directive", what, f"line {directive.line}", spans, finding)
    if entry := rules.author_of(allow, batch.documents[number]):
        return Allowed("author", entry.match, entry.place, spans, finding)
    if allow.phrases and (entry := rules.phrase_of(allow, batch.columns, _segments(batch, number, finding.span))):
        return Allowed("phrase", entry.match, entry.place, spans, finding)
    return None


def _segments(batch: Batch, number: int, span: Span) -> list[int]:
    """Return the segments that a finding consists of."""
    segments = range(int(batch.first[number]), int(batch.first[number + 1]))
    return [i for i in segments if span.start <= batch.start[i] and batch.end[i] <= span.end]


def _notes(said: Directives, used: set[Span]) -> tuple[Note, ...]:
    unused = [d for d in said.directives if d.name == "allow" and d.span not in used]
    notes = [*said.notes, *(Note(d.span, "nothing is found here that this would allow: take it out") for d in unused)]
    return tuple(sorted(notes, key=lambda note: note.span))
