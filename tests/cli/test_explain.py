"""`moderator explain`: the text with what was found in it, and a column that adds up."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

LINKS = "See http://one.example/ and http://two.example/ now."


def test_what_was_found_is_marked_and_explained(run: Callable[..., Any], counting: str) -> None:
    ended = run("explain", "--model", counting, stdin=f"The oven is hot.\n\n{LINKS}\n".encode())
    assert ended.err == ""
    assert ended.out.splitlines() == [
        "The oven is hot.",
        "",
        f"⟦{LINKS}⟧",
        "",
        "3:1  hold  2 links to other sites",
        "",
        "   -5.0000  bias",
        "   +5.0000  links/count            0.5000  2 links to other sites",
        "   +0.0000  log-odds that it should not be published: score 0.500000",
        f"hold  (model {Path(counting).name}, policy {Path(counting).name})",
    ]


def test_explaining_is_not_failing(run: Callable[..., Any], counting: str) -> None:
    assert run("explain", "--model", counting, stdin=LINKS.encode()).code == 0


def test_the_column_of_the_model_that_ships_adds_up(run: Callable[..., Any]) -> None:
    out = run("explain", stdin=f"The oven is hot.\n\n{LINKS} Casino!\n".encode()).out
    *parts, total = [float(number) for number in re.findall(r"^ +([+-]\d+\.\d{4})  ", out, re.MULTILINE)]
    assert len(parts) > 1
    assert sum(parts) == pytest.approx(total, abs=5e-5)


def test_a_clean_text_is_shown_without_marks(run: Callable[..., Any], counting: str) -> None:
    out = run("explain", "--model", counting, stdin=b"The oven is hot.").out
    assert out.startswith("The oven is hot.\n\n   -5.0000  bias\n")
    assert "⟦" not in out


def test_a_long_clean_text_is_cut(run: Callable[..., Any], counting: str) -> None:
    out = run("explain", "--model", counting, stdin=b"word " * 10_000 + b"\n\n" + LINKS.encode()).out
    assert "[48002 characters]" in out
    assert len(out) < 3000


def test_a_json_object_is_a_record(run: Callable[..., Any], counting: str) -> None:
    assert run("explain", "--model", counting, stdin=b'{"text": "Hi."}').out.startswith("Hi.\n")


def test_no_colours_where_no_terminal_is(run: Callable[..., Any], counting: str) -> None:
    out = run("explain", "--model", counting, stdin=f"\x1b[31m{LINKS}".encode()).out
    assert "\x1b" not in out
    assert "\\x1b[31m" in out


def test_a_missing_file_is_3(run: Callable[..., Any]) -> None:
    ended = run("explain", "nowhere.md")
    assert (ended.code, ended.out) == (3, "")
    assert ended.err.startswith("error: nowhere.md: ")


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_marks_are_written_where_the_locale_has_none(counting: str, encoding: str) -> None:
    command = (sys.executable, "-m", "moderator", "explain", "--model", counting)
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    ended = subprocess.run(command, input=LINKS.encode(), capture_output=True, env=environment, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert "⟦" in ended.stdout.decode()
