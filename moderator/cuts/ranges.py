"""What goes with a stretch of text: its element, its fences and marks, its line and a blank one."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

from moderator.cuts.parts import BARE, TABLE, Parts, Unsafe, code, line_before, line_end, line_start
from moderator.records import Span
from moderator.segments import Block
from moderator.segments.tree import COMMENT, STRAY, Node, closed

# Elements that a page or a table needs where they are, also with nothing in them.
NEEDED = frozenset({"html", "head", "body", "main", "title", "td", "th"})
# Elements that show something without any text in them.
SHOWING = frozenset(
    [
        "audio", "button", "canvas", "embed", "form", "iframe", "img", "input", "map", "math", "object", "picture",
        "script", "select", "style", "svg", "template", "textarea", "video",
    ]
)  # fmt: skip
NEAR = 200  # characters that are searched for line breaks of HTML beside a cut

_BREAKS = re.compile(r"<[bh]r\b[^<>]*>", re.IGNORECASE)
_BREAKS_BEFORE = re.compile(r"(?:\s*<br\b[^<>]*>)+\s*$", re.IGNORECASE)
_BREAKS_AFTER = re.compile(r"(?:\s*<br\b[^<>]*>)+\s*", re.IGNORECASE)
_FENCE = re.compile(r" {0,3}(?:`{3}|~{3})")
_UNDERLINE = re.compile(r" {0,3}(?:=+|-+)[ \t]*\r?$")
_TABLE_RULE = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*\r?$")
_BLANKS = re.compile(r"\s*")
_BLANK = re.compile(r"\s*$")
_BLANK_OR_QUOTE = re.compile(r"[\s>]*$")

Range = tuple[int, int]


def ranges(parts: Parts, spans: Sequence[Span], *, whole: bool) -> list[Span]:
    """Return what to cut, in order and apart; unless `whole`, elements keep their tags."""
    gone = [(node.start, node.end) for node in _emptied(parts, whole=whole)]
    found = gone + [piece for block in parts.taken for piece in _rest(parts, block, gone)]
    if parts.media == "markdown":
        found = [_with_fences(parts, *one) for one in found]
    found = _joined(parts, _merged(found), spans)
    if parts.media == "markdown":
        found = [_with_rule(parts, *_filled(parts, *one)) for one in found]
        found = _joined(parts, _merged(found), spans)
    lines = _merged(_lines(parts, max(start, parts.first), end) for start, end in found)
    return [Span(start, end) for start, end in lines if start < end]


def _emptied(parts: Parts, *, whole: bool) -> list[Node]:
    """Return the outermost elements in which nothing would stay."""

    def inside(node: Node) -> bool:
        i = bisect_right(parts.taken_starts, node.start) - 1
        return i >= 0 and node.end <= parts.taken_ends[i]

    # Where closing tags are left over, who closes whom is a guess: go by those that leave none.
    stray = any(node.name.startswith(STRAY) for node in parts.nodes)
    sound = closed(parts.text, code(parts.media, parts.layout)) if stray else set()
    shown = [node.start for node in parts.nodes if node.name in SHOWING and not inside(node)]
    out: list[Node] = []
    for node in parts.nodes:
        if node.name in NEEDED or node.name.startswith(STRAY) or (out and node.end <= out[-1].end):
            continue
        if stray and (node.start, node.end) not in sound:
            continue
        full = parts.stays(node.start, node.end) or bisect_left(shown, node.start) < bisect_left(shown, node.end)
        if parts.goes(node.start, node.end) and not full and (whole or node.name == COMMENT or inside(node)):
            out.append(node)
    return out


def _rest(parts: Parts, block: Block, gone: Sequence[Range]) -> list[Range]:
    """Return what else of a block goes: all but the tags whose other half stays."""
    apart = list(gone[bisect_right(gone, block.start, key=_end) : bisect_left(gone, block.end, key=_start)])
    nodes, closing = parts.nodes, parts.closing
    low, high = bisect_left(nodes, block.start, key=_start), bisect_left(nodes, block.end, key=_start)
    apart += [(node.start, node.inner_start) for node in nodes[low:high]]
    apart += closing[bisect_left(closing, block.start, key=_start) : bisect_left(closing, block.end, key=_start)]
    out, position = [], block.start
    for start, end in sorted(apart):
        if position < start:
            out.append((position, start))
        position = max(position, end)
    if position < block.end:
        out.append((position, block.end))
    if block.kind == "attribute" and out and parts.text[block.start - 1] == "=":
        raise Unsafe(BARE)
    return [_with_breaks(parts, *one) for one in out if parts.text[slice(*one)].strip()]


def _start(found: Sequence[int] | Node) -> int:
    return found[0]


def _end(found: Sequence[int]) -> int:
    return found[1]


def _with_breaks(parts: Parts, start: int, end: int) -> Range:
    """Return a range with the line breaks of HTML before it, or else after it."""
    if parts.media != "html":
        return start, end
    low = max(0, start - NEAR)
    if before := _BREAKS_BEFORE.search(parts.text[low:start]):
        return low + before.start(), end
    after = _BREAKS_AFTER.match(parts.text, end, end + NEAR)
    return start, after.end() if after else end


def _merged(found: Iterable[Range]) -> list[Range]:
    out: list[Range] = []
    for start, end in sorted(found):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((start, end))
    return out


def _joined(parts: Parts, found: Sequence[Range], spans: Sequence[Span]) -> list[Range]:
    """Return ranges as one where there is nothing to read between them."""
    out: list[Range] = []
    for start, end in found:
        if out and _is_nothing(parts, out[-1][1], start, spans):
            out[-1] = (out[-1][0], end)
        else:
            out.append((start, end))
    return out


def _is_nothing(parts: Parts, start: int, end: int, spans: Sequence[Span]) -> bool:
    between = parts.text[start:end]
    if parts.media == "html":
        between = _BREAKS.sub("", between)
    if not between.strip():
        return True
    # Rules, and the marks of lists and quotes, go with what was found around them.
    i = bisect_right(spans, start, key=lambda span: span.start) - 1
    held = i >= 0 and spans[i].end >= end
    return held and parts.media == "markdown" and not parts.tagged(start, end) and not parts.stays(start, end)


def _with_fences(parts: Parts, start: int, end: int) -> Range:
    """Return a range with the fences around it, if it is all of some code."""
    text, block = parts.text, parts.last(start, end)
    if block is None or block.kind != "code" or (block.start, block.end) != (start, end):
        return start, end
    opening = line_start(text, start)
    while opening > parts.first and not (line := line_before(text, opening)).strip():
        opening -= len(line) + 1
    opening -= len(line_before(text, opening)) + 1
    if opening < 0 or not _FENCE.match(text, opening, start):
        return start, end
    closing = line_start(text, _BLANKS.match(text, end).end())  # type: ignore[union-attr]
    return opening, line_end(text, closing) if _FENCE.match(text, closing) else end


def _filled(parts: Parts, start: int, end: int) -> Range:
    """Return a range with the marks of Markdown that share its lines: of lists, quotes, headings."""
    low, high = line_start(parts.text, start), line_end(parts.text, max(start, end - 1))
    if not parts.tagged(low, start) and not parts.stays(low, start):
        start = low
    if not parts.tagged(end, high) and not parts.stays(end, high):
        end = max(end, high)
    return start, end


def _with_rule(parts: Parts, start: int, end: int) -> Range:
    """Return a range with the line below that makes a heading or a table of it."""
    text = parts.text
    low = line_end(text, max(start, end - 1)) + 1
    if low >= len(text) or start != line_start(text, start) or end < low - 1:
        return start, end
    high = line_end(text, low)
    last = parts.last(start, end)
    if last and last.kind == "paragraph" and _UNDERLINE.match(text, low, high) and not line_before(text, start).strip():
        return start, high
    if "|" in text[start:end] and _TABLE_RULE.match(text, low, high):
        if text[high + 1 : line_end(text, high + 1)].strip():
            raise Unsafe(TABLE)
        return start, high
    return start, end


def _lines(parts: Parts, start: int, end: int) -> Range:
    """Return a range with the line ends and blank lines that go with it, if it is whole lines."""
    text, first = parts.text, parts.first
    low, high = max(line_start(text, start), first), line_end(text, max(start, end - 1))
    if text[low:start].strip() or text[end:high].strip():
        return start, end
    high = min(high + 1, len(text))
    before, after = _blank_before(parts, low), _blank_after(parts, high)
    if after == len(text):  # at the end of a page no blank line is needed, nor at its beginning
        return before, after
    if before == first:
        return low, after
    if before == low or after == high:
        return low, high
    if ">" in text[before:low]:  # an empty line of a quote ends with the quote
        return before, high
    if ">" in text[high:after] or text.count("\n", high, after) < text.count("\n", before, low):
        return low, after
    return before, high


def _blank_before(parts: Parts, place: int) -> int:
    blank = _BLANK_OR_QUOTE if parts.media == "markdown" else _BLANK
    while place > parts.first:
        start = max(line_start(parts.text, place - 1), parts.first)
        if not blank.match(parts.text, start, place):
            break
        place = start
    return place


def _blank_after(parts: Parts, place: int) -> int:
    blank = _BLANK_OR_QUOTE if parts.media == "markdown" else _BLANK
    while place < len(parts.text):
        end = line_end(parts.text, place)
        if not blank.match(parts.text, place, end):
            break
        place = min(end + 1, len(parts.text))
    return place
