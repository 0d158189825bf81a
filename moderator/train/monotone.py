"""Fitting the policy: a logistic model of curves that never turn back, and its thresholds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from moderator.calibrate import above
from moderator.detectors import VOUCHING
from moderator.policy import UNKNOWN, Curve, Rules
from moderator.train.evidence import Evidence

Floats = npt.NDArray[np.float64]
Budgets = Mapping[str, tuple[float, float]]  # source ("*": all) -> share of its ham that may be held, rejected

KNOTS = (0.0, 0.2, 0.4, 0.55, 0.7, 0.8, 0.9, 1.0)
MIN_SEEN = 20  # texts with a code; a code seen in fewer is not weighed
RIDGE = 1.0
DIGITS = 3


def fit_rules(evidence: Evidence, budgets: Budgets) -> Rules:
    """Fit curves and bias by penalised maximum likelihood, and find thresholds for the stated budgets.

    Monotonicity is a sign constraint on the steps between knots (L-BFGS-B, Byrd et al. 1995).
    """
    from scipy.optimize import minimize

    steps, owner = design(evidence)
    sign = np.array([-1.0 if evidence.codes[code] in VOUCHING else 1.0 for code in owner])
    y, w = evidence.spam.astype(float), evidence.weight / evidence.weight.mean()

    def loss(beta: Floats) -> tuple[float, Floats]:
        z = beta[0] + steps @ beta[1:]
        value = float((w * (np.logaddexp(0.0, z) - y * z)).sum() + 0.5 * RIDGE * (beta[1:] ** 2).sum())
        residual = w * (1.0 / (1.0 + np.exp(-z)) - y)
        return value, np.r_[residual.sum(), steps.T @ residual + RIDGE * beta[1:]]

    bounds = [(None, None), *((0.0, None) if s > 0 else (None, 0.0) for s in sign)]
    start = np.r_[np.log((w @ y + 1) / (w @ (1 - y) + 1)), np.zeros(len(owner))]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 500}).x
    rules = Rules(round(float(found[0]), DIGITS), 0.5, 0.9, curves(evidence.codes, owner, found[1:]))
    return with_thresholds(rules, evidence, budgets)


def design(evidence: Evidence) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Return how far each strength has come in each step between knots, and the code of each step."""
    seen = (evidence.strengths > 0).sum(axis=0)
    parts, owner = [], []
    for code in np.flatnonzero(seen >= MIN_SEEN).tolist():
        s = evidence.strengths[:, code].astype(float)
        for low, high in pairwise(KNOTS):
            parts.append(np.clip((s - low) / (high - low), 0.0, 1.0))
            owner.append(code)
    return np.stack(parts, axis=1), np.array(owner)


def curves(codes: Sequence[str], owner: npt.NDArray[np.int64], steps: Floats) -> dict[str, Curve]:
    """Return the curve of each code; a code that says nothing gets a flat one.

    A code that was hardly seen has no curve: it is worth what any code is that the policy does not know.
    """
    out: dict[str, Curve] = {}
    for number, code in enumerate(codes):
        own = steps[owner == number]
        if len(own):
            out[code] = (KNOTS, tuple(round(float(v), DIGITS) for v in np.r_[0.0, np.cumsum(own)]))
        elif code in VOUCHING:
            out[code] = ((0.0, 1.0), (0.0, 0.0))
    return out


def scores(rules: Rules, codes: Sequence[str], strengths: npt.NDArray[np.float32]) -> Floats:
    """Return the log-odds of each row of strengths."""
    total = np.full(len(strengths), rules.bias)
    for number, code in enumerate(codes):
        x, y = rules.curves.get(code, UNKNOWN)
        total += np.interp(strengths[:, number], x, y)
    return total


def probability(log_odds: Any) -> Any:
    """Return log-odds, one or an array of them, as probabilities."""
    return 1.0 / (1.0 + np.exp(-log_odds))


def with_thresholds(rules: Rules, evidence: Evidence, budgets: Budgets) -> Rules:
    """Return the rules with the lowest thresholds that keep the budget of every kind of ham."""
    total = scores(rules, evidence.codes, evidence.strengths)
    limits = {"hold": 0.0, "reject": 0.0}
    for source, (hold, reject) in budgets.items():
        own = ~evidence.spam & ((evidence.source == source) | (source == "*"))
        ham = np.sort(total[own])[::-1].tolist()
        for action, budget in (("hold", hold), ("reject", reject)):
            limits[action] = max(limits[action], above(ham, budget) if ham else 0.0)
    hold, reject = (probability(limits[action]) for action in ("hold", "reject"))
    low = float(np.clip(np.ceil(hold * 1e4) / 1e4, 0.5, 0.999))
    return Rules(rules.bias, low, float(np.clip(np.ceil(reject * 1e4) / 1e4, low, 0.9999)), rules.curves)


def sweep(rules: Rules, evidence: Evidence, group: npt.NDArray[np.str_]) -> dict[str, dict[str, float | int | None]]:
    """Return, for all texts and each group, how much spam is caught and how much ham is flagged at the thresholds.

    The curves were fitted on this evidence, the tables were not: what this says of the curves is
    optimistic, as far as some dozens of numbers can fit tens of thousands of texts.
    """
    value = probability(scores(rules, evidence.codes, evidence.strengths))
    out: dict[str, dict[str, float | int | None]] = {}
    for name in ("all", *sorted(set(group.tolist()))):
        own = np.ones(len(value), bool) if name == "all" else group == name
        spam, ham = own & evidence.spam, own & ~evidence.spam
        out[name] = {
            "spam": int(spam.sum()),
            "ham": int(ham.sum()),
            "spam held": _share(value[spam] >= rules.hold),
            "spam rejected": _share(value[spam] >= rules.reject),
            "ham held": _share(value[ham] >= rules.hold),
            "ham rejected": _share(value[ham] >= rules.reject),
        }
    return out


def _share(hits: npt.NDArray[np.bool_]) -> float | None:
    return round(float(hits.mean()), 5) if len(hits) else None
