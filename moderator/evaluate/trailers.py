"""How well spam inside pages is found: pages composed with a seed, what is found, and what is held on clean ones.

Figures of one benchmark can be compared only if it is the same one: its digest says whether the pages are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from moderator.analysis import Batch
from moderator.evaluate.figures import DIGITS, Share, counted
from moderator.evaluate.material import Material, Tongue, bodies, tongues
from moderator.evaluate.outcomes import Show
from moderator.evaluate.spans import common, is_exact, overlap, size
from moderator.pipeline import Moderator
from moderator.policy import Rules
from moderator.records import UNDETERMINED, Document, Finding, Span, Verdict
from moderator.report import Lines
from moderator.samples import Sample
from moderator.train import compose
from moderator.train.compose import Page, Parts

LINE = 100  # characters of a line on a screen
WORDS, SHORT, SHORT_UNSPACED = 3, 30, 8  # words and characters of what is a few words
UNSPACED = {"Hani", "Hira", "Kana", "Thai", "Laoo", "Khmr", "Mymr"}  # scripts that write no spaces
LINES = 3
OWN = "(the page's own text)"
CHUNK = 100  # pages that are judged at once


@dataclass(frozen=True, slots=True)
class Insertion:
    """Spam that was put into a page, what it is in each respect of BY, and what became of it."""

    page: str
    spam: str
    is_: Mapping[str, str]
    found: bool  # something of it is in a finding
    half: bool  # half of its characters are
    exact: bool  # one finding begins and ends with it
    segments: int
    flagged: int  # segments of the page
    both: int


@dataclass(frozen=True, slots=True)
class Held:
    """A part of a clean page that is held."""

    page: str
    line: int
    language: str
    what: str  # the page's own text, or the honest look-alike
    action: str
    score: float
    reason: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What was measured on some insertions, and the segments of their pages."""

    n: int
    found: Share
    half: Share
    exact: Share  # of those found
    precision: Share
    recall: Share
    f1: float | None


@dataclass(frozen=True, slots=True)
class Clean:
    """What became of clean pages; held counts what is held or rejected."""

    held: Share
    rejected: Share
    where: tuple[Held, ...]


@dataclass(frozen=True, slots=True)
class Trailers:
    """All that was measured on composed pages, and on clean ones."""

    model: str
    policy: str
    rules: Rules
    seed: int
    digest: str
    failed: int
    overall: Found
    by: Mapping[str, Mapping[str, Found]]
    given: Clean  # pages as they are
    composed: Clean  # pages with honest look-alikes
    beside: Share  # pages with an insertion on which something else is held
    insertions: tuple[Insertion, ...]


class Judged(NamedTuple):
    """A page, its verdict, and the places of its segments."""

    page: Page
    verdict: Verdict
    segments: list[Span]


def measure(
    moderator: Moderator, material: Material, *, count: int, seed: int = 0, show: Show = lambda what, count: None
) -> Trailers:
    """Compose pages, up to twice `count` with an insertion for each file of spam, as many without, and judge them."""
    own = bodies(material.pages)
    composed = [page for pages in _composed(own, material, count, seed) for page in pages]
    judged = list(_judged(moderator, composed, show))
    given = list(_judged(moderator, list(map(_as_given, material.pages, own)), show))
    put_in = [of for of in judged if of.page.spam]
    insertions = tuple(map(_insertion, put_in, _respects([of.page for of in put_in])))
    clean = [of for of in judged if not of.page.spam]
    strays = sum(_flagged(of) for of in clean)
    return Trailers(
        moderator.model,
        moderator.policy.id,
        moderator.policy.rules["page"],
        seed,
        _digest(composed),
        sum(bool(of.verdict.failures) for of in (*judged, *given)),
        found_of(insertions, strays),
        {name: parts(insertions, name) for name in insertions[0].is_},
        _clean(given),
        _clean(clean),
        counted(sum(any(not overlap(of.page.spam, [f]) for f in of.verdict.findings) for of in put_in), len(put_in)),
        insertions,
    )


def _composed(own: Sequence[Sample], material: Material, count: int, seed: int) -> Iterator[Iterator[Page]]:
    """Yield the pages of each file of spam: `count` insertions of any language, as many in that of their page."""
    furniture = _by_language(material.honest)
    of_body = _by_language(own)
    for number, spam in enumerate(of for of in material.spam.values() if of):
        yield compose.pages(_parts_of(own, spam, furniture), 2 * count, seed + number)
        of_spam = _by_language(spam)
        both = sorted(of_body.keys() & of_spam.keys() - {UNDETERMINED})
        for i, language in enumerate(both):
            some = count * (i + 1) // len(both) - count * i // len(both)
            parts = _parts_of(of_body[language], of_spam[language], furniture)
            yield compose.pages(parts, 2 * some, seed + number)


def _by_language(samples: Sequence[Sample]) -> dict[str, list[Sample]]:
    found: dict[str, list[Sample]] = {}
    for sample, tongue in zip(samples, tongues([sample.document for sample in samples]), strict=True):
        found.setdefault(tongue.language, []).append(sample)
    return found


def _parts_of(own: Sequence[Sample], spam: Sequence[Sample], furniture: Mapping[str, Sequence[Sample]]) -> Parts:
    blocks = [sample for sample in spam if sample.document.kind == "page"]
    return Parts(own, {}, furniture, blocks, [sample for sample in spam if sample.document.kind != "page"])


def _as_given(document: Document, body: Sample) -> Page:
    return Page(document, (), (), (), body.document.language or UNDETERMINED, body, (), ())


def _judged(moderator: Moderator, pages: Sequence[Page], show: Show) -> Iterator[Judged]:
    for low in range(0, len(pages), CHUNK):
        chunk = pages[low : low + CHUNK]
        batch = Batch([page.document for page in chunk])
        verdicts = moderator.scan([page.document for page in chunk])
        for page, verdict, (first, after) in zip(chunk, verdicts, pairwise(batch.first.tolist()), strict=True):
            yield Judged(page, verdict, [batch.span(i) for i in range(first, after)])
        show("pages", low + len(chunk))


def _respects(pages: Sequence[Page]) -> list[dict[str, str]]:
    """Return what each page with an insertion is in every respect that figures are broken down by."""
    of_page = tongues([page.body.document if page.body else Document("") for page in pages])
    of_spam = tongues([page.spam_of[0].document for page in pages])
    return [
        {
            "trailer": relation(own, other),
            "length": length(page.spam_of[0].document.text, other.script),
            "place": place(page),
            "media": page.document.media,
            "spam": page.spam_of[0].source,
            "page language": own.language,
        }
        for page, own, other in zip(pages, of_page, of_spam, strict=True)
    ]


def relation(page: Tongue, spam: Tongue) -> str:
    """Return how the language of spam is related to that of the page.

    >>> relation(Tongue("en", "Latn"), Tongue("ru", "Cyrl"))
    'foreign script'
    """
    if spam.script == "Zyyy":
        return "no letters"
    if page.language == spam.language != UNDETERMINED:
        return "same language"
    if page.script != spam.script:
        return "foreign script"
    return "language not known" if UNDETERMINED in (page.language, spam.language) else "other language"


def length(content: str, script: str = "Latn") -> str:
    r"""Return how long an insertion is, in lines of a screen.

    >>> length("cheap watches"), length("a\n" * 9)
    ('up to 3 words', 'more')
    """
    if len(content.split()) <= WORDS and len(content) <= (SHORT_UNSPACED if script in UNSPACED else SHORT):
        return f"up to {WORDS} words"
    lines = sum(-(-len(line) // LINE) for line in content.split("\n") if line.strip())
    return "1 line" if lines <= 1 else f"up to {LINES} lines" if lines <= LINES else "more"


def place(page: Page) -> str:
    """Return where in its page an insertion is."""
    span, text = page.spam[0], page.document.text
    if not text[span.end :].strip():
        return "end"
    return "inside" if text[: span.start].strip() else "start"


def _insertion(judged: Judged, is_: Mapping[str, str]) -> Insertion:
    page, verdict, _ = judged
    covered = overlap(page.spam, verdict.findings)
    inserted = [_mostly(span, page.spam) for span in judged.segments]
    flagged = [_mostly(span, [f.span for f in verdict.findings]) for span in judged.segments]
    return Insertion(
        page.body.document.id if page.body else "",
        page.spam_of[0].document.id,
        is_,
        covered > 0,
        2 * covered >= size(page.spam),
        is_exact(page.document.text, page.spam[0], verdict.findings),
        sum(inserted),
        sum(flagged),
        sum(a and b for a, b in zip(inserted, flagged, strict=True)),
    )


def _mostly(span: Span, spans: Sequence[Span]) -> bool:
    return 2 * sum(common(span, other) for other in spans) > span.end - span.start


def _flagged(judged: Judged) -> int:
    return sum(_mostly(span, [f.span for f in judged.verdict.findings]) for span in judged.segments)


def found_of(insertions: Sequence[Insertion], strays: int = 0) -> Found:
    """Return the figures of some insertions; `strays` segments are flagged on clean pages."""
    found, both = sum(i.found for i in insertions), sum(i.both for i in insertions)
    wanted, flagged = sum(i.segments for i in insertions), sum(i.flagged for i in insertions) + strays
    return Found(
        len(insertions),
        counted(found, len(insertions)),
        counted(sum(i.half for i in insertions), len(insertions)),
        counted(sum(i.exact for i in insertions), found),
        counted(both, flagged),
        counted(both, wanted),
        round(2 * both / (wanted + flagged), DIGITS) if wanted else None,
    )


def parts(insertions: Sequence[Insertion], name: str) -> dict[str, Found]:
    """Return the figures of each part of the insertions, the largest first."""
    of: dict[str, list[Insertion]] = {}
    for insertion in insertions:
        of.setdefault(insertion.is_[name], []).append(insertion)
    return {key: found_of(of[key]) for key in sorted(of, key=lambda key: (-len(of[key]), key))}


def _clean(judged: Sequence[Judged]) -> Clean:
    held = [of for of in judged if of.verdict.action != "publish"]
    return Clean(
        counted(len(held), len(judged)),
        counted(sum(of.verdict.action == "reject" for of in held), len(judged)),
        tuple(_held(of, finding) for of in held for finding in of.verdict.findings),
    )


def _held(judged: Judged, finding: Finding) -> Held:
    page = judged.page
    touched = [s.document.id for s, span in zip(page.honest_of, page.honest, strict=True) if common(span, finding.span)]
    return Held(
        page.body.document.id if page.body else page.document.id,
        Lines(page.document.text).place(finding.span.start)[0],
        page.language,
        ", ".join(touched) or OWN,
        finding.action,
        finding.score,
        finding.reason,
        finding.codes,
    )


def _digest(pages: Sequence[Page]) -> str:
    found = hashlib.sha256()
    for page in pages:
        found.update(f"{page.document.media} {page.spam} {page.document.text}\0".encode("utf-8", "surrogatepass"))
    return found.hexdigest()[:12]
