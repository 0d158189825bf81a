"""The application: which path leads where, and what every request has in common."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from moderator.records import Document, Verdict
from moderator.server import akismet, api, coral, openapi
from moderator.server.batching import Batcher
from moderator.server.coral import Coral
from moderator.server.http import (
    Gone,
    Receive,
    Refused,
    Reply,
    Request,
    Scope,
    Send,
    read_body,
    request_of,
    send_reply,
)
from moderator.server.keys import Keyring
from moderator.server.labels import Store
from moderator.server.limits import Limits
from moderator.server.logs import Log
from moderator.server.metrics import Metrics
from moderator.server.models import Models

Handler = Callable[["App", Request], Awaitable[Reply]]
Refusal = Callable[[Refused, Request], Reply]
GET, POST, BOTH = ("GET", "HEAD"), ("POST",), ("GET", "HEAD", "POST")
OTHER = "other"  # the path of all requests that lead nowhere


def where(error: BaseException) -> str:
    """Return what an error is and where it comes from; its message may hold the text, and that is not logged."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    return f"{type(error).__name__} in " + ", ".join(f"{Path(f.filename).name}:{f.lineno}" for f in frames)


@dataclass(frozen=True, slots=True)
class Route:
    """What answers a path."""

    methods: tuple[str, ...]
    handler: Handler
    refusal: Refusal = api.refusal  # how it words an error


ROUTES = {
    "/v1/check": Route(POST, api.check),
    "/v1/check/batch": Route(POST, api.check_batch),
    "/v1/labels": Route(POST, api.labels),
    "/v1/health": Route(GET, api.health),
    "/metrics": Route(GET, api.metrics),
    "/openapi.json": Route(GET, openapi.serve_document),
    "/": Route(GET, openapi.serve_page),
    "/coral/v1/moderate": Route(POST, coral.moderate, coral.refusal),
    "/coral/v1/decide": Route(POST, coral.decide, coral.refusal),
    "/1.1/verify-key": Route(POST, akismet.verify_key, akismet.refusal),
    "/1.1/comment-check": Route(POST, akismet.comment_check, akismet.refusal),
    "/1.1/submit-spam": Route(POST, akismet.submit_spam, akismet.refusal),
    "/1.1/submit-ham": Route(POST, akismet.submit_ham, akismet.refusal),
    "/1.2/usage-limit": Route(BOTH, akismet.usage_limit, akismet.refusal),
    "/1.2/key-sites": Route(BOTH, akismet.key_sites, akismet.refusal),
    "/1.1/get-subscription": Route(BOTH, akismet.subscription, akismet.refusal),
    "/1.1/get-stats": Route(BOTH, akismet.stats, akismet.refusal),
    "/1.2/get-key-stats": Route(BOTH, akismet.key_stats, akismet.refusal),
    "/1.1/deactivate": Route(POST, akismet.deactivate, akismet.refusal),
    "/1.1/test": Route(GET, akismet.test, akismet.refusal),
}
PATHS = (*ROUTES, OTHER)


@dataclass(slots=True)
class App:
    """What answers requests, with everything that it needs for it."""

    models: Models
    batcher: Batcher
    store: Store
    keys: Keyring
    limits: Limits
    metrics: Metrics
    log: Log
    max_body: int = 1 << 21
    body_seconds: float = 10.0
    judge_seconds: float = 10.0
    recheck_after: int = 0
    log_text: bool = False
    worker: bool = False  # one of several processes
    coral: Coral = field(default_factory=Coral)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        began = time.perf_counter()
        request = request_of(scope)
        route = ROUTES.get(request.path)
        try:
            reply = await self._answer(request, route, receive)
        except Gone:
            self.log.write("gone", request_id=request.id, path=request.path[:200])
            return
        await send_reply(send, reply, request)
        self._note(request, reply, time.perf_counter() - began)

    async def _answer(self, request: Request, route: Route | None, receive: Receive) -> Reply:
        try:
            if "refuse" in request.notes:
                raise Refused(400, request.notes.pop("refuse"))
            if route is None:
                raise Refused(404, "no such path")
            if request.method not in route.methods:
                raise Refused(405, f"use {' or '.join(route.methods)}", (b"allow", ", ".join(route.methods).encode()))
            request.body = await read_body(receive, request.headers, self.max_body, self.body_seconds)
            return await route.handler(self, request)
        except Refused as error:
            refused = error
        except Gone:
            raise
        except Exception as error:
            request.notes["error"] = where(error)
            refused = Refused(500, "something went wrong here; the log has more under this request's id")
        request.notes["refused"] = refused.message
        return (route.refusal if route else api.refusal)(refused, request)

    async def judge_one(self, request: Request, document: Document, seconds: float | None = None) -> Verdict:
        """Judge one document, in less time than usual if that is said."""
        return (await self.judge(request, [document], seconds))[0]

    async def judge(
        self, request: Request, documents: Sequence[Document], seconds: float | None = None
    ) -> list[Verdict]:
        """Judge documents, in parts, so that others get their turn; raises Refused if it takes too long."""
        verdicts: list[Verdict] = []
        part = self.batcher.part
        try:
            for first in range(0, len(documents), part):
                async with asyncio.timeout(seconds or self.judge_seconds):
                    verdicts += await self.batcher.judge(documents[first : first + part])
        except TimeoutError as error:
            raise Refused(503, "judging takes too long at the moment", (b"retry-after", b"5")) from error
        for verdict in verdicts:
            self.metrics.add("verdicts_total", "action", verdict.action)
            if verdict.failures:
                self.metrics.add("failures_total")
                request.notes["failures"] = [f"{f.detector}: {f.error.partition(':')[0]}" for f in verdict.failures[:3]]
        if self.log_text:
            request.notes["text"] = [document.text[:2000] for document in documents[:20]]
        return verdicts

    def doubtful(self, verdict: Verdict) -> bool:
        """Return whether a document that is published was close to being held: half the odds are enough."""
        hold = self.models.moderator.policy.rules["comment"].hold
        return verdict.score is not None and 2 * verdict.score * (1 - hold) > hold * (1 - verdict.score)

    def metrics_text(self) -> str:
        """Return all counters and what is the case now."""
        return self.metrics.text(
            {
                "waiting_documents": ("Documents that wait or are being judged.", "", self.batcher.waiting),
                "model_info": ("The model that judges.", f'{{model="{self.models.moderator.model}"}}', 1),
            }
        )

    def _note(self, request: Request, reply: Reply, seconds: float) -> None:
        path = request.path if request.path in ROUTES else OTHER
        self.metrics.add("requests_total", "path", path, "status", str(reply.status))
        self.metrics.observe("request_seconds", seconds, "path", path)
        what = {"method": request.method, "path": request.path[:200], "status": reply.status}
        self.log.write("request", request_id=request.id, **what, ms=round(seconds * 1000, 2), **request.notes)
