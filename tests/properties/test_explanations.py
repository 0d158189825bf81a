"""What `explain` shows is harmless and whole, on documents that nobody thought of."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from moderator import load
from moderator.explain import html
from moderator.explain.parts import parts
from moderator.explain.text import explanation_lines
from moderator.records import Document
from moderator.report import printable

MODERATOR = load()
ALLOWED = {
    "html": {"lang"}, "head": set(), "meta": {"charset", "http-equiv", "content", "name"}, "title": set(),
    "style": set(), "body": set(), "header": set(), "h1": set(), "h2": {"id"}, "main": set(), "footer": set(),
    "p": {"class"}, "span": {"class"}, "bdi": set(), "b": set(), "strong": set(), "mark": set(), "code": set(),
    "ol": {"class", "role"}, "li": {"class", "id"}, "a": {"href"}, "div": {"class", "aria-hidden", "lang", "dir"},
    "dl": set(), "dt": set(), "dd": {"dir"}, "details": set(), "summary": {"lang", "dir"}, "table": set(),
    "caption": set(), "thead": set(), "tbody": set(), "tr": {"class"}, "th": {"scope", "class"}, "td": {"class"},
    "i": {"class", "style"},
}  # fmt: skip
VALUES = re.compile(
    r"(?:[a-z0-9 -]*|utf-8|Content-Security-Policy|width=device-width, initial-scale=1|#finding-\d+"
    r"|left:-?[\d.]+%(?:;width:[\d.]+%)?)"
)
VOID = {"meta"}
HOSTILE = (
    "<script>alert(1)</script>", '"', "'", "'\" onmouseover=alert(1) x='", "</mark></div></li></ol>", "</style>",
    "<!--", "-->", "&lt;", "&#60;img src=x onerror=alert(1)&#62;", "&", "<", ">", "]]>", "\0", "\x1b[31m", "\u202e",
    "\u2066", "\u2028", "\x85", "\r", "\n", "\r\n", "\t", "\ud800", "\ufeff", "\U000e0041", "javascript:alert(1)",
    "buy cheap pills http://pills.example/ casino", "казино онлайн бонус", "خبز الجاودار", "می\u200cخواهم", "漢字",
    "The dough rests for an hour in the kitchen.", "\n\n", "<p style='display:none'>casino</p>", "{}", "{0}", "%s",
)  # fmt: skip
texts = st.one_of(st.text(max_size=80), st.lists(st.sampled_from(HOSTILE), max_size=25).map("".join))
documents = st.builds(
    Document,
    text=texts,
    id=texts,
    kind=st.sampled_from(("comment", "page")),
    media=st.sampled_from(("auto", "plain", "markdown", "html")),
    context=st.none() | texts,
    author=st.none() | texts,
    url=st.none() | texts,
)


class Reader(HTMLParser):
    """Reads a page, and holds every element and attribute to those that we write."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []  # what the parts of the document say
        self._depth = 0  # of the element that holds one

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert {name for name, _ in attrs} <= ALLOWED[tag], (tag, attrs)
        for _, value in attrs:
            assert value == html.GUARD or VALUES.fullmatch(value or ""), (tag, attrs)
        if tag not in VOID:
            self.open.append(tag)
        if ("class", "text") in attrs:
            self._depth = len(self.open)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        self._depth = 0 if len(self.open) < self._depth else self._depth

    def handle_data(self, data: str) -> None:
        if self._depth:
            self.text.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader


@given(documents, st.booleans())
def test_a_page_has_no_element_and_no_attribute_of_its_document(document: Document, full: bool) -> None:
    page = html.page(MODERATOR.explain(document), full=full)
    read(page)
    assert page.replace("\n", "").replace("\t", "").isprintable() or re.fullmatch(
        r"[^\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]*", page
    )


def visible(text: str) -> str:
    """Return what is to be seen of a text, but for white space."""
    return "".join(printable(text.replace("\r", ""), newlines=True).split())


@given(documents)
def test_a_page_says_all_that_the_document_says(document: Document) -> None:
    said = "".join(read(html.page(MODERATOR.explain(document), full=True)).text)
    assert "".join(said.replace("\\r", "").split()) == visible(document.text.replace("\\r", ""))


@given(documents)
def test_parts_are_the_text(document: Document) -> None:
    explanation = MODERATOR.explain(document)
    found = parts(explanation)
    assert "".join(document.text[part.start : part.end] for part in found) == document.text
    assert [part.weighed for part in found if part.weighed] == list(explanation.segments)
    flagged = {part.finding for part in found if part.finding}
    assert flagged == set(explanation.verdict.findings)


@given(documents, st.integers(30, 200))
def test_text_says_all_that_the_document_says_and_steers_no_terminal(document: Document, width: int) -> None:
    shown = list(explanation_lines(MODERATOR.explain(document), lambda text, _: text, width=width, full=True))
    assert all(printable(line) == line for line in shown)
    page = "".join(re.sub(r"^.*?[│┃]", "", line) for line in shown if re.match(r"[^│┃]*[│┃]", line))
    said = "".join(re.sub(r"[⟦⟧]|\\r", "", page).split())
    assert said == visible(re.sub(r"[⟦⟧]|\\r", "", document.text))
