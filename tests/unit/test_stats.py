"""What clients of Akismet are told about the past: by site and by period."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import pytest

pytest.importorskip("uvicorn")

from moderator.server import akismet, labels
from moderator.server.http import Reply, Request
from moderator.server.keys import Keyring
from moderator.server.labels import COUNTS, Store

NOW = datetime(2026, 2, 14, tzinfo=UTC)
USED = {  # spam, ham, missed_spam, false_positives
    ("2024-12", "one.example"): (1, 2, 0, 0),
    ("2025-08", "one.example"): (7, 1, 0, 0),
    ("2025-09", "one.example"): (30, 85, 2, 3),
    ("2025-11", "two.example"): (5, 5, 0, 0),
    ("2026-02", "one.example"): (20, 52, 1, 1),
    ("2026-02", "two.example"): (0, 3, 0, 0),
}


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Return a function that asks for stats of a store with some months in it, on a day in February."""
    path = tmp_path / "store.sqlite"

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
            return NOW

    monkeypatch.setattr(akismet, "datetime", Clock)

    async def inside(handler: Any, form: dict[str, str], used: bool) -> Any:
        store, ring = Store(path, remember=0), Keyring(path)
        if used and not store.months("", ""):
            rows = [(month, "", site, sum(n[:2]), *n) for (month, site), n in USED.items()]
            store._write([], akismet_usage(rows))
        request = Request("POST", "/", b"", {b"host": b"localhost"}, "127.0.0.1", "", urlencode(form).encode())
        reply: Reply = await handler(SimpleNamespace(store=store, keys=ring), request)
        store.close()
        ring.close()
        return json.loads(reply.body) if reply.media == b"application/json" else reply.body

    return lambda handler, form, used=True: asyncio.run(inside(handler, form, used))


def akismet_usage(rows: list[tuple[Any, ...]]) -> Any:
    """Return rows as the store counts them before they are written."""
    return labels.Counter(
        {(month, key, site, n): value for month, key, site, *counts in rows for n, value in enumerate(counts)}
    )


def counts(spam: int, ham: int, missed: int, wrong: int, **more: Any) -> dict[str, Any]:
    return {"spam": spam, "ham": ham, "missed_spam": missed, "false_positives": wrong, **more}


@pytest.mark.parametrize("period", [{}, {"from": "6-months"}, {"from": "60-days"}, {"from": "nonsense"}])
def test_six_months_are_counted_by_month(told: Any, period: dict[str, str]) -> None:
    assert told(akismet.stats, {"blog": "http://one.example/blog", **period}) == counts(
        50, 137, 3, 4,
        accuracy=96.26,
        time_saved=0,
        breakdown={
            "2026-02": counts(20, 52, 1, 1, da="2026-02-01"),
            "2025-09": counts(30, 85, 2, 3, da="2025-09-01"),
        },
    )  # fmt: skip


def test_all_is_counted_by_year(told: Any) -> None:
    found = told(akismet.stats, {"blog": "http://one.example", "from": "all"})
    assert found["breakdown"] == {
        "2026": counts(20, 52, 1, 1, da="2026-01-01"),
        "2025": counts(37, 86, 2, 3, da="2025-01-01"),
        "2024": counts(1, 2, 0, 0, da="2024-01-01"),
    }
    assert list(found["breakdown"]) == ["2026", "2025", "2024"]
    assert (found["spam"], found["ham"]) == (58, 140)


def test_a_site_that_was_never_seen_has_a_present(told: Any) -> None:
    for used in (False, True):
        found = told(akismet.stats, {"blog": "http://three.example"}, used)
        assert found == counts(
            0, 0, 0, 0, accuracy=0.0, time_saved=0, breakdown={"2026-02": counts(0, 0, 0, 0, da="2026-02-01")}
        )


def test_all_sites_of_a_key(told: Any) -> None:
    found = told(akismet.key_stats, {})
    assert {name: (row["spam"], row["blogs"]) for name, row in found["breakdown"].items()} == {
        "2026-02": (20, 2),
        "2025-11": (5, 1),
        "2025-09": (30, 1),
    }
    assert {name: row["blogs"] for name, row in told(akismet.key_stats, {"from": "all"})["breakdown"].items()} == {
        "2026": 2,
        "2025": 2,
        "2024": 1,
    }


def test_a_site_must_be_named(told: Any) -> None:
    assert told(akismet.stats, {}) == b'Missing required field: "blog".'


def test_the_table_of_sites_is_as_documented(told: Any) -> None:
    table = told(akismet.key_sites, {"format": "csv", "limit": "1"}).decode().splitlines()
    assert table == [
        "Active sites for this machine during 2026-02 (limit:1, offset: 0, total: 2)",
        "Site,Total API Calls,Spam,Ham,Missed Spam,False Positives,Is Revoked",
        "one.example,72,20,52,1,1,false",
    ]
    assert len(COUNTS) + 2 == len(table[1].split(","))
