"""Generators that are not written in Python: a scan before the build stops it; their content raises no false alarm."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

SITES = Path(__file__).parent


class Recipe(NamedTuple):
    """How a site is built, which programs that needs, a page that gets an advert, and what the build writes of it."""

    command: tuple[str, ...]
    needs: str
    page: str
    output: str


NPM = ("npm", "run", "build")
RECIPES = {
    "hugo": Recipe(("make",), "hugo", "content/posts/first-loaf.md", "public/posts/first-loaf/index.html"),
    "jekyll": Recipe(("make",), "jekyll", "_posts/2025-02-09-three-heaps.markdown", "_site/three-heaps*"),
    "eleventy": Recipe(NPM, "@11ty/eleventy", "content/blog/nets.md", "_site/blog/nets/index.html"),
    "hexo": Recipe(NPM, "hexo", "source/_posts/sleeper.md", "public/sleeper/index.html"),
    "astro": Recipe(NPM, "@astrojs/mdx", "src/content/blog/swifts.mdx", "dist/blog/swifts/index.html"),
}


@pytest.fixture(params=RECIPES)
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Recipe:
    """Return a recipe whose site has been copied, or skip where its generator is not installed."""
    recipe = RECIPES[request.param]
    shutil.copytree(SITES / request.param, tmp_path, dirs_exist_ok=True)
    program = recipe.command[0]
    if recipe.command == NPM:
        modules = Path(os.environ.get("MODERATOR_NODE_MODULES", "node_modules")).resolve()
        if not (modules / recipe.needs).is_dir():
            pytest.skip(f"needs {recipe.needs}: npm install it, and name the folder in MODERATOR_NODE_MODULES")
        (tmp_path / "node_modules").symlink_to(modules)
    else:
        program = recipe.needs
    if not shutil.which(program) or not shutil.which(recipe.command[0]):
        pytest.skip(f"needs {program} and {recipe.command[0]}")
    return recipe


@pytest.mark.parametrize("name", RECIPES)
def test_their_content_is_clean(run: Callable[..., Any], name: str) -> None:
    ended = run("scan", SITES / name)
    assert ended.code == 0, ended.out
    assert ended.out == ""


@pytest.mark.parametrize("name", RECIPES)
def test_an_advert_is_found_among_their_marks(run: Callable[..., Any], name: str, tmp_path: Path, trailer: str) -> None:
    page = shutil.copy(SITES / name / RECIPES[name].page, tmp_path)
    with Path(page).open("a", encoding="utf-8") as file:
        file.write(trailer)
    ended = run("scan", page)
    assert ended.code == 1
    assert len(ended.out.splitlines()) == 1


@pytest.mark.integration
def test_a_scan_before_the_build_stops_it(site: Recipe, build: Any, tmp_path: Path, trailer: str) -> None:
    page = tmp_path / site.page
    clean = page.read_text(encoding="utf-8")
    page.write_text(clean + trailer, encoding="utf-8")
    ended = build(*site.command)
    assert ended.code != 0
    assert f"{site.page}:" in ended.printed
    assert not list(tmp_path.glob(site.output))
    page.write_text(clean, encoding="utf-8")
    ended = build(*site.command)
    assert ended.code == 0, ended.printed
    assert list(tmp_path.glob(site.output)), ended.printed
