"""Coral's external moderation phase: a signed comment comes, and what is to become of it goes back.

Coral publishes a comment that is not answered in time, or with an error. So whatever goes wrong with a comment here is
answered with SYSTEM_WITHHELD, and a person sees it; only those who do not have the secret are told an error.
"""

from __future__ import annotations

import codecs
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from moderator.errors import InputError
from moderator.records import Document, Verdict
from moderator.server import api
from moderator.server.http import JSON, Refused, Reply, Request
from moderator.server.labels import site_of

if TYPE_CHECKING:
    from moderator.server.app import App

SECONDS = 0.15
NAME = "coral"  # what its comments are counted under
STAFF = ("STAFF", "MODERATOR", "ADMIN")
WITHHELD = {"status": "SYSTEM_WITHHELD"}
STATUS = {"hold": "SYSTEM_WITHHELD", "reject": "REJECTED"}
SPAM = {"actions": [{"actionType": "FLAG", "reason": "COMMENT_DETECTED_SPAM"}]}
TOLD = frozenset((401, 405))  # errors that Coral cannot run into once it is set up


@dataclass(frozen=True, slots=True)
class Coral:
    """What is agreed with Coral: the secrets that it may sign with, and how soon it is answered."""

    secrets: tuple[bytes, ...] = field(default=(), repr=False)
    seconds: float = SECONDS


def read_secrets(path: Path | None) -> tuple[bytes, ...]:
    """Return the secrets in a file, one a line; raises InputError if it cannot be read or has none."""
    if path is None:
        return ()
    try:
        found = tuple(path.read_bytes().removeprefix(codecs.BOM_UTF8).split())
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", path=str(path)) from error
    if not found:
        raise InputError("has no secret: write the signing secret of Coral's moderation phase into it", path=str(path))
    return found


def is_signed(body: bytes, header: str, known: tuple[bytes, ...]) -> bool:
    """Return whether one of the signatures was made with one of the secrets; after a rotation there are two."""
    pairs = (part.strip().partition("=") for part in header.split(","))
    given = [value.encode("latin-1") for name, _, value in pairs if name == "sha256"]
    wanted = [hmac.new(secret, body, hashlib.sha256).hexdigest().encode() for secret in known]
    return any(hmac.compare_digest(one, other) for one in given for other in wanted)


async def moderate(app: App, request: Request) -> Reply:
    """Say what is to become of a comment; what may be published is left to Coral's own rules."""
    return await _answer(app, request, Reply(b"", status=204))


async def decide(app: App, request: Request) -> Reply:
    """Do the same, but also let through what may be published although Coral would hold all that is not answered."""
    return await _answer(app, request, _json({"status": "NONE"}))


async def _answer(app: App, request: Request, published: Reply) -> Reply:
    if not is_signed(request.body, request.header(b"x-coral-signature"), app.coral.secrets):
        raise Refused(401, "not signed with a secret of this server: see moderator serve --coral-secrets")
    request.notes["key"] = NAME
    row = api.parsed(request.body)
    document = document_of(row, secrets.token_hex(16))
    if _part(row, "author").get("role") in STAFF:
        request.notes["action"] = "fixed"
        return published
    verdict = await app.judge_one(request, document, app.coral.seconds)
    request.notes["action"] = verdict.action
    seen = "ham" if verdict.action == "publish" else "spam"
    app.store.count(NAME, site_of(document.site_url), "api_calls", seen)
    return published if verdict.action == "publish" else _json(kept_back(verdict))


def document_of(row: Any, name: str) -> Document:
    """Return the comment of a request; raises Refused if there is none. Coral gives no name of its author."""
    if not isinstance(row, dict):
        raise Refused(400, "not a JSON object")
    text, address = _part(row, "comment").get("body"), _part(row, "story").get("url")
    if not isinstance(text, str):
        raise Refused(400, "comment.body is not a text")
    return Document(text, name, site_url=address if isinstance(address, str) and address else None)


def kept_back(verdict: Verdict) -> Mapping[str, Any]:
    """Return what Coral is to do with a comment that is not published; only spam is flagged as such."""
    return {"status": STATUS[verdict.action], **(SPAM if verdict.label == "spam" else {})}


def refusal(refused: Refused, request: Request) -> Reply:
    """Have a comment withheld that could not be judged."""
    if refused.status in TOLD:
        return api.refusal(refused, request)
    return _json(WITHHELD, tuple(pair for pair in refused.headers if pair[0] == b"connection"))


def _part(row: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = row.get(name)
    return part if isinstance(part, dict) else {}


def _json(data: Mapping[str, Any], headers: tuple[tuple[bytes, bytes], ...] = ()) -> Reply:
    return Reply(json.dumps(data).encode(), JSON, headers=headers)
