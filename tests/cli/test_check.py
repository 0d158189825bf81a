"""`moderator check`: one text in, one verdict out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

LINKS = "See http://one.example/ and http://two.example/ now."


def test_a_clean_text_is_0(run: Callable[..., Any]) -> None:
    ended = run("check", "-", stdin=b"The dough rests for an hour, then it goes into the oven.\n")
    assert (ended.code, ended.err) == (0, "")
    assert json.loads(ended.out)["action"] == "publish"


@pytest.mark.parametrize(("level", "code"), [("hold", 1), ("reject", 0), ("never", 0)])
def test_fail_on(run: Callable[..., Any], counting: str, level: str, code: int) -> None:
    ended = run("check", "--model", counting, "--fail-on", level, stdin=LINKS.encode())
    assert ended.code == code
    assert json.loads(ended.out)["action"] == "hold"


def test_the_verdict_is_one_line_with_these_fields(run: Callable[..., Any], counting: str) -> None:
    ended = run("check", "--model", counting, stdin=LINKS.encode())
    assert ended.out.count("\n") == 1
    assert list(json.loads(ended.out)) == [
        "id", "action", "label", "score", "bias", "findings", "contributions", "failures", "model", "policy",
    ]  # fmt: skip


def test_a_file_is_a_page_unless_it_is_called_a_comment(run: Callable[..., Any], counting: str, tmp_path: Path) -> None:
    path = tmp_path / "two.md"
    path.write_text("One http://one.example/\n\nTwo http://two.example/\n", encoding="utf-8")
    assert run("check", path, "--model", counting).code == 0
    assert run("check", path, "--model", counting, "--kind", "comment", "--media", "plain").code == 1


def test_a_json_object_is_a_record(run: Callable[..., Any], counting: str) -> None:
    row = {"text": LINKS, "id": "seven", "site_url": "https://one.example", "shoe size": 44}
    verdict = json.loads(run("check", "--model", counting, stdin=json.dumps(row, indent=2).encode()).out)
    assert verdict["id"] == "seven"
    assert verdict["contributions"][0]["message"] == "1 link to other sites"


@pytest.mark.parametrize("text", ["{", "[1, 2]", "{{ a template }}", '{"title": "front matter"}\n\nThe dough rests.'])
def test_what_only_begins_like_a_record_is_a_page(run: Callable[..., Any], text: str) -> None:
    assert json.loads(run("check", stdin=text.encode()).out)["id"] == "-"


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ('{"text": 7}', "text is not a string"),
        ('{"text": null}', "the object has no text"),
        ('{"text": "a", "kind": "poem"}', "kind must be one of comment, page, not 'poem'"),
        ('{"text": "a", "author": ["b"]}', "author is not a string"),
    ],
)
def test_a_wrong_record_is_3_and_says_why(run: Callable[..., Any], row: str, error: str) -> None:
    assert run("check", stdin=row.encode()) == (3, "", f"error: {error}\n")


def test_a_missing_file_is_3(run: Callable[..., Any]) -> None:
    ended = run("check", "nowhere.md")
    assert (ended.code, ended.out) == (3, "")
    assert ended.err.startswith("error: nowhere.md: cannot be read: No such file")


def test_another_encoding_is_asked_for_by_name(run: Callable[..., Any]) -> None:
    ended = run("check", stdin="Crème brûlée".encode("latin-1"))
    assert ended.code == 3
    assert "--encoding" in ended.err
    assert run("check", "--encoding", "latin-1", stdin="Crème brûlée".encode("latin-1")).code == 0


@pytest.mark.parametrize("name", ["klingon", "hex", "undefined"])
def test_no_such_encoding_is_3(run: Callable[..., Any], name: str) -> None:
    ended = run("check", "--encoding", name, stdin=b"text")
    assert ended.code == 3
    assert name in ended.err
    assert "bug" not in ended.err


def test_two_files_are_wrong_usage(run: Callable[..., Any]) -> None:
    ended = run("check", "one.md", "two.md")
    assert ended.code == 2
    assert "moderator check --help" in ended.err
