"""A document becomes segments: stretches of text that read as one piece, with exact offsets."""

from __future__ import annotations

import re

from moderator.records import Document, Media
from moderator.segments import html, markdown, plain
from moderator.segments.layout import KINDS, Block, Layout, Link, coarse, strip

__all__ = ["KINDS", "Block", "Layout", "Link", "layout", "media_of"]

_TAGS = re.compile(
    r"</?(?:a|p|br|b|i|u|em|strong|div|span|blockquote|ul|ol|li|pre|code|img|html|body|h[1-6]|table)(?=[\s/>])",
    re.IGNORECASE,
)
_MARKDOWN = re.compile(r"^(?:#{1,6} |---$|\+\+\+$|```|~~~|[-*+] |\d+\. |> )|\]\(\S|\*\*\w", re.MULTILINE)
LOOK = 10_000  # characters in which a page shows what it is written in


def media_of(document: Document) -> Media:
    """Return how a document is written: as it says itself, or as its text looks.

    >>> media_of(Document("<p>So <b>true</b></p>")), media_of(Document("1 < 2"))
    ('html', 'plain')
    """
    if document.media != "auto":
        return document.media
    head = document.text[:LOOK]
    if "<" in head and _TAGS.search(head):
        is_post = document.kind == "page" and _MARKDOWN.match(head)
        return "markdown" if is_post else "html"
    return "markdown" if document.kind == "page" and _MARKDOWN.search(head) else "plain"


LAYOUTS = {"plain": plain.layout, "markdown": markdown.layout, "html": html.layout}


def layout(document: Document) -> Layout:
    """Return the segments, links and markup of a document; a comment is one segment."""
    media = media_of(document)
    if document.kind == "comment":
        # A site that takes the tags out of a comment publishes what was in them, scripts included.
        found = html.layout(document.text, frozenset()) if media == "html" else LAYOUTS[media](document.text)
        found.blocks = [Block(*strip(document.text, 0, len(document.text)), "comment")]
    else:
        found = LAYOUTS[media](document.text)
        found.blocks = coarse(found.blocks)
    return found
