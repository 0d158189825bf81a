"""What is cut out of a text, as a unified diff."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from moderator.cuts import without
from moderator.records import Span
from moderator.report import Style, printable

CONTEXT = 3  # lines around a change
NO_NEWLINE = "\\ No newline at end of file"

Change = tuple[int, int, list[str]]  # the lines from .. to, and what they become


def unified(text: str, cuts: Sequence[Span], name: str, style: Style) -> Iterator[str]:
    r"""Yield the lines of a unified diff between a text and the text without the cuts.

    >>> print(*unified("a\nb\nc\n", [Span(2, 4)], "x.txt", lambda text, what: text), sep="|")
    --- x.txt|+++ x.txt|@@ -1,3 +1,2 @@| a|-b| c
    """
    if not cuts:
        return
    lines = _split(text)
    yield style(f"--- {printable(name)}", "place")
    yield style(f"+++ {printable(name)}", "place")
    shift = 0
    for hunk in _hunks(_changes(text, lines, cuts)):
        low, high = max(0, hunk[0][0] - CONTEXT), min(len(lines), hunk[-1][1] + CONTEXT)
        grown = sum(len(new) - (end - start) for start, end, new in hunk)
        old, now = _range(low, high - low), _range(low + shift, high - low + grown)
        yield style(f"@@ -{old} +{now} @@", "code")
        yield from _lines(lines, low, high, hunk, style)
        shift += grown


def _range(start: int, count: int) -> str:
    return f"{start + (count > 0)}" if count == 1 else f"{start + (count > 0)},{count}"


def _changes(text: str, lines: Sequence[str], cuts: Sequence[Span]) -> Iterator[Change]:
    """Yield the runs of lines that cuts change, and what is left of each."""
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    runs: list[tuple[int, int, list[Span]]] = []
    for cut in cuts:
        first, last = bisect_right(starts, cut.start) - 1, bisect_right(starts, cut.end - 1)
        if cut.start > starts[first] and cut.end == starts[last]:
            last = min(last + 1, len(lines))  # its line feed goes, and the next line moves up
        if runs and first < runs[-1][1]:
            runs[-1] = (runs[-1][0], max(last, runs[-1][1]), [*runs[-1][2], cut])
        else:
            runs.append((first, last, [cut]))
    for first, last, inside in runs:
        base = starts[first]
        left = without(text[base : starts[last]], [Span(cut.start - base, cut.end - base) for cut in inside])
        yield first, last, _split(left)


def _split(text: str) -> list[str]:
    """Return the lines of a text, which end with a line feed and nothing else."""
    lines = text.split("\n")
    return [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _hunks(changes: Iterator[Change]) -> Iterator[list[Change]]:
    hunk: list[Change] = []
    for change in changes:
        if hunk and change[0] - hunk[-1][1] > 2 * CONTEXT:
            yield hunk
            hunk = []
        hunk.append(change)
    if hunk:
        yield hunk


def _lines(lines: Sequence[str], low: int, high: int, hunk: Sequence[Change], style: Style) -> Iterator[str]:
    position = low
    for start, end, new in hunk:
        yield from _marked(" ", lines[position:start], "context", style)
        yield from _marked("-", lines[start:end], "removed", style)
        yield from _marked("+", new, "added", style)
        position = end
    yield from _marked(" ", lines[position:high], "context", style)


def _marked(mark: str, lines: Sequence[str], what: str, style: Style) -> Iterator[str]:
    for line in lines:
        yield style(mark + printable(line.removesuffix("\n").removesuffix("\r")), what)
        if not line.endswith("\n"):
            yield NO_NEWLINE
