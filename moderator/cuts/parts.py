"""A text taken apart: what goes, what stays, and the elements around both."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from moderator.records import Media, Span
from moderator.segments import Block, Layout
from moderator.segments.tree import Node, nodes

FRONT_MATTER = "it is in the front matter, which the site generator needs"
TABLE = "it is the head of a table"
EMPHASIS = "half of an emphasis or of inline code would stay"
GLUED = "other text belongs to it"
JOINED = "the paragraphs before and after it would become one"
BARE = "it is the value of an attribute without quotes"
BLOCKS = "the text beside it would be read as something else"
LINKS = "a link would be cut in half or lose its target"
ELEMENTS = "an element would lose one of its tags"


class Unsafe(Exception):  # noqa: N818
    """A stretch of text that cannot be cut without harm, and why."""


@dataclass(frozen=True)
class Parts:
    """The blocks that go and those that stay, and what else there is; all in order."""

    text: str
    media: Media
    layout: Layout
    taken: Sequence[Block]
    kept: Sequence[Block]
    nodes: Sequence[Node]

    @cached_property
    def tags(self) -> list[int]:
        """Where the tags and comments begin."""
        return sorted([node.start for node in self.nodes] + [start for start, end in self.closing])

    @cached_property
    def closing(self) -> list[tuple[int, int]]:
        """The closing tags."""
        return sorted((node.inner_end, node.end) for node in self.nodes if node.inner_end < node.end)

    @cached_property
    def kept_starts(self) -> list[int]:
        """Where the blocks begin that stay."""
        return [block.start for block in self.kept]

    @cached_property
    def kept_ends(self) -> list[int]:
        """Where the blocks end that stay."""
        return [block.end for block in self.kept]

    @cached_property
    def taken_starts(self) -> list[int]:
        """Where the blocks begin that go."""
        return [block.start for block in self.taken]

    @cached_property
    def taken_ends(self) -> list[int]:
        """Where the blocks end that go."""
        return [block.end for block in self.taken]

    @property
    def first(self) -> int:
        """Where the text begins after its byte order mark."""
        return int(self.text.startswith("\ufeff"))

    def stays(self, start: int, end: int) -> bool:
        """Return whether something in a range stays that can be read."""
        return bisect_right(self.kept_ends, start) < bisect_left(self.kept_starts, end)

    def goes(self, start: int, end: int) -> bool:
        """Return whether something in a range goes."""
        return bisect_right(self.taken_ends, start) < bisect_left(self.taken_starts, end)

    def tagged(self, start: int, end: int) -> bool:
        """Return whether a tag or a comment begins in a range."""
        return bisect_left(self.tags, start) < bisect_left(self.tags, end)

    def last(self, start: int, end: int) -> Block | None:
        """Return the last block that goes and begins in a range."""
        i = bisect_left(self.taken_starts, end) - 1
        return self.taken[i] if i >= 0 and self.taken[i].start >= start else None

    def following(self, place: int) -> Block | None:
        """Return the first block that stays and begins at a place or after it."""
        i = bisect_left(self.kept_starts, place)
        return self.kept[i] if i < len(self.kept) else None


def take_apart(text: str, media: Media, found: Layout, spans: Sequence[Span]) -> Parts:
    """Take a text apart; a block that a span touches goes whole."""
    starts, ends = [block.start for block in found.blocks], [block.end for block in found.blocks]
    gone = {i for s in spans for i in range(bisect_right(ends, s.start), bisect_left(starts, s.end))}
    taken = [found.blocks[i] for i in sorted(gone)]
    kept = [block for i, block in enumerate(found.blocks) if i not in gone]
    tree = [] if media == "plain" else nodes(text, code(media, found))
    return Parts(text, media, found, taken, kept, tree)


def code(media: Media, found: Layout) -> list[tuple[int, int]]:
    """Return the ranges of a text in which tags are none."""
    return [(b.start, b.end) for b in found.blocks if b.kind == "code"] if media == "markdown" else []


def line_start(text: str, at: int) -> int:
    """Return where the line begins that a place is in."""
    return text.rfind("\n", 0, at) + 1


def line_end(text: str, at: int) -> int:
    """Return where the line ends that a place is in, before its line feed."""
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def line_before(text: str, start: int) -> str:
    """Return the line before the one that begins at a place; empty if there is none."""
    return text[line_start(text, start - 1) : start - 1] if start else ""
