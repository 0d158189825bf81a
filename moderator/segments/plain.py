"""Plain text: every line is a segment."""

from __future__ import annotations

from moderator.segments.layout import Block, Layout, lines


def layout(text: str) -> Layout:
    """Lay out a page of plain text."""
    return Layout(blocks=[Block(start, end, "paragraph") for start, end in lines(text, 0, len(text))])
