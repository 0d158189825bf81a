"""`moderator evaluate trailers`: clean pages and spam in, how well the one is found in the other out."""

from __future__ import annotations

import click

from moderator import load
from moderator.cli import common
from moderator.evaluate import material, render_trailers
from moderator.evaluate.trailers import measure
from moderator.report import to_line

PAGES = ("tests/golden/pages/clean",)
SPAM = ("samples/blocks/trailers.jsonl", "samples/blocks/short-trailers.jsonl")
HONEST = ("samples/blocks/furniture.jsonl", "samples/blocks/short-furniture.jsonl")


@click.command(epilog="Example: moderator evaluate trailers --pages content/ --spam spam.jsonl --count 500")
@common.model_option
@click.option("--pages", metavar="PATH", multiple=True, default=PAGES, help="Clean pages: files or folders.")
@click.option("--spam", metavar="PATH", multiple=True, default=SPAM, help="Spam to put in: JSON Lines; repeatable.")
@click.option("--honest", metavar="PATH", multiple=True, default=HONEST, help="Honest look-alikes: JSON Lines.")
@click.option(
    "--count",
    type=click.IntRange(min=1),
    default=200,
    show_default=True,
    help="Insertions of each file of spam in any language, and as many in that of their page.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed composes the same pages.")
@click.option("--format", "form", type=click.Choice(("text", "json", "markdown")), default="text", show_default=True)
def trailers(
    model: str | None,
    pages: tuple[str, ...],
    spam: tuple[str, ...],
    honest: tuple[str, ...],
    count: int,
    seed: int,
    form: str,
) -> int:
    """Measure a model on pages that are composed of clean ones and of spam.

    Without options, the pages and blocks of this project are used, from its folder. JSON Lines need
    a `text`; lines with a `label` that does not fit are left out.
    """
    progress = common.Progress("pages")
    try:
        found = measure(
            load(model),
            material.read(pages, spam, honest),
            count=count,
            seed=seed,
            show=lambda what, done: progress.show(done, done),
        )
    finally:
        progress.clear()
    if form == "json":
        common.write(to_line(render_trailers.to_json(found)))
    else:
        common.write("\n".join((render_trailers.text if form == "text" else render_trailers.markdown)(found)))
    if found.failed:
        click.echo(f"{found.failed:,} pages could not be judged in full; moderator scan says why", err=True)
    return 3 if found.failed else 0
