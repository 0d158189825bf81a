"""Labelled text on disk."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from moderator.errors import InputError
from moderator.records import Document, Span
from moderator.samples import Sample, from_json, read, rows

FULL: dict[str, Any] = {
    "text": "Buy two loaves, get a watch.", "id": "s1", "kind": "page", "media": "markdown", "context": "Bread",
    "author": "Nobody", "url": "http://watch.example/", "site_url": "http://bread.example/", "language": "en",
    "label": "spam", "spans": [[16, 28]], "source": "own", "note": "a watch", "labelled_at": "2024-05-01",
}  # fmt: skip


def written(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_every_key_is_read() -> None:
    sample = from_json(FULL)
    keys = ("text", "id", "kind", "media", "context", "author", "url", "site_url", "language")
    assert sample.document == Document(**{key: FULL[key] for key in keys})
    assert (sample.label, sample.source, sample.group, sample.weight) == ("spam", "own", "own", 1.0)
    assert (sample.spans, sample.note, sample.labelled_at) == ((Span(16, 28),), "a watch", "2024-05-01")


def test_a_text_and_a_label_are_enough() -> None:
    assert from_json({"text": "", "label": "ham"}) == Sample(Document(""), "ham")
    assert from_json({"text": "a", "label": "ham", "author": None}).document.author is None


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"lable": "ham"}, "unknown key 'lable'; known are author, context"),
        ({"text": None}, "a sample needs a text"),
        ({"text": 7}, "a sample needs a text"),
        ({"label": "good"}, "label must be one of ham, spam, off-topic, not 'good'"),
        ({"label": None}, "label must be one of"),
        ({"kind": "post"}, "kind must be one of comment, page, not 'post'"),
        ({"media": "pdf"}, "media must be one of"),
        ({"author": 5}, "author is not a string"),
        ({"source": ["a"]}, "source is not a string"),
        ({"label": ["spam"]}, "label is not a string"),
        ({"spans": [[0, 29]]}, "a span lies outside of the text"),
        ({"spans": [[-1, 2]]}, "a span lies outside of the text"),
        ({"spans": [[3, 3]]}, "a span lies outside of the text"),
        ({"spans": [[1, 2, 3]]}, r"spans must be a list of \[start, end\]"),
        ({"spans": ["ab"]}, r"spans must be a list of \[start, end\]"),
        ({"spans": 4}, r"spans must be a list of \[start, end\]"),
        ({"spans": None}, r"spans must be a list of \[start, end\]"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, Any], error: str) -> None:
    with pytest.raises(InputError, match=error):
        from_json({**FULL, **change})


def test_a_label_is_needed() -> None:
    with pytest.raises(InputError, match="a sample needs a label"):
        from_json({"text": "a"})


def test_files_plain_and_packed(tmp_path: Path) -> None:
    lines = [json.dumps({"text": f"Number {n}", "label": "ham"}) for n in range(3)]
    plain = written(tmp_path / "a.jsonl", lines[0], "", "  ", *lines[1:])
    packed = tmp_path / "a.jsonl.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert [sample.document.text for sample in read(plain)] == ["Number 0", "Number 1", "Number 2"]
    assert list(read(packed)) == list(read(plain))
    assert [number for number, _ in rows(plain)] == [1, 4, 5]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("{", "not JSON: "),
        ("[" * 100_000, "not JSON: "),
        ("[]", "not a JSON object"),
        ('{"text": "a"}', "a sample needs a label"),
    ],
)
def test_errors_have_a_place(tmp_path: Path, line: str, error: str) -> None:
    path = written(tmp_path / "a.jsonl", '{"text": "a", "label": "ham"}', "", line)
    with pytest.raises(InputError) as raised:
        list(read(path))
    assert (raised.value.path, raised.value.line) == (str(path), 3)
    assert str(raised.value).startswith(f"{path}:3: {error}")


def test_another_encoding_has_a_place(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"text": "a", "label": "ham"}\n{"text": "\xe9", "label": "ham"}\n')
    with pytest.raises(InputError, match=r"a\.jsonl:2: not JSON: 'utf-8' codec"):
        list(read(path))
