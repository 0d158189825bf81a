"""From signals to a score to an action."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from moderator.errors import PolicyError
from moderator.policy import (
    UNKNOWN,
    Rules,
    decide,
    from_json,
    label,
    log_odds,
    score,
    sigmoid,
    to_json,
    weigh,
)
from moderator.records import Contribution, Label, Signal

RULES = Rules(
    bias=-2.0,
    hold=0.5,
    reject=0.9,
    curves={
        "links/count": ((0.0, 0.5, 1.0), (0.0, 1.0, 4.0)),
        "model/honest": ((0.0, 1.0), (0.0, -3.0)),
        "drift/topic": ((0.0, 1.0), (0.0, 0.0)),
    },
)


def data(**changes: Any) -> dict[str, Any]:
    """Return the JSON form of a policy whose rules for comments are changed."""
    rules = {"bias": -2.0, "hold": 0.5, "reject": 0.9, "curves": {"links/count": [[0.0, 0.0], [0.5, 1.0], [1.0, 4.0]]}}
    return {"id": "p", "comment": {**rules, **changes}, "page": rules}


def seen(code: str, strength: float = 1.0, label: Label = "spam") -> Signal:
    return Signal(code, strength, "seen", label=label)


def worth(log_odds: float, label: Label = "spam") -> Contribution:
    return Contribution(seen("a/b", label=label), log_odds)


# Curves and sums


@pytest.mark.parametrize(("strength", "expected"), [(0.0, 0.0), (0.25, 0.5), (0.5, 1.0), (0.75, 2.5), (1.0, 4.0)])
def test_a_curve_is_straight_between_its_knots(strength: float, expected: float) -> None:
    assert log_odds(RULES.curves["links/count"], strength) == expected


def test_a_curve_that_ends_early_goes_on_as_it_ended() -> None:
    assert log_odds(((0.0, 0.4), (0.0, 2.0)), 0.9) == 2.0


def test_the_strongest_contributions_come_first_and_those_of_nothing_not_at_all() -> None:
    found = weigh(RULES, [seen("model/honest"), seen("drift/topic"), seen("links/count", 0.5), seen("a/new")])
    assert [(c.signal.code, c.log_odds) for c in found] == [
        ("a/new", UNKNOWN[1][-1]),
        ("links/count", 1.0),
        ("model/honest", -3.0),
    ]


def test_of_one_code_the_strongest_counts_once() -> None:
    strengths = (0.5, 1.0, 0.75)
    (found,) = weigh(RULES, [seen("links/count", s) for s in strengths])
    assert (found.signal.strength, found.log_odds) == (1.0, 4.0)


def test_the_order_of_signals_does_not_matter() -> None:
    signals = [seen("b/x"), seen("a/x"), seen("links/count"), seen("model/honest", 0.3)]
    assert weigh(RULES, signals) == weigh(RULES, signals[::-1])


def test_no_evidence_is_the_bias() -> None:
    assert score(RULES, []) == pytest.approx(1 / (1 + math.exp(2)), abs=1e-6)


@pytest.mark.parametrize("x", [-1e6, -700.0, -1.5, 0.0, 1.5, 700.0, 1e6])
def test_the_sigmoid_is_symmetric_and_never_overflows(x: float) -> None:
    assert sigmoid(x) + sigmoid(-x) == pytest.approx(1.0)


# Decisions


@pytest.mark.parametrize(
    ("value", "expected"), [(0.0, "publish"), (0.499999, "publish"), (0.5, "hold"), (0.89, "hold"), (0.9, "reject")]
)
def test_thresholds_belong_to_the_stronger_action(value: float, expected: str) -> None:
    assert decide(RULES, value, [worth(1.0)]) == expected


@pytest.mark.parametrize(
    "evidence", [[], [worth(5.0, "off-topic")], [worth(5.0, "off-topic"), worth(-1.0)], [worth(-1.0, "ham")]]
)
def test_without_evidence_of_spam_nothing_is_rejected(evidence: list[Contribution]) -> None:
    assert decide(RULES, 0.99, evidence) == "hold"


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        ([], "spam"),
        ([worth(2.0), worth(1.0, "off-topic")], "spam"),
        ([worth(2.0), worth(2.5, "off-topic")], "off-topic"),
        ([worth(1.0), worth(1.0), worth(1.5, "off-topic")], "spam"),
        ([worth(1.0, "off-topic"), worth(-5.0)], "off-topic"),
        ([worth(1.0, "off-topic"), worth(-5.0, "off-topic")], "off-topic"),
        ([worth(2.0, "ham"), worth(1.0, "off-topic")], "off-topic"),
    ],
)
def test_the_label_is_what_most_of_the_evidence_says(evidence: list[Contribution], expected: str) -> None:
    assert label(evidence) == expected


# On disk


def test_a_policy_reads_back() -> None:
    policy = from_json(data())
    assert policy.rules["comment"].curves["links/count"] == RULES.curves["links/count"]
    assert json.loads(json.dumps(to_json(policy))) == data()
    assert from_json(to_json(policy)) == policy


@pytest.mark.parametrize("key", ["id", "comment", "page"])
def test_what_a_policy_lacks_is_named(key: str) -> None:
    rest = {k: v for k, v in data().items() if k != key}
    with pytest.raises(PolicyError, match=f"a policy needs {key}"):
        from_json(rest)


def test_unknown_keys_are_named() -> None:
    with pytest.raises(PolicyError, match="a policy has no 'pages'"):
        from_json({**data(), "pages": {}})
    with pytest.raises(PolicyError, match="comment has no 'threshold'"):
        from_json(data(threshold=0.5))


@pytest.mark.parametrize("key", ["bias", "hold", "reject"])
@pytest.mark.parametrize("value", [None, "high", []])
def test_numbers_are_numbers(key: str, value: object) -> None:
    with pytest.raises(PolicyError, match="comment needs numbers for bias, hold and reject"):
        from_json(data(**{key: value}))


@pytest.mark.parametrize(
    ("hold", "reject"), [(0.0, 0.5), (-0.1, 0.5), (0.6, 0.5), (0.5, 1.1), (math.nan, 0.5), (0.5, math.nan)]
)
def test_thresholds_are_in_order(hold: float, reject: float) -> None:
    with pytest.raises(PolicyError, match="0 < hold <= reject <= 1"):
        from_json(data(hold=hold, reject=reject))


@pytest.mark.parametrize("bias", [math.nan, math.inf, -math.inf])
def test_the_bias_is_finite(bias: float) -> None:
    with pytest.raises(PolicyError, match="bias"):
        from_json(data(bias=bias))


@pytest.mark.parametrize(
    "knots",
    [
        [],
        [[0.0, 0.0, 0.0]],
        [[0.0]],
        [0.0, 1.0],
        "curve",
        [["a", "b"]],
        [[0.1, 0.0], [1.0, 1.0]],
        [[0.0, 0.1], [1.0, 1.0]],
        [[0.0, 0.0], [0.0, 1.0]],
        [[0.0, 0.0], [1.0, 1.0], [0.5, 2.0]],
        [[0.0, 0.0], [0.5, 1.0], [1.0, 0.5]],
        [[0.0, 0.0], [0.5, -1.0], [1.0, -0.5]],
        [[0.0, 0.0], [1.0, math.nan]],
    ],
)
def test_curves_never_turn_back(knots: object) -> None:
    with pytest.raises(PolicyError, match="comment: the curve of a/b must"):
        from_json(data(curves={"a/b": knots}))


def test_curves_may_fall() -> None:
    policy = from_json(data(curves={"a/b": [[0.0, 0.0], [0.5, -1.0], [1.0, -1.0]]}))
    assert log_odds(policy.rules["comment"].curves["a/b"], 0.25) == -0.5
