"""An explanation as one HTML page that loads nothing and runs nothing.

Whatever comes from outside goes through `text`, and nothing else may stand between the tags.
"""

from __future__ import annotations

import html
import math
from collections.abc import Iterator, Sequence
from importlib import resources
from itertools import accumulate, groupby

from moderator.detectors.drift import language_name
from moderator.explain.parts import Part, more, parts, percent, permitted
from moderator.records import UNDETERMINED, Explanation, Finding, Weighed
from moderator.report import Lines, printable

# Nothing is fetched, sent or run; the style in the page is all that it may use.
GUARD = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
FIRST, LAST = 4, 2  # parts that a folded stretch shows at its two ends
LEAST = 4  # parts that are worth folding away
LONG, LONG_FOUND = 700, 5_000  # characters of a part that are shown before it is opened
BREAKS = "\r\n"
SLACK = 200  # characters that are not worth folding away
RIGHT_TO_LEFT = frozenset(("Adlm", "Arab", "Hebr", "Mand", "Nkoo", "Rohg", "Samr", "Syrc", "Thaa"))


def text(value: str) -> str:
    r"""Return text as it may stand between tags and in quoted attributes; what steers the eye is spelled out.

    >>> text('<b title="a">&' + chr(0x202E))
    '&lt;b title=&quot;a&quot;&gt;&amp;\\u202e'
    """
    return html.escape(printable(value, newlines=True))


def page(explanation: Explanation, *, full: bool = False) -> str:
    """Return the page that explains a verdict: what to do and why, the text, the sum."""
    return "\n".join(_page(explanation, full))


def _page(explanation: Explanation, full: bool) -> Iterator[str]:
    verdict, kind = explanation.verdict, text(explanation.document.kind)
    title = f"{verdict.action}: {_name(explanation)}"
    yield "<!doctype html>"
    yield '<html lang="en">'
    yield '<head><meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{GUARD}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="robots" content="noindex"><meta name="referrer" content="no-referrer">'
    yield f"<title>{text(title.capitalize())}</title>"
    yield f"<style>\n{_style()}</style></head>"
    yield "<body>"
    yield from _summary(explanation)
    yield f'<main><h2 id="text">The {kind}</h2>'
    yield from _given(explanation)
    yield from _text(explanation, full)
    yield from _sum(explanation)
    yield "</main>"
    yield f"<footer>Judged with the model {text(verdict.model)} by the policy {text(verdict.policy)}.</footer>"
    yield "</body></html>"


def _style() -> str:
    return resources.files("moderator.data").joinpath("explain.css").read_text(encoding="utf-8")


def _name(explanation: Explanation) -> str:
    name = explanation.verdict.document_id
    return "standard input" if name in ("", "-") else name


# The verdict


def _summary(explanation: Explanation) -> Iterator[str]:
    """Yield what is to be done and why, each finding with a link to its place."""
    verdict = explanation.verdict
    yield f'<header><h1><span class="action {verdict.action}">{verdict.action}</span> '
    yield f"<bdi>{text(_name(explanation))}</bdi></h1>"
    yield f"<p>{_outcome(explanation)}</p>"
    if verdict.findings or verdict.allowed:
        lines = Lines(explanation.document.text)
        yield '<ol class="found" role="list">'
        for number, finding in enumerate(verdict.findings, 1):
            line = lines.place(finding.span.start)[0]
            yield f'<li class="{finding.action}"><a href="#finding-{number}">Line {line:,}</a>: {_reason(finding)}</li>'
        for allowed in verdict.allowed:
            line = lines.place(allowed.spans[0].start)[0]
            what = text(permitted(allowed))
            yield f'<li class="publish">Line {line:,}: <span class="action">allowed</span>, {what}</li>'
        yield "</ol>"
    for failure in verdict.failures:
        yield f"<p><strong>Could not be judged in full:</strong> {text(f'{failure.detector}: {failure.error}')}</p>"
    yield "</header>"


def _outcome(explanation: Explanation) -> str:
    """Return one or two sentences: how likely it is that a text should not be published, and what that means."""
    verdict = explanation.verdict
    if verdict.score is None:
        return "It could not be judged."
    else_found = "else " if any(allowed.finding for allowed in verdict.allowed) else ""
    found = "" if verdict.findings else f"Nothing {else_found}was found that should keep it back. "
    score, hold, reject = (text(percent(p)) for p in (verdict.score, explanation.hold, explanation.reject))
    likely = f"The probability that it should not be published is <b>{score}</b>."
    return f"{found}{likely} A {explanation.document.kind} is held from {hold} on and rejected from {reject} on."


def _reason(finding: Finding) -> str:
    reason = text(finding.reason) or "no single reason"
    return f'<span class="action">{finding.action}</span>, {text(percent(finding.score))}: {reason}'


def _given(explanation: Explanation) -> Iterator[str]:
    """Yield what came with a comment: its author, the site that was given, the post."""
    document = explanation.document
    given = [("author", document.author), ("site", document.url), ("under the post", document.context)]
    if any(value for _, value in given):
        yield "<dl>"
        for name, value in given:
            if value:
                yield f'<dt>{name}</dt><dd dir="auto">{_folded(value.strip(), LONG, full=False)}</dd>'
        yield "</dl>"


# The text


def _text(explanation: Explanation, full: bool) -> Iterator[str]:
    """Yield the parts of the document as a list; long stretches in which nothing is flagged can be opened."""
    heads = "".join(f"<span{css}>{name}</span>" for name, css in _HEADS)
    yield f'<div class="columns" aria-hidden="true"><span>{heads}</span></div>'
    yield '<ol role="list">'
    content = explanation.document.text
    found = [
        part for part in parts(explanation) if part.weighed or content[part.start : part.end].strip(f" \t{BREAKS}")
    ]
    numbers = {finding.span: number for number, finding in enumerate(explanation.verdict.findings, 1)}
    shown: set[int] = set()
    for flagged, group in groupby(found, key=lambda part: part.finding is not None):
        stretch = list(group)
        if flagged:
            for part in stretch:
                number = numbers[part.finding.span] if part.finding else 0
                yield from _part(content, part, full, 0 if number in shown else number)
                shown.add(number)
        else:
            yield from _stretch(content, stretch, full)
    yield "</ol>"
    yield '<p class="soft">Topic: how much of what a part speaks of is also in '
    yield "the post. " if explanation.document.kind == "comment" else "the rest of the page. "
    yield "Score: the probability that the part, judged alone, should not be published.</p>"


_HEADS = (
    ("line", ' class="r"'), ("language", ""), ("kind", ""), ("topic", ' class="r"'), ("score", ' class="r"'),
)  # fmt: skip


def _stretch(content: str, stretch: Sequence[Part], full: bool) -> Iterator[str]:
    """Yield parts in which nothing is flagged, most of them folded away if there are many."""
    hidden = () if full else stretch[FIRST : len(stretch) - LAST]
    if len(hidden) < LEAST:
        hidden = ()
    for part in stretch[: FIRST if hidden else len(stretch)]:
        yield from _part(content, part, full)
    if hidden:
        yield f'<li class="fold"><details><summary>{text(more(len(hidden), "parts", list(hidden)))}</summary>'
        yield '<ol role="list">'
        for part in hidden:
            yield from _part(content, part, full)
        yield "</ol></details></li>"
        for part in stretch[len(stretch) - LAST :]:
            yield from _part(content, part, full)


def _part(content: str, part: Part, full: bool, number: int = 0) -> Iterator[str]:
    """Yield one part: the margin, the text, and with the first part of a finding why it is flagged."""
    finding = part.finding
    css = f"part {finding.action}" if finding else "part" if part.weighed else "part markup"
    mark = f' id="finding-{number}"' if number else ""
    yield f'<li class="{css}"{mark}>{_margin(part)}'
    yield f'<div class="text"{_spoken(part.weighed)}>{_marked(content, part, full)}</div>'
    if finding and number:
        yield f'<p class="why">{_reason(finding)}</p>'
    yield "</li>"


def _margin(part: Part) -> str:
    """Return the line, and of a segment its language, kind, topic and score, each named for those who do not see."""
    cells = [f'<span class="line"><span class="label">line </span>{part.line}</span>']
    if part.weighed is None:
        cells.append('<span class="none">markup</span>')
    else:
        cells += _cells(part.weighed)
    return f'<p class="margin">{" ".join(cells)}</p>'


def _cells(weighed: Weighed) -> Iterator[str]:
    segment = weighed.segment
    language = "–" if segment.language == UNDETERMINED else language_name(segment.language)
    kind = f"{segment.kind}, hidden" if segment.hidden else segment.kind
    share = "–" if weighed.share is None else f"{weighed.share:.0%}"
    yield f"<span>{text(language)}</span> <span>{text(kind)}</span>"
    yield f'<span class="share"><span class="label">topic </span>{share}</span>'
    yield f'<span class="score"><span class="label">score </span>{text(percent(weighed.score))}</span>'


def _spoken(weighed: Weighed | None) -> str:
    """Return the attributes that say how a text is read aloud and in which direction it runs."""
    if weighed is None:
        return ' lang="" dir="ltr"'
    segment = weighed.segment
    language = "" if segment.language == UNDETERMINED else segment.language
    direction = "rtl" if segment.script in RIGHT_TO_LEFT else "auto"
    return f' lang="{text(language)}" dir="{direction}"'


def _marked(content: str, part: Part, full: bool) -> str:
    """Return the text of a part, what is flagged of it marked."""
    piece = content[part.start : part.end]
    begin = part.start + len(piece) - len(piece.lstrip(BREAKS))
    end = max(begin, part.start + len(piece.rstrip(BREAKS)))
    if part.finding is None:
        return _folded(content[begin:end], LONG, full)
    low = min(max(begin, part.finding.span.start), end)
    high = max(low, min(end, part.finding.span.end))
    inside = _folded(content[low:high], LONG_FOUND, full, "mark")
    return f"{text(content[begin:low])}{inside}{text(content[high:end])}"


def _folded(value: str, limit: int, full: bool, tag: str = "span") -> str:
    """Return text in a tag, the end of a long one folded away."""
    if full or len(value) <= limit + SLACK:
        return f"<{tag}>{text(value)}</{tag}>"
    cut = max(value.rfind(" ", limit - SLACK, limit), value.rfind("\n", limit - SLACK, limit)) + 1 or limit
    summary = f'<summary lang="en" dir="ltr">{text(more(len(value) - cut, "characters", []))}</summary>'
    rest = f"<details>{summary}<{tag}>{text(value[cut:])}</{tag}></details>"
    return f"<{tag}>{text(value[:cut])}</{tag}>{rest}"


# The sum


class _Axis:
    """Log-odds from left to right, wide enough for all that is drawn on it."""

    def __init__(self, values: Sequence[float]) -> None:
        low, high = min(values), max(values)
        room = 0.03 * (high - low or 1.0)
        self._low, self._width = low - room, high - low + 2 * room

    def place(self, value: float) -> str:
        """Return where a value is, in percent."""
        return f"{100 * (value - self._low) / self._width:.2f}%"

    def bar(self, begin: float, end: float, css: str) -> str:
        """Return a bar from one value to another."""
        low, high = sorted((begin, end))
        return f'<i class="bar {css}" style="left:{self.place(low)};width:{100 * (high - low) / self._width:.2f}%"></i>'

    def line(self, value: float, css: str) -> str:
        """Return a line at a value."""
        return f'<i class="{css}" style="left:{self.place(value)}"></i>'


def _sum(explanation: Explanation) -> Iterator[str]:
    """Yield a table of what adds up to the score, each row with a bar from the sum so far to the next."""
    verdict = explanation.verdict
    if verdict.score is None or verdict.bias is None:
        return
    sums = list(accumulate((c.log_odds for c in verdict.contributions), initial=verdict.bias))
    thresholds = [
        (name, css, value, _logit(value))
        for name, css, value in (("held", "at-hold", explanation.hold), ("rejected", "at-reject", explanation.reject))
        if 0.0 < value < 1.0
    ]
    axis = _Axis([0.0, *sums, *(place for *_, place in thresholds)])
    lines = axis.line(0.0, "zero") + "".join(axis.line(place, css) for _, css, _, place in thresholds)
    yield '<h2 id="sum">How the score adds up</h2>'
    yield f"<table><caption>{_what(explanation)}</caption>"
    yield '<thead><tr><th scope="col" class="number">log-odds</th><th scope="col">what was seen</th></tr></thead>'
    yield "<tbody>"
    yield _row(verdict.bias, "before anything is seen", "", lines + axis.bar(0.0, verdict.bias, ""))
    for contribution, before, after in zip(verdict.contributions, sums, sums[1:], strict=False):
        signal = contribution.signal
        code = f' <code>{text(signal.code)}</code> <span class="soft">strength {signal.strength:.2f}</span>'
        bar = axis.bar(before, after, "up" if after > before else "down")
        yield _row(contribution.log_odds, text(signal.message), code, lines + bar)
    total = f"sum: a probability of {text(percent(verdict.score))}"
    yield _row(sums[-1], total, "", lines + axis.bar(0.0, sums[-1], ""), "total")
    yield "</tbody></table>"
    yield '<p class="keys"><span><i class="key zero"></i>0: as likely as not</span>'
    for name, css, value, place in thresholds:
        yield f'<span><i class="key {css}"></i>{name} from {place:+.2f} ({text(percent(value))})</span>'
    yield "</p>"


def _row(worth: float, message: str, code: str, drawing: str, css: str = "") -> str:
    """Return a row of the sum; the drawing says nothing that the numbers do not say."""
    attribute = f' class="{css}"' if css else ""
    track = f'<div class="track" aria-hidden="true">{drawing}</div>'
    return f'<tr{attribute}><td class="number">{worth:+.4f}</td><th scope="row">{message}{code}{track}</th></tr>'


def _what(explanation: Explanation) -> str:
    """Return what the sum is about: the whole of a comment, the worst part of a page."""
    if len(explanation.segments) < 2 or explanation.worst is None:
        return "Log-odds: above 0 speaks for keeping it back, below 0 for publishing it."
    start = explanation.segments[explanation.worst].segment.span.start
    line = Lines(explanation.document.text).place(start)[0]
    return (
        f"A page is judged by the worst of its parts, here line {line:,}. "
        "Above 0 speaks for keeping it back, below 0 for publishing it."
    )


def _logit(share: float) -> float:
    return math.log(share / (1.0 - share))
