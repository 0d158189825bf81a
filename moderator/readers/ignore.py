"""Which files git ignores, by the .gitignore files on the way down to them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec

MAX_PATTERN = 500  # characters


@dataclass(frozen=True, slots=True)
class Ignore:
    """The .gitignore files of a folder and of those above it, the outermost first."""

    specs: tuple[tuple[Path, GitIgnoreSpec], ...] = ()

    @classmethod
    def above(cls, folder: Path) -> Ignore:
        """Return the rules of the folders above one, up to the root of its git repository.

        None of them if they leave the folder itself out: who names it means it.
        """
        folder = folder.resolve()
        chain = []
        for parent in (folder, *folder.parents):
            chain.append(parent)
            if (parent / ".git").exists():
                break
        else:
            return cls()
        found = cls()
        for parent in reversed(chain[1:]):
            found = found.within(parent)
        return cls() if found.matches(folder, True) else found

    def within(self, folder: Path) -> Ignore:
        """Return these rules and those of a folder."""
        file = folder / ".gitignore"
        try:
            lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return self
        return Ignore((*self.specs, (folder.resolve(), GitIgnoreSpec.from_lines(lines))))

    def matches(self, path: Path, is_folder: bool) -> bool:
        """Return whether a path is ignored."""
        whole = path.parent.resolve() / path.name
        for folder, spec in reversed(self.specs):
            name = whole.relative_to(folder).as_posix() + ("/" if is_folder else "")
            decided = spec.check_file(name).include
            if decided is not None:
                return decided
        return False


def matcher(patterns: Sequence[str]) -> Callable[[str], bool]:
    """Return whether a name is meant by patterns as in .gitignore; raises ValueError for one that makes no sense.

    >>> matcher(["drafts/**", "*.txt"])("notes/a.txt"), matcher(["drafts/"])("notes/drafts.md")
    (True, False)
    """
    if any(len(pattern) > MAX_PATTERN for pattern in patterns):
        raise ValueError(f"a pattern may have {MAX_PATTERN} characters")
    spec = GitIgnoreSpec.from_lines(patterns)
    return spec.match_file
