"""Tables as aligned text and as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from moderator.evaluate.figures import Share
from moderator.report import printable

NAME = 28  # characters of a name in a table
# Columns that are read, not compared.
TEXTS = ("where", "text", "meaning", "action", "label", "change", "what", "reason", "")


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a heading, with a sentence that says how to read them."""

    title: str
    note: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def as_text(tables: Iterable[Table]) -> Iterator[str]:
    """Yield the lines of tables as text."""
    for table in tables:
        yield f"\n{table.title}"
        if table.note:
            yield table.note
        yield from _aligned(table)


def as_markdown(tables: Iterable[Table]) -> Iterator[str]:
    """Yield the lines of tables in Markdown."""
    for table in tables:
        yield f"\n## {table.title}\n"
        if table.note:
            yield f"{table.note}\n"
        yield "| " + " | ".join(table.head) + " |"
        yield "|" + "|".join("---" if name in TEXTS else "--:" for name in table.head) + "|"
        for row in table.rows:
            cells = (
                _code(c) if name in ("where", "text") else _cell(c) for name, c in zip(table.head, row, strict=True)
            )
            yield "| " + " | ".join(cells) + " |"


def _aligned(table: Table) -> Iterator[str]:
    """Yield the rows with their columns aligned; without rows, a line that says so."""
    if not table.rows:
        yield "  none"
        return
    shown = [list(table.head), *([printable(cell) for cell in row] for row in table.rows)]
    wide = [max(len(row[i]) for row in shown) for i in range(len(table.head))]
    for row in shown:
        cells = [
            cell.ljust(size) if name in TEXTS or i == 0 else cell.rjust(size)
            for i, (cell, size, name) in enumerate(zip(row, wide, table.head, strict=True))
        ]
        yield f"  {'  '.join(cells)}".rstrip()


def of_thousands(share: Share, thousands: int = 1) -> str:
    """Return how many of some thousands a share is, with its interval.

    >>> of_thousands(Share(3, 600, 0.005, 0.0017, 0.0146))
    '5 (1.7-15)'
    """
    if share.share is None or share.low is None or share.high is None:
        return "-"
    middle, low, high = (_round(1000 * thousands * value) for value in (share.share, share.low, share.high))
    return f"{middle} ({low}-{high})"


def _round(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def ranged(share: Share) -> str:
    """Return a share in percent, with its interval."""
    if share.share is None or share.low is None or share.high is None:
        return "-"
    return f"{percent(share.share)} ({percent(share.low)}-{percent(share.high)})"


def percent(share: float | None) -> str:
    """Return a share in percent."""
    return "-" if share is None else f"{100 * share:.1f}" if share >= 0.1 else f"{100 * share:.2f}"


def decimal(value: float | None) -> str:
    """Return a number between 0 and 1."""
    return "-" if value is None else f"{value:.3f}"


def named(name: str) -> str:
    """Return a name on one line, cut to what a table has room for."""
    line = printable(" ".join(name.split()))
    return line if len(line) <= NAME else f"{line[: NAME - 1]}…"


def _cell(content: str) -> str:
    return printable(content).replace("|", "\\|").replace("<", "&lt;")


def _code(content: str) -> str:
    """Return a text as Markdown shows it letter by letter, whatever is in it."""
    return "`" + printable(content).replace("`", "'").replace("|", "\\|") + "`"
