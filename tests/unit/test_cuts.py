"""Where a text can be cut, and where it cannot."""

from __future__ import annotations

import pytest

from moderator.cuts import Unsafe, safe_cuts, without
from moderator.cuts.parts import BARE, BLOCKS, EMPHASIS, FRONT_MATTER, GLUED, JOINED, LINKS, TABLE
from moderator.records import Document, Media, Span
from moderator.segments import layout


def cut(text: str, media: Media, *advert: str) -> str:
    """Return a text without the blocks that hold these words."""
    spans = [Span(text.index(words), text.index(words) + len(words)) for words in advert]
    return without(text, safe_cuts(text, media, layout(Document(text, kind="page", media=media)), spans))


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("page\n\nadvert\n", "page\n"),
        ("page\n\nadvert", "page\n"),
        ("page\nadvert\n", "page\n"),
        ("page\n\n\nadvert\n\n\n", "page\n"),
        ("page\r\n\r\nadvert\r\n", "page\r\n"),
        ("one\r\n\nadvert\n\r\ntwo\n", "one\r\n\r\ntwo\n"),
        ("one\n\nadvert\n\ntwo\n", "one\n\ntwo\n"),
        ("one\n\n\nadvert\n\ntwo\n", "one\n\n\ntwo\n"),
        ("one\n\nadvert\n\n\ntwo\n", "one\n\n\ntwo\n"),
        ("one\n\nadvert\ntwo\n", "one\n\ntwo\n"),
        ("one\n  advert \t\ntwo\n", "one\ntwo\n"),
        ("advert\n\npage\n", "page\n"),
        ("\ufeffadvert\n\npage\n", "\ufeffpage\n"),
        ("\ufeffpage\n\nadvert\n", "\ufeffpage\n"),
    ],
)
@pytest.mark.parametrize("media", ["plain", "markdown"])
def test_lines_go_with_the_blank_line_that_came_with_them(media: Media, text: str, left: str) -> None:
    assert cut(text, media, "advert") == left


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("<body>\n<p>a</p>\n<p>advert <b>x</b></p>\n</body>\n", "<body>\n<p>a</p>\n</body>\n"),
        ("<p>a</p><p>advert</p><p>b</p>", "<p>a</p><p>b</p>"),
        ("<p>a<p>advert<p>b", "<p>a<p>b"),
        ("<p>a</p>\n<ul>\n<li>b</li>\n<li>advert</li>\n</ul>\n", "<p>a</p>\n<ul>\n<li>b</li>\n</ul>\n"),
        ("<p>a</p>\n<ul>\n<li>advert</li>\n</ul>\n<p>b</p>\n", "<p>a</p>\n<p>b</p>\n"),
        ("<p>a</p><div><div><a href=x>advert</a></div></div>", "<p>a</p>"),
        ("<p>a<br>\n  advert</p>", "<p>a</p>"),
        ("<p>a<br>advert<br>b</p>", "<p>a<br>b</p>"),
        ("<p>advert<br>b</p>", "<p>b</p>"),
        ("<b>a<br>advert</b>", "<b>a</b>"),
        ("<p>a</p><!-- advert of some kind --><p>b</p>", "<p>a</p><p>b</p>"),
        ("<p>a</p>\n<div style='display:none'>\n<p>advert</p>\n</div>\n<p>b</p>\n", "<p>a</p>\n<p>b</p>\n"),
        ("<p>a</p><div>advert<img src=b></div>", "<p>a</p>"),
        ("<p>a</p><div><p>advert</p><img src=b></div>", "<p>a</p><div><img src=b></div>"),
        ("a<p>advert</p>b", "a<p></p>b"),
        ("<table><tr><td>a</td><td>advert</td></tr></table>", "<table><tr><td>a</td><td></td></tr></table>"),
        ('<p>a <img alt="advert in words" src=b></p>', '<p>a <img alt="" src=b></p>'),
        ('<p>a</p><meta name="description" content="advert in words"><p>b</p>', "<p>a</p><p>b</p>"),
        ("<head><title>advert</title></head><p>a</p>", "<head><title></title></head><p>a</p>"),
        ("<p>a</p>\r\n<p>advert</p>\r\n", "<p>a</p>\r\n"),
        ("<div><p>a</p>\nadvert</div>", "<div><p>a</p>\n</div>"),
    ],
)
def test_elements_go_whole_or_keep_their_tags(text: str, left: str) -> None:
    assert cut(text, "html", "advert") == left


def test_what_was_found_goes_from_one_element_into_the_next() -> None:
    assert cut("<p>a<br>advert one</p><p>two</p><p>b</p>", "html", "one</p><p>two") == "<p>a</p><p>b</p>"
    table = "<table>\n<tr><td>a</td></tr>\n<tr><td>one</td><td>two</td></tr>\n</table>"
    assert cut(table, "html", "one</td><td>two") == "<table>\n<tr><td>a</td></tr>\n</table>"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("# a\n\n- b\n- advert\n- c\n", "# a\n\n- b\n- c\n"),
        ("a\n\n- advert\n\nb\n", "a\n\nb\n"),
        ("a\n\n> - advert\n\nb\n", "a\n\nb\n"),
        ("> a\n>\n> advert\n\nb\n", "> a\n\nb\n"),
        ("> a\n>\n> advert\n>\n> b\n", "> a\n>\n> b\n"),
        ("a\n\n## advert ##\n\nb\n", "a\n\nb\n"),
        ("a\n\nadvert\n---\n\nb\n", "a\n\nb\n"),
        ("a\n\nadvert\n\n---\n\nb\n", "a\n\n---\n\nb\n"),
        ("a\n\n```\nadvert\n```\n\nb\n", "a\n\nb\n"),
        ("a\n\n~~~ sh\n\nadvert\n\n~~~\n\nb\n", "a\n\nb\n"),
        ("a\n\n    advert\n\nb\n", "a\n\nb\n"),
        ("a\n\n| b |\n|---|\n| advert |\n| c |\n", "a\n\n| b |\n|---|\n| c |\n"),
        ("a\n\n<div>\n\nadvert\n\n</div>\n\nb\n", "a\n\nb\n"),
        ("a\n\n<p>advert</p>\n", "a\n"),
        ("a\n\n**advert** [x](http://b.example)\n", "a\n"),
        ("---\ntitle: a\n---\n\nadvert\n\nb\n", "---\ntitle: a\n---\n\nb\n"),
        ("a *b*\nadvert 5 * 3\n", "a *b*\n"),
    ],
)
def test_markdown_goes_with_its_marks(text: str, left: str) -> None:
    assert cut(text, "markdown", "advert") == left


def test_what_was_found_goes_with_the_rule_in_it() -> None:
    assert cut("a\n\none\n\n---\n\ntwo\n", "markdown", "one\n\n---\n\ntwo") == "a\n"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("---\ntitle: advert\n---\n\na\n", FRONT_MATTER),
        ("- a\n- advert\n  - b\n", GLUED),
        ("- a\n- advert\nb\n", GLUED),
        ("a\n# advert\nb\n", JOINED),
        ("a **b\nadvert** c\n", EMPHASIS),
        ("a\n\n[advert\nb](http://c.example)\n", LINKS),
        ("| advert | a |\n|---|---|\n| b | c |\n", TABLE),
        ("advert\n\n---\n\na: b\n\n---\n", BLOCKS),
        ("    a\n\nadvert\n\n    b\n", BLOCKS),
        ("a [b] c\n\n[b]: http://c.example\nadvert\n", ""),
    ],
)
def test_markdown_that_would_break_is_refused(text: str, reason: str) -> None:
    if not reason:
        assert cut(text, "markdown", "advert") == text.replace("advert\n", "")
        return
    with pytest.raises(Unsafe, match=reason):
        cut(text, "markdown", "advert")


def test_the_value_of_an_attribute_without_quotes_is_refused() -> None:
    with pytest.raises(Unsafe, match=BARE):
        cut("<p>a <img alt=advertisement src=b></p>", "html", "advertisement")
