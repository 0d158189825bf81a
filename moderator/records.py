"""The nouns: frozen records without logic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Label = Literal["ham", "spam", "off-topic"]
Action = Literal["publish", "hold", "reject"]
Kind = Literal["comment", "page"]
Media = Literal["auto", "plain", "markdown", "html"]

ACTIONS: tuple[Action, ...] = ("publish", "hold", "reject")
LABELS: tuple[Label, ...] = ("ham", "spam", "off-topic")
KINDS: tuple[Kind, ...] = ("comment", "page")
MEDIA: tuple[Media, ...] = ("auto", "plain", "markdown", "html")
UNDETERMINED = "und"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open range of code points in a document's text as received."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Document:
    """What is judged: a page or a comment, exactly as received.

    `context` is what a comment stands under: the post's title and body. `url` is the web site
    that a comment's author gave, `site_url` the site that would publish the text. `language` is
    the language that the document declares (BCP 47). `media` "auto" means: look at the text.
    """

    text: str
    id: str = ""
    kind: Kind = "comment"
    media: Media = "auto"
    context: str | None = None
    author: str | None = None
    url: str | None = None
    site_url: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a document that reads as one piece: a paragraph, a line, a list item, a comment.

    `kind` is one of `moderator.segments.KINDS`. `trailing` is true after the end of the page's own
    text; `hidden` is true where a reader of the page would not see it.
    """

    span: Span
    kind: str = "paragraph"
    language: str = UNDETERMINED
    script: str = "Zyyy"
    trailing: bool = False
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Signal:
    """One observation: a code `detector/what`, its strength in [0, 1], a message and its places."""

    code: str
    strength: float
    message: str
    spans: tuple[Span, ...] = ()
    label: Label = "spam"


@dataclass(frozen=True, slots=True)
class Contribution:
    """A signal and the log-odds by which it moved the score."""

    signal: Signal
    log_odds: float


@dataclass(frozen=True, slots=True)
class Finding:
    """A stretch of a document that should not be published, and why."""

    span: Span
    action: Action
    label: Label
    score: float
    reason: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Allowed:
    """What does not count although it was seen, and the rule of the site's owner that says so.

    `rule` is one of "domain", "phrase", "author", "directive" and "baseline", `match` is what the rule
    names, and `place` where it stands. `finding` is what it hides; there is none for links.
    """

    rule: str
    match: str
    place: str
    spans: tuple[Span, ...] = ()
    finding: Finding | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """Something that the owner of a page should know about a rule that is written in it."""

    span: Span
    message: str


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that could not be judged: a detector that broke, or a record that could not be read."""

    detector: str
    error: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do with a document, and everything that led there.

    `score` is the calibrated probability that the document should not be published as it is:
    the sigmoid of `bias` plus the log-odds of all `contributions`. Label, score and bias are None
    for a record that could not be read at all.

    What is `allowed` is not among the findings and has no say in the action and the label; score and
    contributions say what the text looks like, whatever is allowed.
    """

    document_id: str
    action: Action
    label: Label | None
    score: float | None
    bias: float | None
    findings: tuple[Finding, ...] = ()
    contributions: tuple[Contribution, ...] = ()
    failures: tuple[Failure, ...] = ()
    model: str = ""
    policy: str = ""
    allowed: tuple[Allowed, ...] = ()
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Weighed:
    """A segment, what share of its words its context has too (None without words or context), its own score."""

    segment: Segment
    share: float | None
    score: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """A document, its verdict, and what each of its segments looks like alone.

    `worst` is the segment that the verdict's score and contributions are those of. `hold` and
    `reject` are the scores from which on that is done.
    """

    document: Document
    verdict: Verdict
    hold: float
    reject: float
    segments: tuple[Weighed, ...] = ()
    worst: int | None = None
