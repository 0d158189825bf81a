"""Segments of plain text, Markdown and HTML."""

from __future__ import annotations

import pytest

from moderator.records import Document
from moderator.segments import layout


def blocks(text: str, media: str) -> list[tuple[str, str, str]]:
    found = layout(Document(text, kind="page", media=media)).blocks  # type: ignore[arg-type]
    return [(b.kind, text[b.start : b.end], b.hidden) for b in found]


def shown(text: str, media: str) -> list[tuple[str, str]]:
    return [(kind, content) for kind, content, _ in blocks(text, media)]


MARKDOWN = """\
---
title: "A day out"
tags: [hiking, rain]
draft: true
lang: en
---

# Heading #

Setext
======

A paragraph
on two lines.

- item one
- [ ] item two
  1. nested

> quoted
> > twice

```sh
rm -rf http://x.example
```

    indented code

| a | b |
|---|---|
| c | d |

***

[ref]: http://a.example "title"
[^1]: a note
"""


def test_markdown() -> None:
    assert shown(MARKDOWN, "markdown") == [
        ("metadata", '"A day out"'),
        ("metadata", "[hiking, rain]"),
        ("metadata", "true"),
        ("heading", "Heading"),
        ("paragraph", "Setext"),
        ("paragraph", "A paragraph"),
        ("paragraph", "on two lines."),
        ("item", "item one"),
        ("item", "item two"),
        ("item", "nested"),
        ("quote", "quoted"),
        ("quote", "twice"),
        ("code", "rm -rf http://x.example"),
        ("code", "indented code"),
        ("cell", "| a | b |"),
        ("cell", "| c | d |"),
        ("footer", "a note"),
    ]


def test_markdown_says_its_language() -> None:
    assert layout(Document(MARKDOWN, kind="page", media="markdown")).language == "en"


@pytest.mark.parametrize("text", ["---\nno end\n\ntext", "---\n" * 3 + "text", "--- \ntitle: x\n"])
def test_broken_front_matter_is_text(text: str) -> None:
    assert any(content.endswith("text") or "title" in content for _, content in shown(text, "markdown"))


def test_windows_newlines() -> None:
    text = "---\r\ntitle: One\r\n---\r\n\r\n# Two\r\n\r\nThree\r\n***\r\nFour\r\n"
    assert shown(text, "markdown") == [
        ("metadata", "One"),
        ("heading", "Two"),
        ("paragraph", "Three"),
        ("paragraph", "Four"),
    ]


def test_markdown_links() -> None:
    text = 'A [one](http://a.example "t"), ![two](http://b.example/x(1).png), [three][r] <http://c.example>\n\n[r]: http://d.example\n'
    found = layout(Document(text, kind="page", media="markdown")).links
    assert [(text[x.anchor_start : x.anchor_end], x.target) for x in sorted(found)] == [
        ("one", "http://a.example"),
        ("two", "http://b.example/x(1).png"),
        ("three", "http://d.example"),
        ("http://c.example", "http://c.example"),
    ]


def test_markdown_hidden_html() -> None:
    text = 'Text\n\n<div style="display: none">\nhidden <a href="http://a.example">link</a>\n</div>\n\nMore\n'
    assert blocks(text, "markdown") == [
        ("paragraph", "Text", ""),
        ("paragraph", 'hidden <a href="http://a.example">link</a>', "style display: none"),
        ("paragraph", "More", ""),
    ]


HTML = """\
<!doctype html><html lang="de"><head><title>Title</title><style>p { color: red }</style>
<meta name="description" content="What the page is about"></head>
<body><nav><a href="/">Home</a></nav>
<h1>Heading</h1><p>One <b>bold</b> &amp; <a href="http://a.example">link</a><br>two</p>
<ul><li>item<li>item two</ul><blockquote><p>quoted</p></blockquote><pre>code</pre>
<!-- a comment --><p hidden>hidden</p><p style="position:absolute; left:-9999px">far</p>
<p class="sr-only">for readers</p><img src="x.png" alt="A picture of a bridge">
<table><tr><td>cell</td></tr></table><footer>Imprint</footer><script>var x = "<p>no</p>";</script></body></html>
"""


def test_html() -> None:
    assert blocks(HTML, "html") == [
        ("title", "Title", ""),
        ("attribute", "What the page is about", "attribute content"),
        ("navigation", '<a href="/">Home</a>', ""),
        ("heading", "Heading", ""),
        ("paragraph", 'One <b>bold</b> &amp; <a href="http://a.example">link</a>', ""),
        ("paragraph", "two", ""),
        ("item", "item", ""),
        ("item", "item two", ""),
        ("quote", "quoted", ""),
        ("code", "code", ""),
        ("remark", "a comment", "comment"),
        ("paragraph", "hidden", "attribute hidden"),
        ("paragraph", "far", "style left:-9999"),
        ("paragraph", "for readers", "screen readers only"),
        ("attribute", "A picture of a bridge", "attribute alt"),
        ("cell", "cell", ""),
        ("footer", "Imprint", ""),
    ]
    assert layout(Document(HTML, kind="page", media="html")).language == "de"


@pytest.mark.parametrize(
    "style",
    [
        "display:none", "DISPLAY : NONE !important", "visibility:hidden", "opacity:0", "opacity: 0.0", "font-size:0",
        "font-size:1px", "text-indent:-9999px", "position:absolute;left:-5000px", "height:0;overflow:hidden",
        "clip:rect(0,0,0,0)", "clip-path: inset(50%)",
    ],
)  # fmt: skip
def test_hiding_styles(style: str) -> None:
    assert blocks(f'<p style="{style}">x</p>', "html")[0][2].startswith("style")


@pytest.mark.parametrize(
    "style",
    ["display:block", "opacity:0.5", "font-size:12px", "font-size:0.9em", "left:-10px", "height:10px", "line-height:1"],
)
def test_honest_styles(style: str) -> None:
    assert blocks(f'<p style="{style}">x</p>', "html")[0][2] == ""


@pytest.mark.parametrize(
    "text", ["a < b and c > d", "<", "</", "<a", "<!--", "<!-- never ends", "<p", "&", "&#;", "<>", "</>"]
)
def test_broken_markup_is_text(text: str) -> None:
    found = blocks(text, "html")
    assert "".join(content for _, content, _ in found).replace(" ", "") == text.replace(" ", "")


def test_a_comment_is_one_segment() -> None:
    found = layout(Document("  one\n\n<b>two</b>  ", kind="comment"))
    assert [(b.kind, b.start, b.end) for b in found.blocks] == [("comment", 2, 17)]


@pytest.mark.parametrize("tail", ["<script>", "<style>", "<script>Zebra", "<p>x</p><textarea>Zebra"])
def test_an_element_that_never_ends_takes_nothing_with_it(tail: str) -> None:
    for media in ("html", "markdown"):
        text = f"<p>ok</p>{tail}"
        assert ("Zebra" if "Zebra" in tail else "ok") in shown(text, media)[-1][1]


def test_links_do_not_nest() -> None:
    text = "[a [b](http://b.example) c](http://c.example) ![d [e](http://e.example)](http://f.example)"
    found = layout(Document(text, kind="page", media="markdown"))
    assert [link.target for link in found.links] == ["http://b.example", "http://e.example", "http://f.example"]
