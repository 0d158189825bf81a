"""Files that a commit or a push changes: which they are, what git holds of them, which of their lines are new."""

from __future__ import annotations

import os
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from moderator import git
from moderator.errors import InputError
from moderator.git import Diff
from moderator.readers import files
from moderator.readers.files import Record
from moderator.records import ACTIONS
from moderator.report import Lines
from moderator.scan import Judged

STAGED = ""  # the revision that stands for: the index against the last commit


@dataclass(frozen=True, slots=True)
class Change:
    """A file that changed: its path as seen from here, its content, and the lines that are new."""

    path: str
    blob: str
    lines: tuple[range, ...] | None = None  # None: all that is in it counts
    unmerged: bool = False


def since(revision: str, paths: Sequence[str] = (), *, lines: bool = False, ignored: bool = False) -> list[Change]:
    """Return what changed since a revision, or in a range of them.

    Without a revision it is what is staged; with one, what is staged and committed since the branch
    left it; `A..B` compares two commits, `A...B` the second with where it left the first.
    """
    return _changes([_diff(revision)], paths, lines, ignored)


def pushed(updates: bytes, remote: str, paths: Sequence[str] = (), *, lines: bool = False) -> list[Change]:
    """Return what a push changes, from what git tells the hook: four words for each ref.

    A file counts if it is like that in none of the states that the remote has already, so a branch
    into which the remote's own was merged is not asked about it.
    """
    found: dict[Change, None] = {}
    for update in filter(None, updates.split(b"\n")):
        words = os.fsdecode(update).split(" ")
        if len(words) != 4:
            raise InputError(f"not what git tells a pre-push hook: {os.fsdecode(update)!r}")
        _, local, _, there = words
        if local.strip("0") and git.commit(local):
            found |= dict.fromkeys(_changes(_new_to(remote, local, there), paths, lines, False))
    return list(found)


def _diff(revision: str) -> Diff:
    first, dots, second = revision.partition("...")
    if dots:
        return Diff.trees(_base(first or "HEAD", second or "HEAD"), _known(second or "HEAD"))
    first, dots, second = revision.partition("..")
    if dots:
        return Diff.trees(_known(first or "HEAD"), _known(second or "HEAD"))
    if revision == STAGED:
        return Diff.staged(git.commit("HEAD") or git.nothing())
    return Diff.staged(_base(revision, "HEAD"))  # what the other branch did meanwhile is not asked about


def _known(revision: str) -> str:
    found = git.commit(revision)
    if not found:
        git.here()  # outside of a repository, that is what is wrong
        raise InputError(f"no such revision or path: {revision}")
    return found


def _base(first: str, second: str) -> str:
    one, other = _known(first), _known(second)
    found = git.ask("merge-base", one, other)
    if not found:
        raise InputError(f"{first} and {second} have nothing in common here: fetch more of the history, or name A..B")
    return found


def _new_to(remote: str, local: str, there: str) -> list[Diff]:
    """Return how to compare a commit with each state of the remote that its new commits begin at."""
    known = [f"--remotes={remote}" if remote else "--remotes"]
    if there.strip("0") and git.commit(there):
        known.append(there)
    new = git.run("rev-list", "--boundary", local, "--not", *known).decode().split()
    if not new:
        return []
    bases = [line[1:] for line in new if line.startswith("-")]
    return [Diff.trees(base, local) for base in bases or [git.nothing()]]


def _changes(diffs: Sequence[Diff], paths: Sequence[str], lines: bool, ignored: bool) -> list[Change]:
    """Return the files that differ from every one of several states, with the lines that none of them has."""
    here = git.here()
    found: dict[str, list[git.Entry]] = {}
    added: dict[tuple[str, str], tuple[range, ...]] = {}
    for diff in diffs:
        for entry in diff.entries(paths):
            if files.is_text(entry.path) and (ignored or not _hidden(entry.path)):
                found.setdefault(entry.path, []).append(entry)
        if lines:
            added |= diff.added(paths)
    return [
        Change(
            _seen_from(here, path),
            several[0].new,
            _common([added.get((entry.old, entry.new), ()) for entry in several]) if lines else None,
            several[0].unmerged,
        )
        for path, several in found.items()
        if len(several) == len(diffs)
    ]


def _hidden(path: str) -> bool:
    return path.startswith(".") or "/." in path


def _seen_from(here: str, path: str) -> str:
    return os.path.relpath(path, here) if here else path.replace("/", os.sep)


def _common(several: Sequence[Sequence[range]]) -> tuple[range, ...]:
    first, *rest = several
    found = list(first)
    for other in rest:
        pairs = ((max(a.start, b.start), min(a.stop, b.stop)) for a in found for b in other)
        found = [range(start, stop) for start, stop in pairs if start < stop]
    return tuple(found)


class Selection:
    """Changed files, to be read and judged, and the lines in them that matter."""

    def __init__(self, changes: Iterable[Change]) -> None:
        self.changes = tuple(changes)
        self._lines: dict[str, tuple[range, ...] | None] = {}
        for change in self.changes:
            # Two branches may be pushed that hold different contents of a file: then all lines of both matter.
            self._lines[change.path] = None if change.path in self._lines else change.lines

    @property
    def paths(self) -> list[str]:
        """Return the paths of the files."""
        return list(self._lines)

    def records(
        self, names: Iterable[str], options: Callable[[str], files.Options], *, whole: bool = False
    ) -> Iterator[Record | None]:
        """Yield the records of those files that are named, as git holds them and not as they lie in the folder.

        Of JSON Lines only the lines that matter are read, since each is judged by itself; all of them if
        it is `whole` files that count.
        """
        asked = frozenset(names)
        with git.blobs() as blobs:
            for change in self.changes:
                if change.path not in asked:
                    continue
                try:
                    yield from self._read(blobs, change, options(change.path), whole)
                except InputError as error:
                    yield Record(None, change.path, error=error.message)

    def _read(self, blobs: git.Blobs, change: Change, options: files.Options, whole: bool) -> Iterator[Record | None]:
        if change.unmerged:
            raise InputError("has conflicts: solve them, and git add the file")
        with blobs.open(change.blob) as file:
            if file.peek(2)[:2] in (BOM_UTF16_LE, BOM_UTF16_BE):
                self._lines[change.path] = None  # git counts lines by bytes, which are not those of the text
            for record in files.read_file(file, change.path, options):
                if record is None or whole or self._matters(record):
                    yield record

    def _matters(self, record: Record) -> bool:
        return record.line is None or _touches(self._lines[record.path], record.line, record.line)

    def narrowed(self, batch: Iterable[Judged]) -> list[Judged]:
        """Return verdicts with the findings that touch lines that matter; the action is that of the worst of them."""
        return [self._narrowed(judged) for judged in batch if self._matters(judged.record)]

    def _narrowed(self, judged: Judged) -> Judged:
        record, verdict = judged.record, judged.verdict
        lines = self._lines.get(record.path)
        if lines is None or record.line is not None or record.document is None or not verdict.findings:
            return judged
        place = Lines(record.document.text).place
        kept = [
            finding
            for finding in verdict.findings
            if _touches(lines, place(finding.span.start)[0], place(max(finding.span.start, finding.span.end - 1))[0])
        ]
        least = [verdict.action] if verdict.failures else []
        action = max([*least, *(finding.action for finding in kept)], key=ACTIONS.index, default=ACTIONS[0])
        return replace(judged, verdict=replace(verdict, findings=tuple(kept), action=action))


def _touches(lines: Sequence[range] | None, first: int, last: int) -> bool:
    return lines is None or any(part.start <= last and first < part.stop for part in lines)
