"""`moderator check` and `moderator explain`: one document, one verdict."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from moderator import load, policy
from moderator.cli import common, settings
from moderator.errors import InputError
from moderator.readers import files
from moderator.records import Document, Explanation
from moderator.report import to_json, to_line
from moderator.scan import Judged


@click.command(
    cls=settings.Configured,
    epilog='Example: moderator check page.md; or echo \'{"text": "Hi!", "author": "Jo"}\' | moderator check -',
)
@click.argument("file", default="-", metavar="[FILE|-]")
@common.fail_on
@common.input_options
@settings.options
@settings.baseline_option
def check(
    file: str,
    fail_on: str,
    on_error: Any,
    model: str | None,
    profile: str | None,
    plan: settings.Plan,
    **how: Any,
) -> int:
    """Judge one text and print the verdict as JSON.

    Plain text, Markdown and HTML are a page unless --kind comment is given; a JSON object is read
    as one record, as in a line of JSON Lines. The verdict is that of moderator scan, by the same
    configuration, but a file that it leaves out is judged all the same.
    """
    rules = settings.Rules(load(model, on_error=on_error, profile=profile), plan, files.Options(**how))
    record, document = _read(file, rules.house.options(file))
    verdict = rules.house.moderator_of(record).judge([document])[0]
    verdict = rules.settled([Judged(record, verdict, 0)])[0].verdict
    common.write(to_line(to_json(verdict, document.text)))
    return 3 if verdict.failures else int(policy.fails(verdict.action, fail_on))


@click.command(
    cls=settings.Configured,
    epilog="Example: moderator explain post.md; or moderator explain post.md --format html --out post.html",
)
@click.argument("file", default="-", metavar="[FILE|-]")
@click.option("--format", "form", type=click.Choice(("text", "html", "json")), default="text", show_default=True)
@click.option("--out", "-o", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Write to it.")
@click.option("--full", is_flag=True, help="Fold nothing away.")
@common.input_options
@settings.options
@settings.baseline_option
def explain(
    file: str,
    form: str,
    out: Path | None,
    full: bool,
    on_error: Any,
    model: str | None,
    profile: str | None,
    plan: settings.Plan,
    **how: Any,
) -> int:
    """Show a text with every segment in the margin, what was found, and the evidence that adds up to its score.

    In the margin: line, language, kind, how much of the segment the rest of its page (for a comment:
    the post) speaks of too, and its own score. An HTML page is one file that loads nothing.
    """
    rules = settings.Rules(load(model, on_error=on_error, profile=profile), plan, files.Options(**how))
    record, document = _read(file, rules.house.options(file))
    explanation = rules.house.moderator_of(record).explain(document)
    judged = rules.settled([Judged(record, explanation.verdict, 0)])
    explanation = replace(explanation, verdict=judged[0].verdict)
    if form != "json":
        rules.warn(judged)
    shown = _render(explanation, form, out, full)
    if out is None:
        common.write(shown)
    else:
        _save(out, shown)
    return 3 if explanation.verdict.failures else 0


def _render(explanation: Explanation, form: str, out: Path | None, full: bool) -> str:
    if form == "html":
        from moderator.explain.html import page

        return page(explanation, full=full)
    if form == "json":
        from moderator.explain.parts import explanation_json

        return to_line(explanation_json(explanation))
    from moderator.explain.text import WIDTH, explanation_lines

    stream = None if out else sys.stdout
    width = shutil.get_terminal_size().columns if stream and stream.isatty() else WIDTH
    return "\n".join(explanation_lines(explanation, common.style(stream), width=width, full=full))


def _save(path: Path, text: str) -> None:
    try:
        path.write_bytes(text.encode("utf-8", "backslashreplace") + b"\n")
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", path=str(path)) from error


def _read(path: str, options: files.Options) -> tuple[files.Record, Document]:
    """Read a file as one document; raises InputError if it is none."""
    if path.endswith(files.RECORDS):
        raise InputError("holds many records: use moderator scan", path=path)
    try:
        stream = sys.stdin.buffer if path == files.STDIN else Path(path).open("rb")  # noqa: SIM115
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", path=path) from error
    with stream:
        record = files.read_page(stream, path, options)
    if record.document is None:
        raise InputError(record.error, path=path)
    text = record.document.text
    if text.lstrip("\ufeff \t\r\n")[:1] == "{" and (row := _record(text)) is not None:
        document = files.parse(row, path, options)
        return files.Record(document, path, 1), document
    return record, record.document


def _record(text: str) -> Any:
    """Return the JSON object that a text is, or nothing."""
    try:
        row = json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None
