"""`moderator hook`: checks of what is committed or pushed, for plain git."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import click

from moderator import githooks
from moderator.cli.main import FAILED
from moderator.cli.picked import refuse_cutting
from moderator.report import printable

ADVICE = {
    "pre-commit": "moderator: take out or correct what is listed, git add it, and commit again.",
    "pre-push": "moderator: take out or correct what is listed, commit that, and push again.",
}


@click.group(epilog="Example: moderator hook install")
def hook() -> None:
    """Check what is committed or pushed, before it is.

    A hook judges files as they are staged or pushed, not as they lie in the folder, and only those
    that changed.
    """


def type_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option that says which hook."""
    return click.option(
        "--type", "kind", type=click.Choice(githooks.TYPES), default=githooks.TYPES[0], show_default=True
    )(command)


@hook.command(epilog="Example: moderator hook install --type pre-push -- --fail-on reject --changed-lines")
@type_option
@click.argument("options", nargs=-1, type=click.UNPROCESSED, metavar="[-- SCAN-OPTION...]")
def install(kind: str, options: tuple[str, ...]) -> int:
    """Install a hook in the git repository here.

    A hook that is there already is kept and called first. What follows -- is given to moderator scan.
    """
    _scan(options).close()  # a wrong option is told now, and not at the next commit
    done = githooks.install(kind, options)
    click.echo(f"installed {printable(str(done.path))}", err=True)
    if done.aside.exists():
        click.echo(f"the hook that was there is called first: {printable(done.aside.name)}", err=True)
    if done.shared:
        click.echo("core.hooksPath leads out of this repository: the hook is that of all that share it", err=True)
    return 0


@hook.command(epilog="Example: moderator hook uninstall")
@type_option
def uninstall(kind: str) -> int:
    """Take a hook away, and put back the one that was there before."""
    done = githooks.uninstall(kind)
    if done is None:
        path = githooks.find(kind).path
        click.echo(f"nothing to do: {printable(str(path))} was not written by moderator", err=True)
        return FAILED if path.exists() else 0
    back = " and put back the one before" if done.path.exists() else ""
    click.echo(f"removed {printable(str(done.path))}{back}", err=True)
    return 0


@hook.command(epilog="Example: moderator hook run -- --fail-on reject")
@type_option
@click.option("--remote", metavar="NAME", default="", help="Where a push goes to.")
@click.argument("options", nargs=-1, type=click.UNPROCESSED, metavar="[-- SCAN-OPTION...]")
def run(kind: str, remote: str, options: tuple[str, ...]) -> int:
    """Do what the hook does: judge what is staged, or what standard input says is pushed."""
    from moderator import changes

    with _scan(("--quiet", *options)) as context:
        paths, lines = context.params["paths"], context.params["changed_lines"]
        if kind == "pre-push":
            found = changes.pushed(sys.stdin.buffer.read(), remote, paths, lines=lines)
        else:
            found = changes.since(changes.STAGED, paths, lines=lines, ignored=context.params["ignored"])
        if not found:
            return 0  # before a model is loaded: most commits change no text
        context.obj = changes.Selection(found)
        code: int = context.command.invoke(context)
    if code == 1:
        click.echo(ADVICE[kind], err=True)
    return code


def _scan(options: Sequence[str]) -> click.Context:
    """Return the context that `moderator scan` would run in."""
    from moderator.cli.scan import scan

    context = scan.make_context("moderator scan", list(options), parent=click.get_current_context())
    if context.params["changed"] is not None:
        raise click.UsageError("a hook knows what changed: leave out --changed (--changed-lines is fine).", context)
    refuse_cutting(context)
    return context
