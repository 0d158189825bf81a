"""The laws of the design, on inputs that nobody thought of."""

from __future__ import annotations

import json
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from moderator import load, policy, report
from moderator.analysis import Batch
from moderator.records import Contribution, Document, Signal, Span, Verdict
from moderator.text import columns, encode, tables

MODERATOR = load()
CODES = sorted(MODERATOR.policy.rules["comment"].curves)

pieces = st.sampled_from(
    [
        "Hello world", "казино онлайн", "http://a.example/x", "\n", "\n\n", " ", "<p>", "</p>", "<b", "<!--", "-->",
        "**bold**", "[a](http://b.example)", "```\n", "> q\n", "- item\n", "# head\n", "---\n", "&amp;", "\u200b",
        "Pаypаl",
        "\ud800", "\0", "🅿️🆄", "e\u0301", "中文", "c a s i n o", "<div style='display:none'>", "</div>",
        "\r\n", "ß", "İ", "cheap-pills", " dot ", " DOT ", "com", "[Dot]", "casino " * 40,
        "Übermut tut selten gut. " * 12, "<svg>", "<!x>", "<script>",
    ]
)  # fmt: skip
texts = st.one_of(st.text(max_size=200), st.lists(pieces, max_size=30).map("".join))
maybe = st.one_of(st.none(), texts)
documents = st.builds(
    Document,
    text=texts,
    kind=st.sampled_from(("comment", "page")),
    media=st.sampled_from(("auto", "plain", "markdown", "html")),
    context=maybe,
    author=maybe,
    url=maybe,
    site_url=maybe,
    language=maybe,
)


@given(st.lists(texts, max_size=5))
def test_law_1_every_character_of_the_columns_has_its_place(values: list[str]) -> None:
    codes, start, end = encode(values)
    found = columns(codes, start, end)
    joined = "\n".join(values)
    assert all(a <= b for a, b in pairwise(found.at.tolist()))
    for unit, value in enumerate(values):
        low, high = int(found.start[unit]), int(found.end[unit])
        for i in range(low, high):
            place = int(found.at[i]) - int(start[unit])
            assert 0 <= place < len(value)
            assert joined[int(found.at[i])] == value[place]


@given(st.text(alphabet=st.characters(max_codepoint=0x24F), max_size=60))
def test_law_1_folding_keeps_what_each_character_counts_as(value: str) -> None:
    codes, start, end = encode([value])
    found = columns(codes, start, end)
    for i in range(int(found.start[0]), int(found.end[0])):
        raw = codes[found.at[i]]
        assert found.code[i] in (tables().fold[raw], 0x20) or found.code[i] > 0x7F


@given(documents)
def test_law_2_segments_are_in_order_and_cover_what_can_be_read(document: Document) -> None:
    batch = Batch([document])
    spans = [segment.span for segment in batch.segments(0)]
    assert all(0 <= s.start <= s.end <= len(document.text) for s in spans)
    assert document.kind == "comment" or all(s.start < s.end for s in spans)
    assert all(a.end <= b.start for a, b in pairwise(spans))
    if document.media == "plain":
        covered = {i for span in spans for i in range(span.start, span.end)}
        left = [char for i, char in enumerate(document.text) if i not in covered]
        kind = tables().kind
        assert all(kind[ord(char)] & (4 | 16) or not char.isalnum() for char in left)


@given(documents)
def test_law_3_the_score_is_the_sum_of_its_contributions(document: Document) -> None:
    verdict = MODERATOR.judge([document])[0]
    assert verdict.bias is not None
    total = verdict.bias + sum(c.log_odds for c in verdict.contributions)
    assert verdict.score == round(policy.sigmoid(total), policy.SCORE_DIGITS)


signals = st.builds(
    Signal, code=st.sampled_from([*CODES, "third/party"]), strength=st.floats(0, 1), message=st.just("m")
)


@given(st.lists(signals, max_size=8), signals, st.sampled_from(("comment", "page")))
def test_law_4_more_evidence_never_lowers_the_score(seen: list[Signal], more: Signal, kind: str) -> None:
    rules = MODERATOR.policy.rules[kind]
    curve = rules.curves.get(more.code, policy.UNKNOWN)
    before = policy.score(rules, policy.weigh(rules, seen))
    after = policy.score(rules, policy.weigh(rules, [*seen, more]))
    assert after <= before if curve[1][-1] < 0 else after >= before


def as_bytes(verdict: Verdict, document: Document) -> str:
    return json.dumps(report.to_json(verdict, document.text))


@settings(max_examples=40, deadline=None)
@given(st.lists(documents, min_size=1, max_size=6), st.randoms())
def test_law_5_neighbours_and_batches_change_nothing(found: list[Document], chance: object) -> None:
    together = [as_bytes(v, d) for v, d in zip(MODERATOR.judge(found), found, strict=True)]
    alone = [as_bytes(MODERATOR.judge([d])[0], d) for d in found]
    assert together == alone
    backwards = [as_bytes(v, d) for v, d in zip(MODERATOR.judge(found[::-1]), found[::-1], strict=True)]
    assert backwards[::-1] == together


@given(st.lists(documents, max_size=5))
def test_law_7_every_document_gets_a_verdict(found: list[Document]) -> None:
    assert len(list(MODERATOR.scan(iter(found)))) == len(found)


@given(documents)
def test_law_9_verdicts_read_back(document: Document) -> None:
    verdict = MODERATOR.judge([document])[0]
    assert report.from_json(json.loads(as_bytes(verdict, document))) == verdict


@given(st.lists(st.tuples(st.sampled_from(CODES), st.floats(-5, 5)), max_size=5))
def test_law_9_any_verdict_reads_back(rows: list[tuple[str, float]]) -> None:
    found = tuple(Contribution(Signal(code, 0.5, "m", (Span(0, 1),)), odds) for code, odds in rows)
    verdict = Verdict("i", "hold", "spam", 0.7, -1.0, (), found, (), "m", "p")
    assert report.from_json(json.loads(json.dumps(report.to_json(verdict, "text")))) == verdict
