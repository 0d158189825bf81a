"""Author: the name and the web site that a comment's author gives.

A shop or a search phrase in the place of a name is the strongest sign of comment spam there is. The
owner of the site comments under the site's own address.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from moderator.addresses import host_of, word_list
from moderator.analysis import Batch
from moderator.detectors.base import Detector, strength
from moderator.records import Document, Signal

CODES = ("author/address", "author/phrase", "author/site", "author/named", "author/owner")

_WORD = re.compile(r"[^\W_]+")
_ADDRESS = re.compile(r"https?:|www\.|^[\w-]+(?:\.[\w-]+)*\.([a-z]{2,})$", re.IGNORECASE)
MIN_NAMED = 6  # letters of a name that the text repeats


def author() -> Detector:
    """Make the detector of authors that are no persons."""

    def see(batch: Batch) -> Iterator[tuple[int, Signal]]:
        first = batch.first.tolist()
        for number, document in enumerate(batch.documents):
            if (document.author or document.url) and first[number] < first[number + 1]:
                for signal in _about(document):
                    yield first[number], signal

    return Detector("author", CODES, see)


def _about(document: Document) -> Iterator[Signal]:
    host = host_of(document.url) if document.url else ""
    if host and document.site_url and host == host_of(document.site_url):
        yield Signal("author/owner", 1.0, "written from the site's own address", label="ham")
        return
    if host:
        yield Signal("author/site", 1.0, f"the author links to {host}")
    name = (document.author or "").strip()
    if not name:
        return
    if (match := _ADDRESS.search(name)) and (not match[1] or match[1].lower() in word_list("tlds.txt")):
        yield Signal("author/address", 1.0, "the author's name is a web address")
    words = _WORD.findall(name)
    if len(words) >= 3:
        yield Signal("author/phrase", strength((len(words) - 2) / 4), "the author's name reads like a search phrase")
    if len(name) >= MIN_NAMED and len(words) >= 2 and name.casefold() in document.text.casefold():
        yield Signal("author/named", strength(len(words) / 4), "the text repeats the author's name")
