"""`action.yml`: what it declares, and its own steps run here as a runner would."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from repositories import CLEAN, Repository, linked

pytestmark = [pytest.mark.integration, pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")]
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def action() -> dict[str, Any]:
    """Return what the file says."""
    yaml = pytest.importorskip("yaml", reason="needs PyYAML, which comes with pre-commit")
    parsed: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    return parsed


@pytest.fixture
def step(site: Repository, action: dict[str, Any], tmp_path: Path, counting: str) -> Callable[..., Any]:
    """Return a function that runs the step that scans, with inputs."""
    bin = tmp_path / "runner/moderator/bin"
    bin.mkdir(parents=True)
    (bin / "moderator").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m moderator "$@"\n')
    (bin / "moderator").chmod(0o755)
    script = next(s for s in action["runs"]["steps"] if s.get("id") == "scan")

    def ran(base: str = "", **inputs: str) -> subprocess.CompletedProcess[str]:
        values = {name: str(given["default"]) for name, given in action["inputs"].items()} | inputs
        values |= {"base": base, "arguments": f"--model\n{counting}\n" + values["arguments"]}
        names = {name: value.removeprefix("${{ inputs.").removesuffix(" }}") for name, value in script["env"].items()}
        environment = {name: values[given] for name, given in names.items()}
        environment |= {"RUNNER_TEMP": str(tmp_path / "runner"), "GITHUB_OUTPUT": str(tmp_path / "output")}
        # As a runner calls bash.
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script["run"]],
            cwd=site.path, env={**os.environ, **environment}, capture_output=True, text=True, check=False,
        )  # fmt: skip

    return ran


def test_what_it_declares(action: dict[str, Any]) -> None:
    assert {"name", "description", "inputs", "outputs", "runs"} <= action.keys()
    assert action["runs"]["using"] == "composite"
    assert all(given["description"].endswith((".", "reject or never.")) for given in action["inputs"].values())
    for one in action["runs"]["steps"]:
        assert "uses" in one or one["shell"] == "bash"
        # An expression inside a script would run what it holds.
        assert "${{" not in one.get("run", "")


def test_all_files_or_those_named(site: Repository, step: Callable[..., Any], tmp_path: Path) -> None:
    site.commit("posts/a b.md", CLEAN + "\n" + linked(8))
    ended = step()
    assert ended.returncode == 1, ended.stderr
    assert ended.stdout.startswith("::error title=moderator (reject%3A links/count),file=posts/a b.md,line=5")
    assert (tmp_path / "output").read_text() == "exit-code=1\n"
    assert step(paths="README.md").returncode == 0
    assert step(paths="README.md\nposts/a b.md\n").returncode == 1
    assert step(**{"fail-on": "never"}).returncode == 0
    assert step(changed="maybe").returncode == 2
    assert step(paths="$(touch hacked)`touch hacked`;touch hacked").returncode == 3
    assert not (site.path / "hacked").exists()


def test_only_what_changed(site: Repository, step: Callable[..., Any]) -> None:
    base = site.commit("old.md", linked(8))
    site.commit("new.md")
    assert step(base, changed="true").returncode == 0
    assert step("0" * 40, changed="true").returncode == 1
    site.commit("old.md", linked(8) + "\nIn between is a paragraph that is long enough to be apart.\n")
    assert step(base, changed="true").returncode == 1
    assert step(base, changed="lines").returncode == 0


def test_a_base_that_is_not_here_is_fetched(
    site: Repository, step: Callable[..., Any], tmp_path: Path, make: Callable[..., Repository], monkeypatch: Any
) -> None:
    origin = make("origin")
    base = origin.commit("old.md", linked(8))
    origin.commit("a.md")
    origin.commit("b.md", linked(8))
    monkeypatch.chdir(tmp_path)
    shutil.rmtree(site.path)
    subprocess.run(["git", "clone", "-q", "--depth=1", f"file://{origin.path}", site.path], check=True)
    ended = step(base, changed="true")
    assert ended.returncode == 1, ended.stderr
    assert [line.partition("file=")[2].partition(",")[0] for line in ended.stdout.splitlines()] == ["b.md"]
