"""Signals become a score and an action: the only place where a number becomes a decision.

The policy is a monotone additive model. Each code has a curve from strength to log-odds that never
falls (that never rises, for a vouching code), so more evidence never lowers the score. The score is
the sigmoid of a bias and the log-odds of all signals; two thresholds turn it into an action.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from moderator.errors import PolicyError
from moderator.records import ACTIONS, Action, Contribution, Label, Signal, Verdict

LEVELS = ("hold", "reject", "never")  # from which action on something fails
DIGITS = 4  # of log-odds; what is shown is what is added
SCORE_DIGITS = 6
Curve = tuple[tuple[float, ...], tuple[float, ...]]  # strengths, log-odds

# What a code that the policy was not fitted with is worth at full strength, in log-odds.
UNKNOWN: Curve = ((0.0, 1.0), (0.0, 2.0))


@dataclass(frozen=True, slots=True)
class Rules:
    """How documents of one kind are judged."""

    bias: float
    hold: float
    reject: float
    curves: Mapping[str, Curve]


@dataclass(frozen=True, slots=True)
class Policy:
    """Rules for comments and for the segments of pages, and a name for the two."""

    id: str
    rules: Mapping[str, Rules]


def from_json(data: Mapping[str, Any]) -> Policy:
    """Read a policy from its JSON form; raises PolicyError that names what is wrong."""
    unknown = data.keys() - {"id", "comment", "page"}
    if unknown:
        raise PolicyError(f"a policy has no {sorted(unknown)[0]!r}: it has id, comment and page")
    missing = {"id", "comment", "page"} - data.keys()
    if missing:
        raise PolicyError(f"a policy needs {', '.join(sorted(missing))}")
    return Policy(str(data["id"]), {kind: _rules(kind, data[kind]) for kind in ("comment", "page")})


def _rules(kind: str, data: Mapping[str, Any]) -> Rules:
    unknown = data.keys() - {"bias", "hold", "reject", "curves"}
    if unknown:
        raise PolicyError(f"{kind} has no {sorted(unknown)[0]!r}: it has bias, hold, reject and curves")
    try:
        bias, hold, reject = (float(data[key]) for key in ("bias", "hold", "reject"))
    except (KeyError, TypeError, ValueError) as error:
        raise PolicyError(f"{kind} needs numbers for bias, hold and reject") from error
    if not math.isfinite(bias):
        raise PolicyError(f"{kind}: the bias must be a finite number, not {bias}")
    if not 0.0 < hold <= reject <= 1.0:
        raise PolicyError(f"{kind}: 0 < hold <= reject <= 1 must be true, but hold is {hold}, reject {reject}")
    return Rules(bias, hold, reject, {c: _curve(kind, c, k) for c, k in data.get("curves", {}).items()})


def with_thresholds(policy: Policy, hold: float | None, reject: float | None) -> Policy:
    """Return a policy with other thresholds and a name that says so; one that is given moves the other out of its way.

    >>> rules = Rules(0.0, 0.5, 0.9, {})
    >>> moved = with_thresholds(Policy("p", {"page": rules}), 0.95, None)
    >>> moved.id, moved.rules["page"].hold, moved.rules["page"].reject
    ('p hold-at=0.95', 0.95, 0.95)
    """
    given = {"hold-at": hold, "reject-at": reject}
    name = " ".join((policy.id, *(f"{key}={value}" for key, value in given.items() if value is not None)))
    return Policy(name, {kind: _moved(rules, hold, reject) for kind, rules in policy.rules.items()})


def _moved(rules: Rules, hold: float | None, reject: float | None) -> Rules:
    new_hold = hold if hold is not None else min(rules.hold, reject if reject is not None else 1.0)
    return replace(rules, hold=new_hold, reject=reject if reject is not None else max(rules.reject, new_hold))


def _curve(kind: str, code: str, knots: Sequence[Sequence[float]]) -> Curve:
    try:
        x, y = zip(*((float(a), float(b)) for a, b in knots), strict=True)
    except (TypeError, ValueError) as error:
        raise PolicyError(f"{kind}: the curve of {code} must be a list of [strength, log-odds]") from error
    rises = all(a <= b for a, b in pairwise(y))
    falls = all(a >= b for a, b in pairwise(y))
    if x[0] != 0.0 or y[0] != 0.0 or list(x) != sorted(set(x)) or not (rises or falls):
        raise PolicyError(f"{kind}: the curve of {code} must start at [0, 0] and never turn back")
    return x, y


def to_json(policy: Policy) -> dict[str, Any]:
    """Return the JSON form of a policy.

    >>> rules = {"bias": -4.0, "hold": 0.5, "reject": 0.9, "curves": {"links/count": [[0, 0], [1, 2]]}}
    >>> data = {"id": "p", "comment": rules, "page": rules}
    >>> to_json(from_json(data)) == data
    True
    """
    rules = {
        kind: {
            "bias": r.bias,
            "hold": r.hold,
            "reject": r.reject,
            "curves": {code: [list(knot) for knot in zip(*curve, strict=True)] for code, curve in r.curves.items()},
        }
        for kind, r in policy.rules.items()
    }
    return {"id": policy.id, **rules}


def log_odds(curve: Curve, strength: float) -> float:
    """Return what a signal of a strength is worth on a curve.

    >>> log_odds(((0.0, 0.5, 1.0), (0.0, 0.0, 3.0)), 0.75)
    1.5
    """
    x, y = curve
    i = bisect_right(x, strength)
    if i == len(x):
        return y[-1]
    share = (strength - x[i - 1]) / (x[i] - x[i - 1])
    return round(y[i - 1] + share * (y[i] - y[i - 1]), DIGITS)


def strongest(signals: Sequence[Signal]) -> Iterable[Signal]:
    """Return the strongest signal of each code: only that one counts."""
    if len(signals) < 2:
        return signals
    found: dict[str, Signal] = {}
    for signal in signals:
        if signal.code not in found or found[signal.code].strength < signal.strength:
            found[signal.code] = signal
    return found.values()


def worth(rules: Rules, signal: Signal) -> float:
    """Return the log-odds that a signal adds."""
    return log_odds(rules.curves.get(signal.code, UNKNOWN), signal.strength)


def weigh(rules: Rules, signals: Sequence[Signal]) -> list[Contribution]:
    """Return the signals that moved the score, the strongest first."""
    found = [Contribution(signal, value) for signal in strongest(signals) if (value := worth(rules, signal))]
    return sorted(found, key=_rank)


def sum_of(rules: Rules, signals: Sequence[Signal]) -> float:
    """Return what all signals add, to compare texts with before any is weighed."""
    return sum(worth(rules, signal) for signal in strongest(signals))


def _rank(contribution: Contribution) -> tuple[float, str]:
    return -contribution.log_odds, contribution.signal.code


def score(rules: Rules, contributions: Iterable[Contribution]) -> float:
    """Return the probability that a text should not be published."""
    total = rules.bias + sum(c.log_odds for c in contributions)
    return round(sigmoid(total), SCORE_DIGITS)


def sigmoid(x: float) -> float:
    """Return 1 / (1 + exp(-x)) without overflow.

    >>> sigmoid(0.0), sigmoid(-1000.0)
    (0.5, 0.0)
    """
    if x >= 0:
        return 1.0 / (1.0 + math.exp(-x))
    z = math.exp(x)
    return z / (1.0 + z)


def log_odds_of(verdict: Verdict) -> float:
    """Return the log-odds that a verdict's score was made of; raises ValueError if there is no score."""
    if verdict.bias is None:
        raise ValueError(f"{verdict.document_id} could not be judged")
    return verdict.bias + sum(c.log_odds for c in verdict.contributions)


def decide(rules: Rules, value: float, contributions: Iterable[Contribution]) -> Action:
    """Return the action for a score; a text that is only off topic is held, never rejected."""
    if value < rules.hold:
        return "publish"
    if value < rules.reject:
        return "hold"
    return "reject" if any(c.signal.label == "spam" and c.log_odds > 0 for c in contributions) else "hold"


def fails(action: Action, level: str) -> bool:
    """Return whether an action is one to fail on from a level on: an action, or never."""
    return level != "never" and ACTIONS.index(action) >= ACTIONS.index(level)


def label(contributions: Iterable[Contribution]) -> Label:
    """Return what flagged text is: what most of the evidence says."""
    weight: dict[Label, float] = {"spam": 0.0, "off-topic": 0.0}
    for contribution in contributions:
        if contribution.log_odds > 0:
            weight[contribution.signal.label] = weight.get(contribution.signal.label, 0.0) + contribution.log_odds
    return "off-topic" if weight["off-topic"] > weight["spam"] else "spam"
