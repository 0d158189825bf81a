"""Measuring: labelled comments in, figures out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from moderator.errors import InputError
from moderator.evaluate import compare
from moderator.evaluate.compare import Excerpt, Flip, Step
from moderator.evaluate.figures import Figures, counted, measure, sklearn_metrics
from moderator.evaluate.leave_out import PARTS, left_out, source_of
from moderator.evaluate.outcomes import Case, Outcome, Show, judge
from moderator.pipeline import Moderator
from moderator.policy import Rules
from moderator.records import UNDETERMINED

WITHOUT = "(none)"
SHARES = (0.05, 0.1, 0.25, 0.5)  # of the comments, for a learning curve
LEAST = 200  # comments that a model of a learning curve learns from
BY: dict[str, Callable[[Case], str]] = {
    "label": lambda case: case.sample.label,
    "source": source_of,
    "language": lambda case: case.sample.document.language or UNDETERMINED,
    "note": lambda case: case.sample.note or WITHOUT,
}


@dataclass(frozen=True, slots=True)
class Against:
    """How another model does on the same comments, and which of them it does something else with."""

    model: str
    outcomes: Sequence[Outcome]
    overall: Figures
    flips: tuple[Flip, ...]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """How models do that were trained without the source, or the group, of what they judge."""

    by: str
    outcomes: Sequence[Outcome]
    overall: Figures
    parts: Mapping[str, Figures]
    learning: Mapping[int, Figures]  # comments that models learn from -> how they do, where that was asked


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All that was measured; None is what was not asked for."""

    model: str
    policy: str
    rules: Rules
    pages: int  # that were left out
    failed: int  # that could not be judged in full
    outcomes: Sequence[Outcome]
    overall: Figures
    by: Mapping[str, Mapping[str, Figures]]
    sweep: tuple[Step, ...] | None = None
    against: Against | None = None
    left_out: LeftOut | None = None
    worst: Mapping[str, tuple[Excerpt, ...]] | None = None


def evaluate(
    moderator: Moderator,
    cases: Sequence[Case],
    *,
    against: Moderator | None = None,
    leave_out: str | None = None,
    worst: int = 0,
    sweep: bool = False,
    learning: bool = False,
    show: Show = lambda what, count: None,
) -> Evaluation:
    """Measure a moderator on labelled comments; pages are left out, off-topic comments counted apart.

    `learning` asks how models that leave parts out do with some of the comments only, which takes longer.
    """
    sklearn_metrics()
    comments = [case for case in cases if case.sample.document.kind == "comment"]
    if not comments:
        raise InputError("no comments among the samples; moderator scan judges pages and whatever has no label")
    # First, since it says at once if there is too little to train on.
    left = _left_out(comments, leave_out, learning, show) if leave_out else None
    outcomes = judge(moderator, comments, show)
    rules = moderator.policy.rules["comment"]
    return Evaluation(
        moderator.model,
        moderator.policy.id,
        rules,
        len(cases) - len(comments),
        sum(outcome.failed for outcome in outcomes),
        outcomes,
        measure(outcomes),
        {name: parts(outcomes, of) for name, of in BY.items()},
        compare.sweep(outcomes, rules) if sweep else None,
        _against(against, outcomes, show) if against else None,
        left,
        compare.worst(outcomes, worst) if worst else None,
    )


def parts(outcomes: Sequence[Outcome], of: Callable[[Case], str]) -> dict[str, Figures]:
    """Return the figures of each part of the outcomes, the largest first."""
    found: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        found.setdefault(of(outcome.case), []).append(outcome)
    order = sorted(found, key=lambda name: (-len(found[name]), name))
    return {name: measure(found[name]) for name in order}


def _against(other: Moderator, outcomes: Sequence[Outcome], show: Show) -> Against:
    old = judge(other, [outcome.case for outcome in outcomes], show)
    return Against(other.model, old, measure(old), compare.flips(old, outcomes))


def _left_out(comments: Sequence[Case], by: str, learning: bool, show: Show) -> LeftOut:
    show(f"training without each {by}", 0)
    found = left_out(comments, by)
    overall = _held_only(measure(found))
    by_part = {name: _held_only(f) for name, f in parts(found, PARTS[by]).items()}
    curve: dict[int, Figures] = {}
    for share in SHARES if learning else ():
        if round(share * len(comments)) >= LEAST:
            show(f"training on {share:.0%} of the comments", 0)
            curve[round(share * len(comments))] = _held_only(measure(left_out(comments, by, share)))
    return LeftOut(by, found, overall, by_part, {**curve, len(comments): overall} if curve else {})


def _held_only(measured: Figures) -> Figures:
    """Return figures without the shares that are rejected: there was no threshold to reject from."""
    none = counted(0, 0)
    return replace(measured, ham_rejected=none, spam_rejected=none, off_topic_rejected=none)


__all__ = ["Case", "Evaluation", "Figures", "Outcome", "evaluate"]
