"""The elements and comments of a text with HTML in it, each as a whole, with where its content is."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from typing import NamedTuple

from moderator.segments.html import SELF_CLOSING, VOID
from moderator.segments.markup import RAW, Comment, Reference, Tag, tokens

COMMENT = "#comment"


class Node(NamedTuple):
    """An element or a comment: the whole of it, and what is between its tags."""

    start: int
    end: int
    inner_start: int
    inner_end: int
    name: str


def nodes(text: str, code: Sequence[tuple[int, int]] = ()) -> list[Node]:
    """Return the elements and comments in order, outer ones first; what starts within `code` is none.

    They nest, since an element that is not closed ends with the one around it.

    >>> [(node.name, text_of[node.start : node.end]) for text_of in ["<p>a<b>c</b>"] for node in nodes(text_of)]
    [('p', '<p>a<b>c</b>'), ('b', '<b>c</b>')]
    """
    found: list[Node] = []
    stack: list[Tag] = []
    names: Counter[str] = Counter()
    barred = deque(code)

    def close(start: int, end: int) -> str:
        tag = stack.pop()
        names[tag.name] -= 1
        found.append(Node(tag.start, end, tag.end, start, tag.name))
        return tag.name

    for token in tokens(text, RAW):
        while barred and barred[0][1] <= token.start:
            barred.popleft()
        if isinstance(token, Reference) or (barred and barred[0][0] <= token.start):
            continue
        if isinstance(token, Comment):
            found.append(Node(token.start, token.end, token.inner_start, token.inner_end, COMMENT))
        elif token.closing:
            while names[token.name] and stack[-1].name != token.name:
                close(token.start, token.start)
            if names[token.name]:
                close(token.start, token.end)
        elif token.name in VOID or token.attributes.endswith("/"):
            found.append(Node(token.start, token.end, token.end, token.end, token.name))
        else:
            if token.name in SELF_CLOSING and stack and stack[-1].name == token.name:
                close(token.start, token.start)
            stack.append(token)
            names[token.name] += 1
    while stack:
        close(len(text), len(text))
    return sorted(found, key=lambda node: (node.start, -node.end))
