"""The gate closes for a model that flags more honest comments or less spam, and for a changed corpus."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from moderator.pipeline import Moderator
from moderator.samples import read

sys.path.insert(0, str(Path(__file__).parent))
import gate

FLOORS = json.loads(gate.FLOORS.read_bytes())


@pytest.fixture(scope="module")
def samples() -> list[gate.Sample]:
    return list(read(gate.CORPUS))


def with_hold(moderator: Moderator, hold: float) -> Moderator:
    rules = moderator.policy.rules
    comment = replace(rules["comment"], hold=hold, reject=max(hold, rules["comment"].reject))
    return replace(moderator, policy=replace(moderator.policy, rules={**rules, "comment": comment}))


def test_the_model_that_ships_passes(moderator: Moderator, samples: list[gate.Sample]) -> None:
    assert gate.broken(gate.measure(moderator, samples), FLOORS) == []


@pytest.mark.parametrize(("hold", "what"), [(0.3, "ham held"), (0.9999, "spam held")])
def test_a_worse_model_fails(moderator: Moderator, samples: list[gate.Sample], hold: float, what: str) -> None:
    failures = gate.broken(gate.measure(with_hold(moderator, hold), samples), FLOORS)
    assert any(failure.startswith(what) for failure in failures)


def test_another_corpus_fails(tmp_path: Path) -> None:
    other = tmp_path / "comments.jsonl"
    other.write_bytes(gate.CORPUS.read_bytes().split(b"\n", 1)[1])
    assert gate.broken({}, FLOORS, other)
