"""`moderator explain`: the text with what was found in it, and a column that adds up."""

from __future__ import annotations

import json
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
        "line  lang kind       topic  score │",
        "   1  en   paragraph     0%   0.7% │ The oven is hot.",
        "   2                               │",
        f"   3  en   paragraph     0%  50.0% ┃ ⟦{LINKS}⟧",
        "",
        "3:1  hold  2 links to other sites",
        "",
        "   -5.0000  bias",
        "   +5.0000  links/count            0.5000  2 links to other sites",
        "   +0.0000  log-odds that line 3 should not be published: score 0.500000",
        "            held from 0.400000, rejected from 0.900000",
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
    assert "│ The oven is hot.\n\n   -5.0000  bias\n" in out
    assert "⟦" not in out


def test_a_long_clean_text_is_folded(run: Callable[..., Any], counting: str) -> None:
    page = b"word " * 10_000 + b"\n\n" + LINKS.encode()
    out = run("explain", "--model", counting, stdin=page).out
    assert re.search(r"^ +\.\.\. [\d,]+ more lines \.\.\.$", out, re.MULTILINE)
    assert len(out) < 3000
    out = run("explain", "--full", "--model", counting, stdin=page).out
    assert "more lines" not in out
    assert out.count("word") == 10_000


def test_what_came_with_a_comment_is_shown(run: Callable[..., Any], counting: str) -> None:
    row = {"text": "Hi.", "author": "Jo\x1b[1m", "url": "https://jo.example", "context": "Rye bread\n\nfor beginners"}
    out = run("explain", "--model", counting, stdin=json.dumps(row).encode()).out
    assert out.startswith(
        "author  Jo\\x1b[1m\nsite    https://jo.example\nunder   Rye bread for beginners\n\n"
        "line  lang kind       topic  score │\n   1  -    comment        -   0.7% │ Hi.\n"
    )


def test_the_same_as_an_html_page(run: Callable[..., Any], counting: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"The oven is hot.\n\n{LINKS}\n", encoding="utf-8")
    printed = run("explain", page, "--model", counting, "--format", "html")
    assert (printed.code, printed.err) == (0, "")
    assert printed.out.startswith("<!doctype html>\n")
    assert f"<mark>{LINKS}</mark>" in printed.out
    out = tmp_path / "page.html"
    assert run("explain", page, "--model", counting, "--format", "html", "--out", out) == (0, "", "")
    assert out.read_text(encoding="utf-8") == printed.out


def test_the_same_as_json(run: Callable[..., Any], counting: str) -> None:
    shown = run("explain", "--model", counting, "--format", "json", stdin=f"The oven is hot.\n\n{LINKS}\n".encode())
    verdict = json.loads(run("check", "--model", counting, stdin=f"The oven is hot.\n\n{LINKS}\n".encode()).out)
    data = json.loads(shown.out)
    assert {key: data[key] for key in verdict} == verdict
    assert (data["hold"], data["reject"], data["worst"]) == (0.4, 0.9, 1)
    assert data["segments"][1] == {
        "start": 18, "end": 18 + len(LINKS), "line": 3, "kind": "paragraph", "language": "en", "script": "Latn",
        "hidden": False, "trailing": False, "share": 0.0, "score": 0.5,
    }  # fmt: skip


def test_a_place_that_cannot_be_written_is_3(run: Callable[..., Any], counting: str, tmp_path: Path) -> None:
    ended = run("explain", "--model", counting, "--out", tmp_path / "none" / "a.html", stdin=b"Hi.")
    assert ended.code == 3
    assert "cannot be written: No such file" in ended.err


def test_text_in_a_file_has_no_colours(run: Callable[..., Any], counting: str, tmp_path: Path) -> None:
    assert run("explain", "--model", counting, "--out", tmp_path / "a.txt", stdin=LINKS.encode()).out == ""
    shown = (tmp_path / "a.txt").read_text(encoding="utf-8")
    assert f"⟦{LINKS}⟧" in shown
    assert "\x1b" not in shown


def test_a_json_object_is_a_record(run: Callable[..., Any], counting: str) -> None:
    assert "comment        -   0.7% │ Hi.\n" in run("explain", "--model", counting, stdin=b'{"text": "Hi."}').out


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
