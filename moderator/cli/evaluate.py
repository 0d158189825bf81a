"""`moderator evaluate`: labelled comments in, figures out."""

from __future__ import annotations

from pathlib import Path

import click

from moderator import load
from moderator.cli import common
from moderator.evaluate import Evaluation, render
from moderator.evaluate import evaluate as measure
from moderator.evaluate.leave_out import PARTS
from moderator.evaluate.outcomes import Show, read


@click.command(epilog="Example: moderator evaluate samples/comments --leave-out group --worst 20")
@click.argument("samples", nargs=-1, metavar="SAMPLES...")
@common.model_option
@click.option(
    "--against",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False),
    help="Compare with this older model, and list every comment that the two do different things with.",
)
@click.option(
    "--leave-out",
    type=click.Choice(list(PARTS)),
    help="Also train without each source, or each group (what is named as one, else a site or a post), and judge it.",
)
@click.option("--worst", metavar="N", type=click.IntRange(min=0), default=0, help="List the N worst of each label.")
@click.option("--sweep", is_flag=True, help="Show what other thresholds would hold.")
@click.option("--format", "form", type=click.Choice(("text", "json", "markdown")), default="text", show_default=True)
@click.option(
    "--plots",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write PNG pictures here; with --leave-out, a learning curve among them.",
)
def evaluate(
    samples: tuple[str, ...],
    model: str | None,
    against: str | None,
    leave_out: str | None,
    worst: int,
    sweep: bool,
    form: str,
    plots: Path | None,
) -> int:
    """Measure a model on labelled comments.

    SAMPLES are files of JSON Lines (.jsonl, .jsonl.gz) in the format of samples/README.md, or
    folders of them.
    """
    if not samples:
        raise click.UsageError("say what to evaluate on: moderator evaluate samples/comments")
    if plots:
        from moderator.evaluate.plots import needs

        needs()
    cases = list(read(samples))
    progress = common.Progress("comments")
    try:
        other = load(against) if against else None
        found = measure(
            load(model),
            cases,
            against=other,
            leave_out=leave_out,
            worst=worst,
            sweep=sweep,
            learning=bool(plots),
            show=_show(progress),
        )
    finally:
        progress.clear()
    common.write(rendered(found, form))
    if plots:
        _draw(found, plots)
    if found.failed:
        click.echo(f"{found.failed:,} comments could not be judged in full; moderator scan says why", err=True)
    return 3 if found.failed else 0


def _show(progress: common.Progress) -> Show:
    """Return what shows how far it is: how many comments are judged, or what is being done."""

    def show(what: str, count: int) -> None:
        if count:
            progress.show(count, count)
        elif progress.shown:
            click.echo(f"\r\x1b[K{what}", err=True, nl=False)

    return show


def rendered(found: Evaluation, form: str) -> str:
    """Return an evaluation in a form."""
    if form == "json":
        from moderator.report import to_line

        return to_line(render.to_json(found))
    return "\n".join((render.text if form == "text" else render.markdown)(found))


def _draw(found: Evaluation, folder: Path) -> None:
    from moderator.evaluate.plots import draw

    for path in draw(found, folder):
        click.echo(f"wrote {path}", err=True)
