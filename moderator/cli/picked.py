"""The options of `moderator scan` that pick what changed in git."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from moderator.errors import InputError
from moderator.readers.files import STDIN

if TYPE_CHECKING:
    from moderator.changes import Selection


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options."""
    for option in (
        click.option("--changed-lines", is_flag=True, help="Only findings that touch lines that are new in git."),
        click.option(
            "--changed",
            is_flag=False,
            flag_value="",
            metavar="[REV]",
            help="Only files that differ in git: what is staged; since the branch left REV; in A..B or A...B.",
        ),
    ):
        command = option(command)
    return command


def selection(changed: str | None, lines: bool, paths: Sequence[str], ignored: bool) -> Selection | None:
    """Return the changed files that the options pick, or None if they ask for none.

    A command that runs this one may have picked them already: then they are the object of the context.
    """
    context = click.get_current_context()
    given: Selection | None = context.obj
    if given is not None or (changed is None and not lines):
        return given
    refuse_cutting(context)
    from moderator import changes

    # `--changed content/` is meant as a path, as it would be for git.
    if changed and os.path.lexists(changed) and not _revision(changed):
        changed, paths = "", [changed, *paths]
    for path in paths:
        if path == STDIN:
            raise click.UsageError("standard input cannot be compared with git: leave out - or --changed.")
        if not os.path.lexists(path):
            raise InputError("no such file or folder", path=path)
    return changes.Selection(changes.since(changed or "", paths, lines=lines, ignored=ignored))


def refuse_cutting(context: click.Context) -> None:
    """Refuse what cuts texts: it would cut a file as it lies in the folder by what was found in another state of it."""
    for name in ("fix", "diff"):
        if context.params.get(name):
            raise click.UsageError(f"--{name} is for files as they lie in the folder, not as git has them.", context)


def _revision(word: str) -> bool:
    from moderator import git

    if not git.commit(word):
        return False
    raise click.UsageError(f"{word!r} is a revision and a path: write ./{word} or refs/heads/{word}.")
