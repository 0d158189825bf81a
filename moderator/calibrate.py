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
    fields = base.manifest["fields"]
    name = store.digest(base.arrays, {"fields": fields, "policy": content})[: store.NAME]
    if (models / name).exists():
        return models / name
    kept = {key: value for key, value in base.manifest.items() if key not in ("sha256", "arrays")}
    manifest = {**kept, "id": name, "parent": base.id, "policy": {**content, "id": name}}
    return store.write(models, manifest, base.arrays, {})


def threshold(logits: Sequence[float], share: float) -> float:
    """Return the lowest probability that at most a share of the honest texts reaches.

    Where there are too few of them to see such a share, their tail is taken to fall off exponentially.

    >>> threshold([2.0, 1.0] + [-3.0] * 98, 0.015)
    0.7311
    """
    rank = share * len(logits)
    if rank >= 1.0:
        limit = logits[int(rank)] + 1e-6
    else:
        tail = logits[: max(10, len(logits) // 100)]
        decay = sum(x - tail[-1] for x in tail) / len(tail) or 1.0
        limit = tail[-1] + decay * math.log(len(tail) / rank)
    return min(0.9999, max(0.01, math.ceil(1e4 * policy.sigmoid(limit)) / 1e4))
