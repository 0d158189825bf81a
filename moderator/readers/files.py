"""Files and folders: which ones hold text to moderate, and their text as received."""

from __future__ import annotations

import codecs
import json
import os
import re
import select
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from moderator.errors import InputError
from moderator.records import KINDS, MEDIA, Document, Kind, Media
from moderator.samples import DOCUMENT_KEYS

MEDIA_OF: dict[str, Media] = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".mdx": "markdown",
    ".mkd": "markdown",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".txt": "plain",
    ".text": "plain",
    ".rst": "plain",
    ".adoc": "plain",
    ".asciidoc": "plain",
    ".org": "plain",
}
RECORDS = (".jsonl", ".ndjson")
MAX_CHARACTERS = 5_000_000
MAX_BYTES = 4 * MAX_CHARACTERS
LONGEST_SHOWN = 20  # characters of a wrong value, which goes into logs as well
STDIN = "-"
_OBJECT = re.compile(rb'\s*\{[ \t]*["}]')  # a record; "{{" is a template, "{" alone is JSON over several lines
_ARRAY = re.compile(r"\ufeff?\s*\[\s*\{\s*\"")
_KEYS = frozenset(DOCUMENT_KEYS)


@dataclass(frozen=True, slots=True)
class Record:
    """One input: a document, or what was wrong with it, and where it came from."""

    document: Document | None
    path: str
    line: int | None = None
    error: str = ""
    position: int = 0  # bytes of the input read so far


@dataclass(frozen=True, slots=True)
class Options:
    """How inputs are read where they do not say it themselves."""

    kind: Kind | None = None
    media: Media | None = None
    encoding: str | None = None


def find(paths: Iterable[str], *, ignored: bool = False) -> Iterator[str]:
    """Yield the files to read: those named, and in folders those with a known ending, in order.

    Files that a .gitignore leaves out, hidden ones and links to folders are skipped, unless `ignored`.
    Raises InputError for a path that does not exist.
    """
    from moderator.readers.ignore import Ignore

    for path in paths:
        if os.path.isdir(path):
            yield from _walk(path, None if ignored else Ignore.above(Path(path)))
        elif path == STDIN or os.path.exists(path):
            yield path
        else:
            raise InputError("no such file or folder", path=path)


def _walk(folder: str, ignore: Any) -> Iterator[str]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        yield folder  # reading it says what is wrong with it, and the rest is judged
        return
    rules = ignore.within(Path(folder)) if ignore else None
    for entry in entries:
        path = os.path.join(folder, entry.name)
        if rules and (entry.name.startswith(".") or rules.matches(Path(path), entry.is_dir(follow_symlinks=False))):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(path, rules)
        elif os.path.isfile(path) and is_text(entry.name):
            yield path


def name_from(folder: str, path: str) -> str:
    """Return the name of a file from a folder, which is the same on every machine; one outside begins with "..".

    >>> name_from(os.path.realpath("content"), "content/./post.md")
    'post.md'
    """
    above, name = os.path.split(path)
    return os.path.relpath(os.path.join(os.path.realpath(above or "."), name), folder).replace(os.sep, "/")


def is_text(name: str) -> bool:
    """Return whether a file's ending says that it holds text to moderate."""
    return os.path.splitext(name)[1].lower() in (*MEDIA_OF, *RECORDS)


def size(names: Iterable[str]) -> int:
    """Return how many bytes the files hold, standard input apart."""
    return sum(os.stat(name).st_size for name in names if name != STDIN)


def read_all(names: Iterable[str], options: Callable[[str], Options]) -> Iterator[Record | None]:
    """Yield the records of files, one file after the other; `options` says how each is read."""
    for name in names:
        yield from read(name, options(name))


def read(path: str, options: Options) -> Iterator[Record | None]:
    """Yield the records of a file; None where nothing more is waiting and what there is should be judged."""
    if path == STDIN:
        import sys

        yield from _read_stream(sys.stdin.buffer, options)
        return
    if os.path.isdir(path):
        yield Record(None, path, error="a folder that cannot be read")
        return
    try:
        with open(path, "rb") as file:
            yield from read_file(file, path, options)
    except OSError as error:
        yield Record(None, path, error=f"cannot be read: {error.strerror}")


def read_file(file: IO[bytes], path: str, options: Options) -> Iterator[Record | None]:
    """Yield the records of an open file: one for each line of JSON Lines, otherwise one page."""
    if os.path.splitext(path)[1].lower() in RECORDS:
        yield from read_lines(file, path, options)
    else:
        yield read_page(file, path, options)


def _read_stream(stream: IO[bytes], options: Options) -> Iterator[Record | None]:
    """Read standard input: JSON Lines if it begins with an object, otherwise one page."""
    head = stream.peek(64) if hasattr(stream, "peek") else b""
    if _OBJECT.match(head.removeprefix(codecs.BOM_UTF8)):
        yield from read_lines(_Stream(stream), STDIN, options)
    else:
        yield read_page(stream, STDIN, options)


def read_page(file: IO[bytes], path: str, options: Options) -> Record:
    """Read a file that is one document."""
    data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        return Record(None, path, error=f"longer than {MAX_BYTES} bytes: split it", position=len(data))
    try:
        text = decode(data, options.encoding)
    except InputError as error:
        return Record(None, path, error=error.message, position=len(data))
    if len(text) > MAX_CHARACTERS:
        return Record(None, path, error=_too_long(text), position=len(data))
    if _ARRAY.match(text):
        return Record(None, path, error="a JSON array: give JSON Lines, one object a line", position=len(data))
    media = options.media or MEDIA_OF.get(os.path.splitext(path)[1].lower(), "auto")
    name = path.replace(os.sep, "/")
    return Record(Document(text, name, options.kind or "page", media), path, position=len(data))


def decode(data: bytes, encoding: str | None = None) -> str:
    r"""Return the text of a file, byte order mark and newlines kept; raises InputError if it is none.

    >>> decode(b"n\xc3\xa9") == "n\u00e9"
    True
    """
    if encoding is None and data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encoding = "utf-16-le" if data[:1] == b"\xff" else "utf-16-be"
    if encoding is None and b"\0" in data[:8192]:
        raise InputError("a binary file, not text")
    try:
        return data.decode(encoding or "utf-8")
    except LookupError as error:
        raise InputError(f"no such encoding: {encoding}") from error
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        byte = f"byte 0x{data[error.start]:02x} in line {line}"
        raise InputError(f"not {encoding or 'UTF-8'}: {byte}; name its encoding with --encoding") from error
    except UnicodeError as error:
        raise InputError(f"not {encoding}: {error}") from error


class _Stream:
    """A stream by lines, that knows whether another one is there to read at once."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._left = file, bytearray()

    def readline(self, limit: int) -> bytes:
        """Return the next line, cut at a number of bytes; empty at the end."""
        seen = 0
        while (end := self._left.find(b"\n", seen, limit) + 1) == 0 and len(self._left) < limit:
            seen = len(self._left)
            # Not more than there is, and all that the buffer of the file holds: so `select` tells the truth.
            if not (data := self._file.read1(1 << 16)):  # type: ignore[attr-defined]
                break
            self._left += data
        line = bytes(self._left[: end or limit])
        del self._left[: end or limit]
        return line

    def waiting(self) -> bool:
        """Return whether a line can be read without waiting for it, as far as the system can tell."""
        try:
            return b"\n" in self._left or bool(select.select([self._file], [], [], 0)[0])
        except (OSError, ValueError):
            return True


def read_lines(file: IO[bytes] | _Stream, path: str, options: Options) -> Iterator[Record | None]:
    """Read JSON Lines; a line that is wrong is a record with its error, and the next ones are read."""
    position, number = 0, 0
    while line := file.readline(MAX_BYTES + 1):
        number += 1
        position += len(line)
        if number == 1 and line[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            yield Record(None, path, number, "JSON Lines in UTF-16: convert it to UTF-8", position)
            return
        if len(line) > MAX_BYTES:
            while not line.endswith(b"\n") and (line := file.readline(MAX_BYTES)):
                position += len(line)
            yield Record(None, path, number, f"longer than {MAX_BYTES} bytes", position)
        elif not line.isspace():
            yield _record(line, path, number, position, options)
        if isinstance(file, _Stream) and not file.waiting():
            yield None


def _record(line: bytes, path: str, number: int, position: int, options: Options) -> Record:
    try:
        text = line.removeprefix(codecs.BOM_UTF8).decode(options.encoding or "utf-8")
        document = parse(json.loads(text), f"{path}:{number}", options)
    except UnicodeDecodeError as error:
        reason = f"not {options.encoding or 'UTF-8'}: byte 0x{line[error.start]:02x} at {error.start}"
        return Record(None, path, number, reason, position)
    except LookupError:
        return Record(None, path, number, f"no such encoding: {options.encoding}", position)
    except RecursionError:
        return Record(None, path, number, "nested too deeply", position)
    except ValueError as error:
        return Record(None, path, number, f"not JSON: {error}", position)
    except InputError as error:
        return Record(None, path, number, error.message, position)
    return Record(document, path, number, position=position)


def parse(row: Any, name: str, options: Options) -> Document:
    """Make a document of a JSON object; other keys than a document's are left alone."""
    if not isinstance(row, dict):
        raise InputError("not a JSON object")
    known = {key: value for key, value in row.items() if key in _KEYS and value is not None}
    text = known.get("text")
    if text is None:
        raise InputError("the object has no text")
    known["id"] = str(known.get("id", name))
    for key, value in known.items():
        if not isinstance(value, str):
            raise InputError(f"{key} is not a string")
    for key, allowed in (("kind", KINDS), ("media", MEDIA)):
        if known.get(key, allowed[0]) not in allowed:
            raise InputError(f"{key} must be one of {', '.join(allowed)}, not {known[key][:LONGEST_SHOWN]!r}")
    if options.kind:
        known["kind"] = options.kind
    if options.media:
        known["media"] = options.media
    if len(text) > MAX_CHARACTERS:
        raise InputError(_too_long(text))
    return Document(**known)


def _too_long(text: str) -> str:
    return f"a text of {len(text)} characters; at most {MAX_CHARACTERS} are judged at once: split it"
