"""Labels and checks on disk: one thread writes, many answers wait for one commit."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from moderator.records import Document, Label
from moderator.samples import DOCUMENT_KEYS, Sample
from moderator.server import database
from moderator.server.http import Refused

COUNTS = ("api_calls", "spam", "ham", "missed_spam", "false_positives")
LINGER = 0.2  # seconds that rows nobody waits for may wait for company
WAITING = 20_000  # rows that may wait, as long as they have not more than so many
CHARACTERS = 20_000_000
REMEMBERED = 20_000  # characters of a comment and its post; longer ones are not remembered
_PRUNE = 1000
_NO_HOST = re.compile(r"[\x00-,/;-@\[-^`{-\x7f\ud800-\udfff]")  # cannot be written, or breaks a table of sites
_LABEL = "INSERT INTO labels (at, key, guid, label, document) VALUES (?, ?, ?, ?, ?)"
_BY_GUID = (
    "INSERT INTO labels (at, key, guid, label, document)"
    " SELECT ?, ?, guid, ?, document FROM checks WHERE guid=? AND key=? LIMIT 1"
)
_CHECK = "INSERT INTO checks (guid, at, key, document, action, score) VALUES (?, ?, ?, ?, ?, ?)"
_USAGE = (
    f"INSERT INTO usage (month, key, site, {', '.join(COUNTS)}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
    " ON CONFLICT DO UPDATE SET " + ", ".join(f"{name} = {name} + excluded.{name}" for name in COUNTS)
)


@dataclass(frozen=True, slots=True)
class Row:
    """Something to be written, and who waits for it."""

    statement: str
    values: tuple[Any, ...]
    done: asyncio.Future[int] | None = None


class Store:
    """What the server keeps. Close it to have everything on disk."""

    def __init__(self, path: Path, *, remember: int) -> None:
        self._base = database.connect(path)
        self._reader = database.connect(path)
        self._remember = remember
        self._rows: list[Row] = []
        self._usage: Counter[tuple[str, str, str, int]] = Counter()
        self._wake = threading.Condition()
        self._urgent = self._ended = False
        self._written = self._size = 0
        self.failures = 0
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name="store", daemon=True)
        self._thread.start()

    async def label(self, key: str, label: Label, document: Document) -> None:
        """Keep a label; it is on disk when this returns."""
        await self._put(_LABEL, (_now(), key, document.id or None, label, document))

    async def label_checked(self, key: str, label: Label, guid: str) -> bool:
        """Keep a label of what was checked before with the same key; return whether it is remembered."""
        return bool(await self._put(_BY_GUID, (_now(), key, label, guid, key)))

    def checked(self, key: str, document: Document, action: str, score: float | None) -> None:
        """Remember what was checked, so that its guid is enough to label it; nobody waits for this."""
        if self._remember and _size(document) <= REMEMBERED:
            self._add(Row(_CHECK, (document.id, _now(), key, document, action, score)))

    def count(self, key: str, site: str, *names: str) -> None:
        """Count what was asked for a site this month."""
        month = _now()[:7]
        with self._wake:
            for name in names:
                self._usage[month, key, site, COUNTS.index(name)] += 1

    def usage(self, key: str, month: str) -> list[tuple[Any, ...]]:
        """Return site and counts of a key in a month, as far as they are on disk."""
        query = f"SELECT site, {', '.join(COUNTS)} FROM usage WHERE key=? AND month=? ORDER BY site"  # noqa: S608
        return self._reader.execute(query, (key, month)).fetchall()

    def months(self, key: str, since: str) -> list[tuple[Any, ...]]:
        """Return month, site and counts of a key from a month on, the latest first, as far as they are on disk."""
        query = f"SELECT month, site, {', '.join(COUNTS)} FROM usage WHERE key=? AND month>=? ORDER BY month DESC"  # noqa: S608
        return self._reader.execute(query, (key, since)).fetchall()

    def close(self) -> None:
        """Write what is waiting, and close the file."""
        with self._wake:
            self._ended = True
            self._wake.notify()
        self._thread.join()
        self._reader.close()

    async def _put(self, statement: str, values: tuple[Any, ...]) -> int:
        future: asyncio.Future[int] = self._loop.create_future()
        if not self._add(Row(statement, values, future)):
            raise Refused(503, "too much is waiting to be written", (b"retry-after", b"1"))
        return await future

    def _add(self, row: Row) -> bool:
        size = sum(_size(value) for value in row.values)
        with self._wake:
            if len(self._rows) >= WAITING or (self._size and self._size + size > CHARACTERS):
                return False
            self._size += size
            self._rows.append(row)
            if row.done or len(self._rows) == 1:
                self._urgent |= row.done is not None
                self._wake.notify()
        return True

    def _run(self) -> None:
        while not (self._ended and not self._rows and not self._usage):
            with self._wake:
                self._wake.wait_for(lambda: self._urgent or self._ended, LINGER)
                rows, self._rows, self._size, self._urgent = self._rows, [], 0, False
                usage, self._usage = self._usage, Counter()
            if rows or usage:
                self._write(rows, usage)
        self._base.close()

    def _write(self, rows: list[Row], usage: Counter[tuple[str, str, str, int]]) -> None:
        """Write rows in one transaction, and tell those who wait for them."""
        changed: list[int] = []
        failure: Exception | None = None
        try:
            self._base.execute("BEGIN IMMEDIATE")
            for row in rows:
                values = [packed(value) if isinstance(value, Document) else value for value in row.values]
                changed.append(self._base.execute(row.statement, values).rowcount)
            self._base.executemany(_USAGE, _usage_rows(usage))
            self._prune(len(rows))
            self._base.execute("COMMIT")
        except (sqlite3.Error, ValueError, OverflowError) as error:
            failure = error
            self.failures += 1
            if self._base.in_transaction:
                self._base.execute("ROLLBACK")
        waiting = [(row.done, n) for row, n in zip(rows, changed or [0] * len(rows), strict=False) if row.done]
        if failure:
            waiting = [(row.done, 0) for row in rows if row.done]
        if waiting:
            self._loop.call_soon_threadsafe(_tell, waiting, failure)

    def _prune(self, added: int) -> None:
        self._written += added
        if self._written >= _PRUNE:
            self._written = 0
            self._base.execute("DELETE FROM checks WHERE id <= (SELECT max(id) FROM checks) - ?", (self._remember,))


def _tell(waiting: list[tuple[asyncio.Future[int], int]], failure: Exception | None) -> None:
    for future, changed in waiting:
        if future.done():
            continue
        if failure:
            future.set_exception(Refused(503, "the label could not be written", (b"retry-after", b"5")))
        else:
            future.set_result(changed)


def _usage_rows(usage: Counter[tuple[str, str, str, int]]) -> list[tuple[Any, ...]]:
    found: dict[tuple[str, str, str], list[int]] = {}
    for (*place, column), n in usage.items():
        month, key, site = place
        found.setdefault((month, key, site), [0] * len(COUNTS))[column] += n
    return [(*place, *counts) for place, counts in found.items()]


def _size(value: object) -> int:
    return len(value.text) + len(value.context or "") if isinstance(value, Document) else 0


def packed(document: Document) -> str:
    """Return a document as JSON, without what it does not say; anything can be written that way."""
    return json.dumps({key: value for key in DOCUMENT_KEYS if (value := getattr(document, key)) is not None})


def site_of(address: str | None) -> str:
    r"""Return the host of a site's address, by which it is counted; empty if it is none.

    >>> site_of("https://Blog.example:8080/x"), site_of("http://a,b/"), site_of("http://\ud800.example/")
    ('blog.example', '', '')
    """
    try:
        host = urlsplit(address or "").hostname or ""
    except ValueError:
        host = ""
    return "" if _NO_HOST.search(host) else host[:253]


def export(path: Path, label: Label | None = None) -> Iterator[Sample]:
    """Yield the labels that were given, as samples; of one comment the last label stands."""
    base = database.connect(path, make=False)
    try:
        last: dict[str, int] = {}
        for number, text in base.execute("SELECT id, document FROM labels ORDER BY id"):
            last[_same(text)] = number
        kept = set(last.values())
        for number, at, key, given, text in base.execute("SELECT id, at, key, label, document FROM labels ORDER BY id"):
            if number in kept and label in (None, given):
                document = Document(**json.loads(text))
                group = site_of(document.site_url) or key or "server"
                yield Sample(document, given, source=key or "server", group=group, labelled_at=at)
    finally:
        base.close()


def _same(text: str) -> str:
    """Return what tells comments apart: text, author, the author's site and the post."""
    data = json.loads(text)
    return json.dumps([data.get(key) for key in ("text", "author", "url", "context")])


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
