"""A file is written anew without what was cut, or left as it is: never something in between."""

from __future__ import annotations

import codecs
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from moderator.errors import InputError
from moderator.readers.files import decode
from moderator.records import Span

# Encodings that say by a mark how the text after it is written; reading takes the mark away.
MARKED = {
    "utf-8-sig": ((codecs.BOM_UTF8, "utf-8"),),
    "utf-16": ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")),
    "utf-32": ((codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be")),
}
NATIVE = {"utf-8-sig": "utf-8", "utf-16": f"utf-16-{sys.byteorder[0]}e", "utf-32": f"utf-32-{sys.byteorder[0]}e"}


def roots_of(paths: Iterable[str]) -> tuple[Path, ...]:
    """Return the folders in which files may be written: those given, and those of the files given."""
    return tuple((path if path.is_dir() else path.parent).resolve() for path in map(Path, paths))


def rewrite(
    path: str, text: str, cuts: Sequence[Span], roots: Sequence[Path], *, encoding: str | None, backup: bool
) -> Path | None:
    """Cut ranges of its text out of a file; return its backup, if one was asked for.

    Raises InputError, and leaves the file as it is, if that is not the plain thing that it looks like.
    """
    try:
        target = _target(path, roots)
        data = target.read_bytes()
        if decode(data, encoding) != text:
            raise InputError("it has changed since it was read", path=path)
        after = cut_bytes(data, text, cuts, encoding)
        kept = _replace(target, data, after, backup=backup)
        beside = Path(path).with_name(kept.name) if kept else None
        return beside if beside and beside.exists() else kept  # named as the file was, unless that was a link
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", path=path) from error


def cut_bytes(data: bytes, text: str, cuts: Sequence[Span], encoding: str | None = None) -> bytes:
    r"""Return the bytes of a text without some ranges of it; all other bytes stay as they are.

    >>> cut_bytes(b"\xff\xfea\0b\0", "\ufeffab", [Span(1, 2)])
    b'\xff\xfeb\x00'
    """
    mark, codec = _codec(data, encoding)
    position, kept, whole = 0, [mark], [mark]
    for start, end in [*((cut.start, cut.end) for cut in cuts), (len(text), len(text))]:
        before, gone = (text[a:b].encode(codec) for a, b in ((position, start), (start, end)))
        kept.append(before)
        whole += [before, gone]
        position = end
    if b"".join(whole) != data:
        raise InputError(f"cannot be written back byte for byte as {codec}")
    return b"".join(kept)


def _codec(data: bytes, encoding: str | None) -> tuple[bytes, str]:
    """Return the mark that a file begins with and that is not in its text, and how the rest is encoded."""
    if encoding is None:
        return b"", {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}.get(data[:2], "utf-8")
    name = codecs.lookup(encoding).name
    for mark, codec in MARKED.get(name, ()):
        if data.startswith(mark):
            return mark, codec
    return b"", NATIVE.get(name, name)


def _target(path: str, roots: Sequence[Path]) -> Path:
    """Return the file that a path leads to; raises InputError if it is not one to write."""
    target = Path(path).resolve(strict=True)
    status = target.stat()
    if not any(target.is_relative_to(root) for root in roots):
        raise InputError("a link that leads out of what is scanned", path=path)
    if not stat.S_ISREG(status.st_mode):
        raise InputError("not a regular file", path=path)
    if status.st_nlink > 1:
        raise InputError("it has more than one name (hard links)", path=path)
    if not status.st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH) or not os.access(target, os.W_OK):
        raise InputError("it is read-only", path=path)
    return target


def _replace(target: Path, data: bytes, after: bytes, *, backup: bool) -> Path | None:
    handle, name = tempfile.mkstemp(prefix=f".{target.name[:100]}.", suffix=".tmp", dir=target.parent)
    new, kept = Path(name), None
    try:
        with os.fdopen(handle, "wb") as file:
            _write(file.fileno(), after, new, target)
        os.utime(new)
        kept = _back_up(target, data) if backup else None
        if target.read_bytes() != data:
            raise InputError("it has changed since it was read", path=str(target))
        new.replace(target)
    except BaseException:
        new.unlink(missing_ok=True)
        if kept:
            kept.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)
    return kept


def _write(handle: int, data: bytes, path: Path, like: Path) -> None:
    """Write bytes to an open file, give it owner and mode of another one, and wait until it is on the disk."""
    left = memoryview(data)
    while left:
        left = left[os.write(handle, left) :]
    status = like.stat()
    if os.name != "nt":
        own = os.fstat(handle)
        if (own.st_uid, own.st_gid) != (status.st_uid, status.st_gid):
            os.chown(handle, status.st_uid, status.st_gid)
    shutil.copystat(like, path)
    os.fsync(handle)


def _back_up(target: Path, data: bytes) -> Path:
    """Keep the bytes of a file beside it, under the first of its names that is free."""
    number = 0
    while True:
        kept = target.with_name(f"{target.name}.bak" + (f".{number}" if number else ""))
        try:
            handle = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        except FileExistsError:
            number += 1
            continue
        try:
            _write(handle, data, kept, target)
        finally:
            os.close(handle)
        return kept


def _sync_folder(folder: Path) -> None:
    """Wait until a folder is on the disk, where a folder can be opened."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
