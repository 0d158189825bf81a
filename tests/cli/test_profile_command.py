"""`moderator profile`: what is learned, what is said, and what a profile does to the other commands."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from moderator.profile import read

OUT = ".moderator-profile.json"
PAGES = (
    "Our orchard society meets every second Wednesday in the old vicarage.\n\nBring apples, we press them together.\n",
    "The children learn how to set up a ladder.\n\nSee [the list](https://orchards.example.org/list) of old sorts.\n",
    "Last year the frost caught the cherry blossom.\n\nSee [the map](https://orchards.example.org/map) of hollows.\n",
)
FOREIGN = "Ремонт окон и балконов по низким ценам, мастер выезжает бесплатно по всему городу."
SHORT = f"Our library opens at eight on Saturdays.\n\n{FOREIGN}\n"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a site, which is the current one: thirty pages, comments, an ignored file."""
    content = tmp_path / "content"
    content.mkdir()
    for number in range(30):
        (content / f"page-{number:02}.md").write_text(PAGES[number % 3], encoding="utf-8")
    (content / "comments.jsonl").write_text(json.dumps({"text": FOREIGN}) + "\n", encoding="utf-8")
    (content / ".draft.md").write_text(FOREIGN, encoding="utf-8")
    (tmp_path / "short.md").write_text(SHORT, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_build_and_show(run: Callable[..., Any], site: Path) -> None:
    assert run("profile", "build", "content") == (
        0,
        "",
        f"{OUT}: 30 pages\nleft out: 1 comment\nuse it: moderator scan --profile {OUT} ...\n",
    )
    shown = run("profile", "show", OUT)
    assert shown.code == 0
    assert shown.out.splitlines() == [
        "30 pages: counts for 60% of what the profile of a large site does",
        "",
        "languages, their share of the letters, and the pages they are on",
        " 100.0%       30  English",
        "",
        "scripts, their share of the letters, and the pages they are on",
        " 100.0%       30  Latin",
        "",
        "hosts that pages link to: 1",
        "     20  orchards.example.org",
    ]


def test_the_same_pages_give_the_same_bytes(run: Callable[..., Any], site: Path) -> None:
    found = []
    for name in ("a.json", "b.json"):
        assert run("profile", "build", "content", "--out", name, "--quiet") == (0, "", "")
        found.append((site / name).read_bytes())
    assert found[0] == found[1]


def test_scan_check_and_explain_use_it(run: Callable[..., Any], site: Path) -> None:
    run("profile", "build", "content")
    before, after = (json.loads(run("check", "short.md", *more).out)["score"] for more in ((), ("--profile", OUT)))
    assert after > before
    lines = run("scan", "short.md", "--format", "jsonl", "--profile", OUT).out
    assert json.loads(lines)["score"] == after
    assert "in Russian on a site in English" in run("explain", "short.md", "--profile", OUT).out


def test_what_cannot_be_read_is_said_and_left_out(run: Callable[..., Any], site: Path) -> None:
    (site / "content" / "broken.md").write_bytes(b"Cr\xe8me")
    ended = run("profile", "build", "content")
    assert ended.code == 3
    assert "content/broken.md: not UTF-8" in ended.err
    assert "left out: 1 file that could not be read or judged" in ended.err
    assert read(site / OUT).pages == 30


def test_spam_is_left_out_and_counted(run: Callable[..., Any], site: Path) -> None:
    advert = "Лучшее онлайн казино с бонусами за регистрацию: http://kazino-bonus.example"
    for number in range(4):
        page = site / "content" / f"page-{number:02}.md"
        page.write_text("\n\n".join((*PAGES, *PAGES, advert)), encoding="utf-8")
    assert "left out: 4 parts of 4 pages that look like spam" in run("profile", "build", "content").err
    assert list(read(site / OUT).scripts) == ["Latn"]


def test_nothing_to_learn_from_is_3_and_writes_nothing(run: Callable[..., Any], site: Path) -> None:
    ended = run("profile", "build", "content/comments.jsonl")
    assert (ended.code, ended.out) == (3, "")
    assert "no pages to learn from" in ended.err
    assert not (site / OUT).exists()


def test_comments_are_pages_if_that_is_said(run: Callable[..., Any], site: Path) -> None:
    assert run("profile", "build", "content/comments.jsonl", "--kind", "page").code == 0
    assert list(read(site / OUT).languages) == ["ru"]


@pytest.mark.parametrize("command", ["scan", "check", "explain"])
def test_a_wrong_profile_is_3_and_named(run: Callable[..., Any], site: Path, command: str) -> None:
    (site / "bad.json").write_text('{"format": 1, "pages": "many"}', encoding="utf-8")
    ended = run(command, "short.md", "--profile", "bad.json")
    assert (ended.code, ended.out) == (3, "")
    assert ended.err == "error: bad.json: languages is missing\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("scan", "short.md", "--profile", "nowhere.json"),
        ("profile", "show", "nowhere.json"),
        ("profile", "build"),
        ("profile", "build", "content", "--out", "content"),
    ],
)
def test_wrong_usage_is_2(run: Callable[..., Any], site: Path, arguments: tuple[str, ...]) -> None:
    assert run(*arguments).code == 2


def test_a_folder_that_is_not_there_is_3(run: Callable[..., Any], site: Path) -> None:
    assert run("profile", "build", "content", "--out", "no/such/file.json").err.startswith(
        "error: no/such/file.json: cannot be written"
    )
    assert run("profile", "build", "nowhere").code == 3


def test_progress_is_shown_on_a_terminal_only(site: Path) -> None:
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "moderator", "profile", "build", "content"]
    environment = {**os.environ, "TERM": "xterm"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=slave, env=environment) as process:
        os.close(slave)
        assert process.wait() == 0
        shown = os.read(master, 10_000)
        os.close(master)
    assert b"\x1b[K" in shown
    silent = subprocess.run(command, capture_output=True, env=environment, check=True)
    assert b"\x1b" not in silent.stderr
