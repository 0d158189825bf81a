"""Nikola builds a site, and stops before it renders a post with an advert in it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

# Looked for, not imported: tests that measure memory run in this process as well.
pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not (find_spec("nikola")), reason="needs nikola"),
]
NIKOLA = (sys.executable, "-m", "nikola")
PLUGIN = """
from moderator.integrations import nikola
EXTRA_PLUGINS_DIRS = [nikola.FOLDER]
MODERATOR = {settings!r}
USE_BUNDLES = False
"""
POST = ".. title: {title}\n.. slug: {slug}\n.. date: 2025-03-02 10:00:00 UTC\n.. tags: bread\n\n{text}"


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a site as `nikola init` makes it."""
    import subprocess

    folder = tmp_path_factory.mktemp("nikola")
    subprocess.run([*NIKOLA, "init", "-q", "site"], cwd=folder, check=True, capture_output=True)
    return folder / "site"


@pytest.fixture
def site(empty: Path, write: Callable[[str, str], Path], tmp_path: Path, rye: str) -> Callable[..., None]:
    """Return a function that writes a site of two posts, one of them with what is added to it."""
    shutil.copytree(empty, tmp_path, dirs_exist_ok=True)
    configuration = (tmp_path / "conf.py").read_text(encoding="utf-8")

    def written(added: str, **settings: Any) -> None:
        write("conf.py", configuration + PLUGIN.format(settings=settings))
        write("posts/rye.rst", POST.format(title="A rye loaf", slug="rye", text=rye + added))
        write("posts/oven.rst", POST.format(title="An oven", slug="oven", text=rye))

    return written


def test_a_site_is_built_when_it_is_clean_and_not_before(site: Any, build: Any, tmp_path: Path, trailer: str) -> None:
    site(trailer)
    for _ in range(2):
        ended = build(*NIKOLA, "build")
        assert ended.code != 0
        assert "posts/rye.rst:15:1 reject model/" in ended.printed
        assert not [path for path in tmp_path.glob("output/**/*.*") if "vulcan" in path.read_text(errors="replace")]
    site("")
    ended = build(*NIKOLA, "build")
    assert ended.code == 0, ended.printed
    assert list(tmp_path.glob("output/posts/**/rye/index.html"))
    site(trailer)
    assert build(*NIKOLA, "build").code != 0


def test_a_post_may_be_let_through(site: Any, build: Any, trailer: str) -> None:
    site(trailer, exclude=["posts/rye*"])
    ended = build(*NIKOLA, "build")
    assert ended.code == 0, ended.printed
    site(trailer, exclude=[])
    assert build(*NIKOLA, "build").code != 0


def test_what_is_configured_counts_as_soon_as_it_changes(site: Any, build: Any, write: Any, trailer: str) -> None:
    site(trailer)
    assert build(*NIKOLA, "build").code != 0
    write(".moderator.toml", 'fail-on = "never"\n')
    ended = build(*NIKOLA, "build")
    assert ended.code == 0, ended.printed
    write(".moderator.toml", 'fail-on = "reject"\n')
    assert build(*NIKOLA, "build").code != 0


@pytest.mark.parametrize("settings", [{"fail": "hold"}, {"then": "skip"}, {"model": "nowhere"}])
def test_settings_that_make_no_sense_stop_the_build(site: Any, build: Any, settings: dict[str, Any]) -> None:
    site("", **settings)
    assert build(*NIKOLA, "build").code != 0
