"""Where a text can be cut so that stretches of it go and everything else reads as before.

Whole lines go with their line ends and the blank lines that would be doubled, HTML elements with
their tags when nothing else is in them. A cut is only made if the rest, laid out anew, is the
same blocks, links and elements as before: what cannot be cut like that is refused with a reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from moderator.cuts.check import check, check_paragraphs
from moderator.cuts.parts import FRONT_MATTER, Unsafe, take_apart
from moderator.cuts.ranges import ranges
from moderator.records import Media, Span
from moderator.segments import Layout

__all__ = ["Unsafe", "nothing_left", "safe_cuts", "without"]

BODY = frozenset({"paragraph", "item", "quote", "code", "cell", "caption", "comment"})


def safe_cuts(text: str, media: Media, found: Layout, spans: Sequence[Span]) -> list[Span]:
    """Return the ranges to cut for the blocks that the spans touch, in order; raises Unsafe if there are none."""
    parts = take_apart(text, media, found, spans)
    if media == "markdown" and any(block.kind == "metadata" for block in parts.taken):
        raise Unsafe(FRONT_MATTER)
    refused = None
    for whole in (True, False) if parts.nodes else (True,):  # if an element cannot go, its text can and its tags stay
        try:
            cuts = ranges(parts, spans, whole=whole)
            if media == "markdown":
                check_paragraphs(parts, cuts)
            check(parts, cuts, without(text, cuts))
        except Unsafe as reason:
            refused = refused or reason
        else:
            return cuts
    assert refused is not None
    raise refused


def nothing_left(found: Layout, spans: Sequence[Span]) -> bool:
    """Return whether no text but headings and the like would stay without what the spans touch."""
    parts = take_apart("", "plain", found, spans)
    return not any(block.kind in BODY and not block.hidden for block in parts.kept)


def without(text: str, cuts: Iterable[Span]) -> str:
    """Return a text without some ranges, which are in order and apart.

    >>> without("abcdef", [Span(1, 2), Span(4, 6)])
    'acd'
    """
    pieces, position = [], 0
    for cut in cuts:
        pieces.append(text[position : cut.start])
        position = cut.end
    return "".join((*pieces, text[position:]))
