"""`moderator check` and `moderator explain`: one document, one verdict."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from moderator import load
from moderator.cli import common
from moderator.errors import InputError
from moderator.readers import files
from moderator.records import Document
from moderator.report import explanation, to_json, to_line


@click.command(
    epilog='Example: moderator check page.md; or echo \'{"text": "Hi!", "author": "Jo"}\' | moderator check -'
)
@click.argument("file", default="-", metavar="[FILE|-]")
@common.fail_on
@common.input_options
def check(file: str, fail_on: str, on_error: Any, model: str | None, profile: str | None, **how: Any) -> int:
    """Judge one text and print the verdict as JSON.

    Plain text, Markdown and HTML are a page unless --kind comment is given; a JSON object is read
    as one record, as in a line of JSON Lines.
    """
    document = _read(file, files.Options(**how))
    verdict = load(model, on_error=on_error, profile=profile).judge([document])[0]
    common.write(to_line(to_json(verdict, document.text)))
    return 3 if verdict.failures else int(common.fails(verdict.action, fail_on))


@click.command(epilog="Example: moderator explain post.md")
@click.argument("file", default="-", metavar="[FILE|-]")
@common.input_options
def explain(file: str, on_error: Any, model: str | None, profile: str | None, **how: Any) -> int:
    """Show a text with what was found in it, and the evidence that adds up to its score."""
    document = _read(file, files.Options(**how))
    verdict = load(model, on_error=on_error, profile=profile).judge([document])[0]
    common.write("\n".join(explanation(verdict, document.text, common.style(sys.stdout))))
    return 3 if verdict.failures else 0


def _read(path: str, options: files.Options) -> Document:
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
        return files.parse(row, path, options)
    return record.document


def _record(text: str) -> Any:
    """Return the JSON object that a text is, or nothing."""
    try:
        row = json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None
