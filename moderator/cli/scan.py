"""`moderator scan`: files, folders, JSON Lines in; findings or verdicts out."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from moderator import load
from moderator.cli import common, settings
from moderator.readers import files
from moderator.readers.files import Record
from moderator.scan import Judged, scan_records


@click.command(
    cls=settings.Configured, epilog="Example: moderator scan content/ comments.jsonl --format jsonl > verdicts.jsonl"
)
@click.argument("paths", nargs=-1, metavar="[PATH|-]...")
@click.option("--format", "form", type=click.Choice(("text", "jsonl")), default="text", show_default=True)
@common.fail_on
@click.option("--ignored", is_flag=True, help="Read files that .gitignore leaves out, and hidden ones.")
@click.option("--quiet", "-q", is_flag=True, help="No summary and no progress.")
@common.input_options
@settings.options
def scan(
    paths: tuple[str, ...],
    form: str,
    fail_on: str,
    ignored: bool,
    quiet: bool,
    kind: Any,
    media: Any,
    encoding: str | None,
    on_error: Any,
    model: str | None,
    plan: settings.Plan,
) -> int:
    """Moderate files, folders and JSON Lines.

    A folder is searched for Markdown, HTML, text and JSON Lines; "-" is standard input. A line of
    JSON Lines is an object with text and, if there are, id, kind, media, context, author, url,
    site_url, language.
    """
    if not paths:
        raise click.UsageError("say what to scan: moderator scan content/, or moderator scan - < comments.jsonl")
    moderator = load(model, on_error=on_error)
    rules = settings.Rules(moderator, plan, files.Options(kind, media, encoding))
    names = rules.kept(files.find(paths, ignored=ignored))
    progress = common.Progress("documents", _size(names))
    progress.shown &= not quiet
    tally: Counter[str] = Counter()
    render = _jsonl if form == "jsonl" else _text
    try:
        for batch in scan_records(moderator, _records(names, rules.house.options), rules.house.moderator_of):
            judged = rules.settled(batch)
            if progress.shown:
                progress.clear()
            lines = [line for one in judged for line in render(one)]
            if lines:
                common.write("\n".join(lines))
            if form == "text":
                rules.warn(judged)
            for one in judged:
                tally[one.verdict.action] += 1
                tally["failed"] += bool(one.verdict.failures)
                tally["flagged"] += common.fails(one.verdict.action, fail_on) and not one.record.error
            progress.show(tally.total(), judged[-1].done)
    finally:
        progress.clear()
    accepted = rules.close(quiet=quiet)
    if not quiet:
        click.echo(_summary(tally), err=True)
    return 3 if tally["failed"] else int(tally["flagged"] > 0 and not accepted)


def _size(names: list[str]) -> int:
    return sum(Path(name).stat().st_size for name in names if name != files.STDIN)


def _records(names: list[str], options: Callable[[str], files.Options]) -> Iterator[Record | None]:
    for name in names:
        yield from files.read(name, options(name))


def _text(judged: Judged) -> Iterator[str]:
    from moderator.report import text_lines

    record = judged.record
    name = record.path if record.line is None else f"{record.path}:{record.line}"
    text = record.document.text if record.document else ""
    yield from text_lines(judged.verdict, text, name, common.style(sys.stdout))


def _jsonl(judged: Judged) -> Iterator[str]:
    from moderator.report import to_json, to_line

    record = judged.record
    place: dict[str, Any] = {"path": record.path}
    if record.line is not None:
        place["line"] = record.line
    text = record.document.text if record.document else ""
    yield to_line(to_json(judged.verdict, text, **place))


def _summary(tally: Counter[str]) -> str:
    total = tally["publish"] + tally["hold"] + tally["reject"]
    parts = [
        f"{tally[action]:,} {word}" for action, word in (("reject", "to reject"), ("hold", "to hold")) if tally[action]
    ]
    if tally["failed"]:
        parts.append(f"{tally['failed']:,} could not be judged in full")
    noun = "document" if total == 1 else "documents"
    if not total:
        return "nothing to judge: no Markdown, HTML, text or JSON Lines was found"
    return f"{total:,} {noun}: {', '.join(parts) or 'nothing to object to'}"
