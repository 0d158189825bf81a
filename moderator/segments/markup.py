"""A linear-time tokenizer for HTML tags, comments and character references, with offsets."""

from __future__ import annotations

import html
import re
from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple


class Tag(NamedTuple):
    """An opening or closing tag; `attributes` is its raw inside, after the name.

    Declarations, and the content of elements that hold no text, are tags with the name "!".
    """

    start: int
    end: int
    name: str
    closing: bool
    attributes: str


class Comment(NamedTuple):
    """A comment, with where its own text starts and ends."""

    start: int
    end: int
    inner_start: int
    inner_end: int


class Reference(NamedTuple):
    """A character reference such as `&amp;`, and the character that it stands for."""

    start: int
    end: int
    char: str


Token = Tag | Comment | Reference

# Elements whose content is no text: nothing in them is markup until their own end tag.
RAW = frozenset({"script", "style"})

_STARTS = re.compile(r"<(?=/?[a-zA-Z]|[!?])|&(?=[#a-zA-Z])")
_TAG = re.compile(r"""<(/?)([a-zA-Z][^\s/>]{0,40}+)((?:[^>"'=]++|=\s*+(?:"[^"]*+"|'[^']*+'|[^\s>"']*+)|["'])*+)>""")
_SIMPLE_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/><]{0,40}+)([^<>]*+)>")
_DECLARATION = re.compile(r"<(?:!doctype|\?xml)\b", re.IGNORECASE)
_REFERENCE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});?")
_ATTRIBUTE = re.compile(r"""([^\s"'<>/=]++)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'=<>`]++)))?""")


def tokens(text: str, raw: frozenset[str] = RAW) -> Iterator[Token]:
    """Yield the tokens of a text in order; what is between them is text.

    The content of `raw` elements is a token. A comment is whatever browsers make one of: `<!-- a -->`,
    but also `<! a>` and `<? a ?>`, unless it declares a document type or XML.

    Broken markup is text: a `<` that no tag follows, a comment or a quote that never ends. The
    time is linear in the length of the text whatever it holds.

    >>> [type(token).__name__ for token in tokens("a<b>c</b>&amp;<!-- d --> 1 < 2")]
    ['Tag', 'Tag', 'Reference', 'Comment']
    """
    position, tags_close, comments_close = 0, True, True
    endless: set[str] = set()
    while match := _STARTS.search(text, position):
        start = match.start()
        position = start + 1
        if text[start] == "&":
            if found := _REFERENCE.match(text, start):
                char = html.unescape(found.group())
                if len(char) == 1:
                    yield Reference(start, found.end(), char)
                position = found.end()
        elif text.startswith("<!--", start):
            close = text.find("-->", start + 4) if comments_close else -1
            if close >= 0:
                yield Comment(start, close + 3, start + 4, close)
                position = close + 3
            comments_close = close >= 0
        elif text[start + 1] in "!?":
            close = text.find(">", start, start + 10_000)
            if close >= 0:
                if _DECLARATION.match(text, start):
                    yield Tag(start, close + 1, "!", closing=False, attributes="")
                else:
                    yield Comment(start, close + 1, start + 2, close)
                position = close + 1
        else:
            found = (_TAG if tags_close else _SIMPLE_TAG).match(text, start)
            if not found and tags_close:
                # What this tag lacks, every later one lacks as well: do not look that far again.
                tags_close, found = False, _SIMPLE_TAG.match(text, start)
            if found:
                tag = Tag(start, found.end(), found[2].lower(), bool(found[1]), found[3])
                yield tag
                position = tag.end
                if tag.name in raw and not tag.closing and not tag.attributes.endswith("/"):
                    position = _end_of_raw(text, tag, endless)
                    if position > tag.end:
                        yield Tag(tag.end, position, "!", closing=False, attributes="")


def outside(text: str, code: Sequence[tuple[int, int]], raw: frozenset[str] = RAW) -> Iterator[Token]:
    """Yield the tokens of a text that do not start within one of the ranges of `code`, which are in order."""
    barred = deque(code)
    for token in tokens(text, raw):
        while barred and barred[0][1] <= token.start:
            barred.popleft()
        if not (barred and barred[0][0] <= token.start):
            yield token


def _end_of_raw(text: str, tag: Tag, endless: set[str]) -> int:
    """Return where the end tag of a raw element starts, or the end of its own tag if there is none."""
    if tag.name in endless:
        return tag.end
    close = re.compile(f"</{tag.name}", re.IGNORECASE).search(text, tag.end)
    if not close:
        endless.add(tag.name)
    return close.start() if close else tag.end


def attributes(raw: str) -> dict[str, tuple[str, int, int]]:
    """Return the attributes in a tag's inside: lower-case name -> value, where it starts and ends.

    >>> attributes(' href="/a" HIDDEN')
    {'href': ('/a', 7, 9), 'hidden': ('', 17, 17)}
    """
    found: dict[str, tuple[str, int, int]] = {}
    for match in _ATTRIBUTE.finditer(raw):
        group = match.lastindex if match.lastindex and match.lastindex > 1 else 0
        start, end = match.span(group) if group else (match.end(), match.end())
        found.setdefault(match[1].lower(), (raw[start:end], start, end))
    return found
