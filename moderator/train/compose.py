"""Composed pages: clean pages with spam put into them, and honest blocks beside it.

Real pages with labelled insertions are rare, so the policy for pages learns from composed ones.
Bodies, spam and honest blocks are samples of one fold: what is measured on a composed page is
measured on parts that the tables were not trained on.
"""

from __future__ import annotations

import html
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

from moderator.addresses import host_of
from moderator.records import Document, Media, Span
from moderator.samples import Sample

PARAGRAPHS, FEW_PARAGRAPHS = (3, 40), (1, 2)  # of a body that is one text
SENTENCES, FEW_SENTENCES = (6, 24), (2, 5)  # of a body that is made of single texts in one language
SHORT = 0.2  # share of pages that have few of either
SURE = 0.4  # least weight of a sample that is put into pages
SHORTEST = 8  # characters of a spam comment
LONGEST = 10  # lines of an insertion

COHERENT = 0.6  # share of bodies that are one text, not sentences of one language
FURNITURE = (0, 0, 1, 1, 2, 3)  # honest blocks on a page
OWN_LANGUAGE = 0.75  # share of those that are in the language of the page
WRITTEN = 0.75  # share of insertions that are written as such, not comments
AT_END, AT_START = 0.75, 0.87
AS_HTML = 0.25
LINKED, MOST_LINKS = 0.5, 4  # share of pages whose own words link to other sites, and how many at most
INSERTED = 0.08  # share of insertions that are links in the page's own text
SEVERAL, MOST_BLOCKS = 0.25, 4  # share of written insertions that are more than one block, and how many at most
AS_ELEMENT = 0.5
MOST_LINES = 3  # of a paragraph that is taken as it is; what is longer lost its blank lines
BETWEEN = "\n\n"
_FULL_STOP = re.compile(r"[.!?:…。！？।؟][\"'”’»)\]*_]*[ \t]*$", re.MULTILINE)  # what a line ends with that is whole


class Block(NamedTuple):
    """A piece of a page, what it is (body, linked: body with a link, honest or spam), and what it was taken from."""

    text: str
    role: str
    origin: Sample | None = None


class Linked(NamedTuple):
    """Words, and the site that they link to."""

    words: str
    host: str


@dataclass(frozen=True, slots=True)
class Page:
    """A composed page, where spam was put into it, where honest blocks were, and what all that was taken from."""

    document: Document
    spam: tuple[Span, ...]
    honest: tuple[Span, ...]
    linked: tuple[Span, ...]  # own paragraphs that link to other sites
    language: str
    body: Sample | None  # None: single texts in one language
    spam_of: tuple[Sample, ...]
    honest_of: tuple[Sample, ...]

    @property
    def roles(self) -> tuple[tuple[str, tuple[Span, ...]], ...]:
        """What its parts are besides body, and where."""
        return ("spam", self.spam), ("honest", self.honest), ("linked", self.linked)


@dataclass(frozen=True, slots=True)
class Parts:
    """What pages are composed of."""

    bodies: Sequence[Sample]
    sentences: Mapping[str, Sequence[Sample]]  # by language
    furniture: Mapping[str, Sequence[Sample]]  # by language
    trailers: Sequence[Sample]
    comments: Sequence[Sample]
    spam_links: Sequence[Linked] = ()
    ham_links: Sequence[Linked] = ()

    @classmethod
    def of(cls, samples: Sequence[Sample], bodies: Sequence[Sample], recipe: Mapping[str, Any]) -> Parts:
        """Sort samples by what the recipe uses them for."""
        return cls(
            bodies=bodies,
            sentences=_by_language([s for s in samples if s.source in recipe["sentences"]]),
            furniture=_by_language([s for s in samples if s.document.kind == "page" and s.label == "ham"]),
            trailers=[s for s in samples if s.document.kind == "page" and s.label == "spam"],
            comments=[s for s in samples if s.label == "spam" and s.source in recipe["spam"] and _advert(s)],
            spam_links=[x for s in samples if s.label == "spam" and (x := _linked(s)) and " " in x.words],
            ham_links=[x for s in samples if s.label == "ham" and (x := _linked(s))],
        )


def _linked(sample: Sample) -> Linked | None:
    """Return an author's name and site as what a link may say and where it may lead, or nothing."""
    host = host_of(sample.document.url or "")
    words = " ".join((sample.document.author or "").split())
    return Linked(words, host) if host and words and sample.weight >= SURE and not set("[]()<>") & set(words) else None


def _advert(sample: Sample) -> bool:
    """Return whether a spam comment would be spam at the end of a page as well: it names an address."""
    return (
        _telling(sample)
        and sample.weight >= SURE
        and ("http" in sample.document.text or "www." in sample.document.text)
    )


def teaching(samples: Sequence[Sample], weights: Mapping[str, float]) -> list[float]:
    """Return how much each sample counts for the table that judges the segments of pages; 0: not at all."""
    return [weights.get(s.source, 0.0) if s.label != "spam" or _telling(s) else 0.0 for s in samples]


def as_page(document: Document) -> Document:
    """Return a document as a page, to learn from it how the segments of pages read."""
    media = document.media if document.kind == "page" else "auto"
    return Document(document.text, kind="page", media=media)


def _by_language(samples: Sequence[Sample]) -> dict[str, list[Sample]]:
    found: dict[str, list[Sample]] = {}
    for sample in samples:
        found.setdefault(sample.document.language or "und", []).append(sample)
    return found


def _telling(sample: Sample) -> bool:
    """Return whether a spam comment would be spam without its author."""
    return len(sample.document.text) >= SHORTEST and sample.weight > 0.0 and not sample.document.url


def pages(parts: Parts, count: int, seed: int) -> Iterator[Page]:
    """Yield composed pages, every second one with an insertion of spam."""
    chance = random.Random(seed)
    for number in range(count):
        language, texts, body = _body(chance, parts)
        blocks = [Block(text, "body", body) for text in texts]
        if parts.ham_links and chance.random() < LINKED:
            for place in chance.sample(range(len(blocks)), min(len(blocks), chance.randint(1, MOST_LINKS))):
                blocks[place] = Block(_link_words(chance, blocks[place].text, parts.ham_links), "linked", body)
        for _ in range(chance.choice(FURNITURE) if parts.furniture else 0):
            block = _furniture(chance, parts.furniture, language)
            blocks.insert(_place(chance, len(blocks)), block)
        if number % 2 == 0 and parts.spam_links and chance.random() < INSERTED:
            place = chance.randrange(len(blocks))
            text = _link_words(chance, blocks[place].text, parts.spam_links, own_words=False)
            blocks[place] = Block(text, "spam")
        elif number % 2 == 0:
            place = _place(chance, len(blocks))
            blocks[place:place] = _spam(chance, parts)
        yield _page(chance, blocks, f"composed-{number}", language)


def _body(chance: random.Random, parts: Parts) -> tuple[str, list[str], Sample | None]:
    """Return the language and the paragraphs of a clean page, and what they were taken from if they are one text."""
    languages = sorted(name for name, group in parts.sentences.items() if len(group) >= SENTENCES[1])
    few = chance.random() < SHORT
    if parts.bodies and (chance.random() < COHERENT or not languages):
        body = chance.choice(parts.bodies)
        size = chance.randint(*(FEW_PARAGRAPHS if few else PARAGRAPHS))
        return body.document.language or "und", paragraphs(body.document.text)[:size], body
    language = chance.choice(languages)
    picked = chance.sample(parts.sentences[language], chance.randint(*(FEW_SENTENCES if few else SENTENCES)))
    sentences = [" ".join(sample.document.text.split()) for sample in picked]
    lines = []
    while sentences:
        size = chance.randint(1, 4)
        lines.append(" ".join(sentences[:size]))
        sentences = sentences[size:]
    return language, lines, None


def paragraphs(text: str) -> list[str]:
    r"""Return the paragraphs of a text: what blank lines part, and if that is long, what ends with a whole line.

    The end of a text that was cut off is left out if there is anything else.

    >>> paragraphs("A title\n\nA line that goes\non here.\nAnother.\nOne.\nOne that is cu")
    ['A title', 'A line that goes\non here.', 'Another.', 'One.']
    """
    found: list[str] = []
    for part in text.split(BETWEEN):
        ends = [match.end() for match in _FULL_STOP.finditer(part)] if part.count("\n") > MOST_LINES else []
        found += [part[start:end].strip("\n") for start, end in pairwise([0, *ends, len(part)])]
    found = [part for part in found if part.strip()]
    return found if len(found) < 2 or _FULL_STOP.search(found[-1].rpartition("\n")[2]) else found[:-1]


def _link_words(chance: random.Random, text: str, links: Sequence[Linked], *, own_words: bool = True) -> str:
    """Return a text with a link: on some of its own words, or put between them with words of its own."""
    words = text.split(" ")
    link = chance.choice(links)
    place = chance.randrange(len(words))
    size = chance.randint(1, 4) if own_words else 0
    shown = " ".join(words[place : place + size]) if own_words else link.words
    if chance.random() < AS_ELEMENT or "]" in shown or "\n" in shown:
        written = f'<a href="http://{link.host}/">{shown}</a>'
    else:
        written = f"[{shown}](http://{link.host}/)"
    return " ".join([*words[:place], written, *words[place + size :]])


def _furniture(chance: random.Random, furniture: Mapping[str, Sequence[Sample]], language: str) -> Block:
    if language not in furniture or chance.random() > OWN_LANGUAGE:
        language = chance.choice(sorted(furniture))
    sample = chance.choice(furniture[language])
    return Block(sample.document.text, "honest", sample)


def _spam(chance: random.Random, parts: Parts) -> list[Block]:
    """Return an insertion: a comment, or one or several blocks in one language."""
    if parts.trailers and (chance.random() < WRITTEN or not parts.comments):
        first = chance.choice(parts.trailers)
        like = [s for s in parts.trailers if s.document.language == first.document.language and s is not first]
        more = chance.randint(1, MOST_BLOCKS - 1) if chance.random() < SEVERAL else 0
        return [Block(s.document.text, "spam", s) for s in (first, *chance.sample(like, min(more, len(like))))]
    sample = chance.choice(parts.comments)
    lines = [" ".join(line.split()) for line in sample.document.text.split("\n") if line.strip()]
    return [Block("\n".join(lines[:LONGEST]), "spam", sample)]


def _place(chance: random.Random, size: int) -> int:
    where = chance.random()
    if where < AT_END or size < 2:
        return size
    return 0 if where > AT_START else chance.randint(1, size - 1)


def _page(chance: random.Random, blocks: list[Block], name: str, language: str) -> Page:
    """Put a page together as plain text, Markdown or HTML."""
    marked = any("<" in block.text or "](" in block.text for block in blocks)
    media: Media = "markdown" if marked else chance.choice(("markdown", "plain"))
    if chance.random() < AS_HTML and not any("](" in block.text for block in blocks):
        media = "html"
        blocks = [block._replace(text=_element(block.text)) for block in blocks]
    spans: dict[str, list[Span]] = {"body": [], "linked": [], "honest": [], "spam": []}
    position = 0
    for block in blocks:
        spans[block.role].append(Span(position, position + len(block.text)))
        position += len(block.text) + len(BETWEEN)
    text = BETWEEN.join(block.text for block in blocks) + "\n"
    of = {role: [b.origin for b in blocks if b.role == role and b.origin] for role in spans}
    body = [*of["body"], *of["linked"]]
    return Page(
        Document(text, name, "page", media),
        tuple(spans["spam"]),
        tuple(spans["honest"]),
        tuple(spans["linked"]),
        language,
        next(iter(body), None),
        tuple(of["spam"]),
        tuple(of["honest"]),
    )


def _element(block: str) -> str:
    """Return a block as an HTML element; one that is HTML already stays as it is."""
    if "</" in block:
        return block
    return "<p>" + "<br>\n".join(html.escape(line, quote=False) for line in block.split("\n")) + "</p>"
