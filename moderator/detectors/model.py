"""Model: what the trained text model makes of the wording, of the author's name and of the site."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from moderator import features, text
from moderator.analysis import Batch, Link
from moderator.detectors.base import STRENGTH_DIGITS, Detector, strength
from moderator.detectors.links import is_anybody
from moderator.features import Floats, Weights
from moderator.records import Document, Signal, Span
from moderator.text import Columns, Mask

CODES = (
    "model/text", "model/honest", "model/trailing", "model/apart", "model/author", "model/host", "model/link",
    "model/anchor", "model/brief",
)  # fmt: skip
MESSAGES = {
    "model/text": "worded like spam",
    "model/honest": "worded like honest text",
    "model/trailing": "an advert after the end of the page",
    "model/apart": "an advert that has nothing to do with the page",
    "model/author": "an author's name like those of spam",
    "model/host": "an author's site like those of spam",
    "model/link": "a link to a site named like those of spam",
    "model/brief": "a short advert",
    "model/anchor": "a link with words like those of spam",
}
EVIDENCE = 0.6  # strength from which the words that made it are pointed out
MAX_WORDS = 3
MIN_TERMS = 4  # of a segment that can be compared with its page
BLAND = 1e-6
NEARLY = 0.6
SHORTEST_ANCHOR, LONGEST_ANCHOR = 4, 200  # characters
WHOLE = 0.9  # share of a segment from which a link is all there is


@dataclass(frozen=True, slots=True)
class Table:
    """The weights of one field, what one step of them is worth, and the log-odds of an empty text."""

    weights: Weights
    scale: float
    bias: float


def model(*, tables: Mapping[str, Table]) -> Detector:
    """Make the detector of a trained model; `tables` holds its fields: text, page, author, host."""

    def see(batch: Batch) -> Iterator[tuple[int, Signal]]:
        pages = np.array([document.kind == "page" for document in batch.documents], bool)[batch.document]
        for table, asked in ((tables["text"], ~pages), (tables["page"], pages)):
            if asked.any():
                values = np.where(asked, score(batch.columns, table, "text"), 0.0)
                yield from _see_text(batch, table, values)
                if table is tables["page"]:
                    yield from _see_adverts(batch, np.where(pages, values, 0.0))
        yield from _see_names(batch, tables)
        yield from _see_links(batch, tables)

    return Detector("model", CODES, see)


def squash(log_odds: Floats) -> Floats:
    """Return log-odds as numbers between -1 (ham) and 1 (spam); only exact arithmetic, so machines agree.

    >>> squash(np.array([0.0, 3.0, -3.0])).tolist()
    [0.0, 0.75, -0.75]
    """
    return np.round(log_odds / (1.0 + np.abs(log_odds)), STRENGTH_DIGITS)


def score(columns: Columns, table: Table, field: str) -> Floats:
    """Return how much each unit looks like spam, between -1 and 1."""
    return squash(features.score(columns, table.weights, field) * table.scale + table.bias)


def _see_text(batch: Batch, table: Table, values: Floats) -> Iterator[tuple[int, Signal]]:
    words = telling_words(batch, np.flatnonzero(values >= EVIDENCE).tolist(), table)
    spam, honest = MESSAGES["model/text"], MESSAGES["model/honest"]
    for segment, value in enumerate(values.tolist()):
        if value > 0.0:
            yield segment, Signal("model/text", value, spam, words.get(segment, ()))
        elif value < 0.0:
            yield segment, Signal("model/honest", -value, honest, (), "ham")


def _see_adverts(batch: Batch, values: Floats) -> Iterator[tuple[int, Signal]]:
    """Report segments of pages that are worded like spam where a page's own text does not stand.

    Either sign alone is common in honest pages: these are signals of both together. A segment with hardly a term
    cannot be compared with its page.
    """
    likely = np.maximum(values, 0.0)
    apart = np.where(batch.topic.terms >= MIN_TERMS, np.maximum(1.0 - 2.0 * batch.topic.share, 0.0), 0.0)
    brief = (batch.topic.terms < MIN_TERMS).astype(float)
    for code, both in (
        ("model/trailing", likely * batch.home.trailing),
        ("model/apart", likely * apart),
        ("model/brief", likely * brief),
    ):
        for segment in np.flatnonzero(both > 0.0).tolist():
            yield segment, Signal(code, strength(float(both[segment])), MESSAGES[code])


def telling_words(batch: Batch, chosen: list[int], table: Table) -> dict[int, tuple[Span, ...]]:
    """Return, for each chosen segment, the places of the words that say most that it is spam."""
    if not chosen:
        return {}
    starts = batch.offset[batch.document[chosen]] + batch.start[chosen]
    ends = batch.offset[batch.document[chosen]] + batch.end[chosen]
    columns = text.columns(batch.visible, starts, ends)
    share = np.r_[0.0, np.cumsum(features.character_scores(columns, table.weights))]
    worth = share[columns.word_end] - share[columns.word_start]
    worth[_in_addresses(batch)[columns.at[columns.word_start]]] = 0.0  # "https" and "com" tell a person nothing
    found: dict[int, tuple[Span, ...]] = {}
    for index, segment in enumerate(chosen):
        low, high = np.searchsorted(columns.word_unit, (index, index + 1))
        best = np.argsort(-worth[low:high], kind="stable")[:MAX_WORDS] + low
        offset = int(batch.offset[batch.document[segment]])
        spans = (
            Span(int(columns.at[columns.word_start[w]]) - offset, int(columns.at[columns.word_end[w] - 1]) + 1 - offset)
            for w in best
            if worth[w] > BLAND
        )
        found[segment] = tuple(sorted(spans))
    return found


def _in_addresses(batch: Batch) -> Mask:
    """Return which characters of the batch's text are part of an address."""
    edges = np.zeros(len(batch.visible) + 1, np.int64)
    for address in batch.addresses:
        edges[address.start] += 1
        edges[address.end] -= 1
    return np.cumsum(edges)[:-1] > 0


def _see_names(batch: Batch, tables: Mapping[str, Table]) -> Iterator[tuple[int, Signal]]:
    """Judge authors' names and hosts of comments."""
    first = batch.first.tolist()
    for field, code in (("author", "model/author"), ("host", "model/host")):
        asked, values = [], []
        for number, document in enumerate(batch.documents):
            value = features.value(document, field)
            if value and first[number] < first[number + 1]:
                asked.append(first[number])
                values.append(value)
        if values:
            strengths = score(text.columns(*text.encode(values)), tables[field], field)
            for segment, strength in zip(asked, strengths.tolist(), strict=True):
                if strength > 0.0:
                    yield segment, Signal(code, strength, MESSAGES[code])


def _see_links(batch: Batch, tables: Mapping[str, Table]) -> Iterator[tuple[int, Signal]]:
    """Judge links to other sites by the name of the site and by the words that are linked."""
    away = [link for link in batch.links if link.form != "mail" and not batch.leads_home(link)]
    if not away:
        return
    hosts = sorted({link.host for link in away})
    worth = dict(zip(hosts, score(text.columns(*text.encode(hosts)), tables["host"], "host").tolist(), strict=True))
    yield from _worst(((link, worth[link.host]) for link in away if not is_anybody(link.host)), "model/link")
    shown = [(link, words) for link in away if (words := _anchor(batch, link))]
    columns = text.columns(*text.encode([words for _, words in shown]))
    for kind, table in (("comment", tables["text"]), ("page", tables["page"])):
        asked = [(link, i) for i, (link, _) in enumerate(shown) if _document(batch, link).kind == kind]
        if asked:
            values = score(columns, table, "text").tolist()
            yield from _worst(((link, values[i]) for link, i in asked), "model/anchor")


def _worst(links: Iterable[tuple[Link, float]], code: str) -> Iterator[tuple[int, Signal]]:
    """Yield the signal of the worst link of each segment, with the places of all that are nearly as bad."""
    found: dict[int, list[tuple[Link, float]]] = {}
    for link, value in links:
        if value > 0.0:
            found.setdefault(link.segment, []).append((link, value))
    for segment, own in found.items():
        worst = max(value for _, value in own)
        spans = tuple(link.span for link, value in own if value >= NEARLY * worst)
        yield segment, Signal(code, worst, MESSAGES[code], spans)


def _document(batch: Batch, link: Link) -> Document:
    return batch.documents[int(batch.document[link.segment])]


def _anchor(batch: Batch, link: Link) -> str:
    """Return the words that are linked, without markup; empty if they are few, many or an address themselves.

    The words of an image are no link. A segment of a page that is nothing but a link is judged by its words already.
    """
    if not link.anchor or _document(batch, link).text.startswith("!", link.span.start):
        return ""
    offset = int(batch.offset[batch.document[link.segment]])
    codes = batch.visible[offset + link.anchor.start : offset + link.anchor.end]
    shown = "".join(map(chr, codes[codes != text.MASKED].tolist())).strip()
    if not SHORTEST_ANCHOR <= len(shown) <= LONGEST_ANCHOR or ("." in shown and " " not in shown):
        return ""
    letters = int(batch.columns.end[link.segment] - batch.columns.start[link.segment])
    return "" if _document(batch, link).kind == "page" and len(shown) > WHOLE * letters else shown
