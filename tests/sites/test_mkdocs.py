"""MkDocs builds a site, and not with an advert in it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not find_spec("mkdocs"), reason="needs mkdocs"),
    pytest.mark.skipif(
        "moderator" not in entry_points(group="mkdocs.plugins").names, reason="needs the package to be installed again"
    ),
]
COMMAND = (sys.executable, "-m", "mkdocs", "build")


@pytest.fixture
def site(write: Callable[[str, str], Path], rye: str) -> Callable[..., None]:
    """Return a function that writes a site of two pages, one of them with what is added to it."""

    def written(added: str, settings: str = "fail_on: hold") -> None:
        write("mkdocs.yml", f"site_name: Bread\nplugins:\n  - moderator:\n      {settings}\n")
        write("docs/index.md", f"# Bread\n\n{rye}")
        write("docs/deep/rye.md", f"---\ntitle: A rye loaf\n---\n\n# A rye loaf\n\n{rye}{added}")

    return written


@pytest.mark.parametrize("strict", [(), ("--strict",)])
def test_a_clean_site_is_built(site: Any, build: Any, tmp_path: Path, strict: tuple[str, ...]) -> None:
    site("")
    ended = build(*COMMAND, *strict)
    assert ended.code == 0, ended.printed
    assert (tmp_path / "site/deep/rye/index.html").exists()


def test_an_advert_stops_the_build_before_a_page_is_written(
    site: Any, build: Any, tmp_path: Path, trailer: str
) -> None:
    site(trailer)
    ended = build(*COMMAND)
    assert ended.code == 1
    assert "ERROR - moderator: docs/deep/rye.md:16:1 reject model/" in ended.printed
    assert "1 page should not be published as it is" in ended.printed
    assert not list((tmp_path / "site").rglob("*.html"))


def test_below_fail_on_only_a_strict_build_stops(site: Any, build: Any, trailer: str) -> None:
    site(trailer, "fail_on: never")
    loose, strict = build(*COMMAND), build(*COMMAND, "--strict")
    assert (loose.code, strict.code) == (0, 1)
    assert "docs/deep/rye.md:16:1" in loose.printed
    assert "strict mode" in strict.printed


def test_a_page_may_be_let_through(site: Any, build: Any, trailer: str) -> None:
    site(trailer, "exclude: [deep/*]")
    ended = build(*COMMAND, "--strict")
    assert ended.code == 0, ended.printed


@pytest.mark.parametrize("settings", ["fail_on: spam", "fail: hold", "model: nowhere"])
def test_settings_that_make_no_sense_are_told(site: Any, build: Any, settings: str) -> None:
    site("", settings)
    assert build(*COMMAND, "--strict").code == 1


def test_what_is_configured_counts_and_what_the_plugin_is_given_wins(
    site: Any, build: Any, write: Any, trailer: str
) -> None:
    site(trailer, "exclude: []")
    write("pyproject.toml", '[tool.moderator]\nfail-on = "never"\n')
    assert build(*COMMAND).code == 0
    site(trailer, "fail_on: reject")
    assert build(*COMMAND).code == 1
    site(trailer, "config: other.toml")
    write("other.toml", '[[per-path]]\npaths = ["docs/deep/"]\nskip = true\n')
    ended = build(*COMMAND, "--strict")
    assert ended.code == 0, ended.printed
    write("other.toml", 'baseline = "none"\n')
    ended = build(*COMMAND)
    assert ended.code == 1
    assert "none: cannot be read" in ended.printed
    assert "Traceback" not in ended.printed


def test_what_was_accepted_before_does_not_stop_a_build(
    site: Any, build: Any, write: Any, trailer: str, rye: str
) -> None:
    site(trailer)
    assert build(sys.executable, "-m", "moderator", "scan", "docs", "--write-baseline", "known").code == 0
    write(".moderator.toml", 'baseline = "known"\n')
    ended = build(*COMMAND, "--strict")
    assert ended.code == 0, ended.printed
    write("docs/index.md", f"# Bread\n\n{rye}{trailer}")
    assert build(*COMMAND).code == 1


def test_a_preview_shows_the_page(site: Any, build: Any, tmp_path: Path, trailer: str) -> None:
    site(trailer)
    code = """if True:
        from mkdocs.commands.build import build
        from mkdocs.config import load_config
        config = load_config("mkdocs.yml")
        config.plugins.on_startup(command="serve", dirty=False)
        build(config)
    """
    ended = build(sys.executable, "-c", code)
    assert ended.code == 0, ended.printed
    assert (tmp_path / "site/deep/rye/index.html").exists()
