"""A survey of a site: its own pages are judged, and what is left of them makes its profile."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from moderator import language, text
from moderator.addresses import word_list
from moderator.analysis import KIND_NUMBER, Batch
from moderator.pipeline import Moderator
from moderator.profile import LEAST_SHARE, MAX_HOSTS, SHARE_DIGITS, Part, Profile, is_host
from moderator.readers.files import Record
from moderator.records import Verdict
from moderator.scan import Judged, scan_records
from moderator.text import Mask, Positions

# Letters, and share of a page's letters, of a language or a script that the page counts for. An advert that
# was not found is a small part of its page, so that a hundred of them do not make their language at home.
MIN_LETTERS = 30
MIN_SHARE = 0.2
MIN_PAGES = 2  # that link to a host that is kept


@dataclass(slots=True)
class Tally:
    """What was counted on the pages of a site, and what was left out."""

    pages: int = 0
    segments: int = 0  # left out, since they look like spam
    flagged: int = 0  # pages that they are on
    comments: int = 0  # left out, since strangers write them
    problems: list[str] = field(default_factory=list)  # with what could not be read or judged
    letters: dict[str, Counter[str]] = field(default_factory=lambda: {"languages": Counter(), "scripts": Counter()})
    on: dict[str, Counter[str]] = field(default_factory=lambda: {"languages": Counter(), "scripts": Counter()})
    hosts: Counter[str] = field(default_factory=Counter)
    done: int = 0  # bytes of input


def survey(moderator: Moderator, records: Iterable[Record | None]) -> Iterator[Tally]:
    """Count what pages are written in and link to; yield the same tally after each batch, and at the end."""
    tally = Tally()
    for judged in scan_records(moderator, _pages(records, tally)):
        sound = [one for one in judged if _is_sound(one, tally)]
        if sound:
            batch = Batch([one.record.document for one in sound if one.record.document])
            _add(tally, batch, _kept(batch, [one.verdict for one in sound], tally))
        tally.done = judged[-1].done
        yield tally
    yield tally


def _pages(records: Iterable[Record | None], tally: Tally) -> Iterator[Record | None]:
    for record in records:
        if record and record.document and record.document.kind == "comment":
            tally.comments += 1
        else:
            yield record


def _is_sound(judged: Judged, tally: Tally) -> bool:
    """Return whether a page could be judged; what could not is noted, and says nothing of the site."""
    for failure in judged.verdict.failures[:1]:
        record = judged.record
        place = record.path if record.line is None else f"{record.path}:{record.line}"
        tally.problems.append(f"{place}: {failure.error}")
    return not judged.verdict.failures


def _kept(batch: Batch, verdicts: list[Verdict], tally: Tally) -> Mask:
    """Return which segments speak for the site: what a reader sees of its text, without what looks like spam."""
    flagged = np.zeros(len(batch.document), bool)
    for number, verdict in enumerate(verdicts):
        for finding in verdict.findings:
            inside = (batch.start >= finding.span.start) & (batch.start < finding.span.end)
            flagged |= (batch.document == number) & inside
    tally.segments += int(flagged.sum())
    tally.flagged += len(np.unique(batch.document[flagged]))
    kept: Mask = ~flagged & ~batch.hidden & (batch.kind != KIND_NUMBER["code"])
    return kept


def _add(tally: Tally, batch: Batch, kept: Mask) -> None:
    found = batch.languages
    real = kept & (found.script >= text.FIRST_SCRIPT)
    tally.pages += len(np.unique(batch.document[kept]))
    likely = found.likely
    for what, names, value, counts in (
        ("languages", language.names(), likely, kept & (likely > 0)),
        ("scripts", text.tables().scripts, found.script, real),
    ):
        letters = np.where(counts, found.letters, 0)
        _count(tally, what, names, _by_page(batch, value.astype(np.int64), letters, len(names)))
    links = (link for link in batch.links if kept[link.segment] and link.form != "mail" and _is_public(link.host))
    tally.hosts.update(host for _, host in {(int(batch.document[link.segment]), link.host) for link in links})


def _by_page(batch: Batch, value: Positions, letters: Positions, size: int) -> Positions:
    """Return the letters of each page by value."""
    count = np.bincount(batch.document * size + value, letters, len(batch) * size)
    return count.astype(np.int64).reshape(len(batch), size)


def _count(tally: Tally, what: str, names: tuple[str, ...], table: Positions) -> None:
    fair = (table >= MIN_LETTERS) & (table >= MIN_SHARE * table.sum(axis=1, keepdims=True))
    letters, pages = table.sum(axis=0), fair.sum(axis=0)
    for number in np.flatnonzero(letters).tolist():
        tally.letters[what][names[number]] += int(letters[number])
        tally.on[what][names[number]] += int(pages[number])


def _is_public(host: str) -> bool:
    """Return whether a host is a domain that anybody could look up, and not a file or a machine of the site's."""
    ending = host.rpartition(".")[2]
    return is_host(host) and (ending in word_list("tlds.txt") or ending.startswith("xn--"))


def profile_of(tally: Tally) -> Profile:
    """Return the profile that was counted; the order of the pages makes no difference."""
    often = sorted((-pages, host) for host, pages in tally.hosts.items() if pages >= MIN_PAGES)
    return Profile(
        tally.pages,
        _parts(tally, "languages"),
        _parts(tally, "scripts"),
        {host: -pages for pages, host in often[:MAX_HOSTS]},
    )


def _parts(tally: Tally, what: str) -> dict[str, Part]:
    total = max(1, tally.letters[what].total())
    shares = {name: letters / total for name, letters in tally.letters[what].items()}
    return {
        name: Part(round(share, SHARE_DIGITS), tally.on[what][name])
        for name, share in sorted(shares.items(), key=lambda item: (-item[1], item[0]))
        if share >= LEAST_SHARE
    }
