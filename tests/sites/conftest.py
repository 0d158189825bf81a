"""Sites that are built for real: what their pages say, and how a generator is run on them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
RYE = """Most rye recipes ask for three days of your attention. This one asks for ten minutes in the evening
and an hour the next morning, and the loaf keeps until Friday.

Stir everything with a wooden spoon until no dry flour is left. Rye has hardly any gluten, so there is
nothing to knead. Scrape the dough into a greased tin and cover it. Leave it in the kitchen overnight.

In the morning the surface shows small cracks. Bake it at 240 degrees for ten minutes and at 200 for
another fifty. Wait a day before you cut it, even though the smell makes that hard.
"""
TRAILER = "\nКазино Вулкан официальный сайт рабочее зеркало вход https://vulcan-zerkalo.example\n"


class Built(NamedTuple):
    """How a build ended, and all that it printed, without the line breaks that a terminal would want."""

    code: int
    printed: str


@pytest.fixture
def rye() -> str:
    """Return the text of a clean page."""
    return RYE


@pytest.fixture
def trailer() -> str:
    """Return an advert, as it is found at the end of pages."""
    return TRAILER


@pytest.fixture
def build(tmp_path: Path) -> Callable[..., Built]:
    """Return a function that runs a command in the folder of a site."""

    def run(*command: object, **environment: str) -> Built:
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
        own = {"PATH": path, "PYTHONPATH": str(ROOT), "COLUMNS": "400", "NO_COLOR": "1", "PYTHONWARNINGS": "ignore"}
        ran = subprocess.run(
            list(map(str, command)),
            cwd=tmp_path,
            env={**os.environ, **own, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=300,
        )
        return Built(ran.returncode, " ".join(ran.stdout.split()))

    return run


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    """Return a function that writes a file of the site."""

    def written(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return written
