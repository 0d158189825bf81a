"""What git says: which files differ between two states, where, and what its objects hold."""

from __future__ import annotations

import io
import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from moderator.errors import InputError

# Added, copied, modified, renamed, of another type; and unmerged, since nothing may be left out in silence.
_FILTER = "--diff-filter=ACMRTU"
# Plumbing, so that no setting of a user changes what is printed: colours, prefixes, drivers, how hunks are joined.
_PATCH = ("-p", "-U0", "--full-index", "--no-color", "--no-ext-diff", "--no-textconv", "--text")
_REGULAR = (b"100644", b"100755")
_INDEX = re.compile(rb"index ([0-9a-f]{40,64})\.\.([0-9a-f]{40,64})")
_HUNK = re.compile(rb"@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@")


@dataclass(frozen=True, slots=True)
class Entry:
    """A file that differs: its path from the top, and the ids of its old and new contents."""

    path: str
    old: str
    new: str
    unmerged: bool = False


@dataclass(frozen=True, slots=True)
class Diff:
    """Two states to compare, as git's own commands take them."""

    arguments: tuple[str, ...]

    @classmethod
    def staged(cls, base: str) -> Diff:
        """Compare the index with a tree."""
        return cls(("diff-index", "--cached", "-M", base))

    @classmethod
    def trees(cls, old: str, new: str) -> Diff:
        """Compare a tree with another one."""
        return cls(("diff-tree", "-r", "-M", old, new))

    def entries(self, paths: Sequence[str] = ()) -> Iterator[Entry]:
        """Yield the regular files that differ; links and submodules hold no text."""
        yield from entries(self._run(("--raw", "-z", "--no-abbrev"), paths))

    def added(self, paths: Sequence[str] = ()) -> dict[tuple[str, str], tuple[range, ...]]:
        """Return the lines that are new, by the ids of the old and the new content."""
        return added(self._run(_PATCH, paths))

    def _run(self, form: Sequence[str], paths: Sequence[str]) -> bytes:
        command, *rest = self.arguments
        return run("--literal-pathspecs", command, *form, _FILTER, *rest, "--", *paths)


def run(*arguments: str, stdin: bytes = b"") -> bytes:
    """Return what a git command prints; raises InputError with what git says is wrong."""
    ended = _run(arguments, stdin)
    if ended.returncode:
        said = os.fsdecode(ended.stderr).strip().splitlines()
        command = next((word for word in arguments if not word.startswith("-")), "")
        raise InputError(f"git {command}: {said[0].removeprefix('fatal: ') if said else 'failed'}")
    return ended.stdout


def ask(*arguments: str) -> str:
    """Return the one line that a git command answers with, or nothing if it says no."""
    ended = _run(arguments, b"")
    return "" if ended.returncode else os.fsdecode(ended.stdout.removesuffix(b"\n"))


def _run(arguments: Sequence[str], stdin: bytes) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(("git", *arguments), input=stdin, capture_output=True, check=False)
    except OSError as error:
        raise InputError(f"git cannot be run: {error.strerror}") from error
    except ValueError as error:
        raise InputError(f"git cannot be given that: {error}") from error


def tell(*arguments: str) -> str:
    """Return the one line that a git command prints; raises InputError with what git says is wrong."""
    return os.fsdecode(run(*arguments).removesuffix(b"\n"))


def here() -> str:
    """Return where the current folder is in the repository: "" at its top; raises InputError outside of one."""
    return tell("rev-parse", "--show-prefix")


def commit(name: str) -> str:
    """Return the id of the commit that a name stands for, or nothing if there is none."""
    # A name that begins with a dash would be read as an option.
    return "" if name.startswith("-") or not name else ask("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")


def nothing() -> str:
    """Return the id of the tree without files."""
    return run("hash-object", "-t", "tree", "--stdin").decode().strip()


def entries(data: bytes) -> Iterator[Entry]:
    r"""Read what `--raw -z` prints.

    >>> [e.path for e in entries(b":100644 100644 " + b"a" * 40 + b" " + b"b" * 40 + b" R090\0old\0new\n.md\0")]
    ['new\n.md']
    """
    fields = iter(data.split(b"\0"))
    for head in fields:
        if not head:
            return
        _, mode, old, new, status = head.removeprefix(b":").split()
        path = next(fields)
        if status[:1] in (b"R", b"C"):
            path = next(fields)
        if status == b"T":
            old = b"0" * len(old)  # a patch takes the link away and adds the file anew
        unmerged = status == b"U"
        if mode in _REGULAR or unmerged:
            yield Entry(os.fsdecode(path), old.decode(), new.decode(), unmerged)


def added(patch: bytes) -> dict[tuple[str, str], tuple[range, ...]]:
    r"""Read which lines a patch without context adds, by the ids of the old and the new content.

    Names are not looked at, so none can be odd enough to lead astray. A line of content begins with a
    sign, so none is taken for a head.

    >>> added(b"index " + b"a" * 40 + b".." + b"b" * 40 + b"\n@@ -1 +2,3 @@\n+x\n")["a" * 40, "b" * 40]
    (range(2, 5),)
    """
    found: dict[tuple[str, str], tuple[range, ...]] = {}
    files = ("", "")
    for line in io.BytesIO(patch):
        if match := _INDEX.match(line):
            files = match[1].decode(), match[2].decode()
            found[files] = ()
        elif match := _HUNK.match(line):
            first, count = int(match[1]), int(match[2] or 1)
            if count:
                found[files] += (range(first, first + count),)
    return found


class Blobs:
    """The contents of objects by their ids, read by one process for all of them."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin
        assert process.stdout
        self._asked, self._said = process.stdin, process.stdout

    @contextmanager
    def open(self, blob: str) -> Iterator[io.BufferedReader]:
        """Open the content of an object; raises InputError if there is none."""
        self._asked.write(blob.encode() + b"\n")
        self._asked.flush()
        head = self._said.readline().split()
        if len(head) != 3 or not head[2].isdigit():
            raise InputError("git has no content for it")
        part = _Part(self._said, int(head[2]))
        try:
            yield io.BufferedReader(part)
        finally:
            part.skip()
            self._said.read(1)  # the newline that ends every answer


@contextmanager
def blobs() -> Iterator[Blobs]:
    """Start the process that reads objects."""
    command = ("git", "cat-file", "--batch")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        yield Blobs(process)


class _Part(io.RawIOBase):
    """The next so many bytes of a stream, as a file."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file, self.left = file, size

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read some bytes into a buffer and return how many."""
        data = self._file.read(min(len(buffer), self.left))
        buffer[: len(data)] = data
        self.left = self.left - len(data) if data else 0
        return len(data)

    def skip(self) -> None:
        """Read what is left and forget it."""
        while self.left:
            self.readinto(memoryview(bytearray(min(self.left, 1 << 16))))
