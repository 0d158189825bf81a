"""Flagged segments become findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from moderator.analysis import Batch
from moderator.findings import merge, reason
from moderator.policy import Rules
from moderator.records import Contribution, Document, Finding, Label, Signal, Span

# A strength of 0.5 is held and one of 0.9 rejected; honest words are worth little.
CURVE = ((0.0, 1.0), (0.0, 8.0))
RULES = Rules(-4.0, 0.5, 0.9, {"a/first": CURVE, "b/second": CURVE, "c/honest": ((0.0, 1.0), (0.0, -0.5))})
LONG = "This line is so long that nobody would take it for the end of another one."


def seen(strength: float, code: str = "a/first", label: Label = "spam") -> Signal:
    return Signal(code, strength, f"message of {code}", label=label)


def pages(*texts: str) -> Batch:
    return Batch([Document(text, kind="page", media="plain") for text in texts])


def found(text: str, *signals: Sequence[Signal]) -> tuple[Finding, ...]:
    """Return the findings of a page in whose paragraphs this was seen."""
    batch = pages(text)
    assert len(batch.document) == len(signals)
    return merge(batch, RULES, range(len(signals)), signals)


def parts(text: str, *strengths: float) -> list[str]:
    return [text[f.span.start : f.span.end] for f in found(text, *([seen(s)] for s in strengths))]


def test_nothing_flagged_is_no_finding() -> None:
    assert found("one\n\ntwo", [seen(0.1)], []) == ()


def test_neighbours_are_one_finding() -> None:
    assert parts("one\n\ntwo\n\nthree\n\nfour", 0.1, 0.5, 0.9, 0.1) == ["two\n\nthree"]


@pytest.mark.parametrize("gap", [1, 2])
def test_short_segments_between_two_go_with_them(gap: int) -> None:
    text = "\n\n".join(["buy", *["---x---"] * gap, "sell"])
    assert parts(text, 0.9, *[0.1] * gap, 0.9) == [text]


def test_long_and_many_segments_between_two_do_not() -> None:
    assert parts(f"buy\n\n{LONG}\n\nsell", 0.9, 0.1, 0.9) == ["buy", "sell"]
    assert parts("buy\n\na\n\nb\n\nc\n\nsell", 0.9, 0.1, 0.1, 0.1, 0.9) == ["buy", "sell"]


def test_what_is_short_but_last_is_left_alone() -> None:
    assert parts("fine\n\nbuy\n\nfine", 0.1, 0.9, 0.1) == ["buy"]


def test_a_finding_is_its_strongest_segment() -> None:
    evidence = [seen(0.95, "b/second", "off-topic"), seen(1.0, "c/honest", "ham")]
    (finding,) = found("one\n\ntwo", [seen(0.6)], evidence)
    assert (finding.label, finding.action) == ("off-topic", "hold")  # off topic alone is never rejected
    assert finding.score == pytest.approx(0.957, abs=0.001)
    assert finding.codes == ("b/second",)
    assert finding.reason == "message of b/second"


def test_of_two_that_are_as_strong_the_first_counts() -> None:
    (finding,) = found("one\n\ntwo", [seen(0.9)], [seen(0.9, "b/second")])
    assert (finding.codes, finding.action) == (("a/first",), "reject")


def test_findings_are_those_of_one_document() -> None:
    signals = [[seen(0.9)], [seen(0.9)], [], [seen(0.9)]]
    assert [f.span for f in merge(pages("one\n\ntwo", "three\n\nfour"), RULES, range(2, 4), signals)] == [Span(7, 11)]


# Reasons


def worth(code: str, log_odds: float, message: str, *spans: Span) -> Contribution:
    return Contribution(Signal(code, 1.0, message, spans), log_odds)


def test_a_reason_is_the_three_strongest_messages() -> None:
    messages = [worth(f"a/{n}", 5.0 - n, f"reason {n}") for n in range(4)]
    assert reason("", messages) == "reason 0; reason 1; reason 2"


def test_a_reason_says_nothing_in_favour() -> None:
    assert reason("", [worth("a/b", 1.0, "bad"), worth("c/d", -1.0, "good")]) == "bad"
    assert reason("", [worth("c/d", -1.0, "good")]) == ""


def test_a_reason_quotes_the_words_of_the_model() -> None:
    text = "win win\n money  " + "o" * 60
    spans = [Span(0, 3), Span(4, 7), Span(8, 16), Span(16, 76)]
    assert reason(text, [worth("model/text", 1.0, "worded so", *spans)]) == "worded so (“win”, “money”)"
    assert reason(text, [worth("model/text", 1.0, "worded so", spans[3])]) == f"worded so (“{'o' * 40}”)"
    assert reason(text, [worth("links/count", 1.0, "linked", *spans)]) == "linked"


def test_links_alone_are_the_finding_where_the_words_around_them_are_fine() -> None:
    text = "We baked [cheap pills](http://p.example/) all day, and when the bread came out of the oven it was good."
    rules = Rules(-4.0, 0.5, 0.9, {"model/link": CURVE, "a/first": CURVE, "model/honest": ((0.0, 1.0), (0.0, -0.5))})
    link, fine = Signal("model/link", 0.9, "a link", (Span(9, 41),)), seen(0.5, "model/honest", "ham")

    def place(*signals: Signal) -> str:
        (finding,) = merge(pages(text), rules, range(1), [signals])
        return text[finding.span.start : finding.span.end]

    assert place(link, fine) == "[cheap pills](http://p.example/)"
    assert place(link) == text  # nothing says that the rest is fine
    assert place(link, fine, seen(0.9)) == text
    assert place(replace(link, spans=(Span(0, 60),)), fine) == text  # hardly anything else is there
