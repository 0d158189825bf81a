"""`moderator scan`: what is read, what is printed, how it ends."""

from __future__ import annotations

import json
import math
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

COMMAND = (sys.executable, "-m", "moderator", "scan")
CLEAN = "The dough rests for an hour, then it goes into the oven.\n"


def linked(count: int) -> str:
    return "Casino: " + " and ".join(f"http://slots{n}.example/play" for n in range(count)) + "\n"


def lines(*texts: str) -> bytes:
    return b"".join(json.dumps({"text": text}).encode() + b"\n" for text in texts)


def results(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with clean texts, which is the current one."""
    (tmp_path / "b").mkdir()
    for name in ("c.md", "a.html", "b/z.txt", "b/a.markdown", "image.png", "code.py"):
        (tmp_path / name).write_text(CLEAN, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


# How it ends


def test_the_model_that_ships_tells_a_comment_from_an_advert(run: Callable[..., Any]) -> None:
    advert = "Best online casino bonus! " + " ".join(
        f'<a href="http://casino{n}-slots.example/">free spins casino viagra</a>' for n in range(9)
    )
    ended = run("scan", "-", "--format", "jsonl", stdin=lines("Thank you, the second recipe worked for me.", advert))
    assert [row["action"] == "publish" for row in results(ended.out)] == [True, False]
    assert ended.code == 1


def test_clean_is_0(run: Callable[..., Any], site: Path) -> None:
    ended = run("scan", ".")
    assert ended == (0, "", "4 documents: nothing to object to\n")


@pytest.mark.parametrize(
    ("links", "level", "code"),
    [
        (1, "hold", 0),
        (2, "hold", 1),
        (2, "reject", 0),
        (8, "reject", 1),
        (8, "hold", 1),
        (8, "never", 0),
    ],
)
def test_fail_on(run: Callable[..., Any], counting: str, links: int, level: str, code: int) -> None:
    assert run("scan", "-", "--model", counting, "--fail-on", level, stdin=lines(linked(links))).code == code


def test_what_is_flagged_is_1_by_default(run: Callable[..., Any], counting: str) -> None:
    ended = run("scan", "-", "--model", counting, stdin=lines(CLEAN, linked(2), linked(8)))
    assert ended.code == 1
    assert ended.err == "3 documents: 1 to reject, 1 to hold\n"


@pytest.mark.parametrize("arguments", [(), ("--fail-on", "always", "x"), ("--format", "xml", "x"), ("--nosuch",)])
def test_wrong_usage_is_2_and_names_the_next_command(run: Callable[..., Any], arguments: tuple[str, ...]) -> None:
    ended = run("scan", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert "Try 'moderator scan --help' for help." in ended.err


def test_nothing_to_scan_says_how(run: Callable[..., Any]) -> None:
    assert "moderator scan content/" in run("scan").err


def test_what_fails_is_3_even_beside_what_is_flagged(run: Callable[..., Any], counting: str) -> None:
    ended = run("scan", "-", "--model", counting, stdin=lines(linked(8)) + b"{\n" + lines(CLEAN))
    assert ended.code == 3
    assert "-:2  failure  input: not JSON" in ended.out
    assert ended.err == "3 documents: 1 to reject, 1 to hold, 1 could not be judged in full\n"


def test_a_folder_without_a_model_is_3(run: Callable[..., Any], site: Path) -> None:
    ended = run("scan", "c.md", "--model", "b")
    assert ended.code == 3
    assert ended.err.startswith(f"error: {Path('b', 'manifest.json')} cannot be read")


def test_a_bug_is_3_and_says_so(run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("no luck")

    monkeypatch.setattr("moderator.cli.scan.load", broken)
    monkeypatch.delenv("MODERATOR_DEBUG", raising=False)
    ended = run("scan", "-")
    assert ended.code == 3
    assert ended.err.startswith("error: a bug in moderator: ZeroDivisionError: no luck")


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_interrupted_is_130(counting: str) -> None:
    command = (*COMMAND, "-", "--format", "jsonl", "--model", counting)
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    # A job in the background of a shell ignores the signal, and hands that down.
    with subprocess.Popen(command, **pipes, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(lines(CLEAN))
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["action"] == "publish"  # lines are judged as they come
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
    assert process.returncode == 130
    assert err.split() == [b"interrupted"]


@pytest.mark.skipif(os.name == "nt", reason="pipes")
def test_a_pipe_closed_early_is_no_traceback_and_nothing_flagged(tmp_path: Path, counting: str) -> None:
    path = tmp_path / "many.jsonl"
    path.write_bytes(lines(linked(8)) * 5000)
    command = (*COMMAND, path, "--format", "jsonl", "--model", counting)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 3


# What is read


def test_folders_are_searched_by_ending_and_in_order(run: Callable[..., Any], site: Path) -> None:
    found = [row["path"] for row in results(run("scan", ".", "--format", "jsonl").out)]
    assert found == [os.path.join(".", name) for name in ("a.html", "b/a.markdown", "b/z.txt", "c.md")]


def test_inputs_keep_the_order_they_were_given_in(run: Callable[..., Any], site: Path) -> None:
    found = [row["path"] for row in results(run("scan", "c.md", "b", "a.html", "--format", "jsonl").out)]
    assert found == ["c.md", os.path.join("b", "a.markdown"), os.path.join("b", "z.txt"), "a.html"]


def test_a_file_that_is_named_is_read_whatever_its_ending(run: Callable[..., Any], site: Path) -> None:
    assert [row["path"] for row in results(run("scan", "code.py", "--format", "jsonl").out)] == ["code.py"]


def test_what_git_ignores_is_left_out(run: Callable[..., Any], site: Path) -> None:
    (site / ".git").mkdir()
    (site / ".gitignore").write_text("*.txt\n/b/*.markdown\n!b/a.markdown\n", encoding="utf-8")
    (site / "b" / ".gitignore").write_text("!z.txt\n", encoding="utf-8")
    (site / ".hidden.md").write_text(CLEAN, encoding="utf-8")
    (site / "notes.txt").write_text(CLEAN, encoding="utf-8")
    assert run("scan", ".").err.startswith("4 documents")  # not notes.txt, nor .hidden.md; z.txt is let in again
    assert run("scan", ".", "--ignored").err.startswith("6 documents")


def test_an_ignored_folder_that_is_named_is_read(run: Callable[..., Any], site: Path) -> None:
    (site / ".git").mkdir()
    (site / ".gitignore").write_text("b/\n", encoding="utf-8")
    assert run("scan", ".").err.startswith("2 documents")
    assert run("scan", "b").err.startswith("2 documents")


def test_the_ending_says_how_a_text_is_written(run: Callable[..., Any], counting: str, site: Path) -> None:
    anchor = '<a href="http://x.example/">one</a> <a href="http://y.example/">two</a>'
    for name in ("page.html", "page.txt"):
        (site / name).write_text(f"<!-- {anchor} -->" if name == "page.txt" else anchor, encoding="utf-8")
    found = results(run("scan", "page.html", "--format", "jsonl", "--model", counting).out)
    assert found[0]["contributions"][0]["spans"] == [[0, 35], [36, 71]]
    found = results(run("scan", "page.txt", "--format", "jsonl", "--model", counting).out)
    assert found[0]["contributions"][0]["message"] == "2 links to other sites"
    assert found[0]["contributions"][0]["spans"][0][1] < 35  # the address itself: plain text has no anchors


def test_kind_and_media_can_be_told(run: Callable[..., Any], counting: str) -> None:
    text = b"One http://x.example/\n\nTwo http://y.example/\n"
    assert run("scan", "-", "--model", counting, stdin=text).code == 0  # two paragraphs with one link each
    assert run("scan", "-", "--model", counting, "--kind", "comment", "--media", "plain", stdin=text).code == 1


def test_standard_input_is_a_page_or_json_lines(run: Callable[..., Any]) -> None:
    assert [row["id"] for row in results(run("scan", "-", "--format", "jsonl", stdin=CLEAN.encode()).out)] == ["-"]
    found = results(run("scan", "-", "--format", "jsonl", stdin=b'\n{"text": "One", "id": 7}\n{"text": "Two"}').out)
    assert [(row["id"], row["line"]) for row in found] == [("7", 2), ("-:3", 3)]


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="needs /dev/fd")
def test_a_pipe_has_a_name_too(counting: str) -> None:
    read, write = os.pipe()
    os.write(write, linked(2).encode())
    os.close(write)
    command = (*COMMAND, f"/dev/fd/{read}", "--model", counting)
    ended = subprocess.run(command, pass_fds=[read], capture_output=True, check=False)
    os.close(read)
    assert ended.returncode == 1


# What is printed


def test_text_is_a_line_per_finding(run: Callable[..., Any], counting: str, site: Path) -> None:
    (site / "bad.md").write_text(f"{CLEAN}\n{linked(2)}\n{CLEAN * 3}\n{linked(8)}", encoding="utf-8")
    ended = run("scan", "bad.md", "--model", counting)
    assert ended.out.splitlines() == [
        "bad.md:3:1  hold  links/count  2 links to other sites",
        "bad.md:9:1  reject  links/count  8 links to other sites",
    ]
    assert ended.err == "1 document: 1 to reject\n"


def test_quiet_says_nothing_but_findings(run: Callable[..., Any], counting: str) -> None:
    ended = run("scan", "-", "-q", "--model", counting, stdin=linked(2).encode())
    assert ended.err == ""
    assert ended.out.startswith("-:1:1  hold")


def test_json_lines_have_these_fields(run: Callable[..., Any], counting: str) -> None:
    (row,) = results(
        run("scan", "-", "--format", "jsonl", "--model", counting, stdin=lines(f"Hi.\n{linked(2)}") + b"\n").out
    )
    assert list(row) == [
        "id", "path", "line", "action", "label", "score", "bias", "findings", "contributions", "failures", "model",
        "policy",
    ]  # fmt: skip
    assert (row["id"], row["path"], row["line"]) == ("-:1", "-", 1)
    assert (row["action"], row["label"], row["failures"]) == ("hold", "spam", [])
    (finding,) = row["findings"]
    end = len(f"Hi.\n{linked(2)}")
    assert finding == {
        "start": 0, "end": end, "line": 1, "column": 1, "end_line": 2, "end_column": end - 4, "action": "hold",
        "label": "spam", "score": row["score"], "reason": "2 links to other sites", "codes": ["links/count"],
    }  # fmt: skip
    (contribution,) = row["contributions"]
    assert contribution == {
        "code": "links/count", "label": "spam", "strength": 0.5, "log_odds": 5.0, "message": "2 links to other sites",
        "spans": [[12, 38], [43, 69]],
    }  # fmt: skip


def test_pages_have_a_path_and_no_line(run: Callable[..., Any], site: Path) -> None:
    (row,) = results(run("scan", "c.md", "--format", "jsonl").out)
    assert row["path"] == "c.md"
    assert "line" not in row


def test_contributions_add_up_to_the_score(run: Callable[..., Any]) -> None:
    ended = run("scan", "-", "--format", "jsonl", stdin=lines(CLEAN, linked(2), "Great post! http://pills.example/"))
    for row in results(ended.out):
        total = row["bias"] + sum(c["log_odds"] for c in row["contributions"])
        assert row["score"] == pytest.approx(1 / (1 + math.exp(-total)), abs=1e-6)


def test_the_same_input_is_the_same_output(run: Callable[..., Any], counting: str) -> None:
    stdin = lines(*(linked(n) for n in range(9)))
    arguments = ("scan", "-", "--format", "jsonl", "--model", counting)
    assert run(*arguments, stdin=stdin).out == run(*arguments, stdin=stdin).out


def on_a_terminal(command: tuple[Any, ...], **environment: str) -> bytes:
    """Run a command whose standard output is a terminal."""
    ours, theirs = pty.openpty()
    kept = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "TERM")}
    subprocess.run(command, stdout=theirs, stderr=subprocess.DEVNULL, env={**kept, **environment}, check=False)
    os.close(theirs)
    with open(ours, "rb", buffering=0) as file:
        return file.read(65536)


@pytest.mark.skipif(os.name == "nt", reason="terminals")
@pytest.mark.parametrize(
    ("environment", "coloured"),
    [({"TERM": "xterm"}, True), ({"TERM": "xterm", "NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)],
)
def test_colours_are_for_terminals_that_want_them(
    counting: str, site: Path, environment: dict[str, str], coloured: bool
) -> None:
    (site / "bad.txt").write_text(linked(2), encoding="utf-8")
    shown = on_a_terminal((*COMMAND, "bad.txt", "--model", counting), **environment)
    assert b"links/count" in shown
    assert (b"\x1b[" in shown) == coloured


def test_no_colours_elsewhere(run: Callable[..., Any], counting: str) -> None:
    ended = run("scan", "-", "--model", counting, stdin=linked(2).encode())
    assert "\x1b" not in ended.out + ended.err


# Help


@pytest.mark.parametrize("command", [(), ("scan",), ("check",), ("explain",), ("train",)])
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_has_an_example(run: Callable[..., Any], command: tuple[str, ...], option: str) -> None:
    ended = run(*command, option)
    assert ended.code == 0
    example = ended.out.partition("Example: ")[2]
    assert " ".join(("moderator", *command)) in " ".join(example.split())


def test_the_version_is_told(run: Callable[..., Any]) -> None:
    from moderator import __version__

    assert run("--version").out == f"moderator, version {__version__}\n"


def test_a_json_array_is_refused(run: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "comments.json"
    path.write_text('[{"text": "one"}]', encoding="utf-8")
    ended = run("scan", path)
    assert ended.code == 3
    assert "JSON Lines" in ended.out


def test_records_are_not_for_check(run: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "comments.jsonl"
    path.write_text('{"text": "one"}\n', encoding="utf-8")
    ended = run("check", path)
    assert ended.code == 3
    assert "moderator scan" in ended.err


def test_a_template_on_standard_input_is_a_page(run: Callable[..., Any]) -> None:
    ended = run("scan", "-", "--format", "jsonl", stdin=b"{{< toc >}}\n\nThe dough rests for an hour.\n")
    assert [json.loads(line)["action"] for line in ended.out.splitlines()] == ["publish"]


def test_control_characters_of_an_id_are_escaped(run: Callable[..., Any]) -> None:
    ended = run("check", "-", stdin=json.dumps({"id": "a\x9b31m\u202e", "text": "Thanks."}).encode())
    assert "\x9b" not in ended.out
    assert json.loads(ended.out)["id"] == "a\x9b31m\u202e"
