"""The gate closes for a model that flags more honest comments or less spam, and for a changed corpus."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from moderator import gate, store
from moderator.pipeline import Moderator

MODELS = Path(__file__).parents[2] / "models"


@pytest.fixture
def corpus() -> dict[str, Any]:
    found = gate.load(MODELS)
    assert len(found) == 1
    return found[0]


def with_hold(moderator: Moderator, hold: float) -> Moderator:
    rules = moderator.policy.rules
    comment = replace(rules["comment"], hold=hold, reject=max(hold, rules["comment"].reject))
    return replace(moderator, policy=replace(moderator.policy, rules={**rules, "comment": comment}))


def test_the_model_that_ships_passes() -> None:
    assert gate.failures(store.read(store.current(MODELS)), MODELS) == []


@pytest.mark.parametrize(("hold", "what"), [(0.3, "ham held"), (0.9999, "spam held")])
def test_a_worse_model_fails(moderator: Moderator, corpus: dict[str, Any], hold: float, what: str) -> None:
    failures = gate.broken(with_hold(moderator, hold), MODELS / corpus["file"], corpus)
    assert any(failure.startswith(what) for failure in failures)


def test_another_corpus_fails(moderator: Moderator, corpus: dict[str, Any], tmp_path: Path) -> None:
    other = tmp_path / "comments.jsonl"
    other.write_bytes((MODELS / corpus["file"]).read_bytes().split(b"\n", 1)[1])
    assert gate.broken(moderator, other, corpus)[0] == "not the corpus that the floors are for"


def test_a_model_below_the_floors_is_not_promoted(run: Any, counting: str, tmp_path: Path) -> None:
    quality = tmp_path / "tests" / "quality"
    quality.mkdir(parents=True)
    shutil.copy(MODELS / ".." / "tests" / "quality" / "comments.jsonl", quality)
    models = tmp_path / "models"
    shutil.copytree(Path(counting), models / Path(counting).name)
    shutil.copy(MODELS / gate.FLOORS, models)
    refused = run("model", "promote", Path(counting).name, "--models", models)
    assert refused.code == 3
    assert "--lower-floors" in refused.err
    assert not (models / store.CURRENT).exists()
    assert run("model", "promote", Path(counting).name, "--models", models, "--lower-floors").code == 0
    assert "below the floors" in store.history(models)[0]["why"]
