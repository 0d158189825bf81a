"""The little of HTTP that is needed: a request with a bounded body, a reply, and refusals."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = tuple[tuple[bytes, bytes], ...]

TEXT, JSON, NDJSON = b"text/plain; charset=utf-8", b"application/json", b"application/x-ndjson"
LOOPBACK = re.compile(r"127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1|::ffff:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|")
DRAINED = 4  # times the limit, that are read and thrown away
_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_FORWARDED = frozenset((b"forwarded", b"x-forwarded-for", b"x-real-ip", b"via"))


class Refused(Exception):  # noqa: N818 - an answer, not an error of ours
    """A request that is answered with an error."""

    def __init__(self, status: int, message: str, *headers: tuple[bytes, bytes]) -> None:
        self.status, self.message, self.headers = status, message, headers
        super().__init__(message)


class Gone(Exception):  # noqa: N818
    """The client went away before its request was complete."""


@dataclass(slots=True)
class Request:
    """A request that was read in full, and what is noted about it for the log."""

    method: str
    path: str
    query: bytes
    headers: dict[bytes, bytes]
    peer: str
    id: str
    body: bytes = b""
    notes: dict[str, Any] = field(default_factory=dict)

    def header(self, name: bytes) -> str:
        """Return a header as text, empty if it is missing."""
        return self.headers.get(name, b"").decode("latin-1").strip()

    @property
    def media(self) -> str:
        """Return the type of the body, without its parameters."""
        return self.header(b"content-type").partition(";")[0].strip().lower()

    @property
    def local(self) -> bool:
        """Return whether it comes from this machine itself, and not through a proxy or from a web page."""
        return bool(LOOPBACK.fullmatch(self.peer)) and not (_FORWARDED | {b"origin"}) & self.headers.keys()


@dataclass(frozen=True, slots=True)
class Reply:
    """What is sent back."""

    body: bytes
    media: bytes = TEXT
    status: int = 200
    headers: Headers = ()


def request_of(scope: Scope) -> Request:
    """Return the head of a request; raises Refused for one with two hosts or two keys."""
    headers: dict[bytes, bytes] = {}
    twice = False
    for name, value in scope["headers"]:
        twice |= name in headers and name in (b"host", b"authorization", b"content-type", b"content-length")
        headers.setdefault(name, value)
    given = headers.get(b"x-request-id", b"")
    name = given.decode() if _ID.fullmatch(given) else secrets.token_hex(8)
    client = scope.get("client")
    request = Request(scope["method"], scope["path"], scope["query_string"], headers, client[0] if client else "", name)
    if twice:
        request.notes["refuse"] = "a header that must stand there once is repeated"
    return request


async def read_body(receive: Receive, headers: dict[bytes, bytes], limit: int, seconds: float) -> bytes:
    """Return the body of a request; raises Refused if it is too large or comes too slowly."""
    length = headers.get(b"content-length", b"0")
    if len(length) > 15 or int(length) > limit * DRAINED:
        raise Refused(413, f"the body is larger than {limit} bytes", (b"connection", b"close"))
    message = await receive() if length == b"0" and b"transfer-encoding" not in headers else None
    if message and not message.get("more_body"):
        return b"" if message["type"] == "http.disconnect" else bytes(message["body"])
    parts: list[bytes] = [message["body"]] if message else []
    size = len(parts[0]) if parts else 0
    try:
        async with asyncio.timeout(seconds):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Gone
                size += len(message["body"])
                if size <= limit:
                    parts.append(message["body"])
                # Some of what is too much is read, since a client that cannot send all does not see the answer.
                if size > limit and (not message.get("more_body") or size > limit * DRAINED):
                    raise Refused(413, f"the body is larger than {limit} bytes", (b"connection", b"close"))
                if not message.get("more_body"):
                    return b"".join(parts)
    except TimeoutError as error:
        raise Refused(408, "the body came too slowly", (b"connection", b"close")) from error


async def send_reply(send: Send, reply: Reply, request: Request) -> None:
    """Send a reply."""
    headers = [(b"x-request-id", request.id.encode()), *reply.headers]
    if reply.status != 204:
        headers += [(b"content-type", reply.media), (b"content-length", b"%d" % len(reply.body))]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if request.method == "HEAD" else reply.body})
