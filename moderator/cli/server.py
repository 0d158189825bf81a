"""`moderator server`: the keys of a server, and the labels it was given."""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import IO, Any

import click

from moderator.records import LABELS, Label

store_option = click.option(
    "--store",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="MODERATOR_STORE",
    default=Path("moderator.sqlite"),
    show_default=True,
    help="The file of the server.",
)


@click.group(epilog="Example: moderator server keys add my-blog")
def server() -> None:
    """Keys of a server, and the labels it was given."""


@server.group(epilog="Example: moderator server keys list")
def keys() -> None:
    """Make keys, list them, remove them; a server that runs sees it within a second."""


@keys.command(epilog="Example: moderator server keys add my-blog")
@click.argument("name")
@click.option(
    "--rate", type=click.IntRange(0), default=6000, show_default=True, help="Texts a minute; 0 for any number."
)
@store_option
def add(name: str, rate: int, store: Path) -> None:
    """Make a key and print it; it is not kept, only its hash is."""
    from moderator.server import keys as kept

    click.echo(kept.add(store, name, rate))


@keys.command("list", epilog="Example: moderator server keys list")
@store_option
def list_keys(store: Path) -> None:
    """List the keys: name, texts a minute, when it was made, texts checked so far."""
    from moderator.server import keys as kept

    for key in kept.listed(store):
        click.echo(f"{key.name}  {key.rate}/min  {key.made_at}  {key.calls} checked")


@keys.command(epilog="Example: moderator server keys remove my-blog")
@click.argument("name")
@store_option
def remove(name: str, store: Path) -> None:
    """Remove a key."""
    from moderator.server import keys as kept

    kept.remove(store, name)


@server.group(epilog="Example: moderator server labels export labels.jsonl")
def labels() -> None:
    """Take out the labels that were submitted."""


@labels.command(epilog="Example: moderator server labels export - --label spam | moderator learn spam -")
@click.argument("file", metavar="FILE|-")
@click.option("--label", type=click.Choice(LABELS), help="Only these.")
@store_option
def export(file: str, label: Label | None, store: Path) -> None:
    """Write the labels as samples, JSON Lines; of a comment that was labelled twice, the last label."""
    from moderator import samples
    from moderator.server import labels as kept

    number = 0
    target: Any = nullcontext(sys.stdout.buffer) if file == "-" else samples.writing(Path(file))
    with target as stream:
        out: IO[bytes] = stream
        for sample in kept.export(store, label):
            line = json.dumps(samples.to_json(sample), ensure_ascii=False) + "\n"
            out.write(line.encode("utf-8", "backslashreplace"))
            number += 1
    click.echo(f"{number} labels", err=True)
