"""What a page says to the moderator: `<!-- moderator: allow why -->`, `off` and `on`, and keys of its front matter.

Only pages from the owner's own files are asked: in a comment, a spammer could say it.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from moderator.records import Note, Span
from moderator.segments import Block
from moderator.segments.html import VOID
from moderator.segments.markdown import FRONT_MATTER, MAX_FRONT_MATTER
from moderator.segments.markup import Tag, tokens

NAMES = ("allow", "off", "on")
START = "moderator:"
MAX_REASON = 200  # characters; what is longer is text and not a reason for it
HOW = "write <!-- moderator: allow REASON -->, or off and on"
HOW_ABOVE = "in front matter there are off and {allow: REASON}"
NO_REASON = "allow needs a reason: <!-- moderator: allow REASON -->"

_BLANK_LINE = re.compile(r"\n(?=[ \t]*+\r?\n)")
_KEY = re.compile(r"moderator[ \t]*+[:=](.*)")
_ALLOW = re.compile(r"\{\s*+allow\s*+[:=]\s*+(.*?)\s*+\}")


@dataclass(frozen=True, slots=True)
class Directive:
    """A stretch of a page that is allowed, why, and where that is written."""

    name: str
    reason: str
    span: Span
    covers: Span
    line: int


@dataclass(frozen=True, slots=True)
class Directives:
    """All that a page says to the moderator; `spans` is where, for it is no part of what the page says to readers."""

    directives: tuple[Directive, ...]
    notes: tuple[Note, ...]
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """A directive as it stands in a page."""

    span: Span
    name: str
    reason: str
    fault: str = ""


def read(text: str, blocks: Sequence[Block], media: str) -> Directives:
    """Read the directives of a page that was laid out in blocks; plain text has none."""
    if media == "plain":
        return Directives((), (), ())
    above = list(_above(text))
    marks = list(_marks(text, blocks))
    sound = [mark for mark in marks if not mark.fault]
    notes = [Note(mark.span, mark.fault) for mark in (*above, *marks) if mark.fault]
    whole = Span(0, len(text))
    lines = _Lines(text)
    found = [Directive(m.name, m.reason, m.span, whole, lines.of(m.span.start)) for m in above if not m.fault]
    places = _Places(text, [b for b in blocks if not _is_mark(text, b)], media)
    found += [
        Directive("allow", m.reason, m.span, places.of(m.span), lines.of(m.span.start))
        for m in sound
        if m.name == "allow"
    ]
    for mark, span, fault in _sections([mark for mark in sound if mark.name != "allow"], len(text)):
        if fault:
            notes.append(Note(mark.span, fault))
        else:
            found.append(Directive("off", mark.reason, mark.span, span, lines.of(mark.span.start)))
    spans = sorted(mark.span for mark in (*above, *sound) if not mark.fault)
    return Directives(tuple(found), tuple(sorted(notes, key=lambda note: note.span)), tuple(spans))


class _Lines:
    """The numbers of lines, counted on from one question to the next."""

    def __init__(self, text: str) -> None:
        self._text, self._at, self._line = text, 0, 1

    def of(self, position: int) -> int:
        if position < self._at:
            self._at, self._line = 0, 1
        self._line += self._text.count("\n", self._at, position)
        self._at = position
        return self._line


def _is_mark(text: str, block: Block) -> bool:
    return block.kind == "remark" and text.startswith(START, block.start)


def _marks(text: str, blocks: Sequence[Block]) -> Iterator[Mark]:
    """Yield the directives in comments, also those that are wrong; one in backticks is an example."""
    for block in blocks:
        if not _is_mark(text, block):
            continue
        head, tail = text.rfind("<", 0, block.start), text.find(">", block.end) + 1
        if text[head - 1 : head] == "`":
            continue
        span = Span(head, tail)
        framed = text[head : block.start].strip() == "<!--" and text[block.end : tail].strip() == "-->"
        words = text[block.start + len(START) : block.end].split(None, 1)
        name, reason = [*words, "", ""][:2]
        yield Mark(span, name, reason, _fault(name, reason) if framed else HOW)


def _fault(name: str, reason: str) -> str:
    """Return what is wrong with a directive; empty if nothing is."""
    if name not in NAMES:
        from difflib import get_close_matches

        near = get_close_matches(name, NAMES, 1)
        return f"unknown directive {name!r}: " + (f"did you mean {near[0]!r}?" if near else HOW)
    if name == "allow" and not any(map(str.isalnum, reason)):
        return NO_REASON
    if len(reason) > MAX_REASON or "\n" in reason:
        return f"a reason is one line of at most {MAX_REASON} characters"
    return ""


def _above(text: str) -> Iterator[Mark]:
    """Yield the directives in front matter, also those that are wrong."""
    first = text.find("\n")
    fence = text[: max(first, 0)].removeprefix("\ufeff").rstrip()
    if fence not in FRONT_MATTER:
        return
    found: list[Mark] = []
    position = first + 1
    for _ in range(MAX_FRONT_MATTER + 1):
        stop = text.find("\n", position)
        stop = len(text) if stop < 0 else stop
        line = text[position:stop].rstrip()
        if line in FRONT_MATTER[fence]:
            yield from found
            return
        if match := _KEY.match(text, position, stop):
            found.append(_above_mark(match))
        if stop == len(text):
            return
        position = stop + 1


def _above_mark(match: re.Match[str]) -> Mark:
    span, value = Span(match.start(), match.end()), match[1].strip()
    if allow := _ALLOW.fullmatch(value) if len(value) <= 2 * MAX_REASON else None:
        reason = _unquoted(allow[1])
        return Mark(span, "allow", reason, _fault("allow", reason) and HOW_ABOVE)
    return Mark(span, "off", "", "" if _unquoted(value) == "off" else HOW_ABOVE)


def _unquoted(value: str) -> str:
    return value[1:-1].strip() if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value


def _sections(marks: Sequence[Mark], size: int) -> Iterator[tuple[Mark, Span, str]]:
    """Yield each `off` with what it covers, and each mark that has no other to go with."""
    opened: Mark | None = None
    for mark in marks:
        if (mark.name == "off") == (opened is not None):
            where = "it is off already" if opened else "it was not off"
            yield mark, mark.span, f"{mark.name} has no effect here: {where}"
        elif opened is None:
            opened = mark
        else:
            yield opened, Span(opened.span.end, mark.span.start), ""
            opened = None
    if opened:
        yield opened, Span(opened.span.end, size), ""


class _Places:
    """Where the blocks of a page are, to tell which one a directive is about."""

    def __init__(self, text: str, blocks: Sequence[Block], media: str) -> None:
        self._text, self._blocks, self._html = text, blocks, media == "html"
        self._starts = [block.start for block in blocks]
        self._ends = [block.end for block in blocks]

    def of(self, mark: Span) -> Span:
        """Return what an `allow` covers: the block that it ends, or what follows it.

        What follows is in Markdown all up to a blank line, and in HTML an element, or text up to the next tag.
        """
        before = bisect_right(self._ends, mark.start) - 1
        if before >= 0:
            between = self._text[self._ends[before] : mark.start]
            if not between.strip() and (self._html or "\n" not in between):
                return Span(self._starts[self._heads[before]], mark.start)
        after = bisect_left(self._starts, mark.end)
        if after == len(self._blocks):
            return Span(mark.end, mark.end)
        end = self._element(mark.end, self._starts[after]) if self._html else self._paragraph(self._starts[after])
        return Span(mark.end, max(end, self._ends[after]))

    def _paragraph(self, position: int) -> int:
        """Return where the next blank line is."""
        index = bisect_left(self._blank, position)
        return self._blank[index] if index < len(self._blank) else len(self._text)

    def _element(self, position: int, block: int) -> int:
        """Return where the next element ends, if it begins before a block does."""
        starts, ends = self._elements
        index = bisect_left(starts, position)
        return ends[index] if index < len(starts) and starts[index] <= block else 0

    @cached_property
    def _heads(self) -> list[int]:
        """For each block the first line of the paragraph, quote or item that it belongs to."""
        heads: list[int] = []
        for number, block in enumerate(self._blocks):
            joined = number and not self._html and self._joined(self._blocks[number - 1], block)
            heads.append(heads[-1] if joined else number)
        return heads

    def _joined(self, one: Block, other: Block) -> bool:
        if self._text[one.end : other.start].count("\n") > 1 or one.kind in ("heading", "metadata", "cell"):
            return False
        return other.kind == "paragraph" or other.kind == one.kind == "quote"

    @cached_property
    def _blank(self) -> list[int]:
        return [match.start() for match in _BLANK_LINE.finditer(self._text)]

    @cached_property
    def _elements(self) -> tuple[list[int], list[int]]:
        """Where each element begins and ends that has an end."""
        opened: dict[str, list[int]] = {}
        found: list[tuple[int, int]] = []
        for token in tokens(self._text):
            if not isinstance(token, Tag) or token.name in VOID or token.attributes.endswith("/"):
                continue
            if not token.closing:
                opened.setdefault(token.name, []).append(token.start)
            elif opened.get(token.name):
                found.append((opened[token.name].pop(), token.end))
        found.sort()
        return [start for start, _ in found], [end for _, end in found]
