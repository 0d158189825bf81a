"""Markdown: front matter, headings, lists, quotes, code, tables and raw HTML, with exact offsets.

A line is a segment: text pasted below a paragraph without a blank line must not hide in it.
Syntax: CommonMark 0.31, with front matter, tables and footnotes as site generators read them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from moderator.segments import html
from moderator.segments.layout import Block, Layout, Link, cut, tidy

_FENCE = re.compile(r" {0,3}(`{3,}+|~{3,}+)")
_HEADING = re.compile(r" {0,3}#{1,6}(?=[ \t]|$)")
_CLOSING_HASHES = re.compile(r"[ \t]#+[ \t]*$")
_QUOTE = re.compile(r"[ \t]*(?:>[ \t]?)+")
_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])(?:[ \t]+(?:\[[ xX]\][ \t])?|$)")
_RULE = re.compile(r"[ \t]*(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,}|=+[ \t]*|-+[ \t]*)$")
_TABLE_RULE = re.compile(r"[ \t]*+(?:\|[ \t]*+)?:?-++:?[ \t]*+(?:\|[ \t]*+:?-++:?[ \t]*+)*+\|?[ \t]*+$")
_DEFINITION = re.compile(r" {0,3}\[(?!\^)([^\[\]]{1,200})\]:[ \t]*(\S+)")
_FOOTNOTE = re.compile(r" {0,3}\[\^[^\[\]]{1,100}\]:[ \t]*")
_KEY = re.compile(r"[ \t]*(?:-[ \t]+)?(?:[\w.-]+[ \t]*[:=])?[ \t]*")
_MARKS = re.compile(r"[`*~](?:(?<=`)`*+|(?<=\*)\**+|(?<=~)~)")
_UNDERSCORES = re.compile(r"_(?<!\w_)_*+|_(?<!__)_*+(?!\w)")
_TARGET = re.compile(
    r"""\]\([ \t]*+(?:<([^<>\n]*+)>|([^\s()]*+(?:\([^\s()]*+\)[^\s()]*+)*+))"""
    r"""(?:[ \t]++(?:"[^"\n]*+"|'[^'\n]*+'))?[ \t]*+\)"""
)
_REFERENCE = re.compile(r"\]\[([^\[\]]{0,200})\]|\](?![(\[:])")
_BRACKET = re.compile(r"!?\[|\]")
_AUTOLINK = re.compile(r"<([a-z][a-z+.-]{1,20}:[^\s<>]*+|[^\s<>@]++@[^\s<>@]++)>", re.IGNORECASE)

TAB = 4
FRONT_MATTER = {"---": ("---", "..."), "+++": ("+++",), ";;;": (";;;",)}
MAX_FRONT_MATTER = 200  # lines; what is longer is no front matter
MAX_LABEL = 200


def layout(text: str) -> Layout:
    """Lay out a Markdown document."""
    blocks, code, language = _blocks(text)
    found = html.markup(text, code)
    out = found.layout
    out.language = language or out.language
    targets = _definitions(text, blocks, out)
    for start, end in _paragraphs(text, blocks):
        _inline(text, start, end, targets, out)
    hidden = [Block(s, e, "paragraph", why) for s, e, why in _hidden_ranges(found, len(text))]
    out.blocks = tidy(text, cut(list(_hide(blocks, hidden)), found.insets), out.markup)
    return out


def _blocks(text: str) -> tuple[list[Block], list[tuple[int, int]], str | None]:
    """Return the lines as blocks, the ranges that are code, and the language that is declared."""
    blocks: list[Block] = []
    code: list[tuple[int, int]] = []
    start, language = _front_matter(text, blocks)
    fence, fence_start, fresh, listed = "", 0, True, False
    for low, high in _lines(text, start):
        line = text[low:high]
        if fence:
            close = _FENCE.match(line)
            if close and close[1].startswith(fence) and not line[close.end() :].strip():
                _add_code(text, fence_start, low, blocks, code)
                fence = ""
            continue
        if line[:1].isalpha():  # no mark begins with a letter, and most lines do
            blocks.append(Block(low, high, "paragraph"))
            listed, fresh = listed and not fresh, False
            continue
        if not line.strip():
            fresh = True
            continue
        if (opening := _FENCE.match(line)) and not (opening[1][0] == "`" and "`" in line[opening.end() :]):
            fence, fence_start = opening[1], min(high + 1, len(text))
            continue
        indent = len(line.expandtabs(TAB)) - len(line.expandtabs(TAB).lstrip())
        if indent >= TAB and not listed and (fresh or (blocks and blocks[-1].kind == "code")):
            _add_code(text, low, high, blocks, code)
            continue
        block = _line(line, low, listed, fresh)
        listed = block is not None and (block.kind == "item" or (listed and (indent > 0 or not fresh)))
        fresh = False
        if block and block.start < block.end:
            blocks.append(block)
    if fence:
        _add_code(text, fence_start, len(text), blocks, code)
    return blocks, code, language


def _lines(text: str, position: int) -> Iterator[tuple[int, int]]:
    while position < len(text):
        stop = text.find("\n", position)
        stop = len(text) if stop < 0 else stop
        yield position, stop - text.endswith("\r", position, stop)
        position = stop + 1


def _line(line: str, offset: int, listed: bool, fresh: bool) -> Block | None:
    """Return what a line of Markdown reads as, without the marks at its start, or nothing."""
    if _RULE.match(line) or ("|" in line and _TABLE_RULE.match(line)):
        return None
    kind, start, end = "paragraph", 0, len(line)
    if match := _QUOTE.match(line):
        kind, start = "quote", match.end()
    if match := _HEADING.match(line, start):
        kind, start = ("heading" if kind == "paragraph" else kind), match.end()
        if closing := _CLOSING_HASHES.search(line):
            end = closing.start()
    elif match := _ITEM.match(line, start):
        kind, start = ("item" if kind == "paragraph" else kind), match.end()
    elif match := _FOOTNOTE.match(line, start):
        kind, start = "footer", match.end()
    elif line.count("|") > 1 and line.strip().startswith("|"):
        kind = "cell"
    return Block(offset + start, offset + max(start, end), kind)


def _add_code(text: str, start: int, end: int, blocks: list[Block], code: list[tuple[int, int]]) -> None:
    """Add a stretch of code; neighbours become one."""
    code.append((start, end))
    if blocks and blocks[-1].kind == "code" and not text[blocks[-1].end : start].strip("\n \t"):
        blocks[-1] = blocks[-1]._replace(end=end)
    elif start < end:
        blocks.append(Block(start, end, "code"))


def _front_matter(text: str, blocks: list[Block]) -> tuple[int, str | None]:
    """Add the values of the front matter as blocks; return where it ends, and its language."""
    first = text.find("\n")
    fence = text[: max(first, 0)].removeprefix("\ufeff").rstrip()
    if fence not in FRONT_MATTER:
        return 0, None
    found: list[Block] = []
    language = None
    for count, (low, high) in enumerate(_lines(text, first + 1)):
        line = text[low:high]
        if line.rstrip() in FRONT_MATTER[fence]:
            blocks += found
            return min(high + 1, len(text)), language
        if count > MAX_FRONT_MATTER:
            break
        key = _KEY.match(line)
        start = low + (key.end() if key else 0)
        value = text[start:high].strip().strip("'\"")
        if key and key.group().strip(" \t:=-") in ("lang", "language", "locale") and value:
            language = value
        elif any(char.isalpha() for char in value):
            found.append(Block(start, high, "metadata"))
    return 0, None


def _definitions(text: str, blocks: list[Block], out: Layout) -> dict[str, str]:
    """Take link definitions out of the blocks; return label -> target."""
    targets = {}
    for i in range(len(blocks) - 1, -1, -1):
        block = blocks[i]
        if block.kind == "paragraph" and (match := _DEFINITION.match(text, block.start, block.end)):
            targets[match[1].strip().casefold()] = match[2].strip("<>")
            out.markup.append((block.start, block.end))
            del blocks[i]
    return targets


def _paragraphs(text: str, blocks: list[Block]) -> Iterator[tuple[int, int]]:
    """Yield the ranges in which inline markup may reach from one line to the next."""
    start, end, kind = 0, -1, ""
    for block in blocks:
        joined = block.kind == kind == "paragraph" and text.count("\n", end, block.start) == 1
        if not joined:
            if kind and kind != "code":
                yield start, end
            start, kind = block.start, block.kind
        end = block.end
    if kind and kind != "code":
        yield start, end


def _inline(text: str, start: int, end: int, targets: dict[str, str], out: Layout) -> None:
    """Note the links and marks in a stretch of text."""
    for match in _AUTOLINK.finditer(text, start, end) if text.find("<", start, end) >= 0 else ():
        out.links.append(Link(match.start(), match.end(), match.start(1), match.end(1), match[1], "markdown"))
    if text.find("[", start, end) >= 0:
        _brackets(text, start, end, targets, out)
    out.markup += [match.span() for match in _MARKS.finditer(text, start, end)]
    if text.find("_", start, end) >= 0:
        out.markup += [match.span() for match in _UNDERSCORES.finditer(text, start, end)]


def _brackets(text: str, start: int, end: int, targets: dict[str, str], out: Layout) -> None:
    """Note `[text](target)`, `![text](target)`, `[text][label]` and `[label]`; links do not nest, images may."""
    opened: list[tuple[int, int]] = []
    barred = 0  # so many of them have a link within, and can only be images
    position = start
    while match := _BRACKET.search(text, position, end):
        position = match.end()
        if match.group() != "]":
            opened.append(match.span())
            continue
        if not opened:
            continue
        whole, inner = opened.pop()
        around_link, barred = len(opened) < barred, min(barred, len(opened))
        if around_link and inner - whole == 1:
            continue
        found = _TARGET.match(text, match.start(), end)
        if found:
            target = found[1] or found[2] or ""
        else:
            found = _REFERENCE.match(text, match.start(), end)
            label = found[1] if found and found[1] else text[inner : min(match.start(), inner + MAX_LABEL)]
            target = targets.get(label.strip().casefold(), "")
        if found and target:
            out.links.append(Link(whole, found.end(), inner, match.start(), target, "markdown"))
            out.markup += [(whole, inner), found.span()]
            position = found.end()
            if inner - whole == 1:
                barred = len(opened)


def _hidden_ranges(found: html.Markup, size: int) -> Iterator[tuple[int, int, str]]:
    """Yield the ranges that raw HTML hides, and why."""
    for at, after in pairwise([*found.breaks, html.Break(size, size, "", "")]):
        if at.hidden:
            yield at.end, after.start, at.hidden


def _hide(blocks: list[Block], hidden: list[Block]) -> Iterator[Block]:
    """Yield the blocks, split where a hidden range begins or ends."""
    ranges = iter(hidden)
    current = next(ranges, None)
    for block in blocks:
        position = block.start
        while current and current.start < block.end:
            if current.end > position:
                if current.start > position:
                    yield block._replace(start=position, end=current.start)
                low, high = max(position, current.start), min(block.end, current.end)
                yield block._replace(start=low, end=high, hidden=current.hidden)
                position = high
            if current.end > block.end:
                break
            current = next(ranges, None)
        if position < block.end:
            yield block if position == block.start else block._replace(start=position)
