"""Pelican builds a site: not at all with an advert in it, or without the page that has one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

# Looked for, not imported: tests that measure memory run in this process as well.
pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not (find_spec("pelican") and find_spec("markdown")), reason="needs pelican and markdown"),
]
COMMAND = (sys.executable, "-m", "pelican", "content", "-s", "pelicanconf.py", "-o", "output")
CONFIGURATION = """
PLUGINS = ["moderator.integrations.pelican"]
MODERATOR = {settings!r}
SITEURL = ""
FEED_ALL_ATOM = "feeds/all.atom.xml"
"""
ARTICLE = "Title: {title}\nDate: 2025-03-02\nTags: bread\nLang: {lang}\nSlug: {slug}\n\n{text}"


@pytest.fixture
def site(write: Callable[[str, str], Path], rye: str) -> Callable[..., None]:
    """Return a function that writes a site of four pages, one of them with what is added to it."""

    def written(added: str, **settings: Any) -> None:
        write("pelicanconf.py", CONFIGURATION.format(settings=settings))
        write("content/rye.md", ARTICLE.format(title="A rye loaf", lang="en", slug="rye", text=rye + added))
        write("content/oven.md", ARTICLE.format(title="An oven", lang="en", slug="oven", text=rye))
        write("content/pages/about.rst", f"About\n#####\n\n:slug: about\n\n{rye}")
        write("content/pages/draft.rst", f"Notes\n#####\n\n:slug: notes\n:status: draft\n\n{rye}")

    return written


def test_a_clean_site_is_built(site: Any, build: Any, tmp_path: Path) -> None:
    site("")
    ended = build(*COMMAND)
    assert ended.code == 0, ended.printed
    assert "moderator" not in ended.printed
    assert {path.name for path in tmp_path.glob("output/*.html")} >= {"rye.html", "oven.html"}


def test_an_advert_stops_the_build_before_anything_is_written(
    site: Any, build: Any, tmp_path: Path, trailer: str
) -> None:
    site(trailer)
    ended = build(*COMMAND)
    assert ended.code == 1
    assert "content/rye.md:16:1 reject model/" in ended.printed
    assert "1 page should not be published as it is" in ended.printed
    assert not list(tmp_path.glob("output/**/*.html"))


def test_a_second_build_stops_as_well(site: Any, build: Any, write: Any, trailer: str) -> None:
    site(trailer)
    caches = "\nLOAD_CONTENT_CACHE = CACHE_CONTENT = True\nCONTENT_CACHING_LAYER = 'generator'\n"
    write("pelicanconf.py", CONFIGURATION.format(settings={}) + caches)
    assert [build(*COMMAND).code for _ in range(2)] == [1, 1]


def test_a_page_may_be_left_out(site: Any, build: Any, tmp_path: Path, trailer: str) -> None:
    site(trailer, then="skip")
    ended = build(*COMMAND)
    assert ended.code == 0, ended.printed
    assert "rye.md is left out of the site" in ended.printed
    names = {path.name for path in tmp_path.glob("output/**/*.html")}
    assert {"oven.html", "about.html"} <= names
    assert "rye.html" not in names
    for path in (*tmp_path.glob("output/**/*.html"), *tmp_path.glob("output/**/*.xml")):
        assert "A rye loaf" not in path.read_text(encoding="utf-8"), path


def test_a_translation_may_be_left_out(
    site: Any, build: Any, tmp_path: Path, write: Any, trailer: str, rye: str
) -> None:
    site("", then="skip")
    write("content/rye-de.md", ARTICLE.format(title="Roggenbrot", lang="de", slug="rye", text=rye + trailer))
    assert build(*COMMAND).code == 0
    assert "rye-de.html" not in (tmp_path / "output/rye.html").read_text(encoding="utf-8")
    assert not (tmp_path / "output/rye-de.html").exists()


@pytest.mark.parametrize("name", ["content/pages/draft.rst", "content/pages/about.rst"])
def test_pages_and_drafts_are_judged(site: Any, build: Any, tmp_path: Path, name: str, trailer: str) -> None:
    site("")
    with (tmp_path / name).open("a", encoding="utf-8") as file:
        file.write(trailer)
    ended = build(*COMMAND)
    assert (ended.code, f"{name}:" in ended.printed) == (1, True)


@pytest.mark.parametrize("settings", [{"fail_on": "never"}, {"exclude": ["rye*"]}])
def test_a_page_may_be_let_through(site: Any, build: Any, settings: dict[str, Any], trailer: str) -> None:
    site(trailer, **settings)
    ended = build(*COMMAND)
    assert ended.code == 0
    assert ("rye.md:16:1" in ended.printed) == ("fail_on" in settings)


def test_what_is_configured_counts_and_what_the_plugin_is_given_wins(
    site: Any, build: Any, write: Any, trailer: str
) -> None:
    site(trailer)
    write(".moderator.toml", 'fail-on = "never"\n')
    loose = build(*COMMAND)
    assert loose.code == 0, loose.printed
    assert "content/rye.md:16:1 reject model/" in loose.printed
    for settings in ({"fail_on": "reject"}, {"config": False}):
        site(trailer, **settings)
        assert build(*COMMAND).code == 1
    site(trailer)
    write("content/.moderator.toml", 'exclude = ["rye.md"]\n')  # nearer to what is judged
    ended = build(*COMMAND)
    assert (ended.code, "rye.md" in ended.printed) == (0, False)
    write("content/.moderator.toml", 'fail_on = "reject"\n')
    ended = build(*COMMAND)
    assert ended.code == 1
    assert ".moderator.toml:1: unknown key 'fail_on': did you mean 'fail-on'?" in ended.printed


def test_a_page_may_say_what_is_meant_to_be_there(site: Any, build: Any, write: Any, trailer: str) -> None:
    site(f"\n<!-- moderator: allow an example -->\n{trailer.strip()}\n")
    ended = build(*COMMAND)
    assert ended.code == 0, ended.printed
    write(".moderator.toml", "directives = false\n")
    assert build(*COMMAND).code == 1


@pytest.mark.parametrize("settings", [{"fail": "hold"}, {"fail_on": "spam"}, {"model": "nowhere"}])
def test_settings_that_make_no_sense_stop_the_build(site: Any, build: Any, settings: dict[str, Any]) -> None:
    site("", **settings)
    ended = build(*COMMAND)
    assert ended.code == 1
    assert "moderator: " in ended.printed or "failure model: " in ended.printed


def test_a_file_that_cannot_be_read_stops_the_build(site: Any, tmp_path: Path) -> None:
    from moderator.integrations.pages import Settings, failing

    path = tmp_path / "a.md"
    path.write_bytes(b"caf\xe9")
    assert failing(Settings().of_file(str(path)))
    assert not failing(Settings(on_error="publish").of_file(str(path)))
