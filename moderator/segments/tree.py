"""The elements and comments of a text with HTML in it, each as a whole, with where its content is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from moderator.segments.html import SELF_CLOSING, is_void
from moderator.segments.markup import Comment, Tag, outside

COMMENT = "#comment"
STRAY = "/"  # before the name of a closing tag that closes nothing


class Node(NamedTuple):
    """An element or a comment: the whole of it, and what is between its tags."""

    start: int
    end: int
    inner_start: int
    inner_end: int
    name: str


def nodes(text: str, code: Sequence[tuple[int, int]] = ()) -> list[Node]:
    """Return the elements and comments in order, outer ones first; what starts within `code` is none.

    They nest, since an element that is not closed ends with the one around it. A closing tag that
    closes nothing is an element of its own.

    >>> [(node.name, node.start, node.end) for node in nodes("<p>a<b>c</b>")]
    [('p', 0, 12), ('b', 4, 12)]
    """
    found: list[Node] = []
    stack: list[Tag] = []
    names: Counter[str] = Counter()

    def close(start: int, end: int) -> None:
        tag = stack.pop()
        names[tag.name] -= 1
        found.append(Node(tag.start, end, tag.end, start, tag.name))

    for token in _tags(text, code):
        if isinstance(token, Comment):
            found.append(Node(token.start, token.end, token.inner_start, token.inner_end, COMMENT))
        elif token.closing:
            while names[token.name] and stack[-1].name != token.name:
                close(token.start, token.start)
            if names[token.name]:
                close(token.start, token.end)
            else:
                found.append(Node(token.start, token.end, token.end, token.end, STRAY + token.name))
        elif is_void(token):
            found.append(Node(token.start, token.end, token.end, token.end, token.name))
        else:
            if token.name in SELF_CLOSING and stack and stack[-1].name == token.name:
                close(token.start, token.start)
            stack.append(token)
            names[token.name] += 1
    while stack:
        close(len(text), len(text))
    return sorted(found, key=lambda node: (node.start, -node.end))


def closed(text: str, code: Sequence[tuple[int, int]] = ()) -> set[tuple[int, int]]:
    """Return the ranges from a tag to the one that closes it in which every tag is closed where it was opened.

    >>> sorted(closed("<p>a<b>c</b></p><p>d<b>e</p></b>"))
    [(0, 16), (4, 12)]
    """
    found: set[tuple[int, int]] = set()
    stack: list[Tag] = []
    for token in _tags(text, code):
        if isinstance(token, Comment) or (not token.closing and is_void(token)):
            found.add((token.start, token.end))
        elif not token.closing:
            stack.append(token)
        elif stack and stack[-1].name == token.name:
            found.add((stack.pop().start, token.end))
        else:
            stack.clear()
    return found


def _tags(text: str, code: Sequence[tuple[int, int]]) -> Iterator[Tag | Comment]:
    return (token for token in outside(text, code) if isinstance(token, Tag | Comment))
