"""Imports go downwards only, and third-party packages stay behind their walls."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import moderator

PACKAGE = Path(moderator.__file__).parent

# Lower layers first. A module may import from its own layer and from those above it in this list.
LAYERS = [
    {"records", "errors"},
    {"kernel", "text", "language", "addresses", "data"},
    {"segments"},
    {"features", "topics", "home", "profile", "store", "samples", "analysis", "cuts", "allow", "directives"}
    | {"identity"},
    {"duplicates", "curation"},
    {"detectors"},
    {"policy"},
    {"findings", "pipeline", "permit"},
    {"gate", "calibrate", "fix"},
    {"report"},
    {"explain", "diff"},
    {"scan", "survey", "readers", "rewrite", "git", "changes", "githooks", "formats", "train", "build"}
    | {"config", "house", "baseline"},
    {"evaluate", "hooks", "server"},
    {"integrations"},
    {"cli"},
    {"__main__"},
]
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}

WALLS = {
    "click": {"cli"},
    "langdetect": {"build"},
    "fontTools": {"build"},
    "sklearn": {"train", "evaluate"},
    "scipy": {"train"},
    "joblib": {"train"},
    "pathspec": {"readers"},
    "cleanlab": {"train"},
    "matplotlib": {"evaluate"},
    "django": {"integrations"},
    "django_comments": {"integrations"},
    "mkdocs": {"integrations"},
    "nikola": {"integrations"},
    "pelican": {"integrations"},
    "sphinx": {"integrations"},
    "uvicorn": {"server"},
    "uvloop": {"server"},
    "httptools": {"server"},
    "isso": {"integrations"},
}
# Imports that are allowed to be lazy are still imports: the whole tree is looked at.
MODULES = sorted(PACKAGE.rglob("*.py"))


def owner(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[0]


def imported(path: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.append(node.module)
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_downwards(path: Path) -> None:
    own = owner(path)
    if own == "__init__":
        return  # the composition root
    for name in imported(path):
        parts = name.split(".")
        if parts[0] == "moderator" and len(parts) > 1 and parts[1] in LEVEL:
            assert LEVEL[parts[1]] <= LEVEL[own], f"{own} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_third_parties_stay_behind_their_walls(path: Path) -> None:
    for name in imported(path):
        top = name.split(".")[0]
        if top in WALLS:
            assert owner(path) in WALLS[top], f"{owner(path)} imports {top}"


@pytest.mark.parametrize("path", sorted((PACKAGE / "integrations").rglob("*.py")), ids=lambda p: p.stem)
def test_a_plugin_imports_the_framework_that_it_is_for(path: Path) -> None:
    own = path.relative_to(PACKAGE / "integrations").with_suffix("").parts[0]
    frameworks = {name for name, owners in WALLS.items() if owners == {"integrations"}}
    tops = {name.split(".")[0].removesuffix("_comments") for name in imported(path)}
    assert tops & frameworks <= {own}


def test_every_module_has_a_layer() -> None:
    assert {owner(path) for path in MODULES} - {"__init__"} <= LEVEL.keys()


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import moderator", {"numpy", "click", "sklearn", "langdetect", "scipy", "joblib"}),
        ("import moderator; moderator.load().check('a')", {"click", "sklearn", "langdetect", "scipy", "joblib"}),
        ("from moderator import hooks", {"numpy", "click", "sklearn", "langdetect", "scipy", "joblib"}),
        ("import moderator.cli.main", {"numpy", "sklearn", "langdetect", "scipy", "joblib"}),
    ],
)
def test_imports_are_light(statement: str, absent: set[str]) -> None:
    code = f"import sys; {statement}; print(*{{m.split('.')[0] for m in sys.modules}})"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    assert not loaded & absent
