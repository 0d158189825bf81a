"""Pages in many languages that an advert was pasted to: a fix gives back the page as it was, byte for byte."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from moderator.cuts import without
from moderator.records import Span

PAGES = Path(__file__).parent / "pages"
ROWS, ROWS_OF_TRAILERS = (
    [json.loads(line) for line in (PAGES / f"{name}.jsonl").read_bytes().splitlines()] for name in ("fixes", "trailers")
)
ENDING = {"markdown": "md", "html": "html", "plain": "txt"}
LEAST_CUT = 14  # of the 24 trailers of the other pages
LEAST_FIXED = 20  # of the 24 pages; which ones are found sure enough changes with every model


def page(row: dict[str, Any], *, trailer: bool) -> str:
    """Return a page as an author wrote it, or with the advert that somebody pasted below."""
    text = [*row["paragraphs"], row["trailer"]] if trailer else row["paragraphs"]
    if row["media"] != "html":
        return "\n\n".join(text) + "\n"
    head, *body = (f"<p>{part}</p>\n" for part in text)
    head = head.replace("p>", "h1>")
    return f'<!DOCTYPE html>\n<html lang="{row["language"]}">\n<body>\n{head}{"".join(body)}</body>\n</html>\n'


def write(folder: Path, *, trailer: bool, newline: str = "\n") -> dict[str, bytes]:
    """Write all pages to a folder; return what they are without the advert."""
    clean = {}
    for row in ROWS:
        name = f"{row['language']}.{ENDING[row['media']]}"
        clean[name] = page(row, trailer=False).replace("\n", newline).encode()
        (folder / name).write_bytes(page(row, trailer=trailer).replace("\n", newline).encode())
    return clean


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_fix_gives_back_the_page_as_it_was(run: Callable[..., Any], tmp_path: Path, newline: str) -> None:
    clean = write(tmp_path, trailer=True, newline=newline)
    received = {name: (tmp_path / name).read_bytes() for name in clean}
    assert run("scan", "--fix", "--no-backup", tmp_path).code in (0, 1)
    after = {name: (tmp_path / name).read_bytes() for name in clean}
    assert {name for name in clean if after[name] not in (clean[name], received[name])} == set()
    assert sum(after[name] == clean[name] for name in clean) >= LEAST_FIXED
    assert run("scan", "--fix", "--no-backup", tmp_path).code in (0, 1)
    assert {name: (tmp_path / name).read_bytes() for name in clean} == after


def test_a_page_that_is_held_is_fixed_if_its_score_is_asked_for(run: Callable[..., Any], tmp_path: Path) -> None:
    clean = write(tmp_path, trailer=True)
    run("scan", "--fix", "--fix-at", "0.5", tmp_path)
    assert sum((tmp_path / name).read_bytes() == clean[name] for name in clean) >= LEAST_FIXED


def test_nothing_but_the_trailer_is_cut(run: Callable[..., Any], tmp_path: Path) -> None:
    trailers = ROWS_OF_TRAILERS
    for row in trailers:
        (tmp_path / row["file"]).write_bytes((PAGES / "trailers" / row["file"]).read_bytes())
    run("scan", "--fix", "--fix-at", "0.5", "--no-backup", tmp_path)
    fixed = 0
    for row in trailers:
        before = (PAGES / "trailers" / row["file"]).read_bytes().decode()
        after = (tmp_path / row["file"]).read_bytes().decode()
        page = without(before, [Span(*span) for span in row["spans"]])
        lines = iter(after.splitlines())
        assert all(line in lines for line in page.splitlines() if line.strip()), row["file"]  # in this order
        fixed += after.split() == page.split()
    assert fixed >= LEAST_CUT


def test_clean_pages_stay_as_they_are(run: Callable[..., Any], tmp_path: Path) -> None:
    clean = write(tmp_path, trailer=False)
    assert run("scan", "--fix", tmp_path).code == 0
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == clean
