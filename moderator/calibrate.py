"""Thresholds for a stated budget: how many honest texts may be held, on honest texts of one's own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from moderator import pipeline, policy, store
from moderator.policy import Policy
from moderator.records import Document
from moderator.store import Artefact


def calibrate(base: Artefact, ham: Sequence[Document], budgets: tuple[float, float], models: Path) -> Path:
    """Write the model with the lowest thresholds at which honest comments stay within the budgets.

    `budgets` are the shares of them that may be held, and that may be rejected.
    """
    moderator = pipeline.build(base)
    logits = sorted((policy.log_odds_of(v) for v in moderator.scan(ham) if v.bias is not None), reverse=True)
    rules = moderator.policy.rules
    hold, reject = (threshold(logits, budget) for budget in budgets)
    comment = replace(rules["comment"], hold=hold, reject=max(hold, reject))
    content = policy.to_json(Policy("", {**rules, "comment": comment}))
    return store.keep(models, base.arrays, base.manifest["fields"], content, store.inherited(base))


def threshold(logits: Sequence[float], share: float) -> float:
    """Return the lowest probability that at most a share of the honest texts reaches.

    >>> threshold([2.0, 1.0] + [-3.0] * 98, 0.015)
    0.7311
    """
    return min(0.9999, max(0.01, math.ceil(1e4 * policy.sigmoid(above(logits, share))) / 1e4))


def above(logits: Sequence[float], share: float) -> float:
    """Return the log-odds that at most a share of the honest texts reaches; `logits` begins with the highest.

    Where there are too few of them to see such a share, their tail is taken to fall off exponentially.
    """
    rank = share * len(logits)
    if rank >= 1.0:
        return logits[int(rank)] + 1e-6
    tail = logits[: max(10, len(logits) // 100)]
    decay = sum(x - tail[-1] for x in tail) / len(tail) or 1.0
    return tail[-1] + decay * math.log(len(tail) / rank)
