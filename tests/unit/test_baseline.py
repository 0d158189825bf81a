"""Accepted findings: what they are known by, what is new, what is stale, and the bytes of the file."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderator.baseline import Ledger, read, write
from moderator.errors import InputError
from moderator.identity import identity
from moderator.records import Finding, Span, Verdict

TEXT = "Buy cheap watches here. Buy  CHEAP\nwatches here. Buy dear watches here."
ONE, SAME, OTHER = Span(0, 23), Span(24, 48), Span(49, 71)


def finding(span: Span, *codes: str) -> Finding:
    return Finding(span, "reject", "spam", 0.99, "why", codes or ("model/text",))


def verdict(*spans: Span) -> Verdict:
    return Verdict("i", "reject", "spam", 0.99, 0.0, tuple(map(finding, spans)))


def test_the_identity_is_that_of_the_text_wherever_it_stands() -> None:
    assert identity(TEXT, finding(ONE)) == identity(TEXT, finding(SAME))
    known = [
        identity(TEXT, finding(ONE)),
        identity(TEXT, finding(OTHER)),
        identity(TEXT, finding(ONE, "links/count")),
    ]
    assert len(set(known)) == len(known)


def test_accepted_findings_are_hidden_and_a_second_copy_is_new(tmp_path: Path) -> None:
    page = tmp_path / "a.md"
    page.write_text(TEXT, encoding="utf-8")
    first = Ledger(tmp_path / "known", Counter())
    assert first.settle(verdict(ONE), str(page), TEXT, "hold").findings
    write(tmp_path / "known", first.accepted())

    second = Ledger(tmp_path / "known", read(tmp_path / "known"))
    settled = second.settle(verdict(ONE, SAME, OTHER), str(page), TEXT, "hold")
    assert [f.span for f in settled.findings] == [SAME, OTHER]
    assert [(a.rule, a.place, a.finding) for a in settled.allowed] == [("baseline", "known", finding(ONE))]
    assert second.stale() == Counter()
    assert sorted(second.accepted().values()) == [1, 2]
    assert second.settle(verdict(ONE), str(page), TEXT, "hold").findings


def test_all_accepted_is_published(tmp_path: Path) -> None:
    known = Counter({("a.md", identity(TEXT, finding(ONE))): 1})
    settled = Ledger(tmp_path / "known", known).settle(verdict(ONE), str(tmp_path / "a.md"), TEXT, "hold")
    assert (settled.action, settled.label, settled.score) == ("publish", "ham", 0.99)


def test_stale_is_what_is_gone_from_files_that_were_read_or_are_no_more(tmp_path: Path) -> None:
    for name in ("read.md", "unread.md"):
        (tmp_path / name).write_text(TEXT, encoding="utf-8")
    known = Counter({("read.md", "x"): 2, ("unread.md", "x"): 1, ("gone.md", "x"): 1, ("-", "x"): 1})
    ledger = Ledger(tmp_path / "known", known)
    ledger.settle(verdict(), str(tmp_path / "read.md"), TEXT, "hold")
    assert ledger.stale() == Counter({("read.md", "x"): 2, ("gone.md", "x"): 1})
    assert ledger.accepted() == Counter({("unread.md", "x"): 1, ("-", "x"): 1})


keys = st.tuples(st.text(max_size=9), st.text("0123456789abcdef", max_size=9))


@given(st.dictionaries(keys, st.integers(1, 9), max_size=9))
def test_what_is_written_reads_back_and_its_order_is_settled(rows: dict[tuple[str, str], int]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "known")
        write(path, Counter(rows))
        data = path.read_bytes()
        assert read(path) == Counter(rows)
        write(path, Counter(dict(reversed(rows.items()))))
        assert path.read_bytes() == data
        assert data.count(b"\n") == len(rows) + 1


def test_there_is_no_text_in_the_file(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "known", Counter())
    ledger.settle(verdict(ONE, OTHER), str(tmp_path / "a.md"), TEXT, "hold")
    write(tmp_path / "known", ledger.accepted())
    assert "watches" not in (tmp_path / "known").read_text(encoding="utf-8")


def test_lines_that_two_branches_added_count_once(tmp_path: Path) -> None:
    path = tmp_path / "known"
    line = '{"path": "a.md", "id": "x", "count": 1}\n'
    path.write_text(f'{{"baseline": 2}}\n{line}{line}\n', encoding="utf-8")
    assert read(path) == Counter({("a.md", "x"): 1})


@pytest.mark.parametrize(
    ("data", "line", "reason"),
    [
        (b"", 1, "first line"),
        (b'{"baseline": 3}\n', 1, "first line"),
        (b'{"baseline": 1}\n', 1, "an earlier version"),
        (b'{"path": "a", "id": "x", "count": 1}\n', 1, "first line"),
        (b'{"baseline": 2}\n<<<<<<< HEAD\n', 2, "not JSON"),
        (b'{"baseline": 2}\n\n{"path": "a", "id": "x"}\n', 3, "path, id and count"),
        (b'{"baseline": 2}\n{"path": 1, "id": "x", "count": 1}\n', 2, "strings"),
        (b'{"baseline": 2}\n{"path": "a", "id": "x", "count": true}\n', 2, "number from 1"),
        (b'{"baseline": 2}\n{"path": "a", "id": "x", "count": 0}\n', 2, "number from 1"),
        (b'{"baseline": 2}\n' + b"[" * 100_000, 2, "not JSON"),
        (b'{"baseline": 2}\n\xff\n', 2, "not JSON"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, data: bytes, line: int, reason: str) -> None:
    path = tmp_path / "known"
    path.write_bytes(data)
    with pytest.raises(InputError, match=reason) as caught:
        read(path)
    assert caught.value.line == line


def test_a_file_that_is_not_there_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--write-baseline"):
        read(tmp_path / "known")
