"""What a segmenter finds in one document: blocks of text, what is hidden in it, markup and links."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import NamedTuple

KINDS = (
    "paragraph", "heading", "item", "quote", "code", "cell", "navigation", "footer", "caption",
    "title", "metadata", "comment", "attribute", "remark",
)  # fmt: skip


MAX_BLOCKS = 50_000
_BLANKS = re.compile(r"\s*+")


class Block(NamedTuple):
    """A stretch of text that reads as one piece, before markup is taken out of it."""

    start: int
    end: int
    kind: str
    hidden: str = ""  # why a reader would not see it; empty if one does


class Link(NamedTuple):
    """A link as written: the whole of it, its anchor text, and where it leads."""

    start: int
    end: int
    anchor_start: int
    anchor_end: int
    target: str
    form: str  # "html", "markdown", "bbcode"


@dataclass(slots=True)
class Layout:
    """The parts of one document; offsets are in its text as received."""

    blocks: list[Block] = field(default_factory=list)
    markup: list[tuple[int, int]] = field(default_factory=list)
    replaced: list[tuple[int, str]] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    language: str | None = None


class Inset(NamedTuple):
    """A block that is apart from the text around it, and the range that it takes out of that text."""

    start: int
    end: int
    block: Block


def cut(blocks: list[Block], insets: list[Inset]) -> list[Block]:
    """Return blocks and insets as one ordered list without overlap: an inset splits what it is in.

    Of two insets that overlap, the first one stands.

    >>> remark = Inset(3, 7, Block(4, 6, "remark"))
    >>> [tuple(b)[:3] for b in cut([Block(0, 9, "paragraph")], [remark])]
    [(0, 3, 'paragraph'), (4, 6, 'remark'), (7, 9, 'paragraph')]
    """
    apart: list[Inset] = []
    for inset in sorted(insets):
        if inset.block.start < inset.block.end and (not apart or inset.block.start >= apart[-1].block.end):
            apart.append(inset)
    out = [inset.block for inset in apart]
    ends = [inset.end for inset in apart]
    for block in blocks:
        position, index = block.start, bisect_right(ends, block.start)
        while index < len(apart) and apart[index].start < block.end:
            if apart[index].start > position:
                out.append(block._replace(start=position, end=apart[index].start))
            position = max(position, apart[index].end)
            index += 1
        if position < block.end:
            out.append(block if position == block.start else block._replace(start=position))
    return sorted(out) if apart else out


def coarse(blocks: list[Block], limit: int = MAX_BLOCKS) -> list[Block]:
    """Return at most some more than `limit` blocks: where there are more, neighbours of a kind become one.

    >>> line = Block(0, 1, "item")
    >>> len(coarse([line._replace(start=i, end=i + 1) for i in range(10)], limit=4))
    4
    """
    size = -(-len(blocks) // limit)
    if size < 2:
        return blocks
    out: list[Block] = []
    count = 0
    for block in blocks:
        count += 1
        if out and count <= size and out[-1][2:] == block[2:]:
            out[-1] = out[-1]._replace(end=block.end)
        else:
            out.append(block)
            count = 1
    return out


def strip(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the range without the white space at its borders; empty at its end if all is blank.

    >>> strip("  ab ", 0, 5)
    (2, 4)
    """
    piece = text[start:end]
    left = len(piece) - len(piece.lstrip())
    return (start + left, start + len(piece.rstrip())) if left < len(piece) else (end, end)


def lines(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Return the ranges of the non-blank lines of a stretch of text, stripped."""
    found = []
    position = start
    while position < end:
        stop = text.find("\n", position, end)
        stop = end if stop < 0 else stop
        low, high = strip(text, position, stop)
        if low < high:
            found.append((low, high))
        position = stop + 1
    return found


def tidy(text: str, blocks: list[Block], markup: list[tuple[int, int]]) -> list[Block]:
    """Return the blocks without white space at their borders, and without those that are all markup.

    >>> tidy("<p> a </p>", [Block(0, 6, "paragraph"), Block(6, 10, "paragraph")], [(0, 3), (6, 10)])
    [Block(start=0, end=5, kind='paragraph', hidden='')]
    """
    ranges = sorted(markup)
    starts = [start for start, _ in ranges]
    out = []
    for block in blocks:
        start, end = strip(text, block.start, block.end)
        if not _all_markup(text, start, end, ranges, starts):
            unchanged = start == block.start and end == block.end
            out.append(block if unchanged else block._replace(start=start, end=end))
    return out


def _all_markup(text: str, start: int, end: int, ranges: list[tuple[int, int]], starts: list[int]) -> bool:
    position = start
    while position < end:
        index = bisect_right(starts, position) - 1
        if index < 0 or ranges[index][1] <= position:
            return False
        position = _BLANKS.match(text, min(ranges[index][1], end)).end()  # type: ignore[union-attr]
    return True
