"""`moderator model`: which models there are, and which one is used."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from moderator import store


@pytest.fixture
def models(tmp_path: Path, counting: str) -> Path:
    """Return a folder with the model that ships, in use, and one that counts links."""
    folder = tmp_path / "models"
    folder.mkdir()
    store.adopt(folder, store.current(store.models_directory()))
    shutil.copytree(counting, folder / Path(counting).name)
    return folder


def test_list_marks_the_one_in_use(run: Callable[..., Any], models: Path, counting: str) -> None:
    rows = run("model", "list", "--models", models).out.splitlines()
    assert len(rows) == 2
    assert [row[0] for row in rows if store.current(models).name in row] == ["*"]
    assert [row[0] for row in rows if Path(counting).name in row] == [" "]


def test_promote_and_roll_back(run: Callable[..., Any], models: Path, counting: str) -> None:
    before = store.current(models).name
    assert run("model", "promote", Path(counting).name, "--why", "a try", "--models", models).code == 0
    assert store.current(models).name == Path(counting).name
    assert run("model", "rollback", "--models", models).out.strip() == before
    assert store.current(models).name == before
    shown = run("model", "history", "--models", models).out
    assert "a try" in shown
    assert "rollback" in shown


def test_verify_names_what_is_wrong(run: Callable[..., Any], models: Path, counting: str) -> None:
    assert run("model", "verify", "--models", models).code == 0
    weights = models / Path(counting).name / "weights.npz"
    weights.write_bytes(weights.read_bytes()[:-1])
    ended = run("model", "verify", "--models", models)
    assert ended.code == 3
    assert "sha256 differs" in ended.out


def test_export_and_import(run: Callable[..., Any], models: Path, tmp_path: Path, counting: str) -> None:
    name = Path(counting).name
    for target in ("one.zip", "two.zip"):
        assert run("model", "export", name, "-o", tmp_path / target, "--models", models).code == 0
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    other = tmp_path / "other"
    assert name in run("model", "import", tmp_path / "one.zip", "--models", other).out
    assert store.read(other / name).id == name
    assert not (other / store.CURRENT).exists()


@pytest.mark.parametrize("member", ["../evil/manifest.json", "a/b/manifest.json", "manifest.json"])
def test_an_archive_that_is_no_model_is_refused(run: Callable[..., Any], tmp_path: Path, member: str) -> None:
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        archive.writestr(member, "{}")
    assert run("model", "import", tmp_path / "bad.zip", "--models", tmp_path / "models").code == 3
    assert not list(tmp_path.rglob("evil"))
    assert store.names(tmp_path / "models") == []


def test_diff_shows_thresholds_and_tables(run: Callable[..., Any], models: Path, counting: str) -> None:
    shown = run("model", "diff", Path(counting).name, "--models", models).out
    assert "comment hold: 0.4" in shown
    assert "table text" in shown


def test_calibrate_keeps_the_budget(run: Callable[..., Any], models: Path, tmp_path: Path) -> None:
    ham = tmp_path / "ham.jsonl"
    texts = [f"Number {i} worked for me, see http://notes.example/{i}" for i in range(40)] + ["Thanks!"] * 160
    ham.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
    assert run("model", "calibrate", "--ham", ham, "--budget", "5%", "--models", models).code == 0
    ended = run("scan", ham, "--model", models, "--format", "jsonl")
    held = sum(json.loads(row)["action"] != "publish" for row in ended.out.splitlines())
    assert held <= 0.05 * len(texts)


@pytest.mark.parametrize("budget", ["0", "200%", "few"])
def test_a_budget_is_a_share(run: Callable[..., Any], models: Path, tmp_path: Path, budget: str) -> None:
    ham = tmp_path / "ham.jsonl"
    ham.write_text('{"text": "Thanks!"}\n', encoding="utf-8")
    assert run("model", "calibrate", "--ham", ham, "--budget", budget, "--models", models).code == 2
