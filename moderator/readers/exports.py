"""Labelled texts as other programs keep them: tables, JSON, mail, folders, lines; samples come out."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from moderator.errors import InputError
from moderator.readers import files, mail, words
from moderator.records import KINDS, MEDIA, Kind, Label
from moderator.samples import SAMPLE_KEYS, from_json

Form = str  # one of FORMS
FORMS = ("csv", "jsonl", "json", "lines", "text")
FORM_OF = {".csv": "csv", ".tsv": "csv", ".tab": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json"}
MAX_CHARACTERS = 500_000_000  # of a JSON file, which is read at once

# What columns are called elsewhere, the likeliest name first.
COLUMNS: dict[str, tuple[str, ...]] = {
    "text": (
        "text", "comment_content", "comment_text", "content", "body", "comment", "message", "review", "tweet", "sms",
        "v2",
    ),
    "label": (
        "label", "is_spam", "isspam", "spam", "comment_approved", "approved", "status", "class", "category", "target",
        "v1",
    ),
    "author": ("author", "comment_author", "author_name", "name", "user", "username", "nickname"),
    "url": ("url", "comment_author_url", "author_url", "website", "homepage"),
    "site_url": ("site_url", "site", "blog"),
    "context": ("context", "post_title", "title", "article"),
    "language": ("language", "lang", "locale"),
    "id": ("id", "comment_id", "commentid"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Options:
    """What inputs do not say themselves."""

    label: Label | None = None
    columns: Mapping[str, str] = field(default_factory=dict)  # field -> name
    meanings: Mapping[str, Label | None] = field(default_factory=dict)
    form: Form | None = None
    source: str = ""
    kind: Kind | None = None
    language: str = ""
    encoding: str | None = None
    output: Path | None = None  # what an earlier import wrote is not read again


@dataclass(frozen=True, slots=True)
class Imported:
    """One text: its sample as JSON, or what is wrong with it, or neither if nobody has decided on it."""

    path: str
    line: int
    row: dict[str, Any] | None = None
    error: str = ""


def read(paths: Iterable[Path], options: Options) -> Iterator[Imported]:
    """Yield what is in files and folders, text by text; raises InputError for a file that cannot be read at all."""
    for path, label in _find(paths, options):
        form = options.form or FORM_OF.get(Path(_name(path)).suffix.lower()) or _guess(path, label)
        try:
            for line, row in _rows(path, form, label, options):
                yield _imported(path, line, row, label, options)
        except (OSError, EOFError, zlib.error) as error:
            raise InputError(f"cannot be read: {getattr(error, 'strerror', None) or error}", path=str(path)) from error
        except UnicodeError as error:
            message = f"not {options.encoding or 'UTF-8'}: name its encoding, for example --encoding latin-1"
            raise InputError(message, path=str(path)) from error
        except LookupError as error:
            raise InputError(f"no such encoding: {options.encoding}", path=str(path)) from error


def _find(paths: Iterable[Path], options: Options) -> Iterator[tuple[Path, Label | None]]:
    """Yield files, and what the folders say that they are in, below the one that was named."""
    for path in paths:
        if not path.exists():
            raise InputError("no such file or folder", path=str(path))
        if path.is_file():
            yield path, options.label
            continue
        for file in sorted(path.rglob("*")):
            names = (path.resolve().name, *file.relative_to(path).parts[:-1])
            hidden = any(part.startswith(".") for part in file.relative_to(path).parts)
            if file.is_file() and not hidden and file.resolve() != options.output:
                labels = [label for name in reversed(names) if (label := words.label_of_folder(name))]
                yield file, options.label or next(iter(labels), None)


def _guess(path: Path, label: Label | None) -> Form:
    """Return how a file without a known ending is read: mail and files in a folder of their label as one text."""
    with path.open("rb") as file:
        head = file.read(200)
    if path.suffix.lower() == ".eml" or mail.HEAD.match(head):
        return "text"
    return "text" if label and words.label_of_folder(path.parent.name) else "lines"


def _rows(path: Path, form: Form, label: Label | None, options: Options) -> Iterator[tuple[int, Any]]:
    """Yield line and row; an InputError in place of a row says what is wrong with it."""
    if form == "csv":
        return _table(path, label, options)
    if form == "lines":
        if label is None:
            raise InputError("one text a line has no labels: say what they are with --label spam", path=str(path))
        return _lines(path, options)
    if form == "text":
        return _text(path, options)
    return _json_lines(path, options) if form == "jsonl" else _json(path, options)


def _open(path: Path, options: Options, newline: str = "\n") -> io.TextIOWrapper:
    """Open a text file; a carriage return alone is part of a text."""
    opener: Any = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rb") as file:
        utf16 = file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    encoding = options.encoding or ("utf-16" if utf16 else "utf-8-sig")
    return cast("io.TextIOWrapper", opener(path, "rt", encoding=encoding, newline=newline))


def _name(path: Path) -> str:
    return path.name.removesuffix(".gz")


def _lines(path: Path, options: Options) -> Iterator[tuple[int, Any]]:
    with _open(path, options) as file:
        for number, line in enumerate(file, 1):
            if text := line.strip():
                yield number, {"text": text}


def _json_lines(path: Path, options: Options) -> Iterator[tuple[int, Any]]:
    with _open(path, options) as file:
        for number, line in enumerate(file, 1):
            if not line.isspace():
                try:
                    yield number, json.loads(line)
                except (ValueError, RecursionError) as error:
                    yield number, InputError(f"not JSON: {error}")


def _json(path: Path, options: Options) -> Iterator[tuple[int, Any]]:
    """Yield the objects of an array, which may be the only array in an object, and the lines they begin in."""
    with _open(path, options) as file:
        text = file.read(MAX_CHARACTERS + 1)
    if len(text) > MAX_CHARACTERS:
        raise InputError(f"over {MAX_CHARACTERS} characters: make it JSON Lines first (jq -c '.[]')", path=str(path))
    decoder, start = json.JSONDecoder(), text.find("[")
    if start < 0:
        raise InputError("no array of comments in it: give JSON Lines, one object a line", path=str(path))
    position, line, counted = start + 1, 1, 0
    while True:
        while position < len(text) and text[position] in " \t\r\n,":
            position += 1
        if text[position : position + 1] == "]":
            return
        line, counted = line + text.count("\n", counted, position), position
        try:
            row, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError) as error:
            raise InputError(f"not JSON: {error}", path=str(path), line=line) from error
        yield line, row


def _text(path: Path, options: Options) -> Iterator[tuple[int, Any]]:
    with path.open("rb") as file:
        data = file.read(files.MAX_BYTES + 1)
    if len(data) > files.MAX_BYTES:
        yield 1, InputError(f"longer than {files.MAX_BYTES} bytes: split it")
    elif path.suffix.lower() == ".eml" or (path.suffix.lower() not in files.MEDIA_OF and mail.HEAD.match(data)):
        yield 1, mail.read(data)
    else:
        try:
            media = files.MEDIA_OF.get(path.suffix.lower(), "auto")
            yield 1, {"text": files.decode(data, options.encoding).lstrip("\ufeff"), "media": media}
        except InputError as error:
            yield 1, error


def _table(path: Path, label: Label | None, options: Options) -> Iterator[tuple[int, Any]]:
    """Yield the rows of a table; the line is the one that a row begins in."""
    csv.field_size_limit(files.MAX_BYTES)
    with _open(path, options, newline="") as file:
        head = file.readline()
        delimiter = max("\t,;|", key=head.count)
        names = next(csv.reader([head], delimiter=delimiter), [])
        quoting: Any = csv.QUOTE_MINIMAL
        if _is_headless(names, options):
            names, quoting = ["label", "text"], csv.QUOTE_NONE if delimiter == "\t" else csv.QUOTE_MINIMAL
            file.seek(0)
            before = 0
        else:
            _check(names, path, label, options)
            before = 1
        reader = csv.reader(file, delimiter=delimiter, quoting=quoting)
        while True:
            line = before + reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield line, InputError(f"not a row of a table: {error}")
                continue
            if len(cells) > len(names):
                yield line, InputError(f"{len(cells)} cells, but {len(names)} columns: is there a quote missing?")
            elif cells:
                yield line, dict(zip(names, cells, strict=False))


def _is_headless(names: list[str], options: Options) -> bool:
    """Return whether a table begins with a label and its text, like the SMS Spam Collection."""
    return len(names) == 2 and not options.columns and words.plain(names[0]) in ("ham", "spam")


def _check(names: list[str], path: Path, label: Label | None, options: Options) -> None:
    """Raise InputError if a table lacks a column that was named, or those for text and label."""
    shown = ", ".join(names)
    for what, name in options.columns.items():
        if name not in names:
            raise InputError(f"no column {name!r} for the {what} among {shown}", path=str(path), line=1)
    row = dict.fromkeys(names, "")
    if _column(row, "text", options) is None:
        message = f"no column for the text among {shown}: name it with --text-column"
        raise InputError(message, path=str(path), line=1)
    if label is None and _column(row, "label", options) is None:
        message = f"no column for the label among {shown}: name it with --label-column, or give --label spam"
        raise InputError(message, path=str(path), line=1)


def _column(row: Mapping[str, Any], field: str, options: Options) -> str | None:
    """Return the key of a row that holds a field."""
    if name := options.columns.get(field):
        return name if name in row else None
    keys = {key.strip().casefold(): key for key in row}
    return next((keys[name] for name in COLUMNS[field] if name in keys), None)


def _imported(path: Path, line: int, row: Any, label: Label | None, options: Options) -> Imported:
    try:
        if isinstance(row, InputError):
            raise row
        if not isinstance(row, dict):
            raise InputError("not a JSON object")
        return Imported(str(path), line, _sample(path, row, label, options))
    except InputError as error:
        return Imported(str(path), line, error=error.message)


def _sample(path: Path, row: Mapping[str, Any], label: Label | None, options: Options) -> dict[str, Any] | None:
    """Return a sample as JSON, or None if nobody has decided on it; raises InputError that says what is wrong."""
    found: dict[str, Any] = {}
    media = row.get("media")
    for what in COLUMNS:
        key = _column(row, what, options)
        value = row[key] if key is not None else None
        if isinstance(value, dict) and isinstance(value.get("rendered"), str):  # as WordPress's REST API has it
            value, media = value["rendered"], "html" if what == "text" else media
        if what == "label":
            found["label"] = label or _label(value, key, options)
        elif (text := _string(value, key)).strip():
            found[what] = text
    if found["label"] is None:
        return None
    if "text" not in found:
        raise InputError("no text")
    if media in MEDIA and media != "auto":
        found["media"] = media
    own = {key: row[key] for key in ("group", "note", "labelled_at", "source") if isinstance(row.get(key), str)}
    own |= {"kind": row["kind"]} if row.get("kind") in KINDS else {}
    own |= {"spans": row["spans"]} if isinstance(row.get("spans"), list) else {}
    given = {"source": options.source, "kind": options.kind, "language": options.language}
    found = {
        "source": Path(_name(path)).stem,
        "kind": "comment",
        **found,
        **own,
        **{k: v for k, v in given.items() if v},
    }
    from_json(found)
    return {key: found[key] for key in sorted(found, key=_order)}


def _order(key: str) -> int:
    order = ("id", "text", "label", "kind", "media", "context", "author", "url", "site_url", "language")
    return order.index(key) if key in order else len(order) + sorted(SAMPLE_KEYS).index(key)


def _label(value: Any, key: str | None, options: Options) -> Label | None:
    word = _string(value, key).strip()
    if key is None or not word:
        raise InputError("no label: name its column with --label-column, or say what all texts are with --label spam")
    return words.label_of(word, key, options.meanings)


def _string(value: Any, key: str | None) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    raise InputError(f"{key} is not a string")
