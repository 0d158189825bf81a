"""What holds for every cut, on texts that nobody thought of."""

from __future__ import annotations

from collections import Counter
from html.parser import HTMLParser
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from moderator import Document, Span, load
from moderator.cuts import Unsafe, safe_cuts, without
from moderator.diff import unified
from moderator.fix import fix
from moderator.rewrite import cut_bytes
from moderator.segments import layout
from moderator.segments.markup import Tag, tokens

MODERATOR = load()
ADVERT = "Казино онлайн: бонус за регистрацию без депозита https://vulkan-777.example/bonus"
pieces = st.sampled_from(
    [
        "The dough rests for an hour. ", "Bake it. ", "\n", "\n\n", "\r\n", "\r\n\r\n", " ", "\t", "<p>", "</p>",
        "<div>", "</div>", "<b>", "</b>", "<br>", "<li>", "<ul>", "</ul>", "<!-- ", " -->", "<td>", "<img src=x>",
        "**", "`", "[a](http://b.example)", "[a", "](http://b.example)", "```\n", "\n> ", "\n- ", "\n  - ", "# ",
        "---\n", "| a | b |\n", "|---|---|\n", "    ", "&amp;", "\ufeff", "<div hidden>",
        '<p title="long enough title">',
        ADVERT, f"\n\n{ADVERT}\n", f"<p>{ADVERT}</p>",
    ]
)  # fmt: skip
texts = st.lists(pieces, max_size=25).map("".join)
media = st.sampled_from(("plain", "markdown", "html"))


def tags(text: str) -> Counter[tuple[str, bool]]:
    return Counter((t.name, t.closing) for t in tokens(text) if isinstance(t, Tag))


@settings(max_examples=400, deadline=None)
@given(texts, media, st.lists(st.integers(0, 12), max_size=4, unique=True))
def test_what_is_not_cut_reads_as_before(text: str, written: str, chosen: list[int]) -> None:
    found = layout(Document(text, kind="page", media=written))  # type: ignore[arg-type]
    spans = [Span(found.blocks[i].start, found.blocks[i].end) for i in sorted(chosen) if i < len(found.blocks)]
    try:
        cuts = safe_cuts(text, written, found, spans)  # type: ignore[arg-type]
    except Unsafe:
        return
    assert all(0 <= cut.start < cut.end <= len(text) for cut in cuts)
    assert all(a.end < b.start for a, b in pairwise(cuts))
    after = without(text, cuts)
    kept = [b for b in found.blocks if not any(s.start <= b.start and b.end <= s.end for s in spans)]
    again = layout(Document(after, kind="page", media=written))  # type: ignore[arg-type]
    assert [block[2:] for block in again.blocks] == [block[2:] for block in kept]
    if written != "plain":
        lost = tags(text) - tags(after)
        assert tags(after) + lost == tags(text)  # no tag has come up that was not there
    if not spans:
        assert after == text


class Strict(HTMLParser):
    """A parser that knows nothing but tags, each of which must be closed where it was opened."""

    def __init__(self) -> None:
        super().__init__()
        self.stack: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.stack += [] if tag in ("br", "img") else [tag]

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag

    def check(self, text: str) -> None:
        self.feed(text)
        self.close()
        assert not self.stack


names = st.sampled_from(
    ("p", "div", "b", "a", "ul", "li", "td", "tr", "table", "section", "main", "blockquote", "span")
)
words = st.sampled_from(("Bake it.", "ADVERT one", "ADVERT two", " ", "\n", "<br>", "<img src=x>", "<!-- ADVERT -->"))
trees = st.recursive(
    words,
    lambda inner: st.builds(
        lambda name, parts: f"<{name}>{''.join(parts)}</{name}>", names, st.lists(inner, min_size=1, max_size=4)
    ),
    max_leaves=20,
)


@settings(max_examples=300, deadline=None)
@given(st.lists(trees, max_size=4).map("".join), st.sampled_from(("html", "markdown")))
def test_tags_that_were_closed_stay_closed(text: str, written: str) -> None:
    Strict().check(text)
    found = layout(Document(text, kind="page", media=written))  # type: ignore[arg-type]
    spans = [Span(b.start, b.end) for b in found.blocks if "ADVERT" in text[b.start : b.end]]
    try:
        after = without(text, safe_cuts(text, written, found, spans))  # type: ignore[arg-type]
    except Unsafe:
        return
    Strict().check(after)
    assert "ADVERT" not in after
    assert after.count("Bake it.") == text.count("Bake it.") - sum(
        text[span.start : span.end].count("Bake it.") for span in spans
    )


@settings(max_examples=200, deadline=None)
@given(texts, media)
def test_to_fix_twice_is_to_fix_once(text: str, written: str) -> None:
    document = Document(text, kind="page", media=written)  # type: ignore[arg-type]
    verdict = MODERATOR.judge([document])[0]
    once = fix(MODERATOR, document, verdict, lambda finding: finding.score > 0.5)
    assert once.text == without(text, once.cuts)
    if not verdict.findings:
        assert once.text == text
    after = Document(once.text, kind="page", media=written)  # type: ignore[arg-type]
    twice = fix(MODERATOR, after, MODERATOR.judge([after])[0], lambda finding: finding.score > 0.5)
    assert (twice.cuts, twice.text) == ((), once.text)


spans_of = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=4)


def ordered(text: str, pairs: list[tuple[int, int]]) -> list[Span]:
    out: list[Span] = []
    for start, end in sorted((min(pair), min(max(pair), len(text))) for pair in pairs):
        if start < end and (not out or out[-1].end < start):
            out.append(Span(start, end))
    return out


encodings = st.sampled_from([None, "utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "gb18030"])


@settings(deadline=None)
@given(st.text(max_size=60), spans_of, encodings)
def test_bytes_outside_of_cuts_are_the_same(text: str, pairs: list[tuple[int, int]], encoding: str | None) -> None:
    text = text.lstrip("\ufeff")  # a mark of its own would be taken for that of the encoding
    cuts = ordered(text, pairs)
    data = text.encode(encoding or "utf-8")
    assert cut_bytes(data, text, cuts, encoding) == without(text, cuts).encode(encoding or "utf-8")


@settings(deadline=None)
@given(st.lists(st.sampled_from("ab\n"), max_size=60).map("".join), spans_of)
def test_a_diff_leads_from_one_text_to_the_other(text: str, pairs: list[tuple[int, int]]) -> None:
    cuts = ordered(text, pairs)
    lines = text.split("\n")
    lines = [line + "\n" for line in lines[:-1]] + lines[-1:]
    out, position = [], 0
    for line in list(unified(text, cuts, "n", lambda text, _: text))[2:]:
        if line.startswith("@@"):
            start, _, count = line.split()[1].lstrip("-").partition(",")
            first = int(start) - (count != "0")
            out += lines[position:first]
            position = first
        elif line[0] in " -":
            assert lines[position].removesuffix("\n") == line[1:]
            position += 1
            out += [lines[position - 1]] if line[0] == " " else []
        elif line[0] == "+":
            out.append(line[1:] + "\n")
    assert "".join([*out, *lines[position:]]).rstrip("\n") == without(text, cuts).rstrip("\n")
