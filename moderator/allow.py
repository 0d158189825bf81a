"""What the owner of a site allows: domains, phrases, authors. It is no evidence, and nothing else is hidden by it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from moderator import text
from moderator.records import ACTIONS, Action, Allowed, Document, Finding, Verdict
from moderator.text import UNSPACED, WORD, Columns

# An address that leads where it says: no user, no backslash, no entity or escape before the path.
_PLAIN = re.compile(r"(?:(?:https?:)?//)?(?:www\.)?([\w.-]+?)\.?(?::\d{1,5})?(?:[/?#]\S*)?", re.IGNORECASE)
_DOMAIN = re.compile(r"[\w-]+(?:\.[\w-]+)+")
MIN_PHRASE = 3  # letters or digits; of one or two there is one in every text
MAX_PHRASE = 1000


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that is allowed, as it was written, and where that stands."""

    match: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Allow:
    """What is allowed, by its folded form; `inline` says whether pages may say so themselves."""

    domains: Mapping[str, Entry] = field(default_factory=dict)
    phrases: Mapping[str, Entry] = field(default_factory=dict)
    authors: Mapping[str, Entry] = field(default_factory=dict)
    inline: bool = False


def domain(value: str) -> str:
    """Return the form of a domain that links are compared with; raises ValueError if it is none.

    >>> domain("Example.org"), domain("bücher.example")
    ('example.org', 'xn--bcher-kva.example')
    """
    name = value.strip().lower().rstrip(".")
    if name.startswith("*."):
        raise ValueError(f"{value!r}: subdomains are allowed with their domain; write {name[2:]!r}")
    if not _DOMAIN.fullmatch(name):
        raise ValueError(f"{value!r} is no domain; write it as 'example.org', without what is before and after")
    if not (found := _ascii(name.removeprefix("www."))):
        raise ValueError(f"{value!r} is no domain that can be looked up")
    return found


@lru_cache(maxsize=4096)
def _ascii(host: str) -> str:
    """Return a host as it is looked up; empty if it cannot be."""
    try:
        return host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError:
        return ""


def domain_of(allow: Allow, host: str, address: str) -> Entry | None:
    """Return the allowed domain that an address leads to, or one above it; nothing if it does so by a trick.

    >>> allow = Allow(domains={"example.org": Entry("example.org")})
    >>> domain_of(allow, "docs.example.org", "https://docs.example.org/a") is None
    False
    >>> domain_of(allow, "example.org", "https://evil.example@example.org/") is None
    True
    """
    plain = _PLAIN.fullmatch(address)
    if not plain or plain[1].lower() != host:
        return None
    labels = _ascii(host).split(".")
    above = (".".join(labels[i:]) for i in range(len(labels) - 1))
    return next((allow.domains[name] for name in above if name in allow.domains), None)


def fold(value: str) -> str:
    r"""Return a text folded as all text is that is judged: case, width, style, look-alikes, white space.

    >>> fold(" Ｒye\n BREAD ")
    'rye bread'
    """
    return _folded(text.columns(*text.encode([value])), 0).strip()


def _folded(columns: Columns, unit: int) -> str:
    return "".join(map(chr, columns.code[columns.start[unit] : columns.end[unit]].tolist()))


def phrase(value: str) -> str:
    """Return the folded form of a phrase; raises ValueError if too little of it can be read."""
    found = fold(value)
    if sum(map(str.isalnum, found)) < MIN_PHRASE:
        raise ValueError(f"{value!r} is no phrase: it needs {MIN_PHRASE} letters")
    if len(found) > MAX_PHRASE:
        raise ValueError(f"a phrase may have {MAX_PHRASE} characters, not {len(found)}")
    return found


def author(value: str) -> str:
    """Return the form of a name that authors are compared with; look-alikes of other scripts stay apart.

    >>> author("  Jo  Example") == author("jo example"), author("Jо") == author("Jo")  # the second one is Cyrillic
    (True, False)
    """
    found = " ".join(unicodedata.normalize("NFKC", value).casefold().split())
    if not found:
        raise ValueError("a name must not be empty")
    return found


def author_of(allow: Allow, document: Document) -> Entry | None:
    """Return the allowed author that a document gives as its own."""
    if not allow.authors or not document.author or not document.author.strip():
        return None
    return allow.authors.get(author(document.author))


def phrase_of(allow: Allow, columns: Columns, segments: Sequence[int]) -> Entry | None:
    """Return an allowed phrase that a finding consists of: each of its segments holds one."""
    found = [_phrase_in(allow, columns, segment) for segment in segments]
    return found[0] if found and all(found) else None


def _phrase_in(allow: Allow, columns: Columns, segment: int) -> Entry | None:
    content = _folded(columns, segment)
    first = int(columns.start[segment])
    for value, entry in allow.phrases.items():
        at = content.find(value)
        while at >= 0:
            if _whole(columns, first + at, first + at + len(value)):
                return entry
            at = content.find(value, at + 1)
    return None


def _whole(columns: Columns, start: int, end: int) -> bool:
    """Return whether a stretch begins and ends with a word; where words have no spaces, it always does."""
    kinds = columns.kind[[start - 1, start, end - 1, end]].tolist()
    word = [bool(kind & WORD) and not kind & UNSPACED for kind in kinds]
    return not (word[0] and word[1]) and not (word[2] and word[3])


def hide(verdict: Verdict, hidden: Sequence[Allowed], on_error: Action) -> Verdict:
    """Return a verdict without the findings that are allowed; it says by which rule, and the others decide.

    `on_error` is the least that is done with what could not be judged in full.
    """
    taken = [allowed.finding for allowed in hidden]
    left: list[Finding] = []
    for finding in verdict.findings:
        if finding in taken:
            taken.remove(finding)
        else:
            left.append(finding)
    actions: list[Action] = [finding.action for finding in left]
    least: Action = on_error if verdict.failures else "publish"
    action = max((least, *actions), key=ACTIONS.index)
    worst = max(left, key=lambda finding: (ACTIONS.index(finding.action), finding.score), default=None)
    return replace(
        verdict,
        action=action,
        label=worst.label if worst else "ham",
        findings=tuple(left),
        allowed=(*verdict.allowed, *hidden),
    )
