"""The options of `moderator scan` that cut what was found out of files."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from moderator.cli import common
from moderator.readers import files
from moderator.scan import Fixed, Fixing, Judged, fix_record

if TYPE_CHECKING:
    from moderator.cli.settings import Plan
    from moderator.house import House


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say what is cut out of files."""
    for option in (
        click.option("--no-backup", is_flag=True, help="With --fix: do not keep the file as it was as NAME.bak."),
        click.option(
            "--fix-at",
            type=click.FloatRange(0, 1, min_open=True),
            metavar="SCORE",
            help="With --fix or --diff: cut what has this score or more, instead of what is to be rejected.",
        ),
        click.option("--diff", is_flag=True, help="Show what is cut by --fix, or would be."),
        click.option("--fix", is_flag=True, help="Cut what is to be rejected out of the files."),
    ):
        command = option(command)
    return command


def asked(
    paths: Sequence[str], plan: Plan, *, fix: bool, diff: bool, fix_at: float | None, no_backup: bool
) -> Fixing | None:
    """Return what is to be cut; a usage error says what to type instead."""
    if fix and files.STDIN in paths:
        raise click.UsageError("standard input has no file to fix; to see what would be cut: moderator scan --diff -")
    if fix and (lines := [path for path in paths if path.lower().endswith(files.RECORDS)]):
        raise click.UsageError(f"--fix is for pages, not for JSON Lines: moderator scan --format jsonl {lines[0]}")
    if fix and plan.write_baseline:
        raise click.UsageError("--write-baseline accepts what --fix would cut: leave out one of them")
    if no_backup and not fix:
        raise click.UsageError("--no-backup needs --fix")
    if fix_at is not None and not (fix or diff):
        raise click.UsageError("--fix-at needs --fix or --diff")
    if not (fix or diff):
        return None
    from moderator.fix import rejected
    from moderator.rewrite import roots_of

    wanted = rejected if fix_at is None else lambda finding: finding.score >= fix_at
    return Fixing(wanted, fix, not no_backup, roots=roots_of(paths))


def once(names: Sequence[str]) -> list[str]:
    """Return files without further names of the same: under the second one it would have changed since it was found."""
    return list({os.path.realpath(name): name for name in reversed(names)}.values())[::-1]


def cut(house: House, judged: Judged, how: Fixing) -> Fixed | None:
    """Cut out of a page what is asked for, by the rules for its file; nothing if a link leads to one left out."""
    path = judged.record.path
    if path != files.STDIN and house.leaves_out(os.path.realpath(path)):
        return None
    how = replace(how, encoding=house.options(path).encoding)
    return fix_record(house.moderator_of(judged.record), judged, how)


def done(fixed: Fixed, text: str, name: str, diff: bool) -> Iterator[str]:
    """Yield what was done to a file, and the difference that makes."""
    from moderator.report import printable

    style = common.style(sys.stdout)
    if fixed.written:
        kept = f"; as it was: {printable(str(fixed.backup))}" if fixed.backup else ""
        characters = sum(cut.end - cut.start for cut in fixed.fix.cuts)
        yield f"{style(printable(name), 'place')}  {style('fixed', 'publish')}  {characters:,} characters cut{kept}"
    if diff:
        from moderator.diff import unified

        yield from unified(text, fixed.fix.cuts, name, style)
