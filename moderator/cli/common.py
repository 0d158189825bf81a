"""What commands share: options, colours, progress."""

from __future__ import annotations

import functools
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from moderator.policy import LEVELS
from moderator.records import KINDS, MEDIA
from moderator.report import Style

COLOURS: dict[str, dict[str, Any]] = {
    "place": {"bold": True},
    "reject": {"fg": "red", "bold": True},
    "hold": {"fg": "yellow", "bold": True},
    "publish": {"fg": "green"},
    "failure": {"fg": "magenta", "bold": True},
    "code": {"fg": "cyan"},
    "margin": {"dim": True},
    "marked": {"fg": "red", "reverse": True},
    "removed": {"fg": "red"},
    "added": {"fg": "green"},
}
OUTPUT = "moderator.output"  # in the context of a command: the file that it writes to


def model_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option that says which model is used."""
    return click.option(
        "--model",
        metavar="DIR",
        envvar="MODERATOR_MODEL",
        type=click.Path(exists=True, file_okay=False),
        help="Use the model in this folder, or in MODERATOR_MODEL.",
    )(command)


def input_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say how inputs are read and judged."""
    return reading_options(judging_options(command))


def judging_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say who judges."""
    for option in (
        model_option,
        click.option(
            "--profile",
            metavar="FILE",
            type=click.Path(exists=True, dir_okay=False),
            help="What the site publishes: the file that moderator profile build made.",
        ),
        click.option(
            "--on-error",
            type=click.Choice(("hold", "publish", "reject")),
            default="hold",
            show_default=True,
            help="What to do with a text that could not be judged in full.",
        ),
    ):
        command = option(command)
    return command


def reading_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say how files are read where they do not say it themselves."""
    for option in (
        click.option("--encoding", metavar="NAME", help="The encoding of files that are not UTF-8."),
        click.option("--media", type=click.Choice(MEDIA[1:]), help="How the text is written, whatever its file name."),
        click.option("--kind", type=click.Choice(KINDS), help="Judge everything as this."),
    ):
        command = option(command)
    return command


def models_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option that says where a site's models are."""
    return click.option(
        "--models",
        type=click.Path(file_okay=False, path_type=Path),
        default=Path("models"),
        show_default=True,
        help="The folder of models.",
    )(command)


def fail_on(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option that says from which action on the exit code is 1."""
    return click.option(
        "--fail-on",
        type=click.Choice(LEVELS),
        default="hold",
        show_default=True,
        help="Exit with 1 if anything gets this action or a stronger one.",
    )(command)


def output_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option that names a file for what would be printed: it is there when all of it was written."""

    @functools.wraps(command)
    def written(*arguments: Any, output: Path | None, **options: Any) -> Any:
        if output is None:
            return command(*arguments, **options)
        from moderator.samples import writing

        with writing(output) as file:
            click.get_current_context().meta[OUTPUT] = file
            return command(*arguments, **options)

    return click.option(
        "--output", "-o", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file."
    )(written)


def style(stream: Any) -> Style:
    """Return how text is coloured for a stream: not at all unless it is a terminal that wants colours."""
    plain = _output() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    wanted = stream is not None and stream.isatty() and not plain

    def coloured(text: str, what: str) -> str:
        return click.style(text, **COLOURS[what]) if wanted and what in COLOURS else text

    return coloured


def write(text: str) -> None:
    """Print a text as UTF-8 wherever it goes; lone surrogates become escapes, which JSON reads back."""
    click.echo(text.encode("utf-8", "backslashreplace"), _output())


def _output() -> Any:
    context = click.get_current_context(silent=True)
    return context.meta.get(OUTPUT) if context else None


class Progress:
    """A line on a terminal that says how far a job is, how fast it goes and how long it will take."""

    def __init__(self, unit: str, total: int = 0) -> None:
        self.unit, self.total = unit, total
        self.shown = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._began = self._last = time.monotonic()

    def show(self, count: int, done: int) -> None:
        """Show that `count` units are ready, `done` of the `total` that was announced."""
        now = time.monotonic()
        if not self.shown or now - self._last < 0.2:
            return
        self._last = now
        seconds = now - self._began
        line = f"{count:,} {self.unit}  {count / seconds:,.0f}/s"
        if self.total and done:
            left = seconds * (self.total - done) / done
            line += f"  {100 * done // self.total} %  {int(left // 60)}:{int(left % 60):02d} left"
        click.echo(f"\r\x1b[K{line}", err=True, nl=False)

    def clear(self) -> None:
        """Take the line away."""
        if self.shown:
            click.echo("\r\x1b[K", err=True, nl=False)
