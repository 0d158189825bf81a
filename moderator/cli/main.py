"""The commands, and the one place where errors become exit codes."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

import click

import moderator
from moderator.errors import ModeratorError

USAGE, FAILED, INTERRUPTED = 2, 3, 130

# A command's module is imported when it runs, so that no command pays for another one's imports.
COMMANDS = {
    "scan": ("moderator.cli.scan", "Moderate files, folders and JSON Lines."),
    "check": ("moderator.cli.check", "Judge one text and print the verdict as JSON."),
    "explain": ("moderator.cli.check", "Show a text with what was found in it, and why."),
    "hook": ("moderator.cli.hook", "Check what is committed or pushed, before it is."),
    "profile": ("moderator.cli.profile", "Learn what a site publishes, from its own pages."),
    "config": ("moderator.cli.config", "Show what is configured, and where."),
    "evaluate": ("moderator.cli.evaluate", "Measure a model on labelled comments."),
    "evaluate trailers": ("moderator.cli.trailers", "Measure it on pages that spam is put into."),
    "samples": ("moderator.cli.samples", "Import labelled samples, check them, split them."),
    "learn": ("moderator.cli.learn", "Learn that comments are ham or spam, and use it at once."),
    "unlearn": ("moderator.cli.learn", "Take labels back, as if they had never been given."),
    "train": ("moderator.cli.train", "Train a model on labelled samples."),
    "serve": ("moderator.cli.serve", "Serve a JSON API and one that Akismet clients understand."),
    "server": ("moderator.cli.server", "Keys of a server, and the labels it was given."),
    "model": ("moderator.cli.model", "List, show, verify, promote and compare models."),
}


class Commands(click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Return a command by its name."""
        if name not in COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(COMMANDS[name][0]), name.split()[-1])
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the first words name; a name of two words goes before one of one."""
        two = " ".join(args[:2])
        return (two, self.get_command(ctx, two), args[2:]) if two in COMMANDS else super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; a pipe that was closed early ends it here, since click would make an exit code 1 of it."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            return FAILED

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example: moderator scan content/ --fail-on hold",
)
@click.version_option(moderator.__version__, prog_name="moderator")
def cli() -> None:
    """Keep spam and off-topic text out of what a site publishes.

    Exit codes: 0 nothing flagged, 1 something flagged, 2 wrong usage, 3 something could not be
    judged or fixed, 130 interrupted.
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; the only place where an error becomes an exit code."""
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = FAILED
    sys.exit(code)


def _run(arguments: list[str] | None) -> int:
    try:
        result: Any = cli.main(arguments, prog_name="moderator", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return USAGE
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except ModeratorError as error:
        from moderator.report import printable

        click.echo(f"error: {printable(str(error))}", err=True)
        return FAILED
    except Exception as error:
        if os.environ.get("MODERATOR_DEBUG"):
            raise
        click.echo(
            f"error: a bug in moderator: {type(error).__name__}: {error} (set MODERATOR_DEBUG=1 to see where)", err=True
        )
        return FAILED
