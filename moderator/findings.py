"""Flagged segments become findings: runs of them, each with one span and one sentence of reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from moderator import policy
from moderator.analysis import Batch
from moderator.policy import Rules
from moderator.records import Contribution, Finding, Signal, Span

MAX_GAP = 2  # short segments between two flagged ones that go with them
SHORT = 40  # characters
REASONS = 3  # of the strongest signals that a reason names
BAD_LINKS = ("model/link", "model/anchor")
ABOUT_LINKS = (*BAD_LINKS, "links/")  # what codes begin with that are about links
MOST_LINKED = 0.5  # of a paragraph that is more than its links
QUOTED = 3  # words
LONGEST_QUOTE = 40


def merge(
    batch: Batch, rules: Rules, segments: Sequence[int], signals: Sequence[Sequence[Signal]]
) -> tuple[Finding, ...]:
    """Return the findings of one document."""
    weighed = {i: policy.weigh(rules, signals[i]) for i in segments}
    scores = {i: policy.score(rules, weighed[i]) for i in segments}
    runs: list[list[int]] = []
    for i in segments:
        if scores[i] < rules.hold:
            continue
        if runs and i - runs[-1][-1] <= MAX_GAP + 1 and all(_short(batch, j) for j in range(runs[-1][-1] + 1, i)):
            runs[-1].append(i)
        else:
            runs.append([i])
    return tuple(_finding(batch, rules, run, weighed, scores) for run in runs)


def _short(batch: Batch, segment: int) -> bool:
    return int(batch.columns.end[segment] - batch.columns.start[segment]) < SHORT


def _finding(
    batch: Batch,
    rules: Rules,
    run: Sequence[int],
    weighed: Mapping[int, Sequence[Contribution]],
    scores: Mapping[int, float],
) -> Finding:
    best = max(run, key=lambda i: (scores[i], -i))
    document = batch.documents[batch.document[best]]
    text = document.text
    whole = batch.span(best)
    links = _links(rules, whole.end - whole.start, weighed[best]) if len(run) == 1 and document.kind == "page" else ()
    return Finding(
        span=_around(links) if links else Span(batch.span(run[0]).start, batch.span(run[-1]).end),
        action=policy.decide(rules, scores[best], weighed[best]),
        label=policy.label(weighed[best]),
        score=scores[best],
        reason=reason(text, weighed[best]),
        codes=tuple(c.signal.code for c in weighed[best] if c.log_odds > 0),
    )


def _links(rules: Rules, size: int, contributions: Sequence[Contribution]) -> tuple[Span, ...]:
    """Return the places of the links that alone make a segment of `size` characters what it is.

    There are none if the words around them are no honest text, or hardly any: then it is spam as a whole.
    """
    rest = [c for c in contributions if not c.signal.code.startswith(ABOUT_LINKS)]
    honest = any(c.signal.code == "model/honest" for c in rest)
    if not honest or policy.score(rules, rest) >= rules.hold:
        return ()
    spans = [span for c in contributions if c.signal.code in BAD_LINKS and c.log_odds > 0 for span in c.signal.spans]
    return tuple(spans) if sum(span.end - span.start for span in set(spans)) < MOST_LINKED * size else ()


def _around(spans: Sequence[Span]) -> Span:
    return Span(min(span.start for span in spans), max(span.end for span in spans))


def reason(text: str, contributions: Sequence[Contribution]) -> str:
    """Return one sentence that says what most of the evidence is."""
    parts = []
    for contribution in contributions[:REASONS]:
        signal = contribution.signal
        if contribution.log_odds <= 0:
            break
        quoted = ""
        if signal.code == "model/text" and signal.spans:
            words = dict.fromkeys(
                " ".join(text[s.start : s.end].split())[:LONGEST_QUOTE] for s in signal.spans[:QUOTED]
            )
            quoted = " (" + ", ".join(f"“{word}”" for word in words) + ")"
        parts.append(signal.message + quoted)
    return "; ".join(parts)
