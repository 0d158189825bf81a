"""Input that nobody would write on purpose, and some that somebody would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from moderator.readers import files
from moderator.readers.files import Options, Record

CLEAN = "The dough rests for an hour, then it goes into the oven."
LINKS = "See http://one.example/ and http://two.example/ now."
SCAN = (sys.executable, "-m", "moderator", "scan")


@pytest.fixture
def scan(run: Callable[..., Any], counting: str) -> Callable[..., list[dict[str, Any]]]:
    """Return a function that scans files and returns the verdicts; fails if one ends with a bug."""

    def scanned(*paths: object, options: tuple[str, ...] = ()) -> list[dict[str, Any]]:
        ended = run("scan", *paths, "--format", "jsonl", "--model", counting, *options)
        rows = [json.loads(line) for line in ended.out.splitlines()]
        assert "bug" not in ended.err
        failed, flagged = any(row["failures"] for row in rows), any(row["action"] != "publish" for row in rows)
        assert ended.code == (3 if failed else int(flagged))
        return rows

    return scanned


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str, bytes], Path]:
    """Return a function that writes a file."""

    def written(name: str, data: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return written


def error_of(row: dict[str, Any]) -> str:
    """Return what failed, after checking that a record that was not read has no score."""
    assert (row["action"], row["label"], row["score"], row["bias"]) == ("hold", None, None, None)
    (failure,) = row["failures"]
    assert failure["detector"] == "input"
    return str(failure["error"])


# Bytes and encodings


@pytest.mark.parametrize("data", [b"", b"\n", b" \t\r\n", b"\xef\xbb\xbf", b"\xff\xfe"])
@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html"])
def test_nothing_is_nothing_to_object_to(scan: Any, file: Any, name: str, data: bytes) -> None:
    (row,) = scan(file(name, data))
    assert (row["action"], row["findings"], row["contributions"]) == ("publish", [], [])


@pytest.mark.parametrize("data", [b"", b"\n\n \n"])
def test_no_records_are_no_verdicts(scan: Any, file: Any, data: bytes) -> None:
    assert scan(file("a.jsonl", data)) == []


def test_binary(scan: Any, file: Any) -> None:
    (row,) = scan(file("a.txt", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"))
    assert error_of(row) == "a binary file, not text"


def test_a_nul_far_behind_is_a_character(scan: Any, file: Any) -> None:
    (row,) = scan(file("a.txt", b"word " * 2000 + b"\0 " + LINKS.encode()))
    assert row["action"] == "hold"


def test_latin_1(scan: Any, file: Any) -> None:
    path = file("a.md", "One\nTwo\nCrème brûlée".encode("latin-1"))
    (row,) = scan(path)
    assert error_of(row) == "not UTF-8: byte 0xe8 in line 3; name its encoding with --encoding"
    (row,) = scan(path, options=("--encoding", "latin-1"))
    assert row["action"] == "publish"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-8"])
def test_a_byte_order_mark_says_the_encoding(scan: Any, file: Any, encoding: str) -> None:
    (row,) = scan(file("a.txt", f"\ufeff{CLEAN}\n\n{LINKS}\n".encode(encoding)))
    (finding,) = row["findings"]
    assert (finding["line"], finding["column"]) == (3, 1)
    assert finding["start"] == 1 + len(CLEAN) + 2  # the mark is a character of the text as received


def test_half_a_utf_16_character(scan: Any, file: Any) -> None:
    (row,) = scan(file("a.txt", "\ufeffTwo".encode("utf-16-le")[:-1]))
    assert error_of(row).startswith("not utf-16-le: byte 0x6f in line 1")


def test_json_lines_may_begin_with_a_byte_order_mark(scan: Any, run: Any, file: Any) -> None:
    data = b'\xef\xbb\xbf{"text": "One"}\n{"text": "Two"}\n'
    assert [row["line"] for row in scan(file("a.jsonl", data))] == [1, 2]
    assert run("scan", "-", stdin=data).err.startswith("2 documents")


def test_json_lines_that_are_not_utf_8(scan: Any, file: Any) -> None:
    first, second = scan(file("a.jsonl", '{"text": "é"}\n'.encode("latin-1") + b'{"text": "ok"}\n'))
    assert error_of(first) == "not UTF-8: byte 0xe9 at 10"
    assert second["action"] == "publish"


def test_lone_surrogates_are_characters(scan: Any, file: Any) -> None:
    (row,) = scan(file("a.jsonl", rb'{"id": "\ud800", "text": "\udfff\ud800 ' + LINKS.encode() + b'"}'))
    assert row["id"] == "\ud800"  # written as an escape, read back as it was
    assert row["findings"][0]["start"] == 0
    assert row["contributions"][0]["spans"][0] == [7, 26]


def test_nuls_in_records_are_characters(scan: Any, file: Any) -> None:
    (row,) = scan(file("a.jsonl", rb'{"text": "\u0000", "author": "\u0000", "context": "\u0000", "url": "\u0000"}'))
    assert row["action"] == "publish"


# Records


def test_a_malformed_line_is_a_failure_with_its_place(scan: Any, run: Any, counting: str, file: Any) -> None:
    good = [json.dumps({"text": CLEAN, "id": str(n)}) for n in range(1, 11)]
    path = file("a.jsonl", "\n".join([*good[:6], '{"text": "never closed', *good[7:]]).encode())
    rows = scan(path)
    assert [row["line"] for row in rows] == list(range(1, 11))
    assert [row["action"] for row in rows if not row["failures"]] == ["publish"] * 9
    assert error_of(rows[6]).startswith("not JSON: ")
    ended = run("scan", path, "--model", counting)
    assert ended.out.startswith(f"{path}:7  failure  input: not JSON")
    assert (ended.code, ended.err) == (3, "10 documents: 1 to hold, 1 could not be judged in full\n")


def test_on_error_says_what_becomes_of_it(run: Any, file: Any) -> None:
    ended = run("scan", file("a.jsonl", b"{"), "--format", "jsonl", "--on-error", "publish")
    assert json.loads(ended.out)["action"] == "publish"
    assert ended.code == 3


@pytest.mark.parametrize("end", [b'{"text": "cut o', b'{"text": "a"', b'{"tex'])
def test_a_last_line_that_is_cut(scan: Any, file: Any, end: bytes) -> None:
    first, last = scan(file("a.jsonl", b'{"text": "ok"}\n' + end))
    assert first["action"] == "publish"
    assert error_of(last).startswith("not JSON")


def test_a_last_line_without_its_newline(scan: Any, file: Any) -> None:
    assert len(scan(file("a.jsonl", b'{"text": "ok"}\n{"text": "ok"}'))) == 2


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("null", "not a JSON object"),
        ('["text"]', "not a JSON object"),
        ('"text"', "not a JSON object"),
        ("{}", "the object has no text"),
        ('{"text": null}', "the object has no text"),
        ('{"text": 7}', "text is not a string"),
        ('{"text": ["a"]}', "text is not a string"),
        ('{"text": "a", "author": {}}', "author is not a string"),
        ('{"text": "a", "kind": "poem"}', "kind must be one of comment, page, not 'poem'"),
        ('{"text": "a", "kind": 1}', "kind is not a string"),
        ('{"text": "a", "media": "pdf"}', "media must be one of auto, plain, markdown, html, not 'pdf'"),
        ('{"text": "a", "kind": "\\u001b"}', "kind must be one of comment, page, not '\\x1b'"),
        ('{"text": "a"} {"text": "b"}', "not JSON: Extra data: line 1 column 15 (char 14)"),
        ("[" * 100_000, "nested too deeply"),
        ('{"text": ' * 100_000, "nested too deeply"),
    ],
)
def test_wrong_records(scan: Any, file: Any, line: str, error: str) -> None:
    first, last = scan(file("a.jsonl", f'{line}\n{{"text": "ok"}}\n'.encode()))
    assert error_of(first) == error
    assert (last["line"], last["action"]) == (2, "publish")


def test_a_number_without_end(scan: Any, file: Any) -> None:
    (row,) = scan(file("a.jsonl", b'{"text": "a", "id": ' + b"9" * 5000 + b"}"))
    assert error_of(row).startswith("not JSON")


def test_other_keys_are_left_alone(scan: Any, file: Any) -> None:
    (row,) = scan(file("a.jsonl", b'{"text": "a", "stars": 5, "author": null, "id": 0}'))
    assert (row["id"], row["action"]) == ("0", "publish")


# Sizes


def lines_read(data: bytes, tmp_path: Path) -> Iterator[Record | None]:
    path = tmp_path / "a.jsonl"
    path.write_bytes(data)
    yield from files.read(str(path), Options())


@pytest.mark.parametrize("more", range(-2, 5))
def test_a_long_line_takes_no_other_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: int) -> None:
    monkeypatch.setattr(files, "MAX_BYTES", 50)
    row = b'{"text": "' + b"a" * (50 + more - 13) + b'"}\n'
    assert len(row) == 50 + more
    found = list(lines_read(b'{"text": "ok"}\n' + row + b'{"text": "ok"}\n', tmp_path))
    assert [(r.line, bool(r.error)) for r in found if r] == [(1, False), (2, more > 0), (3, False)]
    assert found[-1]
    assert found[-1].position == 30 + 50 + more


def test_a_long_line_of_a_stream_takes_no_other_with_it(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_BYTES", 50)
    stdin = b'{"text": "ok"}\n{"text": "' + b"a" * 500 + b'"}\n{"text": "ok"}'
    rows = [json.loads(line) for line in run("scan", "-", "--format", "jsonl", stdin=stdin).out.splitlines()]
    assert [bool(row["failures"]) for row in rows] == [False, True, False]


def test_a_stream_of_any_length_is_read_line_by_line(run: Any) -> None:
    rows = [b'{"text": "' + b"a" * n + b'"}\n' for n in range(0, 2000, 7)]
    ended = run("scan", "-", "--format", "jsonl", stdin=b"".join(rows))
    assert [json.loads(line)["line"] for line in ended.out.splitlines()] == list(range(1, len(rows) + 1))


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak of memory as Linux tells it")
def test_a_line_of_50_megabytes_takes_little_memory(tmp_path: Path, counting: str) -> None:
    path = tmp_path / "a.jsonl"
    with path.open("wb") as output:
        output.write(b'{"text": "')
        for _ in range(50):
            output.write(b"a" * 1_000_000)
        output.write(b'"}\n{"text": "ok"}\n')
    code = f"""
from moderator.cli.main import main
try:
    main(["scan", {str(path)!r}, "--model", {counting!r}])
finally:
    print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
    ended = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=False)
    assert ended.returncode == 3
    failure, peak = ended.stdout.splitlines()
    assert failure == f"{path}:1  failure  input: longer than {files.MAX_BYTES} bytes"
    assert ended.stderr.startswith("2 documents")
    assert int(peak) < 300_000  # kilobytes


def test_a_text_of_too_many_characters(scan: Any, file: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_CHARACTERS", 100)
    for name, data in (("a.txt", "é" * 101), ("a.jsonl", json.dumps({"text": "é" * 101}))):
        (row,) = scan(file(name, data.encode()))
        assert error_of(row) == "a text of 101 characters; at most 100 are judged at once: split it"
    monkeypatch.setattr(files, "MAX_BYTES", 100)
    (row,) = scan(file("a.txt", b"a" * 101))
    assert error_of(row) == "longer than 100 bytes: split it"


def test_a_megabyte_in_one_line(scan: Any, file: Any) -> None:
    (row,) = scan(file("a.txt", b"word " * 200_000 + LINKS.encode()))
    assert row["action"] == "hold"


# Markup


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.html", "<div>" * 100_000 + LINKS + "</div>" * 100_000),
        ("a.html", "<b " * 100_000),
        ("a.html", "</p>" * 100_000),
        ("a.html", "<!--" * 50_000 + "-->"),
        ("a.md", "> " * 50_000 + LINKS),
        ("a.md", "[" * 50_000 + LINKS + "](x)" * 50_000),
        ("a.md", "*" * 100_000),
        ("a.md", "- " * 50_000),
        ("a.md", "`" * 100_000),
    ],
)
def test_nesting_without_end(scan: Any, file: Any, name: str, text: str) -> None:
    (row,) = scan(file(name, text.encode()))
    assert row["failures"] == []


def test_what_is_deep_inside_is_seen(scan: Any, file: Any) -> None:
    (row,) = scan(file("a.html", ("<div>" * 100_000 + LINKS + "</div>" * 100_000).encode()))
    (finding,) = row["findings"]
    assert finding["start"] == 500_000


@pytest.mark.parametrize(
    "head",
    ["---\n", "---\ntitle: [\n---\n", "---\n: : :\n\t- x\n---\n", "+++\ntitle = \n", "---\n---\n---\n", "--- \n"],
)
def test_broken_front_matter_hides_nothing(scan: Any, file: Any, head: str) -> None:
    (row,) = scan(file("a.md", f"{head}\n{LINKS}\n".encode()))
    assert row["action"] == "hold"


# Files


def test_a_missing_file_is_named(run: Any, file: Any) -> None:
    ended = run("scan", file("a.md", b"ok"), "nowhere.md")
    assert (ended.code, ended.out) == (3, "")
    assert ended.err == "error: nowhere.md: no such file or folder\n"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is unreadable to root")
def test_an_unreadable_file_takes_no_other_with_it(scan: Any, file: Any) -> None:
    file("a.md", b"ok").chmod(0)
    first, second = scan(file("b.md", b"ok").parent)
    assert error_of(first) == "cannot be read: Permission denied"
    assert second["action"] == "publish"


def test_a_file_that_goes_away_meanwhile(tmp_path: Path) -> None:
    (record,) = files.read(str(tmp_path / "gone.md"), Options())
    assert record
    assert record.error.startswith("cannot be read: No such file")


@pytest.mark.skipif(os.name == "nt", reason="links need rights")
def test_links_in_circles(scan: Any, file: Any, tmp_path: Path) -> None:
    path = file("a.md", b"ok")
    (tmp_path / "self").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "loop.md").symlink_to("loop.md")
    (tmp_path / "dangling.md").symlink_to("nowhere.md")
    (tmp_path / "other.md").symlink_to("a.md")
    assert [row["path"] for row in scan(tmp_path)] == [str(path), str(tmp_path / "other.md")]


NAMES = [b"new\nline", b"\x1b[31mred", b"\r\x08", b"\xc2\x9b31m", b"\xff\xfe", "\u202egnp".encode()]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
@pytest.mark.parametrize("name", NAMES)
def test_file_names_are_shown_escaped(tmp_path: Path, counting: str, name: bytes) -> None:
    path = os.path.join(os.fsencode(tmp_path), name + b".md")
    with open(path, "wb") as output:
        output.write(LINKS.encode())
    ended = subprocess.run((*SCAN, tmp_path, "-q", "--model", counting), capture_output=True, check=False)
    assert ended.returncode == 1
    assert one_clean_line(ended.stdout)
    ended = subprocess.run(
        (*SCAN, tmp_path, "--format", "jsonl", "--model", counting), capture_output=True, check=False
    )
    assert os.fsencode(json.loads(ended.stdout)["path"]) == path  # data, so nothing of it is lost
    ended = subprocess.run((*SCAN, path + b".none"), capture_output=True, check=False)
    assert ended.returncode == 3
    assert one_clean_line(ended.stderr)


def one_clean_line(shown: bytes) -> bool:
    text = shown.decode()
    return text.endswith("\n") and text[:-1].isprintable()


def test_text_output_has_no_control_characters_of_its_input(run: Any, counting: str) -> None:
    controls = "".join(map(chr, (*range(1, 9), *range(11, 32), *range(127, 160), 0x202E, 0x2066)))
    for text in (controls + LINKS, json.dumps({"text": LINKS, "kind": controls})):
        for command in ("scan", "explain"):
            ended = run(command, "-", "--model", counting, stdin=text.encode())
            assert (ended.out + ended.err).replace("\n", "").isprintable()


def test_an_object_without_text_is_no_page(run: Callable[..., Any]) -> None:
    ended = run("check", "-", stdin=b'{"body": "text under another name"}')
    assert ended.code == 3
    assert "no text" in ended.err


def test_a_folder_that_cannot_be_read_is_one_failure(
    run: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.md").write_text("The dough rests for an hour.\n", encoding="utf-8")
    (tmp_path / "closed").mkdir()
    listed = os.scandir

    def scandir(path: Any) -> Any:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    ended = run("scan", tmp_path, "--format", "jsonl")
    rows = [json.loads(line) for line in ended.out.splitlines()]
    assert [row["action"] for row in rows] == ["publish", "hold"]
    assert ended.code == 3
