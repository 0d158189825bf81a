"""Labels of a site's own people: learned, used at once, taken back without a trace."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from moderator import store

PLACES = ("Ghent", "Turku", "Lyon", "Bern", "Cork", "Oslo")
CLOTHS = ("linen", "wool", "felt", "cotton", "silk", "denim")
SPAM = [f"Our quilting kits ship to {place}, ask for the winter catalogue" for place in PLACES]
HAM = [f"I tried this with {cloth} and it held for a year" for cloth in CLOTHS]


def lines(path: Path, texts: list[str]) -> Path:
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
    return path


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


def score(run: Callable[..., Any], models: Path, text: str) -> float:
    ended = run("check", "-", "--model", models, stdin=json.dumps({"text": text}).encode())
    return float(json.loads(ended.out)["score"])


def log_odds(score: float) -> float:
    return float(np.log(score / (1.0 - score)))


def test_what_was_learned_is_used(run: Callable[..., Any], models: Path, tmp_path: Path) -> None:
    assert run("learn", "ham", lines(tmp_path / "ham.jsonl", HAM), "--models", models).code == 0
    before = score(run, models, "Our quilting kits ship to Porto, ask for the winter catalogue")
    assert run("learn", "spam", lines(tmp_path / "spam.jsonl", SPAM), "--models", models).code == 0
    after = score(run, models, "Our quilting kits ship to Porto, ask for the winter catalogue")
    assert log_odds(after) > log_odds(before) + 0.5
    assert score(run, models, "I tried this with hemp and it held for a year") < 0.5


def test_a_label_taken_back_leaves_no_trace(run: Callable[..., Any], models: Path, tmp_path: Path) -> None:
    run("learn", "ham", lines(tmp_path / "ham.jsonl", HAM), "--models", models)
    before = store.current(models).name
    labels = (models / "labels.jsonl").read_bytes()
    spam = lines(tmp_path / "spam.jsonl", SPAM)
    run("learn", "spam", spam, "--models", models)
    assert store.current(models).name != before
    assert run("unlearn", spam, "--models", models).code == 0
    assert store.current(models).name == before
    assert (models / "labels.jsonl").read_bytes() == labels


def test_without_labels_the_model_that_ships_is_back(run: Callable[..., Any], models: Path) -> None:
    run("learn", "ham", "-", "--models", models, stdin=b"We miss the old mill")
    assert run("unlearn", "-", "--models", models, stdin=b"We miss the old mill").code == 0
    assert store.current(models).name == store.current(store.models_directory()).name


def test_the_order_of_labels_does_not_matter(run: Callable[..., Any], tmp_path: Path) -> None:
    found = []
    for name, texts in (("a", SPAM), ("b", SPAM[::-1])):
        run("learn", "spam", lines(tmp_path / f"{name}.jsonl", texts), "--models", tmp_path / name)
        found.append(store.current(tmp_path / name).name)
    assert found[0] == found[1]


def test_pages_are_judged_as_before(run: Callable[..., Any], models: Path, tmp_path: Path) -> None:
    run("learn", "spam", lines(tmp_path / "spam.jsonl", SPAM), "--models", models)
    page = ("\n\n".join([*HAM, SPAM[0]])).encode()
    shown = [json.loads(run("check", "-", *options, stdin=page).out) for options in ([], ["--model", models])]
    assert shown[0]["score"] == shown[1]["score"]


def test_a_label_that_was_never_given_is_an_error(run: Callable[..., Any], models: Path) -> None:
    ended = run("unlearn", "-", "--models", models, stdin=b"We miss the old mill")
    assert ended.code == 3
    assert "no label was given" in ended.err


def test_a_comment_labelled_otherwise_is_refused(run: Callable[..., Any], models: Path, tmp_path: Path) -> None:
    rows = [{"text": SPAM[0], "label": "spam"}, {"text": HAM[0], "label": "ham"}]
    path = tmp_path / "mixed.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    ended = run("learn", "spam", path, "--models", models)
    assert (ended.code, f"{path}:2: is labelled ham: give it to moderator learn ham" in ended.err) == (3, True)
    assert not (models / "labels.jsonl").exists()


def test_one_label_hardly_moves_the_thresholds(run: Callable[..., Any], models: Path, tmp_path: Path) -> None:
    run("learn", "spam", lines(tmp_path / "spam.jsonl", SPAM[:1]), "--models", models)
    hold = [
        store.read(path).manifest["policy"]["comment"]["hold"]
        for path in (store.current(models), store.base(models).path)
    ]
    assert log_odds(hold[1]) <= log_odds(hold[0]) <= log_odds(hold[1]) + 1.0
