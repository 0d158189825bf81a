"""What stands in the margin: parts, rows, folding, and the same as HTML and JSON."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from moderator import load
from moderator.explain import html, text
from moderator.explain.parts import more, parts
from moderator.explain.text import FIRST, LAST, explanation_lines
from moderator.pipeline import Moderator
from moderator.records import (
    Contribution,
    Document,
    Explanation,
    Failure,
    Finding,
    Segment,
    Signal,
    Span,
    Verdict,
    Weighed,
)

PAGE = """# A rye loaf

The dough rests for an hour in the warm kitchen, and then the loaf goes into the hot oven.

- Wholemeal rye flour and lukewarm water for the dough of the loaf
- A spoon of salt
  and caraway

Казино онлайн без регистрации, лучшие бонусы каждый день!
"""
SHOWN = """\
line  lang kind       topic  score │
   1  -    heading     100%   1.0% │ # A rye loaf
   2                               │
   3  en   paragraph    40%   2.0% │ The dough rests for an hour in the warm
                                   │ kitchen, and then the loaf goes into the
                                   │ hot oven.
   4                               │
   5  en   item         40%   3.0% │ - Wholemeal rye flour and lukewarm water
                                   │ for the dough of the loaf
   6  en   hidden         -  <0.1% │ - A spoon of salt
   7                               │   and caraway
   8                               │
   9  ru   paragraph     0%  99.7% ┃ ⟦Казино онлайн без регистрации, лучшие
                                   ┃ бонусы каждый день!⟧

9:1  reject  sells something

   -1.0000  bias
   +6.8000  a/b                    0.5000  sells something
   +5.8000  log-odds that line 9 should not be published: score 0.997000
            held from 0.900000, rejected from 0.990000
reject  (model model1, policy policy1)"""


def plain(shown: str, _: str) -> str:
    return shown


def tagged(shown: str, what: str) -> str:
    return f"<{what}>{shown}</{what}>"


def weighed(
    page: str, piece: str, score: float, kind: str, language: str = "en", *, share: float | None = 0.4,
    hidden: bool = False,
) -> Weighed:  # fmt: skip
    start = page.index(piece)
    return Weighed(Segment(Span(start, start + len(piece)), kind, language, "Latn", hidden=hidden), share, score)


def explained(page: str, segments: tuple[Weighed, ...], *flagged: int) -> Explanation:
    findings = tuple(
        Finding(segments[i].segment.span, "reject", "spam", segments[i].score, "sells something", ("a/b",))
        for i in flagged
    )
    action = "reject" if findings else "publish"
    contributions = (Contribution(Signal("a/b", 0.5, "sells something"), 6.8),)
    verdict = Verdict(
        "rye.md", action, "spam", 0.997, -1.0, findings, contributions, (), "model1", "policy1"  # type: ignore[arg-type]
    )  # fmt: skip
    return Explanation(Document(page, kind="page"), verdict, 0.9, 0.99, segments, flagged[-1] if flagged else 0)


def rye() -> Explanation:
    item = "A spoon of salt\n  and caraway"
    segments = (
        weighed(PAGE, "A rye loaf", 0.01, "heading", "und", share=1.0),
        weighed(PAGE, PAGE.splitlines()[2], 0.02, "paragraph"),
        weighed(PAGE, PAGE.splitlines()[4][2:], 0.03, "item"),
        weighed(PAGE, item, 0.0001, "item", share=None, hidden=True),
        weighed(PAGE, PAGE.splitlines()[8], 0.997, "paragraph", "ru", share=0.0),
    )
    return explained(PAGE, segments, 4)


# Parts


def test_parts_are_the_text_and_each_begins_with_its_line() -> None:
    found = parts(rye())
    assert "".join(PAGE[part.start : part.end] for part in found) == PAGE
    assert [(part.line, PAGE[part.start : part.end]) for part in found if part.weighed][2:4] == [
        (5, "- Wholemeal rye flour and lukewarm water for the dough of the loaf\n"),
        (6, "- A spoon of salt\n  and caraway\n"),
    ]
    assert [bool(part.finding) for part in found] == [False] * 7 + [True]


def test_segments_of_one_line_are_parts_of_their_own() -> None:
    page = "<li>one</li> <li>two</li>\n"
    explanation = explained(page, (weighed(page, "one", 0.1, "item"), weighed(page, "two", 0.9, "item")), 1)
    assert [(page[p.start : p.end], p.line, bool(p.finding)) for p in parts(explanation)] == [
        ("<li>one", 1, False),
        ("</li> <li>two</li>\n", 1, True),
    ]


@pytest.mark.parametrize("page", ["", "\n", "<br>\n\n"])
def test_a_document_without_segments_has_at_most_one_part(page: str) -> None:
    assert [(p.start, p.end, p.weighed) for p in parts(explained(page, ()))] == [(0, len(page), None)][: len(page)]


def test_what_is_between_two_segments_of_a_finding_is_part_of_it() -> None:
    page = "one\n\ntwo\n"
    explanation = explained(page, (weighed(page, "one", 0.9, "item"), weighed(page, "two", 0.9, "item")), 0)
    verdict = replace(explanation.verdict, findings=(replace(explanation.verdict.findings[0], span=Span(0, 8)),))
    assert all(part.finding for part in parts(replace(explanation, verdict=verdict)))


def test_the_worst_of_what_is_folded_is_named() -> None:
    assert more(37, "lines", parts(rye())[:6]) == "... 37 more lines, none scored above 3.0% ..."


# Text


def test_the_margin_the_marks_and_the_sum() -> None:
    assert "\n".join(explanation_lines(rye(), plain, width=78)) == SHOWN


def test_colours_are_of_what_they_stand_for() -> None:
    shown = "\n".join(explanation_lines(rye(), tagged, width=78))
    assert "<reject>   9  ru   paragraph     0%  99.7% ┃</reject> <marked>⟦Казино" in shown
    assert "<margin>   8                               │</margin>" in shown
    assert "<reject>reject</reject>  (model" in shown


def test_long_stretches_are_folded_and_findings_never() -> None:
    clean = [f"{'word ' * 4}number {n}" for n in range(60)]
    found = [f"{'cheap ' * 4}number {n}" for n in range(60)]
    page = "\n".join([*clean, *found])
    low = weighed(page, "\n".join(clean), 0.01, "paragraph")
    high = weighed(page, "\n".join(found), 0.99, "paragraph")
    shown = list(explanation_lines(explained(page, (low, high), 1), plain))
    assert sum("word" in row for row in shown) == FIRST + LAST
    assert [row.strip() for row in shown if "..." in row] == [f"... {60 - FIRST - LAST} more lines ..."]
    assert sum("cheap" in row for row in shown) == 60
    assert "..." not in "".join(explanation_lines(explained(page, (low, high), 1), plain, full=True))


def test_a_few_lines_are_not_worth_folding() -> None:
    page = "\n".join(f"line {n}" for n in range(FIRST + LAST + text.LEAST - 1))
    shown = list(explanation_lines(explained(page, (weighed(page, page, 0.1, "code"),)), plain))
    assert not [row for row in shown if "..." in row]


@pytest.mark.parametrize(
    ("line", "rows"),
    [
        ("", [""]),
        ("a b c", ["a b c"]),
        ("eleven char", ["eleven ", "char"]),
        ("x" * 25, ["x" * 10, "x" * 10, "x" * 5]),
        ("漢字漢字漢字", ["漢字漢字漢", "字"]),
        ("漢字 abcdefgh", ["漢字 ", "abcdefgh"]),
    ],
)
def test_rows_are_no_wider_than_there_is_room(line: str, rows: list[str]) -> None:
    assert [line[a:b] for a, b in text._wrapped(line, 10)] == rows


def test_failures_are_told() -> None:
    explanation = Explanation(
        Document("x"), Verdict("a", "hold", None, None, None, failures=(Failure("links", "broke\n<b>"),)), 0.5, 0.9
    )
    assert "failure  links: broke\\n<b>" in list(explanation_lines(explanation, plain))
    page = html.page(explanation)
    assert "It could not be judged." in page
    assert "links: broke\n&lt;b&gt;" in page
    assert "<table>" not in page


# HTML


def test_a_finding_is_marked_and_linked_to() -> None:
    page = html.page(rye())
    assert '<a href="#finding-1">Line 9</a>' in page
    assert re.search(r'<li class="part reject" id="finding-1">.*<span>Russian</span>', page)
    assert f'<div class="text" lang="ru" dir="auto"><mark>{PAGE.splitlines()[8]}</mark></div>' in page
    assert page.count("sells something") == 3  # on top, at the text, in the sum


def test_the_bars_lead_from_the_bias_to_the_sum() -> None:
    bars = [
        (css, round(float(left), 1), round(float(left) + float(width), 1))
        for css, left, width in re.findall(
            r'class="bar (\w*)" style="left:([\d.]+)%;width:([\d.]+)%"', html.page(rye())
        )
    ]
    (_, low, zero), (css, begin, end), (_, again, total) = bars
    assert css == "up"
    assert (begin, end, again) == (low, total, zero)
    assert low < zero < total
    page = html.page(rye())
    places = {css: float(left) for css, left in re.findall(r'<i class="(at-\w+|zero)" style="left:([\d.]+)%"', page)}
    assert zero == pytest.approx(places["zero"], abs=0.1)
    assert places["zero"] < places["at-hold"] < places["at-reject"] < total


@pytest.mark.parametrize(("script", "direction"), [("Arab", "rtl"), ("Hebr", "rtl"), ("Latn", "auto")])
def test_text_runs_in_the_direction_of_its_script(script: str, direction: str) -> None:
    page = "1. some words"
    segment = weighed(page, page, 0.1, "item", "fa")
    explanation = explained(page, (replace(segment, segment=replace(segment.segment, script=script)),))
    assert f'<div class="text" lang="fa" dir="{direction}">' in html.page(explanation)


def test_long_pages_and_long_parts_are_folded_unless_all_is_asked_for() -> None:
    pieces = [f"item {n} {'word ' * (400 if n == 0 else 1)}".strip() for n in range(40)]
    page = "\n".join(pieces)
    explanation = explained(page, tuple(weighed(page, piece, 0.01, "item") for piece in pieces))
    folded, full = html.page(explanation), html.page(explanation, full=True)
    assert re.findall(r"<summary[^>]*>(.*?)</summary>", folded) == [
        "... 1,309 more characters ...",
        "... 34 more parts, none scored above 1.0% ...",
    ]
    assert folded.count("word") == full.count("word")  # folded is not left out
    assert "<details" not in full


def test_a_policy_that_rejects_nothing_draws_no_line_for_it() -> None:
    page = html.page(replace(rye(), reject=1.0))
    assert '<i class="at-hold"' in page
    assert '<i class="at-reject"' not in page


def test_the_style_loads_nothing_and_knows_dark_and_print() -> None:
    style = html._style()
    assert not re.search(r"url\(|@import|</", style)
    for asked in ("prefers-color-scheme: dark", "min-width: 50rem", "print"):
        assert asked in style


def luminance(colour: str) -> float:
    shares = [value / 255 for value in bytes.fromhex(colour if len(colour) == 6 else "".join(c * 2 for c in colour))]
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(
    ("front", "back"),
    [
        ("ink", "paper"), ("soft", "paper"), ("soft", "tint"), ("reject", "paper"), ("hold", "paper"),
        ("publish", "paper"), ("reject", "reject-tint"), ("hold", "hold-tint"), ("ink", "reject-tint"),
        ("ink", "hold-tint"),
    ],
)  # fmt: skip
def test_everybody_can_read_the_colours(front: str, back: str) -> None:
    found = re.findall(r":root \{(.*?)\}", html._style(), re.DOTALL)
    assert len(found) == 2
    for colours in found:
        values = dict(re.findall(r"--([\w-]+): #([0-9a-f]+);", colours))
        high, low = sorted((luminance(values[front]), luminance(values[back])), reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 4.5  # what WCAG 2 asks for at level AA


# The moderator


def test_an_explanation_has_the_verdict_and_the_score_of_each_segment(moderator: Moderator) -> None:
    explanation = moderator.explain(Document(PAGE, "rye.md", "page"))
    assert explanation.verdict == moderator.judge([Document(PAGE, "rye.md", "page")])[0]
    assert explanation.worst == len(explanation.segments) - 1
    scores = [one.score for one in explanation.segments]
    assert max(scores) == scores[-1] == explanation.verdict.score
    assert explanation.segments[-1].segment.language == "ru"
    assert explanation.segments[-1].share == 0.0


def test_a_comment_has_a_share_only_under_a_post(moderator: Moderator) -> None:
    under = Document("The dough rests for an hour.", context="Rye dough for an hour\n\nHow long a rye dough rests.")
    assert moderator.explain(under).segments[0].share
    assert moderator.explain(replace(under, context=None)).segments[0].share is None


def test_what_is_no_document_is_not_explained(moderator: Moderator) -> None:
    with pytest.raises(ValueError, match="kind must be one of"):
        moderator.explain(Document("x", kind="poem"))  # type: ignore[arg-type]


def test_what_cannot_be_analysed_is_explained_without_segments(
    moderator: Moderator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no such luck")

    monkeypatch.setattr("moderator.pipeline.Batch", broken)
    explanation = moderator.explain(Document("x"))
    assert (explanation.segments, explanation.verdict.score) == ((), None)
    assert "analysis: RuntimeError: no such luck" in html.page(explanation)


def test_the_style_is_in_the_package() -> None:
    assert (Path(load.__code__.co_filename).parent / "data" / "explain.css").is_file()
