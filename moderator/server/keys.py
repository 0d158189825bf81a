"""Keys: who may ask. Only their hashes are kept."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import secrets
import sqlite3
import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from moderator.errors import InputError
from moderator.server import database
from moderator.server.http import Refused, Request

# WordPress takes a key of twelve hexadecimal digits and no other; so it is guarded by a slow hash.
KEY = re.compile(r"[0-9a-f]{12}")
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
REMEMBERED = 1000  # keys whose slow hash is not computed again
GUESSES = 5  # slow hashes a second that are spent on keys that were not seen before
RATE = 6000  # documents a minute of a key, if nothing else was said


@dataclass(frozen=True, slots=True)
class Key:
    """Who asks."""

    name: str
    rate: int  # documents a minute, 0 for any number


@dataclass(frozen=True, slots=True)
class Listed:
    """A key as it is listed."""

    name: str
    rate: int
    made_at: str
    calls: int


LOCAL = Key("", 0)


def slow_hash(secret: str, salt: bytes) -> bytes:
    """Return what is kept of a key."""
    return hashlib.scrypt(secret.encode(), salt=salt, n=1 << 14, r=8, p=1)


def add(path: Path, name: str, rate: int = RATE) -> str:
    """Make a key and return it; it cannot be read again."""
    if not _NAME.fullmatch(name):
        raise InputError(f"a name is made of up to 64 letters, digits, '.', '_' and '-', not {name!r}")
    base = database.connect(path)
    try:
        secret = secrets.token_hex(6)
        row = (name, slow_hash(secret, _salt(base)), rate, _now())
        base.execute("INSERT INTO keys (name, hash, rate, made_at) VALUES (?, ?, ?, ?)", row)
    except sqlite3.IntegrityError as error:
        raise InputError(f"there is a key {name!r} already") from error
    finally:
        base.close()
    return secret


def remove(path: Path, name: str) -> None:
    """Remove a key; a server that runs refuses it within two seconds."""
    base = database.connect(path, make=False)
    try:
        done = base.execute("UPDATE keys SET removed_at=? WHERE name=? AND removed_at IS NULL", (_now(), name))
        if not done.rowcount:
            raise InputError(f"there is no key {name!r}")
    finally:
        base.close()


def listed(path: Path) -> list[Listed]:
    """Return the keys there are, and how many documents were checked with each."""
    base = database.connect(path, make=False)
    try:
        return [
            Listed(*row)
            for row in base.execute(
                "SELECT name, rate, made_at, (SELECT coalesce(sum(api_calls), 0) FROM usage WHERE key = name)"
                " FROM keys WHERE removed_at IS NULL ORDER BY name"
            )
        ]
    finally:
        base.close()


class Keyring:
    """The keys of a running server; it sees those that are added and removed meanwhile."""

    def __init__(self, path: Path) -> None:
        self._base = database.connect(path)
        self._salt = _salt(self._base)
        self._pepper = secrets.token_bytes(16)
        self._seen: OrderedDict[bytes, bytes] = OrderedDict()  # a quick digest of a key to its slow hash
        self._guesses, self._since = float(GUESSES), time.monotonic()
        self._one = asyncio.Lock()
        self.keys: dict[bytes, Key] = {}
        self.open = False  # no key was ever made
        self.refresh()

    def refresh(self) -> None:
        """Read the keys anew."""
        rows = self._base.execute("SELECT hash, name, rate, removed_at FROM keys").fetchall()
        self.keys = {row[0]: Key(row[1], row[2]) for row in rows if row[3] is None}
        self.open = not rows

    def close(self) -> None:
        """Close the file."""
        self._base.close()

    async def holder(self, request: Request, secret: str) -> Key | None:
        """Return whose key it is; where no key was ever made, the machine itself needs none."""
        if self.open:
            return LOCAL if request.local else None
        if not KEY.fullmatch(secret):
            return None
        quick = hashlib.blake2b(secret.encode(), key=self._pepper, digest_size=16).digest()
        slow = self._seen.get(quick)
        if slow is None:
            slow = await self._hash(secret)
            self._seen[quick] = slow
            if len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)
        found = None
        for known, key in self.keys.items():
            if hmac.compare_digest(known, slow):
                found = key
        return found

    async def _hash(self, secret: str) -> bytes:
        """Return the slow hash of a key that was not seen before; few are computed, so that guessing stays slow."""
        now = time.monotonic()
        self._guesses = min(GUESSES, self._guesses + (now - self._since) * GUESSES)
        self._since = now
        if self._guesses < 1:
            raise Refused(429, "too many unknown keys", (b"retry-after", b"1"))
        self._guesses -= 1
        async with self._one:
            return await asyncio.to_thread(slow_hash, secret, self._salt)


def _salt(base: sqlite3.Connection) -> bytes:
    return bytes(base.execute("SELECT value FROM settings WHERE name='salt'").fetchone()[0])


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
