"""Requests that wait at the same time are judged together, on a thread of their own."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from moderator.pipeline import BATCH_CHARACTERS
from moderator.records import Document, Verdict
from moderator.server.http import Refused

CHARACTERS = 20_000_000  # that may wait
Judge = Callable[[Sequence[Document]], list[Verdict]]


@dataclass(frozen=True, slots=True)
class Asked:
    """Documents of one request, and who waits for them."""

    documents: Sequence[Document]
    size: int
    done: asyncio.Future[list[Verdict]]


class Batcher:
    """While a batch is judged, the next one gathers; so batches grow with the load and nobody waits idly."""

    def __init__(self, judge: Judge, *, documents: int, waiting: int, linger: float = 0.0) -> None:
        self._judge, self._documents, self._linger = judge, documents, linger
        self._room, self._most, self._characters = waiting, waiting, 0
        self._asked: deque[Asked] = deque()
        self._ready = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, "judge")
        self._task = asyncio.create_task(self._run())
        self.on_batch: Callable[[int], None] = lambda documents: None

    @property
    def waiting(self) -> int:
        """Return how many documents wait or are being judged."""
        return self._most - self._room

    @property
    def part(self) -> int:
        """Return how many documents a request should ask for at once, so that others get their turn."""
        return self._documents

    async def judge(self, documents: Sequence[Document]) -> list[Verdict]:
        """Return the verdicts on documents; raises Refused if too many are waiting already."""
        size = sum(len(document.text) + len(document.context or "") for document in documents)
        if len(documents) > self._room or (self._characters and self._characters + size > CHARACTERS):
            raise Refused(503, "too many texts are waiting to be judged", (b"retry-after", b"1"))
        self._room -= len(documents)
        self._characters += size
        future: asyncio.Future[list[Verdict]] = asyncio.get_running_loop().create_future()
        self._asked.append(Asked(documents, size, future))
        self._ready.set()
        try:
            return await future
        finally:
            self._room += len(documents)
            self._characters -= size

    async def close(self) -> None:
        """Judge what is waiting, and end."""
        while self.waiting:
            await asyncio.sleep(0.01)
        self._task.cancel()
        self._thread.shutdown()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._ready.wait()
            if self._linger:
                await asyncio.sleep(self._linger)
            batch = self._next()
            documents = [document for asked in batch for document in asked.documents]
            if not documents:
                continue
            self.on_batch(len(documents))
            try:
                verdicts = iter(await loop.run_in_executor(self._thread, self._judge, documents))
                for asked in batch:
                    answer = [next(verdicts) for _ in asked.documents]
                    if not asked.done.done():
                        asked.done.set_result(answer)
            except Exception as error:
                for asked in batch:
                    if not asked.done.done():
                        asked.done.set_exception(error)

    def _next(self) -> list[Asked]:
        """Take what is waiting, as much as one batch should hold; those who gave up are left out."""
        batch: list[Asked] = []
        number = size = 0
        while self._asked:
            asked = self._asked[0]
            if batch and (number + len(asked.documents) > self._documents or size + asked.size > BATCH_CHARACTERS):
                break
            self._asked.popleft()
            if not asked.done.done():
                batch.append(asked)
                number += len(asked.documents)
                size += asked.size
        if not self._asked:
            self._ready.clear()
        return batch
