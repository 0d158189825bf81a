"""`moderator profile`: what a site publishes in and links to, learned from its own pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from moderator import load
from moderator.cli import common
from moderator.errors import InputError

if TYPE_CHECKING:
    from moderator.profile import Part, Profile
    from moderator.survey import Tally

SHOWN = 100  # problems that are printed


@click.group(epilog="Example: moderator profile build content/")
def profile() -> None:
    """Learn what a site publishes, from its own pages.

    A profile lists the languages and scripts that the site publishes in and the hosts it normally
    links to. With it, --profile of scan, check and explain tells better what is foreign to the site.
    """


@profile.command(epilog="Example: moderator profile build content/ --out .moderator-profile.json")
@click.argument("paths", nargs=-1, required=True, metavar="CONTENT...")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path(".moderator-profile.json"),
    show_default=True,
    help="The file to write.",
)
@click.option("--ignored", is_flag=True, help="Read files that .gitignore leaves out, and hidden ones.")
@click.option("--quiet", "-q", is_flag=True, help="No summary and no progress.")
@common.model_option
@common.reading_options
def build(
    paths: tuple[str, ...],
    out: Path,
    ignored: bool,
    quiet: bool,
    model: str | None,
    kind: Any,
    media: Any,
    encoding: str | None,
) -> int:
    """Learn a profile from the site's own pages.

    Files are chosen as moderator scan does. Parts of pages that look like spam are left out, and so
    are comments.
    """
    from moderator.profile import dumps
    from moderator.readers import files
    from moderator.store import write_atomically
    from moderator.survey import profile_of, survey

    options = files.Options(kind, media, encoding)
    names = list(files.find(paths, ignored=ignored))
    progress = common.Progress("pages", files.size(names))
    progress.shown &= not quiet
    try:
        for tally in survey(load(model), files.read_all(names, lambda _: options)):
            progress.show(tally.pages, tally.done)
    finally:
        progress.clear()
    _complain(tally.problems)
    if not tally.pages:
        raise InputError("no pages to learn from: nothing was written; see moderator profile build --help")
    try:
        write_atomically(out, dumps(profile_of(tally)))
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", path=str(out)) from error
    if not quiet:
        click.echo("\n".join(_summary(tally, out)), err=True)
    return 3 if tally.problems else 0


def _complain(problems: list[str]) -> None:
    from moderator.report import printable

    for problem in problems[:SHOWN]:
        click.echo(printable(problem), err=True)
    if len(problems) > SHOWN:
        click.echo(f"and {len(problems) - SHOWN:,} more problems", err=True)


def _summary(tally: Tally, out: Path) -> Iterator[str]:
    yield f"{out}: {_count(tally.pages, 'page')}"
    if tally.segments:
        yield f"left out: {_count(tally.segments, 'part')} of {_count(tally.flagged, 'page')} that look like spam"
    if tally.comments:
        yield f"left out: {_count(tally.comments, 'comment')}"
    if tally.problems:
        yield f"left out: {_count(len(tally.problems), 'file')} that could not be read or judged"
    yield f"use it: moderator scan --profile {out} ..."


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


@profile.command(epilog="Example: moderator profile show .moderator-profile.json")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def show(file: Path) -> int:
    """Show what a profile holds."""
    from moderator.profile import read

    common.write("\n".join(_shown(read(file))))
    return 0


def _shown(found: Profile) -> Iterator[str]:
    from moderator.detectors.drift import language_name, script_name
    from moderator.profile import trust

    yield f"{_count(found.pages, 'page')}: counts for {trust(found.pages):.0%} of what the profile of a large site does"
    yield from _table("languages", found.languages, language_name)
    yield from _table("scripts", found.scripts, script_name)
    yield ""
    yield f"hosts that pages link to: {len(found.hosts) or 'none'}"
    yield from (f"{pages:7,}  {host}" for host, pages in found.hosts.items())


def _table(title: str, parts: Mapping[str, Part], name: Callable[[str], str]) -> Iterator[str]:
    yield ""
    yield f"{title}, their share of the letters, and the pages they are on"
    yield from (f"{part.share:7.1%}  {part.pages:7,}  {name(code)}" for code, part in parts.items())
