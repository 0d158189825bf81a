"""Hooks of a git repository: written, kept beside those that were there, taken away again."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from moderator import git
from moderator.errors import InputError
from moderator.store import write_atomically

TYPES = ("pre-commit", "pre-push")
MARK = b"# Written by moderator hook install."
ASIDE = ".before-moderator"  # added to the name of a hook that was there

# POSIX sh. `$0` may be another name: tools that install hooks rename those they find.
_SCRIPT = """#!/bin/sh
{mark} Taken away by: moderator hook uninstall --type {type}
# Fails if the check fails in any way: a check that is broken must neither pass nor go unnoticed.
before="$(dirname -- "$0")/{type}{aside}"
skip() {{
  echo 'moderator: {what} was stopped. To go on without this check, once:  SKIP=moderator {command}' >&2
  exit "$1"
}}
{stdin}if [ -f "$before" ] && [ -x "$before" ]; then
  {feed}"$before" "$@" || exit $?
fi
case ",${{SKIP:-}}," in *,moderator,*) echo 'moderator: skipped' >&2; exit 0 ;; esac
python={python}
code=127
if [ -x "$python" ]; then
  # -P: what lies in the repository is not imported. 127: moderator is not installed there any more.
  {feed}"$python" -P -c '
import sys
try:
    from moderator.cli.main import main
except ImportError:
    sys.exit(127)
main()' hook run --type {type}{arguments}
  code=$?
fi
if [ "$code" -eq 127 ] && command -v moderator >/dev/null 2>&1; then
  {feed}moderator hook run --type {type}{arguments}
  code=$?
fi
if [ "$code" -eq 127 ]; then
  printf 'moderator: not found, neither by %s nor on the PATH. Install it again, or remove %s\\n' "$python" "$0" >&2
fi
[ "$code" -eq 0 ] || skip "$code"
"""
_FEED = """updates=$(cat)
feed() {
  [ -z "$updates" ] || printf '%s\\n' "$updates"
}
"""


@dataclass(frozen=True, slots=True)
class Hook:
    """A hook of a repository and what was put aside for it."""

    path: Path
    shared: bool  # by more than this repository

    @property
    def aside(self) -> Path:
        """Return where the hook is kept that was there before."""
        return self.path.with_name(self.path.name + ASIDE)

    @property
    def ours(self) -> bool:
        """Return whether the hook was written here."""
        try:
            return MARK in self.path.read_bytes()
        except OSError:
            return False


def find(kind: str) -> Hook:
    """Return the hook of a type in the repository that the current folder is in, wherever git looks for it."""
    # From the top of the tree, since that is where git runs hooks and what core.hooksPath is relative to.
    top = git.tell("rev-parse", "--show-toplevel")
    folder = Path(top, git.tell("-C", top, "rev-parse", "--git-path", "hooks"))
    common = Path(top, git.tell("-C", top, "rev-parse", "--git-common-dir"))
    inside = any(folder.resolve().is_relative_to(place.resolve()) for place in (Path(top), common))
    return Hook(folder / kind, not inside)


def install(kind: str, options: Sequence[str] = ()) -> Hook:
    """Write a hook; one that is there already is put aside, and called first.

    Raises InputError if that would lose something.
    """
    hook = find(kind)
    try:
        hook.path.parent.mkdir(parents=True, exist_ok=True)
        if os.path.lexists(hook.path) and not hook.ours:
            if os.path.lexists(hook.aside):
                raise InputError(f"was replaced since, and {hook.aside} is there, too: remove one", path=str(hook.path))
            hook.path.rename(hook.aside)
        write_atomically(hook.path, script(kind, options))
        hook.path.chmod(0o755)
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", path=str(hook.path)) from error
    return hook


def uninstall(kind: str) -> Hook | None:
    """Take a hook away and put back what was there before; returns None if there is none of ours."""
    hook = find(kind)
    if not hook.ours:
        return None
    try:
        if os.path.lexists(hook.aside):
            hook.aside.replace(hook.path)
        else:
            hook.path.unlink()
    except OSError as error:
        raise InputError(f"cannot be removed: {error.strerror}", path=str(hook.path)) from error
    return hook


def script(kind: str, options: Sequence[str] = ()) -> bytes:
    """Return the hook of a type, which runs this interpreter's moderator with options of `moderator scan`."""
    push = kind == "pre-push"
    arguments = (' --remote="${1-}"' if push else "") + "".join(f" {shlex.quote(word)}" for word in ("--", *options))
    text = _SCRIPT.format(
        mark=MARK.decode(),
        type=kind,
        aside=ASIDE,
        what="the push" if push else "the commit",
        command="git push" if push else "git commit",
        # Two programs are told what is pushed.
        stdin=_FEED if push else "",
        feed="feed | " if push else "",
        python=shlex.quote(sys.executable or "python3"),
        arguments=arguments,
    )
    return os.fsencode(text)
