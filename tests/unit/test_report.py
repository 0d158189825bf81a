"""Verdicts for people and for programs."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from moderator.records import Contribution, Failure, Finding, Signal, Span, Verdict
from moderator.report import Lines, from_json, printable, text_lines, to_json

TEXT = "One line.\nBuy\nthis now.\n"
FINDING = Finding(Span(10, 23), "reject", "spam", 0.97, "sells\x07 something", ("a/b", "c/d"))
SIGNAL = Signal("a/b", 0.5, "sells\x07 something", (Span(10, 13),))
VERDICT = Verdict(
    "post.md", "reject", "spam", 0.97, -1.0, (FINDING,), (Contribution(SIGNAL, 4.5),), (), "model1", "policy1"
)
UNREAD = Verdict("a:1", "hold", None, None, None, failures=(Failure("input", "not JSON\x1b"),), model="m", policy="p")


def plain(text: str, what: str) -> str:
    return text


def tagged(text: str, what: str) -> str:
    return f"<{what}>{text}</{what}>"


# Places


@pytest.mark.parametrize(
    ("text", "offset", "place"),
    [
        ("", 0, (1, 1)),
        ("ab", 1, (1, 2)),
        ("ab\ncd", 2, (1, 3)),  # the newline ends its line
        ("ab\ncd", 3, (2, 1)),
        ("\n\n\n", 2, (3, 1)),
        ("ab\r\ncd", 4, (2, 1)),
        ("a\u2028b\x0cc", 4, (1, 5)),  # no editor counts these as lines
        ("ab\n", 3, (2, 1)),
    ],
)
def test_places_count_from_one(text: str, offset: int, place: tuple[int, int]) -> None:
    assert Lines(text).place(offset) == place


# JSON


def test_findings_have_lines_and_columns() -> None:
    (finding,) = to_json(VERDICT, TEXT)["findings"]
    assert (finding["line"], finding["column"]) == (2, 1)
    assert (finding["end_line"], finding["end_column"]) == (3, 9)
    assert TEXT[finding["start"] : finding["end"]] == "Buy\nthis now."


def test_places_come_after_the_id() -> None:
    assert list(to_json(VERDICT, TEXT, path="x.jsonl", line=4))[:4] == ["id", "path", "line", "action"]


@pytest.mark.parametrize(("verdict", "text"), [(VERDICT, TEXT), (UNREAD, ""), (Verdict("", "hold", "ham", 0.1, 0), "")])
def test_verdicts_read_back(verdict: Verdict, text: str) -> None:
    data = json.loads(json.dumps(to_json(verdict, text, path="x", line=1)))
    assert from_json(data) == verdict


# Text


def test_a_line_for_each_finding() -> None:
    assert list(text_lines(VERDICT, TEXT, "post.md", plain)) == ["post.md:2:1  reject  a/b  sells\\x07 something"]
    assert list(text_lines(VERDICT, TEXT, "post.md", tagged)) == [
        "<place>post.md:2:1</place>  <reject>reject</reject>  <code>a/b</code>  sells\\x07 something"
    ]


def test_a_line_for_each_failure() -> None:
    assert list(text_lines(UNREAD, "", "a\nb", plain)) == ["a\\nb  failure  input: not JSON\\x1b"]


def test_what_is_published_has_no_line() -> None:
    assert list(text_lines(Verdict("a", "publish", "ham", 0.1, -2.0), TEXT, "a", plain)) == []


def test_a_finding_without_codes_has_a_line() -> None:
    verdict = replace(VERDICT, findings=(replace(FINDING, codes=()),))
    assert list(text_lines(verdict, TEXT, "a", plain)) == ["a:2:1  reject  -  sells\\x07 something"]


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain café 中文 🙂", "plain café 中文 🙂"),
        ("a\tb\u00a0c", "a\tb\u00a0c"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("cas\u200cino", "cas\\u200cino"),
        ("e\u0301 👩\u200d👩 ❤\ufe0f", "e\u0301 👩\u200d👩 ❤\ufe0f"),
        ("a\nb\r", "a\\nb\\r"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\x00\x7f\x9b", "\\x00\\x7f\\x9b"),
        ("\u202eabc\u2066", "\\u202eabc\\u2066"),
        ("\u200b\ufeff\u2028", "\\u200b\\ufeff\\u2028"),
        ("\ud800\U000e0041", "\\ud800\\U000e0041"),
    ],
)
def test_what_is_printed_cannot_steer_a_terminal(raw: str, shown: str) -> None:
    assert printable(raw) == shown


def test_newlines_may_stay() -> None:
    assert printable("a\nb\x1b", newlines=True) == "a\nb\\x1b"
