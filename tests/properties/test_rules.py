"""Rules of a site's owner: without any nothing changes, and with them nothing else is hidden or lost."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from moderator import load, policy, report
from moderator.allow import Allow, Entry
from moderator.records import Document, Verdict

PLAIN = replace(load(), policy=policy.with_thresholds(load().policy, 0.05, 0.5))  # so that much is flagged
OWNER = replace(PLAIN, allow=Allow(inline=True))
RULES = replace(PLAIN, allow=Allow(
    {"b.example": Entry("b.example")}, {"casino": Entry("casino")}, {"jo": Entry("jo")}, inline=True
))  # fmt: skip

pieces = st.sampled_from(
    [
        "Hello world", "казино онлайн", "casino bonus", "http://a.example/x", "[a](http://b.example)", "\n", "\n\n",
        " ",
        "<p>", "</p>", "<div>", "</div>", "- item\n", "> q\n", "```\n", "---\n", "moderator: off\n",
        "moderator: {allow: x}\n",
        "<!-- moderator: allow why -->", "<!-- moderator: off -->", "<!-- moderator: on -->", "<!-- moderator: x -->",
        "<!-- a -->", "<!--", "-->", "Übermut tut selten gut. " * 4, "\r\n", "cheap pills viagra",
    ]
)  # fmt: skip
texts = st.lists(pieces, max_size=25).map("".join)
documents = st.builds(
    Document,
    text=texts,
    kind=st.sampled_from(("comment", "page")),
    media=st.sampled_from(("auto", "plain", "markdown", "html")),
    author=st.sampled_from((None, "Jo", "Al")),
)


def as_bytes(verdict: Verdict, document: Document) -> str:
    return json.dumps(report.to_json(verdict, document.text))


@given(documents)
def test_without_a_rule_nothing_changes(document: Document) -> None:
    document = replace(document, text=document.text.replace("moderator", "editor"))
    assert as_bytes(OWNER.judge([document])[0], document) == as_bytes(PLAIN.judge([document])[0], document)


@given(documents)
def test_a_comment_cannot_allow_itself(document: Document) -> None:
    document = replace(document, kind="comment")
    assert as_bytes(OWNER.judge([document])[0], document) == as_bytes(PLAIN.judge([document])[0], document)


@given(documents)
def test_what_is_allowed_is_named_and_the_rest_decides(document: Document) -> None:
    verdict = RULES.judge([document])[0]
    actions = [finding.action for finding in verdict.findings]
    if any(allowed.finding for allowed in verdict.allowed):
        assert verdict.action == ("reject" if "reject" in actions else "hold" if actions else "publish")
    spans = [span for allowed in verdict.allowed for span in allowed.spans]
    assert all(0 <= span.start <= span.end <= len(document.text) for span in spans)
    hidden = [allowed.finding.span for allowed in verdict.allowed if allowed.finding]
    left = [finding.span for finding in verdict.findings]
    assert all(a.end <= b.start or b.end <= a.start for a in hidden for b in left)
    assert report.from_json(json.loads(as_bytes(verdict, document))) == verdict


@given(documents)
def test_phrases_and_authors_move_findings_and_change_none(document: Document) -> None:
    rules = replace(PLAIN, allow=replace(RULES.allow or Allow(), domains={}, inline=False))
    before, after = PLAIN.judge([document])[0], rules.judge([document])[0]
    moved = [allowed.finding for allowed in after.allowed if allowed.finding]
    assert Counter(before.findings) == Counter(after.findings) + Counter(moved)
    assert (before.score, before.contributions) == (after.score, after.contributions)


@settings(max_examples=40, deadline=None)
@given(st.lists(documents, min_size=1, max_size=6))
def test_neighbours_change_nothing(found: list[Document]) -> None:
    together = [as_bytes(v, d) for v, d in zip(RULES.judge(found), found, strict=True)]
    assert together == [as_bytes(RULES.judge([d])[0], d) for d in found]
