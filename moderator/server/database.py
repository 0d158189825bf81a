"""The server's one file: labels, what was checked, keys, and how much each was used."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from moderator.errors import InputError

FORMAT = 1
_SCHEMA = """
CREATE TABLE keys (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, hash BLOB NOT NULL, rate INTEGER NOT NULL,
    made_at TEXT NOT NULL, removed_at TEXT
);
CREATE UNIQUE INDEX keys_name ON keys (name) WHERE removed_at IS NULL;
CREATE TABLE settings (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE checks (id INTEGER PRIMARY KEY AUTOINCREMENT, guid TEXT NOT NULL, at TEXT NOT NULL, key TEXT NOT NULL,
    document TEXT NOT NULL, action TEXT NOT NULL, score REAL);
CREATE INDEX checks_guid ON checks (guid);
CREATE TABLE labels (id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, key TEXT NOT NULL, guid TEXT,
    label TEXT NOT NULL, document TEXT NOT NULL);
CREATE TABLE usage (month TEXT NOT NULL, key TEXT NOT NULL, site TEXT NOT NULL,
    api_calls INTEGER NOT NULL DEFAULT 0, spam INTEGER NOT NULL DEFAULT 0, ham INTEGER NOT NULL DEFAULT 0,
    missed_spam INTEGER NOT NULL DEFAULT 0, false_positives INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (month, key, site)) WITHOUT ROWID;
"""


def connect(path: Path, *, make: bool = True) -> sqlite3.Connection:
    """Open the file, and make it if it is not there; an answered write survives a crash of the machine.

    Raises InputError if it is missing and not to be made, is no such file, or of a newer version.
    """
    if not path.exists():
        if not make:
            raise InputError("no such file: the server makes it when it starts", path=str(path))
        try:
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # comments are nobody else's to read
        except OSError as error:
            raise InputError(f"cannot be made: {error.strerror}", path=str(path)) from error
    try:
        # Transactions are begun and ended by hand.
        base = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
        base.execute("PRAGMA journal_mode=WAL")
        base.execute("PRAGMA synchronous=FULL")
        _prepare(base, path)
    except sqlite3.Error as error:
        raise InputError(f"is not the file of a server: {error}", path=str(path)) from error
    return base


def _prepare(base: sqlite3.Connection, path: Path) -> None:
    base.execute("BEGIN IMMEDIATE")
    version = base.execute("PRAGMA user_version").fetchone()[0]
    if version == 0:
        for statement in _SCHEMA.split(";"):
            base.execute(statement)
        base.execute("INSERT INTO settings VALUES ('salt', ?)", (os.urandom(16),))
        base.execute(f"PRAGMA user_version={FORMAT}")
    base.execute("COMMIT")
    if version > FORMAT:
        raise InputError(f"has format {version}, this version reads {FORMAT}: update moderator", path=str(path))
