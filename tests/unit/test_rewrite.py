"""Files are written anew: all bytes, mode and name kept, or left alone with a reason."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from moderator import rewrite as module
from moderator.errors import InputError
from moderator.readers.files import decode
from moderator.records import Span
from moderator.rewrite import cut_bytes, rewrite, roots_of

TEXT = "Grüße aus Łódź\r\n\nadvert\n"
CUT = [Span(16, len(TEXT))]


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page.txt"
    path.write_bytes(TEXT.encode())
    return path


def fixed(path: Path, *, backup: bool = True, encoding: str | None = None, text: str = TEXT) -> Path | None:
    return rewrite(str(path), text, CUT, roots_of([str(path)]), encoding=encoding, backup=backup)


@pytest.mark.parametrize(
    ("mark", "codec", "encoding"),
    [
        (b"", "utf-8", None),
        (b"\xef\xbb\xbf", "utf-8", None),
        (b"\xff\xfe", "utf-16-le", None),
        (b"\xfe\xff", "utf-16-be", None),
        (b"\xff\xfe", "utf-16-le", "utf-16"),
        (b"\xfe\xff", "utf-16-be", "utf-16"),
        (b"\xef\xbb\xbf", "utf-8", "utf-8-sig"),
        (b"", "utf-8", "utf-8-sig"),
        (b"\xff\xfe\0\0", "utf-32-le", "utf-32"),
        (b"", "iso8859-2", "latin2"),
        (b"", "cp1250", "windows-1250"),
    ],
)
def test_the_encoding_and_its_mark_are_kept(mark: bytes, codec: str, encoding: str | None) -> None:
    data = mark + TEXT.encode(codec)
    text = decode(data, encoding)
    start = text.index("\n\nadvert") + 1
    assert cut_bytes(data, text, [Span(start, len(text))], encoding) == mark + "Grüße aus Łódź\r\n".encode(codec)
    first = text.index("G")
    assert cut_bytes(data, text, [Span(first, start)], encoding) == mark + "\nadvert\n".encode(codec)


def test_an_encoding_that_cannot_be_written_back_is_refused() -> None:
    data = b"+AGE-b\n"  # the letters "ab", but not as anybody writes them
    with pytest.raises(InputError, match="byte for byte"):
        cut_bytes(data, decode(data, "utf-7"), [Span(1, 2)], "utf-7")


def test_bytes_and_mode_are_kept(page: Path) -> None:
    page.chmod(0o640)
    kept = fixed(page)
    assert page.read_bytes() == "Grüße aus Łódź\r\n".encode()
    assert kept == page.with_name("page.txt.bak")
    assert kept.read_bytes() == TEXT.encode()
    assert {path.stat().st_mode & 0o777 for path in (page, kept)} == {0o640}
    assert sorted(path.name for path in page.parent.iterdir()) == ["page.txt", "page.txt.bak"]


def test_no_backup_is_overwritten(page: Path) -> None:
    for name in ("page.txt.bak", "page.txt.bak.1"):
        page.with_name(name).write_text("older", encoding="utf-8")
    assert fixed(page) == page.with_name("page.txt.bak.2")
    assert page.with_name("page.txt.bak").read_text(encoding="utf-8") == "older"


def test_without_a_backup_there_is_none(page: Path) -> None:
    assert fixed(page, backup=False) is None
    assert [path.name for path in page.parent.iterdir()] == ["page.txt"]


def refused(path: Path, reason: str) -> None:
    """Check that a file is not written, for a reason, and that nothing is left behind."""
    before = {other.name: other.read_bytes() for other in path.parent.iterdir() if other.is_file()}
    with pytest.raises(InputError, match=reason):
        fixed(path)
    assert {other.name: other.read_bytes() for other in path.parent.iterdir() if other.is_file()} == before


def test_a_file_that_changed_is_refused(page: Path) -> None:
    page.write_bytes(TEXT.encode() + b"more")
    refused(page, "changed since")


def test_a_file_that_changes_at_the_last_moment_is_refused(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def late(target: Path, data: bytes) -> Path:
        page.write_bytes(b"somebody else was here")
        return keep(target, data)

    keep = module._back_up
    monkeypatch.setattr(module, "_back_up", late)
    with pytest.raises(InputError, match="changed since"):
        fixed(page)
    assert {path.name: path.read_bytes() for path in page.parent.iterdir()} == {"page.txt": b"somebody else was here"}


def test_a_write_that_fails_leaves_all_as_it_was(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    refused(page, "No space left")


def test_a_read_only_file_is_refused(page: Path) -> None:
    page.chmod(0o444)
    refused(page, "read-only")


@pytest.mark.skipif(os.name == "nt", reason="links")
def test_links_are_followed_only_within_what_is_scanned(tmp_path: Path) -> None:
    inside, outside = tmp_path / "site", tmp_path / "page.txt"
    inside.mkdir()
    (inside / "page.txt").write_bytes(TEXT.encode())
    outside.write_bytes(TEXT.encode())
    (inside / "in.txt").symlink_to("page.txt")
    (inside / "out.txt").symlink_to("../page.txt")
    refused(inside / "out.txt", "leads out")
    assert outside.read_bytes() == TEXT.encode()
    assert fixed(inside / "in.txt") == inside / "page.txt.bak"
    assert (inside / "in.txt").is_symlink()
    assert (inside / "page.txt").read_bytes() == "Grüße aus Łódź\r\n".encode()


@pytest.mark.skipif(os.name == "nt", reason="links")
def test_a_file_with_two_names_and_one_that_is_none_are_refused(page: Path) -> None:
    os.link(page, page.with_name("other.txt"))
    refused(page, "more than one name")
    with pytest.raises(InputError, match="not a regular file"):
        fixed(Path(os.devnull))


def test_a_file_that_is_gone_is_refused(page: Path) -> None:
    page.unlink()
    refused(page, "cannot be written: No such file")
