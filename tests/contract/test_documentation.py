"""Documentation that is true: commands that exist, keys that are there, links that lead somewhere."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from moderator.cli.main import COMMANDS, cli
from moderator.pipeline import Moderator
from moderator.report import to_json
from moderator.samples import DOCUMENT_KEYS

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(p for p in (*ROOT.glob("*.md"), *ROOT.glob("*/README.md")))


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def block(text: str, name: str) -> str:
    """Return what stands between the marks of a part that is kept up to date."""
    found = re.search(rf"<!-- {name} -->\n(.*)<!-- /{name} -->", text, re.DOTALL)
    assert found, f"no part {name}"
    return found[1]


def test_ci_sets_up_and_tests_as_the_readme_says() -> None:
    command = next(line for line in read("README.md").splitlines() if "pytest" in line and "venv" in line)
    assert f"\n{command}\n" in read(".ci/run")


def test_the_readme_shows_what_the_tour_prints() -> None:
    command = [sys.executable, "-m", "moderator", "scan", "samples/tour", "--fail-on", "never"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=True)
    assert block(read("README.md"), "tour") == f"```text\n{run.stdout}{run.stderr}```\n"


def test_the_readme_shows_the_margin_that_is_printed() -> None:
    command = [sys.executable, "-m", "moderator", "explain", "samples/tour/rye-bread.md", "--full"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=True)
    rows = run.stdout.split("\n\n")[0].splitlines()
    shown = [rows[0], *rows[next(i for i, row in enumerate(rows) if row.startswith("  32")) :]]
    assert block(read("README.md"), "margin") == "\n".join(["```text", *shown, "```", ""])


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_an_example_and_is_in_the_readme(name: str) -> None:
    shown = CliRunner().invoke(cli, [name, "--help"])
    assert shown.exit_code == 0
    assert f"Example: moderator {name}" in shown.output
    assert f"moderator {name} " in read("README.md")


def test_every_command_of_the_readme_exists() -> None:
    names = set(re.findall(r"^(?:\S*/)?moderator (\w+)", read("README.md"), re.MULTILINE))
    assert names <= COMMANDS.keys()


def test_every_key_is_in_the_readme(moderator: Moderator) -> None:
    verdict = moderator.check("Buy cheap watches http://cheap-watches.example http://b.example", author="Cheap Watches")
    data = json.loads(json.dumps(to_json(verdict, "text", path="a", line=1)))
    keys = {*data, *DOCUMENT_KEYS}
    for name in ("findings", "contributions"):
        assert data[name]
        keys |= data[name][0].keys()
    missing = {key for key in keys if f"`{key}`" not in read("README.md")}
    assert not missing


def test_every_code_is_in_the_readme_of_the_package(moderator: Moderator) -> None:
    shown = block(read("moderator/README.md"), "codes")
    for detector in moderator.detectors:
        assert f"| `{detector.name}` | " + ", ".join(f"`{code}`" for code in detector.codes) + " |" in shown


def test_every_benchmark_is_in_the_readme_of_the_tests() -> None:
    shown = block(read("tests/README.md"), "benchmarks")
    for path in (ROOT / "tests/benchmarks").glob("[!_]*.py"):
        assert f"`{path.name}`" in shown


def test_the_python_of_the_readme_runs() -> None:
    for code in re.findall(r"```python\n(.*?)```", read("README.md"), re.DOTALL):
        exec(compile(code, "README.md", "exec"), {})


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), target
