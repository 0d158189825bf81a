"""A scratch repository that knows nothing of the one who runs the tests."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from repositories import ENVIRONMENT, Repository


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what a hook, a user or a system told git; skip where there is no git."""
    if not shutil.which("git"):
        pytest.skip("needs git")
    for name in os.environ:
        if name.startswith("GIT_"):
            monkeypatch.delenv(name)
    monkeypatch.delenv("SKIP", raising=False)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Repository]:
    """Return a function that makes repositories."""
    return lambda name, *how: Repository(tmp_path / name, *how)


@pytest.fixture
def site(make: Callable[..., Repository], monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Return a repository with one commit, which is the current folder."""
    repository = make("site")
    repository.commit("README.md")
    monkeypatch.chdir(repository.path)
    return repository
