"""An explanation as text for a terminal: a margin, the page, and the column of log-odds."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import groupby
from typing import NamedTuple

from moderator.explain.parts import Part, more, parts, percent, permitted
from moderator.records import UNDETERMINED, Explanation, Verdict, Weighed
from moderator.report import Lines, Style, printable

WIDTH = 100  # columns where no terminal says otherwise
NARROWEST = 30  # columns that the text has, however wide the margin is
FIRST, LAST = 10, 4  # rows that a folded stretch shows at its two ends
LEAST = 4  # rows that are worth folding away
CONTEXT = 300  # characters of the post that are shown with a comment
OPEN, CLOSE = "⟦", "⟧"
_WIDE = re.compile(
    "[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\U0001f000-\U0003fffd]"
)


class Row(NamedTuple):
    """A row of the page as it is shown: its part, whether the part begins here, its line, and its text."""

    part: Part
    first: bool
    line: int | None  # None where a line goes on
    text: str
    marked: tuple[int, int]  # what of the text is flagged


def explanation_lines(
    explanation: Explanation, style: Style, *, width: int = WIDTH, full: bool = False
) -> Iterator[str]:
    """Yield the lines of an explanation: who wrote it, the page, the findings, and the sum."""
    verdict, text = explanation.verdict, explanation.document.text
    yield from _origin(explanation)
    yield from _page(explanation, style, width, full)
    yield ""
    lines = Lines(text)
    for finding in verdict.findings:
        line, column = lines.place(finding.span.start)
        yield f"{line}:{column}  {style(finding.action, finding.action)}  {printable(finding.reason)}"
    for allowed in verdict.allowed:
        line, column = lines.place(allowed.spans[0].start)
        yield f"{line}:{column}  {style('allowed', 'publish')}  {printable(permitted(allowed))}"
    if verdict.findings or verdict.allowed:
        yield ""
    if verdict.score is not None and verdict.bias is not None:
        worst = explanation.segments[explanation.worst or 0].segment.span if len(explanation.segments) > 1 else None
        what = f"line {lines.place(worst.start)[0]}" if worst else "it"
        yield from _sum(verdict, verdict.bias, verdict.score, what)
        yield f"{'':12}held from {explanation.hold:.6f}, rejected from {explanation.reject:.6f}"
    for failure in verdict.failures:
        yield f"{style('failure', 'failure')}  {printable(failure.detector)}: {printable(failure.error)}"
    origin = f"(model {printable(verdict.model)}, policy {printable(verdict.policy)})"
    yield f"{style(verdict.action, verdict.action)}  {origin}"


def _origin(explanation: Explanation) -> Iterator[str]:
    """Yield what came with a comment: its author, the site that was given, the post."""
    document = explanation.document
    context = document.context or ""
    context = context if len(context) <= CONTEXT else context[: CONTEXT - 1] + "…"
    given = [("author", document.author), ("site", document.url), ("under", " ".join(context.split()))]
    for name, value in given:
        if value:
            yield f"{name:7} {printable(value)}"
    if any(value for _, value in given):
        yield ""


def _sum(verdict: Verdict, bias: float, score: float, what: str) -> Iterator[str]:
    """Yield the column of log-odds that adds up to the score."""
    yield f"{bias:+10.4f}  bias"
    total = bias
    for contribution in verdict.contributions:
        signal, worth = contribution.signal, contribution.log_odds
        total += worth
        yield f"{worth:+10.4f}  {printable(signal.code):22} {signal.strength:6.4f}  {printable(signal.message)}"
    yield f"{total:+10.4f}  log-odds that {what} should not be published: score {score:.6f}"


def _page(explanation: Explanation, style: Style, width: int, full: bool) -> Iterator[str]:
    """Yield the page, its margin on the left; long stretches in which nothing is flagged are folded."""
    found = parts(explanation)
    digits = max(4, len(str(found[-1].line + 1)) if found else 0)
    blank = " " * len(_margin(None, digits))
    head = f"{'line':>{digits}}  {'lang':<5}{'kind':<11}{'topic':>5}{'score':>7}"
    yield style(f"{head} │", "margin")
    rows = _rows(explanation.document.text, found, max(NARROWEST, width - len(blank) - len(" │ ")))
    for flagged, stretch in groupby(_trimmed(rows), key=lambda row: row.part.finding is not None):
        shown: Sequence[Row | str] = list(stretch)
        if not (flagged or full):
            shown = _folded(shown)  # type: ignore[arg-type]
        for row in shown:
            yield style(f"{blank}   {row}", "margin") if isinstance(row, str) else _shown(row, digits, style)


def _trimmed(rows: Iterator[Row]) -> Iterator[Row]:
    """Yield rows without the blank ones at the end, and one of several blank ones in a row."""
    blank: Row | None = None
    for row in rows:
        if row.text:
            if blank:
                yield blank
            blank = None
            yield row
        else:
            blank = blank or row


def _folded(rows: Sequence[Row]) -> list[Row | str]:
    """Return the first and the last rows of a long stretch, and between them how many were left out."""
    last = max(FIRST, len(rows) - LAST)
    while last < len(rows) and rows[last].line is None:  # what is left of a line says little
        last += 1
    hidden = rows[FIRST:last]
    if len(hidden) < LEAST:
        return list(rows)
    begun = [row.part for row in hidden if row.first]
    return [*rows[:FIRST], more(len(hidden), "lines", begun), *rows[last:]]


def _rows(text: str, found: Sequence[Part], width: int) -> Iterator[Row]:
    """Yield the rows of a page: each line of each part, wrapped."""
    for part in found:
        position, number, first = part.start, part.line, part.weighed is not None
        while position < part.end:
            after = text.find("\n", position, part.end) + 1 or part.end
            shown, marked = _line(text, position, after, part)
            line: int | None = number
            for start, end in _wrapped(shown, width):
                low, high = (min(max(at - start, 0), end - start) for at in marked)
                yield Row(part, first, line, shown[start:end].rstrip(), (low, high))
                line, first = None, False
            position, number = after, number + 1


def _line(text: str, start: int, end: int, part: Part) -> tuple[str, tuple[int, int]]:
    """Return a line as it is shown, and what of it is flagged, marks included."""
    content = text[start:end].removesuffix("\n").removesuffix("\r") if text[end - 1] == "\n" else text[start:end]
    if part.finding is None:
        return _clean(content), (0, 0)
    span = part.finding.span
    low, high = max(0, span.start - start), max(0, min(span.end - start, len(content)))
    before, inside, after = _clean(content[:low]), _clean(content[low:high]), _clean(content[high:])
    inside = (OPEN if start <= span.start < end else "") + inside + (CLOSE if start < span.end <= end else "")
    return before + inside + after, (len(before), len(before) + len(inside))


def _clean(text: str) -> str:
    return printable(text).replace("\t", "    ")


def _wrapped(text: str, width: int) -> Iterator[tuple[int, int]]:
    """Yield the ranges of the rows of a line: broken at white space, or anywhere if there is none."""
    if not text:
        yield 0, 0
    elif _WIDE.search(text):
        yield from _wrapped_wide(text, width)
    else:
        for match in _breaks(width).finditer(text):
            yield match.span()


@cache
def _breaks(width: int) -> re.Pattern[str]:
    return re.compile(rf".{{1,{width}}}(?:\s+|$)|.{{{width}}}", re.DOTALL)


def _wrapped_wide(text: str, width: int) -> Iterator[tuple[int, int]]:
    """Yield the ranges of the rows of a line with characters in it that take two columns."""
    start = used = space = 0
    for at, char in enumerate(text):
        used += _columns(char)
        if used > width:
            end = space if space > start else at
            yield start, end
            start, used = end, sum(map(_columns, text[end : at + 1]))
        if char == " ":
            space = at + 1
    yield start, len(text)


def _columns(char: str) -> int:
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _shown(row: Row, digits: int, style: Style) -> str:
    """Return a row with its margin; a flagged one shows it also where there are no colours."""
    finding = row.part.finding
    margin = _margin(row.part.weighed if row.first else None, digits, row.line)
    edge = f"{margin} {'┃' if finding else '│'}"
    low, high = row.marked
    marked = style(row.text[low:high], "marked") if low < high else ""
    text = row.text[:low] + marked + row.text[high:]
    return f"{style(edge, finding.action if finding else 'margin')} {text}".rstrip()


def _margin(weighed: Weighed | None, digits: int, line: int | None = None) -> str:
    """Return what stands in the margin where a segment begins; elsewhere only the line, if one begins."""
    number = f"{line or '':>{digits}}"
    if weighed is None:
        return f"{number}{'':30}"
    segment = weighed.segment
    language = "-" if segment.language == UNDETERMINED else segment.language
    share = "-" if weighed.share is None else f"{weighed.share:.0%}"
    kind = "hidden" if segment.hidden else segment.kind
    return f"{number}  {language:<5}{kind:<11}{share:>5}{percent(weighed.score):>7}"
