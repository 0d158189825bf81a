"""HTML: blocks by element, hidden elements, comments and attributes apart, exact offsets."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from moderator.segments.layout import Block, Inset, Layout, Link, cut, strip, tidy
from moderator.segments.markup import RAW, Comment, Reference, Tag, attributes, outside

# What text in an element reads as. What stands further up in this list wins over what is inside it.
KIND_OF = {
    "code": ("pre", "code", "samp", "kbd"),
    "quote": ("blockquote",),
    "navigation": ("nav", "menu"),
    "footer": ("footer",),
    "heading": ("h1", "h2", "h3", "h4", "h5", "h6", "header"),
    "caption": ("figcaption", "caption", "legend"),
    "title": ("title",),
    "item": ("li", "dt", "dd", "option"),
    "cell": ("td", "th"),
}
PRIORITY = {kind: i for i, kind in enumerate((*KIND_OF, "paragraph"))}
ELEMENT_KIND = {name: kind for kind, names in KIND_OF.items() for name in names}
BLOCKS = frozenset(
    [
        "address", "article", "aside", "blockquote", "body", "br", "caption", "center", "dd", "details",
        "dialog", "dir", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "frameset",
        "h1", "h2", "h3", "h4", "h5", "h6", "head", "header", "hr", "html", "iframe", "legend", "li", "link",
        "main", "menu", "meta", "nav", "noscript", "ol", "optgroup", "option", "p", "pre", "script", "section",
        "select", "style", "summary", "table", "tbody", "td", "textarea", "tfoot", "th", "thead", "title", "tr",
        "ul", "video", "audio", "object", "!",
    ]
)  # fmt: skip
VOID = frozenset(
    [
        "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track",
        "wbr", "!",
    ]
)  # fmt: skip
# An opening tag of the same name ends these.
SELF_CLOSING = frozenset(
    [
        "p", "li", "td", "th", "tr", "dt", "dd", "option",
    ]
)  # fmt: skip

_HIDING_STYLE = re.compile(
    r"""display\s*+:\s*+none | visibility\s*+:\s*+(?:hidden|collapse) | opacity\s*+:\s*+(?=\.?0)[0.]++(?!\d) |
        font-size\s*+:\s*+(?:0+(?:\.0+)?(?:[a-z]{2,3}|%)?|[01]?(?:\.\d+)?p[xt])\s*+(?:!|;|$) |
        (?:left|top|right|bottom|text-indent|margin-left|margin-top)\s*+:\s*+-\d{3,} |
        clip\s*+:\s*+rect\(\s*+[01] | clip-path\s*+:\s*+inset\(\s*+(?:50|100)% |
        (?:^|[;\s])(?:height|width|max-height|max-width)\s*+:\s*+[01](?:px|em|%)?\s*+(?:!|;|$)""",
    re.VERBOSE | re.IGNORECASE,
)
_SCREEN_READER = re.compile(
    r"\b(?:sr-only|screen-reader(?:-text)?|visually-?hidden|assistive-text|skip-?(?:to|link|nav)[\w-]*|element-invisible)",
    re.IGNORECASE,
)
READABLE = {"alt", "title", "content", "aria-label"}
MIN_ATTRIBUTE = 12  # characters; what is shorter is a label


class Inside(NamedTuple):
    """An open element: how its text reads, and why it is hidden."""

    name: str
    kind: str
    hidden: str


class Break(NamedTuple):
    """The tag where a block starts or ends, and how the text after it reads."""

    start: int
    end: int
    kind: str
    hidden: str


@dataclass(slots=True)
class Markup:
    """What the markup of a document says, apart from the text of its blocks."""

    layout: Layout
    insets: list[Inset]
    breaks: list[Break]


def layout(text: str, raw: frozenset[str] = RAW) -> Layout:
    """Lay out an HTML document; the content of `raw` elements is no text."""
    found = markup(text, raw=raw)
    blocks, before = [], Break(0, 0, "paragraph", "")
    for stop in (*found.breaks, Break(len(text), len(text), "", "")):
        blocks.append(Block(before.end, stop.start, before.kind, before.hidden))
        before = stop
    blocks = cut([block for block in blocks if block.start < block.end], found.insets)
    found.layout.blocks = tidy(text, blocks, found.layout.markup)
    return found.layout


def markup(text: str, code: Sequence[tuple[int, int]] = (), raw: frozenset[str] = RAW) -> Markup:
    """Read the markup of a text; what starts within a range of `code` is none."""
    out = Layout()
    found = Markup(out, [], [])
    stack: list[Inside] = [Inside("", "paragraph", "")]
    open_names: Counter[str] = Counter()
    anchor: tuple[Tag, str] | None = None
    for token in outside(text, code, raw):
        if isinstance(token, Reference):
            out.markup.append((token.start, token.end))
            out.replaced.append((token.start, token.char))
        elif isinstance(token, Comment):
            start, end = strip(text, token.inner_start, token.inner_end)
            out.markup += [(token.start, start), (end, token.end)]
            found.insets.append(Inset(token.start, token.end, Block(start, end, "remark", "comment")))
        else:
            anchor = _link(out, anchor, token)
            _nest(found, stack, open_names, token)
            _read_attributes(found, token, stack[-1].hidden)
    return found


def _nest(found: Markup, stack: list[Inside], open_names: Counter[str], tag: Tag) -> None:
    """Follow a tag in or out of its element; note a break where a block or hidden text starts or ends."""
    before = stack[-1].hidden
    if tag.closing:
        if open_names[tag.name]:
            while True:
                inside = stack.pop()
                open_names[inside.name] -= 1
                if inside.name == tag.name:
                    break
    elif not is_void(tag):
        if tag.name in SELF_CLOSING and stack[-1].name == tag.name:
            open_names[stack.pop().name] -= 1
        outer = stack[-1]
        kind = ELEMENT_KIND.get(tag.name, "paragraph")
        kind = min(kind, outer.kind, key=PRIORITY.__getitem__)
        stack.append(Inside(tag.name, kind, outer.hidden or _hidden(tag)))
        open_names[tag.name] += 1
    now = stack[-1]
    if tag.name in BLOCKS or now.hidden != before:
        found.breaks.append(Break(tag.start, tag.end, now.kind, now.hidden))
        found.layout.replaced.append((tag.start, " "))


def is_void(tag: Tag) -> bool:
    """Return whether an opening tag is a whole element."""
    return tag.name in VOID or tag.attributes.endswith("/")


def _hidden(tag: Tag) -> str:
    """Return why an element is hidden from a reader, or nothing."""
    if not tag.attributes:
        return ""
    found = attributes(tag.attributes)
    if "hidden" in found:
        return "attribute hidden"
    if "class" in found and _SCREEN_READER.search(found["class"][0]):
        return "screen readers only"
    if "style" in found and (style := _HIDING_STYLE.search(found["style"][0])):
        return f"style {style.group().strip(' ;')}"
    return ""


def _link(out: Layout, anchor: tuple[Tag, str] | None, tag: Tag) -> tuple[Tag, str] | None:
    """Follow the tags of a link; return the one that is open after this tag."""
    if tag.name != "a":
        return anchor
    if anchor:
        opening, target = anchor
        end = tag.end if tag.closing else tag.start
        out.links.append(Link(opening.start, end, opening.end, tag.start, target, "html"))
    if tag.closing:
        return None
    target = attributes(tag.attributes).get("href", ("", 0, 0))[0]
    return (tag, target) if target else None


def _read_attributes(found: Markup, tag: Tag, hidden: str) -> None:
    """Note a tag as markup, all but the attributes that hold text, and the language that it declares."""
    position = tag.start
    if tag.attributes and not tag.closing:
        values = attributes(tag.attributes)
        offset = tag.end - 1 - len(tag.attributes)
        if tag.name == "html" and "lang" in values:
            found.layout.language = values["lang"][0] or None
        for start, end, name in sorted((values[name][1], values[name][2], name) for name in READABLE & values.keys()):
            if _is_text(values[name][0]) and (name != "content" or _describes(values)):
                low, high = (offset + at for at in strip(tag.attributes, start, end))
                block = Block(low, high, "attribute", hidden or f"attribute {name}")
                found.insets.append(Inset(tag.start, tag.end, block))
                found.layout.markup.append((position, low))
                position = high
    found.layout.markup.append((position, tag.end))


def _is_text(value: str) -> bool:
    return len(value) >= MIN_ATTRIBUTE and any(char.isalpha() for char in value)


def _describes(values: dict[str, tuple[str, int, int]]) -> bool:
    name = values.get("name", values.get("property", ("", 0, 0)))[0].lower()
    return name.removeprefix("og:").removeprefix("twitter:") in {"description", "keywords", "title"}
