"""The hooks of `.pre-commit-hooks.yaml`, run by pre-commit itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from repositories import CLEAN, Repository

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[2]
TOUR = ROOT / "samples/tour/rye-bread.md"
OFFLINE = ("NewConnectionError", "Could not find a version", "No matching distribution", "name resolution")
CONFIG = """
repos:
  - repo: {path}
    rev: {commit}
    hooks:
      - id: {hook}
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the folder that pre-commit keeps its environments in: building one takes half a minute."""
    return str(tmp_path_factory.mktemp("pre-commit"))


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Return a repository with this tree as its one commit, and the commit."""
    if not (ROOT / ".git").exists():
        pytest.skip("needs the repository")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=True, env={k: v for k, v in os.environ.items() if k[:4] != "GIT_"},
    ).stdout  # fmt: skip
    target = tmp_path_factory.mktemp("released") / "moderator"
    for name in filter(None, os.fsdecode(listed).split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    return target, ""


@pytest.fixture
def install(site: Repository, released: tuple[Path, str], home: str, monkeypatch: Any) -> Callable[[str], None]:
    """Return a function that sets up a hook as a reader of the README would."""
    pytest.importorskip("pre_commit", reason="needs pre-commit")
    monkeypatch.setenv("PRE_COMMIT_HOME", home)
    monkeypatch.delenv("PYTHONPATH", raising=False)  # what is installed counts, not this tree

    def installed(hook: str) -> None:
        origin = Repository(released[0])
        origin.git("add", "--all")
        if origin.try_git("rev-parse", "HEAD").returncode:
            origin.git("commit", "-qm", "all of it")
        commit = origin.git("rev-parse", "HEAD").strip()
        (site.path / ".pre-commit-config.yaml").write_text(CONFIG.format(path=released[0], commit=commit, hook=hook))
        command = [sys.executable, "-m", "pre_commit", "install", "--install-hooks"]
        ended = subprocess.run(command, cwd=site.path, capture_output=True, text=True, check=False)
        said = ended.stdout + ended.stderr
        if any(word in said for word in OFFLINE):
            pytest.skip("needs a package index")
        assert ended.returncode == 0, said
        site.git("add", ".pre-commit-config.yaml")

    return installed


def test_a_commit_with_an_advert_is_stopped_and_a_clean_one_is_not(
    site: Repository, install: Callable[[str], None]
) -> None:
    install("moderator")
    site.write("-posts/rye bread.md", TOUR.read_text(encoding="utf-8"))
    site.write("-dash.mdx")
    ended = site.try_git("commit", "-m", "x")
    assert ended.returncode == 1
    said = ended.stdout + ended.stderr
    assert "-posts/rye bread.md:36:1  reject  model/apart  an advert" in said
    site.write("-posts/rye bread.md", CLEAN)
    site.write("requirements.txt", "numpy>=1.26\nclick==8.1.7\n")
    ended = site.try_git("commit", "-m", "x")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "moderator" in ended.stderr
    assert "Passed" in ended.stderr


def test_a_fix_is_made_and_stops_the_commit(
    site: Repository, install: Callable[[str], None], run: Callable[..., Any]
) -> None:
    if "--fix" not in run("scan", "--help").out.split():
        pytest.skip("needs moderator scan --fix")
    install("moderator-fix")
    site.write("rye.md", TOUR.read_text(encoding="utf-8"))
    assert site.try_git("commit", "-m", "x").returncode == 1
    assert "vulcan" not in (site.path / "rye.md").read_text(encoding="utf-8")
    site.git("add", "rye.md")
    assert site.try_git("commit", "-m", "x").returncode == 0
