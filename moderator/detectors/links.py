"""Links: how many, where to, and whether they hide what they are."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter

from moderator.addresses import host_of, word_list
from moderator.analysis import Batch, Link
from moderator.detectors.base import Detector, grows
from moderator.records import Document, Signal

CODES = (
    "links/count", "links/density", "links/onion", "links/shortener", "links/messenger", "links/bbcode",
    "links/worded", "links/disguised", "links/mismatch", "links/repeated",
)  # fmt: skip
MESSENGERS = frozenset(
    {"t.me", "telegram.me", "wa.me", "api.whatsapp.com", "chat.whatsapp.com", "line.me", "join.skype.com"}
)

# Behind these hosts stands anybody: that the site links there says nothing of this link, nor does the host's name.
ANYBODY = frozenset({"links/onion", "links/shortener", "links/messenger"})
LONGEST_ADDRESS = 300  # characters of an anchor that could be read as an address


def links(*, half: int = 2) -> Detector:
    """Make the detector of links; `half` links to other sites count as half of the worst."""

    def see(batch: Batch) -> Iterator[tuple[int, Signal]]:
        for segment, group in groupby(batch.links, attrgetter("segment")):
            found = list(group)
            document = batch.documents[batch.document[segment]]
            away = [link for link in found if not batch.leads_home(link)]
            yield from ((segment, signal) for signal in _about(batch, segment, document, away, half))

    return Detector("links", CODES, see)


def is_anybody(host: str) -> bool:
    """Return whether a host says nothing of who stands behind a link to it."""
    return host in MESSENGERS or host in word_list("shorteners.txt")


def _weight(batch: Batch, link: Link) -> float:
    """Return how much a link counts: less if the site normally links there."""
    return batch.familiar.hosts.get(link.host, 1.0) if batch.familiar else 1.0


def _about(batch: Batch, segment: int, document: Document, found: list[Link], half: int) -> Iterator[Signal]:
    away = [link for link in found if link.form != "mail"]
    spans = tuple(link.span for link in away)
    if away:
        noun = "link" if len(away) == 1 else "links"
        yield Signal(
            "links/count",
            grows(sum(_weight(batch, x) for x in away), half),
            f"{len(away)} {noun} to other sites",
            spans,
        )
        covered = sum(_letters(link) * _weight(batch, link) for link in away)
        letters = int(batch.columns.end[segment] - batch.columns.start[segment])
        rest = max(1, letters - sum(map(_letters, away)))
        yield Signal("links/density", grows(covered, rest), "mostly links", spans)
    for code, message, chosen in (
        ("links/onion", "a link into the darknet", [x for x in found if x.host.endswith(".onion")]),
        (
            "links/shortener",
            "a short link that hides where it leads",
            [x for x in found if x.host in word_list("shorteners.txt")],
        ),
        ("links/messenger", "a link to a messenger account", [x for x in found if x.host in MESSENGERS]),
        ("links/bbcode", "a link in forum code", [x for x in found if x.form == "bbcode"]),
        ("links/worded", "a link written in HTML under words", [x for x in found if _is_worded(document, x)]),
        ("links/disguised", "an address in disguise", [x for x in found if x.form == "disguised"]),
        (
            "links/mismatch",
            "a link that says one address and leads to another",
            [x for x in found if _lies(document, x)],
        ),
    ):
        if chosen:
            counted = len(chosen) if code in ANYBODY else sum(_weight(batch, x) for x in chosen)
            yield Signal(code, grows(counted, 0.5), message, tuple(link.span for link in chosen))
    first = {link.host: link for link in away}
    if len(first) < len(away):
        again = sum(_weight(batch, x) for x in away) - sum(_weight(batch, x) for x in first.values())
        yield Signal("links/repeated", grows(again, half), "the same site linked again and again", spans)


def _letters(link: Link) -> int:
    place = link.anchor or link.span
    return place.end - place.start


def _is_worded(document: Document, link: Link) -> bool:
    """Return whether somebody wrote the tags of a link, and not just its address: few visitors do."""
    return link.form == "html" and bool(_shown(document, link)) and not _reads_as_address(document, link)


def _shown(document: Document, link: Link) -> str:
    """Return the words that are linked."""
    return document.text[link.anchor.start : link.anchor.end].strip() if link.anchor else ""


def _reads_as_address(document: Document, link: Link) -> bool:
    if not link.anchor or link.anchor.end - link.anchor.start > LONGEST_ADDRESS:
        return False
    shown = _shown(document, link)
    return " " not in shown and "." in shown


def _lies(document: Document, link: Link) -> bool:
    """Return whether the anchor of a link reads as an address elsewhere."""
    if not _reads_as_address(document, link):
        return False
    shown = _shown(document, link)
    host = host_of(shown if "://" in shown else f"//{shown}")
    return bool(host) and host.rpartition(".")[2] in word_list("tlds.txt") and not _related(host, link.host)


def _related(one: str, other: str) -> bool:
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")
