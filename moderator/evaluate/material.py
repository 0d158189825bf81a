"""What pages with trailers are composed of: clean pages, spam and honest look-alikes, from files of many forms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from moderator import segments, text
from moderator.analysis import Batch
from moderator.errors import InputError
from moderator.language import names
from moderator.readers.files import Options, find, parse
from moderator.readers.files import read as read_records
from moderator.records import UNDETERMINED, Document, Label
from moderator.samples import Sample, files, rows

CHUNK = 500  # texts that are analysed at once
FEW = 3  # paragraphs; a page with fewer of them has its paragraphs in lines


class Tongue(NamedTuple):
    """The language and the script of a text."""

    language: str
    script: str


@dataclass(frozen=True, slots=True)
class Material:
    """Clean pages as they were given, spam by the file it is from, and honest look-alikes."""

    pages: Sequence[Document]
    spam: Mapping[str, Sequence[Sample]]
    honest: Sequence[Sample]


def read(pages: Sequence[str], spam: Sequence[str], honest: Sequence[str]) -> Material:
    """Read files and folders; raises InputError where there is nothing to compose pages of."""
    found = Material(
        list(_pages(pages)),
        {path.name.partition(".")[0]: list(_texts(path, "spam")) for path in files(spam)},
        [sample for path in files(honest) for sample in _texts(path, "ham")],
    )
    if not found.pages:
        raise InputError("no clean pages to compose with: say where they are with --pages")
    if not any(found.spam.values()):
        raise InputError("no spam to put into pages: say where it is with --spam")
    return found


def _pages(paths: Iterable[str]) -> Iterator[Document]:
    """Yield clean pages: files as `moderator scan` reads them, and packed JSON Lines."""
    for path in find(paths):
        if path.endswith(".gz"):
            for number, row in rows(Path(path)):
                yield _document(row, path, number, Options(kind="page"))
            continue
        for record in read_records(path, Options(kind="page")):
            if record is None:
                continue
            if record.document is None:
                raise InputError(record.error, path=path, line=record.line)
            yield record.document


def _texts(path: Path, label: Label) -> Iterator[Sample]:
    """Yield each text of a file once, those with another label left out."""
    seen = set()
    for number, row in rows(path):
        document = _document(row, str(path), number, Options())
        if row.get("label", label) == label and document.text.strip() and document.text not in seen:
            seen.add(document.text)
            yield Sample(document, label, source=path.name)


def _document(row: Mapping[str, Any], path: str, number: int, options: Options) -> Document:
    try:
        return parse(row, f"{Path(path).name}:{number}", options)
    except InputError as error:
        raise InputError(error.message, path=path, line=number) from error


def tongues(documents: Sequence[Document]) -> list[Tongue]:
    """Return the language and the script of each text; a language that is declared stands.

    >>> tongues([Document("Сегодня утром мы собирали грибы в старом лесу.")])
    [Tongue(language='ru', script='Cyrl')]
    """
    found = []
    for low in range(0, len(documents), CHUNK):
        chunk = documents[low : low + CHUNK]
        batch = Batch([Document(visible(document), media="plain") for document in chunk])
        for number, document in enumerate(chunk):
            segment = int(batch.first[number])
            declared = (document.language or "").replace("_", "-").split("-")[0].lower()
            language = declared or names()[batch.languages.language[segment]] or UNDETERMINED
            found.append(Tongue(language, text.tables().scripts[batch.languages.script[segment]]))
    return found


def visible(document: Document) -> str:
    """Return the text of a document without the markup of HTML, a paragraph a line."""
    return "\n".join(paragraphs(document)) if segments.media_of(document) == "html" else document.text


def paragraphs(document: Document) -> list[str]:
    """Return the paragraphs of a page: what stands between blank lines, its lines, or its segments in HTML."""
    if segments.media_of(document) == "html":
        batch = Batch([replace(document, kind="page")])
        content = "".join(chr(code) if code != text.MASKED else " " for code in batch.visible.tolist())
        shown = [batch.span(i) for i in range(len(batch.document)) if not batch.hidden[i]]
        return [" ".join(content[span.start : span.end].split()) for span in shown]
    for between in ("\n\n", "\n"):
        parts = [part.strip("\r\n") for part in document.text.replace("\r\n", "\n").split(between) if part.strip()]
        if len(parts) >= FEW:
            break
    return parts


def bodies(pages: Sequence[Document]) -> list[Sample]:
    """Return pages as bodies to compose with: their paragraphs with blank lines between them, and their language."""
    return [
        Sample(Document("\n\n".join(paragraphs(page)), page.id, "page", language=tongue.language), "ham")
        for page, tongue in zip(pages, tongues(pages), strict=True)
    ]
