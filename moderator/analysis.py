"""A batch of documents, analysed once: segments, columns, languages, addresses, topics.

Detectors share what is here and look at nothing else. Everything that costs time and that not
every detector needs is worked out when it is first asked for.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from moderator import addresses, allow, home, language, segments, text, topics
from moderator.allow import Allow, Entry
from moderator.home import Home
from moderator.profile import Familiar
from moderator.records import Document, Segment, Span
from moderator.segments import Layout
from moderator.text import Codes, Columns, Positions

if TYPE_CHECKING:
    from moderator.directives import Directives

_BBCODE = re.compile(r"\[(?:url|link)=[\"']?$", re.IGNORECASE)
MAX_ANCHOR = 300
KIND_NUMBER = {kind: i for i, kind in enumerate(segments.KINDS)}


class Link(NamedTuple):
    """An address in a batch: its segment, its place in the document, its host and its anchor."""

    segment: int
    span: Span
    host: str
    form: str  # "url", "bare", "mail", "disguised", "html", "markdown", "bbcode"
    anchor: Span | None
    target: str = ""  # as the markup says it; empty where the text itself is the address


class Contexts(NamedTuple):
    """The posts that comments stand under: which one for each document (-1: none), and their text."""

    of: Positions
    columns: Columns
    languages: language.Languages


class Batch:
    """Documents and all that is known about their text; `familiar` is what is known of their site.

    Shapes: D documents, S segments. The units of `columns` are the segments.
    """

    def __init__(
        self,
        documents: Sequence[Document],
        rarity: topics.Rarity | None = None,
        *,
        familiar: Familiar | None = None,
        allowing: Allow | None = None,
    ) -> None:
        self.documents = documents
        self.rarity = rarity
        self.familiar = familiar
        self.allow = allowing
        self.text, self.codes, self.offset = _join([document.text for document in documents])
        self._layouts: dict[int, Layout] = {}
        self._why_hidden: dict[tuple[int, int], str] = {}
        blocks = self._lay_out()
        self.directives = self._directives() if allowing and allowing.inline else {}
        self.visible = self._without_markup()
        offset = self.offset[blocks[:, 0]]
        columns = text.columns(self.visible, offset + blocks[:, 1], offset + blocks[:, 2])
        # A comment without a word in it still has an author.
        self.columns, kept = text.without_empty(columns, blocks[:, 3] == KIND_NUMBER["comment"])
        blocks = blocks[kept]
        self.document = blocks[:, 0]  # S: the document of each segment
        self.start = blocks[:, 1]  # S: offsets in the document's text
        self.end = blocks[:, 2]
        self.kind = blocks[:, 3].astype(np.uint8)  # S: index in segments.KINDS
        self.hidden = blocks[:, 4].astype(bool)
        self.first = np.searchsorted(self.document, np.arange(len(documents) + 1))  # D + 1

    def __len__(self) -> int:
        return len(self.documents)

    def _lay_out(self) -> Positions:
        """Return one row per segment: document, start, end, kind, hidden."""
        rows: list[tuple[int, int, int, int, bool]] = []
        comment = KIND_NUMBER["comment"]
        for number, document in enumerate(self.documents):
            if document.kind == "comment" and segments.media_of(document) == "plain":
                rows.append((number, 0, len(document.text), comment, False))
                continue
            layout = self._layouts[number] = segments.layout(document)
            for block in layout.blocks:
                rows.append((number, block.start, block.end, KIND_NUMBER[block.kind], bool(block.hidden)))
                if block.hidden:
                    self._why_hidden[number, block.start] = block.hidden
        return np.array(rows, np.int64).reshape(-1, 5)

    def _without_markup(self) -> Codes:
        """Return the code points with markup blanked out and character references read."""
        if not self._layouts:
            return self.codes
        codes = self.codes.copy()
        for number, layout in self._layouts.items():
            offset = int(self.offset[number])
            for start, end in layout.markup:
                codes[offset + start : offset + end] = text.MASKED
            for at, char in layout.replaced:
                codes[offset + at] = ord(char)
            for span in self.directives[number].spans if number in self.directives else ():
                codes[offset + span.start : offset + span.end] = text.MASKED
        return codes

    def _directives(self) -> dict[int, Directives]:
        """Return what the pages say to the moderator, by their number."""
        asked = (n for n in self._layouts if self.documents[n].kind == "page" and "moderator" in self.documents[n].text)
        found = {}
        for number in asked:
            from moderator import directives  # few pages have any

            document = self.documents[number]
            said = directives.read(document.text, self._layouts[number].blocks, segments.media_of(document))
            if said.directives or said.notes:
                found[number] = said
        return found

    @cached_property
    def languages(self) -> language.Languages:
        """The language of every segment, addresses and @names apart."""
        return language.identify(self.columns, self._unspoken())

    def _unspoken(self) -> text.Mask:
        """Return which characters of the columns are in no language: addresses, @names and #tags."""
        c = self.columns
        skip = np.zeros(len(c.code) + 1, np.int64)
        for address in self.addresses:
            low, high = np.searchsorted(c.at, (address.start, address.end))
            skip[low] += 1
            skip[high] -= 1
        named = np.flatnonzero(np.isin(c.code[c.word_start - 1], (ord("@"), ord("#"))))
        np.add.at(skip, c.word_start[named], 1)
        np.add.at(skip, c.word_end[named], -1)
        return np.cumsum(skip)[:-1] > 0

    @cached_property
    def addresses(self) -> list[addresses.Address]:
        """The addresses in the text of the batch; their places are in `text`."""
        return addresses.find(self.text, self.visible, text.tables().kind[self.visible])

    @cached_property
    def links(self) -> list[Link]:
        """The addresses that count, in order of segment and place."""
        return [link for link in self._links if not self._domain(link)] if self.allow else self._links

    @cached_property
    def allowed_links(self) -> dict[int, dict[Entry, list[Span]]]:
        """The links that do not count: by document, and by the domain that they are allowed by."""
        found: dict[int, dict[Entry, list[Span]]] = {}
        for link in self._links if self.allow and self.allow.domains else ():
            if entry := self._domain(link):
                found.setdefault(int(self.document[link.segment]), {}).setdefault(entry, []).append(link.span)
        return found

    def leads_home(self, link: Link) -> bool:
        """Return whether a link leads to the site that its document stands on."""
        site = self.documents[self.document[link.segment]].site_url
        return site is not None and addresses.host_of(site) == link.host

    def _domain(self, link: Link) -> Entry | None:
        """Return the allowed domain that a link leads to."""
        if not (self.allow and self.allow.domains):
            return None
        content = self.documents[self.document[link.segment]].text
        return allow.domain_of(self.allow, link.host, link.target or content[link.span.start : link.span.end])

    @cached_property
    def _links(self) -> list[Link]:
        """All addresses, in order of segment and place."""
        found = [link for number, layout in self._layouts.items() for link in self._written(number, layout)]
        for address in self.addresses:
            number = bisect_right(self.offset, address.start) - 1
            offset = int(self.offset[number])
            span = Span(address.start - offset, address.end - offset)
            if not self._in_anchor(number, span.start):
                segment = self.segment_at(number, span.start)
                form, anchor = _bbcode(self.documents[number].text, span) or (address.form, None)
                found.append(Link(segment, span, address.host, form, anchor))
        return sorted(link for link in found if link.segment >= 0)

    def _written(self, number: int, layout: Layout) -> Iterator[Link]:
        """Yield the links that a document's markup makes to other places."""
        for link in layout.links:
            if host := addresses.host_of_link(link.target):
                anchor = Span(link.anchor_start, link.anchor_end)
                segment, span = self.segment_at(number, link.start), Span(link.start, link.end)
                yield Link(segment, span, host, link.form, anchor, link.target)

    def _in_anchor(self, number: int, position: int) -> bool:
        starts, ends = self._anchors.get(number, ((), ()))
        before = bisect_right(starts, position) - 1
        return before >= 0 and position < ends[before]

    @cached_property
    def _anchors(self) -> dict[int, tuple[list[int], list[int]]]:
        """For each document with links in its markup: where they start, and the furthest end so far."""
        spans = {
            n: sorted((x.start, x.end) for x in layout.links) for n, layout in self._layouts.items() if layout.links
        }
        return {n: ([a for a, _ in s], list(accumulate((b for _, b in s), max))) for n, s in spans.items()}

    def segment_at(self, number: int, position: int) -> int:
        """Return the segment of a document that holds a position or comes before it; -1 without segments."""
        first, after = int(self.first[number]), int(self.first[number + 1])
        if first == after:
            return -1
        return max(first, first + int(np.searchsorted(self.start[first:after], position, side="right")) - 1)

    def span(self, segment: int) -> Span:
        """Return the place of a segment in its document."""
        return Span(int(self.start[segment]), int(self.end[segment]))

    def place(self, first: int, last: int) -> Span:
        """Return the place in its document of the characters `first` to `last` of the columns."""
        offset = int(self.offset[self.document[self.columns.unit[first]]])
        return Span(int(self.columns.at[first]) - offset, int(self.columns.at[last]) + 1 - offset)

    @cached_property
    def home(self) -> Home:
        """What is at home in each page, and for a comment in the post it stands under."""
        speaks = ~self.hidden & (self.kind != KIND_NUMBER["code"])
        declared = {n: code for n in range(len(self)) if (code := self._declared(n))}
        return home.home(len(self), self.document, self.columns, self.languages, speaks, declared)

    def _declared(self, number: int) -> str:
        layout = self._layouts.get(number)
        code = self.documents[number].language or (layout.language if layout else None) or ""
        return code.replace("_", "-").split("-")[0].lower()

    @cached_property
    def contexts(self) -> Contexts:
        """The posts that comments stand under, each analysed once."""
        number: dict[str, int] = {}
        of = [number.setdefault(d.context, len(number)) if d.context else -1 for d in self.documents]
        columns = text.columns(*text.encode(list(number)))
        return Contexts(np.array(of, np.int64), columns, language.identify(columns))

    @cached_property
    def topic(self) -> topics.Overlap:
        """What each segment has in common with the other segments of its document."""
        rarity = self.rarity and self.rarity.terms
        return topics.within(topics.terms(self.columns), len(self.document), self.document, rarity)

    @cached_property
    def copied(self) -> text.Mask:
        """Which characters of the columns are copied from the post that they stand under."""
        return topics.copied(self.columns, self.contexts.columns, self.contexts.of[self.document])

    @cached_property
    def relation(self) -> topics.Relation:
        """What each segment has in common with the post that it stands under, apart from what it copies."""
        own, others, context = self._pieces()
        return topics.compare(own, len(self.document), others, context, self.rarity and self.rarity.pieces)

    def under_post(self) -> topics.Overlap:
        """Return how much of each segment the post speaks of that it stands under."""
        own, others, context = self._pieces()
        chosen = topics.shared(own, others, context)
        return topics.overlap(own, len(self.document), chosen, self.rarity and self.rarity.pieces)

    def _pieces(self) -> tuple[topics.Terms, topics.Terms, Positions]:
        own, others = topics.pieces(self.columns, self.copied), topics.pieces(self.contexts.columns)
        return own, others, self.contexts.of[self.document]

    def why_hidden(self, segment: int) -> str:
        """Return why a reader would not see a segment; empty if one does."""
        return self._why_hidden.get((int(self.document[segment]), int(self.start[segment])), "")

    def segments(self, number: int) -> list[Segment]:
        """Return the segments of a document as records."""
        names, scripts = language.names(), text.tables().scripts
        return [
            Segment(
                span=self.span(i),
                kind=segments.KINDS[self.kind[i]],
                language=names[self.languages.language[i]],
                script=scripts[self.languages.script[i]],
                trailing=bool(self.home.trailing[i] == 1.0),
                hidden=bool(self.hidden[i]),
            )
            for i in range(int(self.first[number]), int(self.first[number + 1]))
        ]


def _join(texts: Sequence[str]) -> tuple[str, Codes, Positions]:
    codes, starts, _ = text.encode(texts)
    return "\n".join(texts), codes, starts


def _bbcode(content: str, span: Span) -> tuple[str, Span | None] | None:
    """Return the form and the anchor of an address that BBCode makes a link, or nothing."""
    if not _BBCODE.search(content[max(0, span.start - 6) : span.start]):
        return None
    opening = content.find("]", span.end, span.end + MAX_ANCHOR)
    closing = content.find("[/", opening, opening + MAX_ANCHOR) if opening >= 0 else -1
    return "bbcode", (Span(opening + 1, closing) if closing >= 0 else None)
