"""`moderator scan --fix` and `--diff`: what becomes of files, what is shown, how it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

CLEAN = "The dough rests for an hour, then it goes into the oven.\n"


def linked(count: int) -> str:
    return "Casino: " + " and ".join(f"http://slots{n}.example/play" for n in range(count)) + "\n"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a clean page and two with an advert, which is the current one."""
    (tmp_path / "clean.md").write_text(CLEAN, encoding="utf-8", newline="")
    (tmp_path / "held.txt").write_text(f"{CLEAN}\n{linked(2)}", encoding="utf-8", newline="")
    (tmp_path / "page.md").write_text(f"# Bread\n\n{CLEAN}\n{linked(8)}", encoding="utf-8", newline="")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_only_what_is_rejected_is_cut_and_kept_beside(run: Callable[..., Any], counting: str, site: Path) -> None:
    before = contents(site)
    ended = run("scan", "--fix", ".", "--model", counting)
    assert ended.code == 1  # something is held, and stays
    page = os.path.join(".", "page.md")
    assert ended.out.splitlines()[1:] == [
        f"{page}:5:1  reject  links/count  8 links to other sites",
        f"{page}  fixed  {len(linked(8)) + 1} characters cut; as it was: {page[2:]}.bak",
    ]
    assert ended.err == "3 documents: 1 to reject, 1 to hold, 1 fixed\n"
    after = {**before, "page.md": f"# Bread\n\n{CLEAN}".encode(), "page.md.bak": before["page.md"]}
    assert contents(site) == after
    assert run("scan", "--fix", ".", "--model", counting).err == "3 documents: 1 to hold\n"
    assert contents(site) == after


def test_what_was_cut_does_not_count(run: Callable[..., Any], counting: str, site: Path) -> None:
    assert run("scan", "--fix", "page.md", "--model", counting).code == 0


def test_a_score_can_be_asked_for(run: Callable[..., Any], counting: str, site: Path) -> None:
    assert run("scan", "--fix", "--fix-at", "0.4", "--no-backup", ".", "--model", counting).code == 0
    assert contents(site) == {
        "clean.md": CLEAN.encode(), "held.txt": CLEAN.encode(), "page.md": f"# Bread\n\n{CLEAN}".encode(),
    }  # fmt: skip


def test_a_diff_alone_changes_nothing(run: Callable[..., Any], counting: str, site: Path) -> None:
    before = contents(site)
    ended = run("scan", "--diff", "page.md", "--model", counting)
    assert ended.code == 1
    assert ended.out.splitlines()[1:] == [
        "--- page.md", "+++ page.md", "@@ -1,5 +1,3 @@", " # Bread", " ", f" {CLEAN.strip()}", "-",
        f"-{linked(8).strip()}",
    ]  # fmt: skip
    assert contents(site) == before
    shown = run("scan", "--diff", "--fix", "page.md", "--model", counting).out
    assert shown.splitlines()[2:] == ended.out.splitlines()[1:]


def test_standard_input_can_be_shown_but_not_fixed(run: Callable[..., Any], counting: str) -> None:
    text = f"{CLEAN}\n{linked(8)}".encode()
    refused = run("scan", "--fix", "-", stdin=text)
    assert refused.code == 2
    assert "moderator scan --diff -" in refused.err
    assert f"-{linked(8)}" in run("scan", "--diff", "-", "--model", counting, stdin=text).out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--fix", "some.jsonl"), "not for JSON Lines"),
        (("--no-backup", "page.md"), "needs --fix"),
        (("--fix-at", "0.5", "page.md"), "needs --fix or --diff"),
        (("--fix", "--fix-at", "0", "page.md"), "not in the range"),
    ],
)
def test_wrong_usage_is_told(run: Callable[..., Any], site: Path, arguments: tuple[str, ...], told: str) -> None:
    ended = run("scan", *arguments)
    assert ended.code == 2
    assert told in ended.err


def test_what_is_spam_as_a_whole_stays_and_is_told(run: Callable[..., Any], counting: str, site: Path) -> None:
    (site / "page.md").write_text(linked(8), encoding="utf-8")
    (site / "more.jsonl").write_text(json.dumps({"text": linked(8)}) + "\n", encoding="utf-8")
    before = contents(site)
    ended = run("scan", "--fix", ".", "--model", counting)
    assert "page.md:1:1  not cut  the page is spam as a whole" in ended.out
    assert "more.jsonl:1:1:1  not cut  it is in JSON Lines" in ended.out
    assert "not cut  a comment" in run("scan", "--diff", "--kind", "comment", "page.md", "--model", counting).out
    assert (ended.code, contents(site)) == (1, before)


@pytest.mark.skipif(os.name == "nt", reason="modes and links")
def test_a_file_that_cannot_be_written_is_3_and_the_others_are(
    run: Callable[..., Any], counting: str, site: Path
) -> None:
    (site / "page.md").chmod(0o444)
    inside = site / "in"
    inside.mkdir()
    (inside / "link.md").symlink_to("../page.md")
    (inside / "z.md").write_bytes((site / "page.md").read_bytes())
    ended = run("scan", "--fix", "in", "--model", counting)
    assert ended.code == 3
    assert "link.md  failure  fix: a link that leads out of what is scanned" in ended.out
    assert (inside / "z.md").read_bytes() == f"# Bread\n\n{CLEAN}".encode()
    ended = run("scan", "--fix", "page.md", "--model", counting)
    assert "page.md  failure  fix: it is read-only" in ended.out
    assert ended.err == "1 document: 1 to reject, 1 could not be fixed\n"


def test_a_file_that_is_given_twice_is_fixed_once(run: Callable[..., Any], counting: str, site: Path) -> None:
    ended = run("scan", "--fix", "page.md", ".", "./page.md", "--fail-on", "never", "--model", counting)
    assert (ended.code, ended.err) == (0, "3 documents: 1 to reject, 1 to hold, 1 fixed\n")


def test_encoding_mark_and_newlines_are_kept(run: Callable[..., Any], counting: str, site: Path) -> None:
    text = f"Grüße\r\n{CLEAN}\r\n{linked(8)}"
    (site / "page.md").write_bytes(b"\xff\xfe" + text.encode("utf-16-le"))
    (site / "held.txt").write_bytes(text.encode("latin-1"))
    assert run("scan", "--fix", "page.md", "--model", counting).code == 0
    assert (site / "page.md").read_bytes() == b"\xff\xfe" + f"Grüße\r\n{CLEAN}".encode("utf-16-le")
    assert run("scan", "--fix", "--encoding", "latin-1", "held.txt", "--model", counting).code == 0
    assert (site / "held.txt").read_bytes() == f"Grüße\r\n{CLEAN}".encode("latin-1")


def test_json_says_what_was_cut_only_if_asked(run: Callable[..., Any], counting: str, site: Path) -> None:
    (plain,) = map(json.loads, run("scan", "page.md", "--format", "jsonl", "--model", counting).out.splitlines())
    assert not plain.keys() & {"fixed", "backup", "cut", "not_cut"}
    (row,) = map(
        json.loads, run("scan", "--diff", "page.md", "--format", "jsonl", "--model", counting).out.splitlines()
    )
    text = (site / "page.md").read_text(encoding="utf-8")
    start = len("# Bread\n\n" + CLEAN)
    cut = {"start": start, "end": len(text), "line": 4, "column": 1, "end_line": 5, "end_column": len(linked(8))}
    assert row == {**plain, "fixed": False, "backup": None, "cut": [cut], "not_cut": []}
    command = ("scan", "--fix", ".", "--format", "jsonl", "--model", counting)
    rows = [json.loads(line) for line in run(*command).out.splitlines()]
    assert [(one["path"], one["fixed"], one["backup"]) for one in rows] == [
        ("./clean.md", False, None), ("./held.txt", False, None), ("./page.md", True, "page.md.bak"),
    ]  # fmt: skip


@pytest.mark.skipif(os.name == "nt", reason="terminals")
@pytest.mark.parametrize(("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_a_diff_has_colours_on_a_terminal(
    counting: str, site: Path, environment: dict[str, str], coloured: bool
) -> None:
    import pty

    (site / "page.md").write_text(f"{CLEAN}\n\x1b[5m{linked(8)}", encoding="utf-8")
    ours, theirs = pty.openpty()
    command = (sys.executable, "-m", "moderator", "scan", "--diff", "page.md", "--model", counting)
    kept = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
    subprocess.run(command, stdout=theirs, stderr=subprocess.DEVNULL, env={**kept, "TERM": "xterm", **environment})
    os.close(theirs)
    with open(ours, "rb", buffering=0) as file:
        shown = file.read(65536)
    assert (b"\x1b[31m-\\x1b[5mCasino" in shown) == coloured
    assert b"\x1b[5m" not in shown
