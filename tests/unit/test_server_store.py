"""The store of labels and checks, and the keys in it."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("uvicorn")

from moderator.errors import InputError
from moderator.records import Document
from moderator.server import keys, labels
from moderator.server.http import Refused
from moderator.server.keys import Keyring
from moderator.server.labels import Store


def test_keys_are_kept_as_hashes(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    secret = keys.add(path, "blog")
    assert len(secret) == 12
    assert path.stat().st_mode & 0o077 == 0
    assert [key.name for key in keys.listed(path)] == ["blog"]
    for wrong in ("blog", "", "a b", "é"):
        with pytest.raises(InputError):
            keys.add(path, wrong)
    keys.remove(path, "blog")
    assert keys.listed(path) == []
    with pytest.raises(InputError, match="no key"):
        keys.remove(path, "blog")
    keys.add(path, "blog")
    kept = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert secret.encode() not in kept


def test_removing_the_last_key_does_not_open_the_server(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    keys.add(path, "blog")
    keys.remove(path, "blog")

    async def opened() -> bool:
        ring = Keyring(path)
        ring.close()
        return ring.open

    assert not asyncio.run(opened())


@pytest.mark.parametrize("content", [b"no database", b"SQLite format 3\0" + b"x" * 5000])
def test_a_file_that_is_no_store_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "store.sqlite"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"store\.sqlite"):
        keys.listed(path)
    assert path.read_bytes() == content


def test_a_newer_store_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    with sqlite3.connect(path) as base:
        base.execute("PRAGMA user_version=99")
    with pytest.raises(InputError, match="update moderator"):
        keys.listed(path)


def test_only_the_last_checks_are_remembered(tmp_path: Path) -> None:
    async def inside() -> None:
        store = Store(tmp_path / "store.sqlite", remember=500)
        for n in range(3000):
            store.checked("", Document("a", f"{n:032x}"), "hold", 0.5)
            if not n % 700:
                await asyncio.sleep(2 * labels.LINGER)
        store.checked("", Document("a" * (labels.REMEMBERED + 1), "f" * 32), "hold", 0.5)
        store.close()

    asyncio.run(inside())
    with sqlite3.connect(tmp_path / "store.sqlite") as base:
        count, last = base.execute("SELECT count(*), max(guid) FROM checks").fetchone()
    assert count <= 500 + 1000
    assert last == f"{2999:032x}"


def test_labels_that_cannot_be_written_are_not_acknowledged(tmp_path: Path) -> None:
    async def inside() -> None:
        store = Store(tmp_path / "store.sqlite", remember=1)
        store._base.execute("PRAGMA query_only=1")
        with pytest.raises(Refused) as refused:
            await store.label("", "ham", Document("a"))
        assert refused.value.status == 503
        store._base.execute("PRAGMA query_only=0")
        await store.label("", "ham", Document("b"))
        store.close()

    asyncio.run(inside())
    assert [sample.document.text for sample in labels.export(tmp_path / "store.sqlite")] == ["b"]


def test_labels_are_exported_for_those_who_learn(run: Any, tmp_path: Path) -> None:
    async def inside() -> None:
        store = Store(tmp_path / "store.sqlite", remember=0)
        await asyncio.gather(*(store.label("", "spam" if n % 2 else "ham", Document(f"t{n}")) for n in range(100)))
        store.close()

    asyncio.run(inside())
    ended = run("server", "labels", "export", "-", "--label", "spam", "--store", tmp_path / "store.sqlite")
    assert [json.loads(line)["text"] for line in ended.out.splitlines()] == [f"t{n}" for n in range(1, 100, 2)]
    assert run("server", "labels", "export", "-", "--store", tmp_path / "missing").code == 3


def test_a_site_that_is_no_host_spoils_nothing_that_is_written_with_it(tmp_path: Path) -> None:
    async def counted() -> list[tuple[Any, ...]]:
        store = Store(tmp_path / "store.sqlite", remember=10)
        for address in ("http://\ud800.example/", 'http://=cmd|x,y"/', "http://bäcker.example", "http://[::1]/"):
            store.count("", labels.site_of(address), "ham")
        await store.label("", "spam", Document("an advert", site_url="http://\ud800.example/"))
        assert not store.failures
        found = store.usage("", labels._now()[:7])
        store.close()
        return found

    assert [(row[0], row[3]) for row in asyncio.run(counted())] == [("", 2), ("::1", 1), ("bäcker.example", 1)]
