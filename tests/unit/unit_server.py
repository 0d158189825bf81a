"""The whole of a server without a socket, and what it is asked."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

from moderator.pipeline import Moderator
from moderator.records import Document, Verdict
from moderator.server.app import PATHS, App
from moderator.server.batching import Batcher
from moderator.server.keys import Keyring
from moderator.server.labels import Store
from moderator.server.limits import Limits
from moderator.server.metrics import Metrics
from moderator.server.models import Models

SPAM = "Two http://a.example http://b.example"
REJECT = " ".join(f"http://h{n}.example" for n in range(9))


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


Ask = Callable[..., Awaitable[Answer]]


class Fixed(Models):
    """A model that is given, and what it judged."""

    def __init__(self, moderator: Moderator) -> None:
        self.moderator = moderator
        self.batches: list[int] = []

    def judge(self, documents: Sequence[Document]) -> list[Verdict]:
        self.batches.append(len(documents))
        return super().judge(documents)


class Line:
    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def write(self, event: str, **what: Any) -> None:
        self.lines.append({"event": event, **what})


@asynccontextmanager
async def serving(folder: Path, moderator: Moderator, **options: Any) -> Any:
    """Yield an application, and a function that asks it."""
    path = folder / "store.sqlite"
    store, ring = Store(path, remember=100), Keyring(path)
    models = Fixed(moderator)
    batcher = Batcher(models.judge, documents=16, waiting=options.pop("waiting", 100))
    log: Any = Line()
    app = App(models, batcher, store, ring, Limits(), Metrics(PATHS), log, **options)

    async def ask(
        path: str, body: Any = b"", /, *, method: str = "POST", peer: str = "127.0.0.1", **headers: str
    ) -> Answer:
        media = "application/json"
        if isinstance(body, (list, dict)) and path.startswith("/v1"):
            body = json.dumps(body).encode()
        elif isinstance(body, (list, dict)):
            body, media = urlencode(body, doseq=True).encode(), "application/x-www-form-urlencoded"
        given = {"content-type": media, "content-length": str(len(body)), "host": "localhost"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        where, _, query = path.partition("?")
        scope = {
            "type": "http", "method": method, "path": where, "query_string": query.encode(), "client": (peer, 1),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in given.items() if value],
        }  # fmt: skip
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await app(scope, receive, send)
        told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        assert not any("\n" in value or "\r" in value for value in told.values())
        return Answer(sent[0]["status"], told, sent[1]["body"])

    try:
        yield app, ask
    finally:
        await batcher.close()
        store.close()
        ring.close()


def comment(text: str = "Thank you", **more: str) -> dict[str, Any]:
    return {"api_key": "123456789abc", "blog": "https://blog.example/", "comment_content": text, **more}
