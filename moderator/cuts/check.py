"""What must hold after a cut: all that stays is the same blocks, links and elements as before."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate

from moderator.cuts.parts import (
    BLOCKS,
    ELEMENTS,
    EMPHASIS,
    GLUED,
    JOINED,
    LINKS,
    Parts,
    Unsafe,
    code,
    line_before,
    line_end,
    line_start,
)
from moderator.records import Document, Span
from moderator.segments import Block, Layout, Link, layout
from moderator.segments.layout import strip
from moderator.segments.tree import Node, nodes

TAB = 4

_MARKS = re.compile(r"`+|\*+|~+|(?<!\w)_+|_+(?!\w)")


def check(parts: Parts, cuts: Sequence[Span], after: str) -> None:
    """Lay out what stays, and compare; raises Unsafe if it reads otherwise than before."""
    moved = _Moved(cuts, parts.first)
    found = layout(Document(after, kind="page", media=parts.media))
    links = [moved.link(link) for link in parts.layout.links if not moved.gone(link.start, link.end)]
    if sorted(links) != sorted(found.links):
        raise Unsafe(LINKS)
    unmoved = _Moved((), parts.first)
    kept = [moved.block(block) for block in _bare(parts.text, parts.kept, parts.layout)]
    if kept != [unmoved.block(block) for block in _bare(after, found.blocks, found)]:
        raise Unsafe(BLOCKS)
    if found.language != parts.layout.language:
        raise Unsafe(BLOCKS)
    tree = [] if parts.media == "plain" else nodes(after, code(parts.media, found))
    if [moved.node(node) for node in parts.nodes if not moved.gone(node.start, node.end)] != tree:
        raise Unsafe(ELEMENTS)


def _bare(text: str, blocks: Sequence[Block], found: Layout) -> Iterator[Block]:
    """Yield blocks without the markup and white space at their borders."""
    markup = sorted(found.markup)
    starts, ends = [start for start, _ in markup], sorted(end for _, end in markup)
    for block in blocks:
        start, end = strip(text, block.start, block.end)
        while (i := bisect_right(starts, start) - 1) >= 0 and start < markup[i][1] <= end:
            start, end = strip(text, markup[i][1], end)
        while (i := bisect_left(ends, end)) < len(ends) and start < end and start <= starts[i] < end:
            start, end = strip(text, start, starts[i])
        yield block._replace(start=start, end=end)


class _Moved:
    """Where what stays is after the cuts."""

    def __init__(self, cuts: Sequence[Span], first: int) -> None:
        self._starts, self._ends, self._first = [cut.start for cut in cuts], [cut.end for cut in cuts], first
        self._lost = [0, *accumulate(cut.end - cut.start for cut in cuts)]

    def at(self, place: int) -> int:
        i = bisect_right(self._ends, place)
        into = max(0, place - self._starts[i]) if i < len(self._starts) else 0
        return place - self._lost[i] - into

    def gone(self, start: int, end: int) -> bool:
        i = bisect_right(self._starts, start) - 1
        return i >= 0 and end <= self._ends[i]

    def block(self, block: Block) -> Block:
        # A byte order mark is part of whatever block comes first.
        return block._replace(start=max(self.at(block.start), self._first), end=self.at(block.end))

    def link(self, link: Link) -> Link:
        start, end, anchor_start, anchor_end = map(self.at, link[:4])
        return Link(start, end, anchor_start, anchor_end, link.target, link.form)

    def node(self, node: Node) -> Node:
        start, end, inner_start, inner_end = map(self.at, node[:4])
        return Node(start, end, inner_start, inner_end, node.name)


def check_paragraphs(parts: Parts, cuts: Sequence[Span]) -> None:
    """Refuse cuts of Markdown that take half of a paragraph's marks, or leave what belongs to what is cut."""
    for start, end, inside in _paragraphs(parts.text, cuts):
        cut = "\n".join(parts.text[span.start : span.end] for span in inside)
        if _odd(cut) and _odd(cut) & _odd("\n".join(_outside(parts.text, start, end, inside))):
            raise Unsafe(EMPHASIS)
    for span in cuts:
        _check_neighbours(parts, span)


def _paragraphs(text: str, cuts: Sequence[Span]) -> Iterator[tuple[int, int, list[Span]]]:
    """Yield the stretches without a blank line that cuts are in, with the cuts in each."""
    start, end, inside = 0, -1, list[Span]()
    for cut in cuts:
        if cut.start > end:
            if inside:
                yield start, end, inside
            start, end, inside = line_start(text, cut.start), cut.end, []
            while start > 0 and (line := line_before(text, start)).strip():
                start -= len(line) + 1
        end = max(end, cut.end)
        while end < len(text) and text[end : (stop := line_end(text, end))].strip():
            end = min(stop + 1, len(text))
        inside.append(cut)
    if inside:
        yield start, end, inside


def _outside(text: str, start: int, end: int, inside: Sequence[Span]) -> Iterator[str]:
    for cut in inside:
        yield text[start : cut.start]
        start = cut.end
    yield text[start:end]


def _odd(text: str) -> set[str]:
    """Return the marks that a text has an odd number of."""
    odd: set[str] = set()
    for match in _MARKS.finditer(text):
        odd ^= {match.group()}
    return odd


def _check_neighbours(parts: Parts, cut: Span) -> None:
    text, last, following = parts.text, parts.last(cut.start, cut.end), parts.following(cut.end)
    if last is None or following is None or cut.start != line_start(text, cut.start):
        return
    low, line = line_start(text, last.start), line_start(text, following.start)
    marked = bool(text[low : last.start].strip())  # as an item, a quote, a heading
    glued = text.count("\n", last.end, line) <= 1
    leans = glued and following.kind == "paragraph" and not text[line : following.start].strip()
    if last.kind in ("item", "quote") and marked and (leans or _indent(text, line) > _indent(text, low)):
        raise Unsafe(GLUED)
    if leans and (marked or last.kind != "paragraph") and line_before(text, cut.start).strip():
        raise Unsafe(JOINED)


def _indent(text: str, line: int) -> int:
    piece = text[line : line_end(text, line)].expandtabs(TAB)
    return len(piece) - len(piece.lstrip())
