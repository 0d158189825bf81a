"""What changes: with the threshold, and from one model to another; and the worst that a model does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from moderator.evaluate import figures
from moderator.evaluate.figures import Share
from moderator.evaluate.outcomes import Outcome, shown
from moderator.policy import Rules
from moderator.records import ACTIONS, Action, Label

Change = Literal["worse", "other", "better"]
CHANGES: tuple[Change, ...] = ("worse", "other", "better")
THRESHOLDS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999)


@dataclass(frozen=True, slots=True)
class Step:
    """What would be held from a threshold on; `name` is "hold" or "reject" for those of the model."""

    threshold: float
    name: str
    ham: Share
    spam: Share
    precision: float | None


@dataclass(frozen=True, slots=True)
class Flip:
    """A comment that two models do different things with; other is a change that is neither good nor bad."""

    path: str
    line: int
    label: Label
    old: Action
    new: Action
    old_score: float | None
    new_score: float | None
    change: Change
    text: str


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A comment, shortened, and what a model makes of it."""

    path: str
    line: int
    label: Label
    action: Action
    score: float
    text: str


def sweep(outcomes: Sequence[Outcome], rules: Rules) -> tuple[Step, ...]:
    """Return what would be held from each of some thresholds on, those of the model among them."""
    spam, score = figures.scored(outcomes)
    names = {**dict.fromkeys(THRESHOLDS, ""), rules.hold: "hold", rules.reject: "reject"}
    steps = []
    for threshold, name in sorted(names.items()):
        held = score >= threshold
        ham = figures.counted(int((held & ~spam).sum()), int((~spam).sum()))
        caught = figures.counted(int((held & spam).sum()), int(spam.sum()))
        steps.append(Step(threshold, name, ham, caught, figures.holding(spam, held)[0]))
    return tuple(steps)


def flips(old: Sequence[Outcome], new: Sequence[Outcome]) -> tuple[Flip, ...]:
    """Return every comment whose action is another one now, changes for the worse first."""
    found = []
    for a, b in zip(old, new, strict=True):
        if a.action != b.action:
            case, text = b.case, shown(b.case.sample.document)
            how = change(case.sample.label, a.action, b.action)
            label = case.sample.label
            found.append(Flip(case.path, case.line, label, a.action, b.action, a.score, b.score, how, text))
    return tuple(sorted(found, key=lambda f: (CHANGES.index(f.change), f.label)))


def change(label: Label, old: Action, new: Action) -> Change:
    """Return what a change of the action means; nobody minds much what becomes of an off-topic comment.

    >>> change("ham", "publish", "hold")
    'worse'
    """
    if label == "off-topic":
        return "other"
    stronger = ACTIONS.index(new) > ACTIONS.index(old)
    return "better" if stronger == (label == "spam") else "worse"


def worst(outcomes: Sequence[Outcome], most: int) -> dict[str, tuple[Excerpt, ...]]:
    """Return the ham with the highest and the spam with the lowest scores."""
    found: dict[str, tuple[Excerpt, ...]] = {}
    for label, sign in (("ham", -1.0), ("spam", 1.0)):
        own = [(o, o.score) for o in outcomes if o.case.sample.label == label and o.score is not None]
        # A stable sort: comments with the same score stay in the order of the files.
        order = np.argsort([sign * score for _, score in own], kind="stable")[:most].tolist()
        found[label] = tuple(_excerpt(*own[i]) for i in order)
    return found


def _excerpt(outcome: Outcome, score: float) -> Excerpt:
    case = outcome.case
    return Excerpt(case.path, case.line, case.sample.label, outcome.action, score, shown(case.sample.document))
