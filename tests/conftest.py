"""Fixtures of all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from moderator import load
from moderator.pipeline import Moderator

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def moderator() -> Moderator:
    """Return the moderator that ships."""
    return load()


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the data sets that are not part of the project, or skip."""
    path = Path(os.environ.get("MODERATOR_DATA", ROOT.parent / "shared" / "data"))
    if not path.is_dir():
        pytest.skip(f"needs the data sets: {path} is not there (set MODERATOR_DATA)")
    return path
