"""The JSON API: the same records as in JSON Lines, the same verdicts as `moderator check` prints."""

from __future__ import annotations

import asyncio
import json
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import moderator
from moderator.errors import InputError
from moderator.readers import files
from moderator.records import LABELS, Document, Failure, Verdict
from moderator.report import to_json, to_line
from moderator.server.http import JSON, NDJSON, Refused, Reply, Request
from moderator.server.labels import site_of

if TYPE_CHECKING:
    from moderator.server.app import App
    from moderator.server.keys import Key

DOCUMENTS = 10_000  # in one request
AT_ONCE = 100  # of them, before others get their turn: Coral waits less than the answer to all of them takes
OBJECTS = ("application/json",)
LINES = ("application/x-ndjson", "application/jsonl", "application/x-jsonlines", "application/jsonlines")
_GUID = "0123456789abcdef"


async def holder(app: App, request: Request) -> Key:
    """Return whose key a request has; raises Refused if it has none that is good."""
    scheme, _, secret = request.header(b"authorization").partition(" ")
    key = await app.keys.holder(request, secret.strip() if scheme.lower() == "bearer" else "")
    if key is None:
        raise Refused(401, "send a key: Authorization: Bearer KEY", (b"www-authenticate", b"Bearer"))
    request.notes["key"] = key.name
    return key


async def check(app: App, request: Request) -> Reply:
    """Judge one document."""
    key = await holder(app, request)
    if request.media not in OBJECTS:
        raise Refused(415, "send application/json")
    guid = secrets.token_hex(16)
    document = _document(parsed(request.body), guid)
    app.limits.spend(key)
    verdict = await app.judge_one(request, document)
    request.notes["action"] = verdict.action
    _remember(app, key, document, verdict, guid)
    return Reply(_line(verdict, document, guid), JSON)


async def check_batch(app: App, request: Request) -> Reply:
    """Judge many documents; one that is wrong has a verdict that says so, like a line that cannot be read."""
    key = await holder(app, request)
    if request.media not in (*OBJECTS, *LINES):
        raise Refused(415, "send application/json, an array, or application/x-ndjson")
    lines = request.media in LINES
    rows = _lines(request.body) if lines else parsed(request.body)
    if not isinstance(rows, list):
        raise Refused(400, "not a JSON array")
    if len(rows) > DOCUMENTS:
        raise Refused(413, f"more than {DOCUMENTS} documents")
    app.limits.spend(key, len(rows))
    guids = [secrets.token_hex(16) for _ in rows]
    read: list[Document | Failure] = []
    for first in range(0, len(rows), AT_ONCE):
        part = slice(first, first + AT_ONCE)
        read += map(_read, rows[part], guids[part])
        await asyncio.sleep(0)
    sound = [document for document in read if isinstance(document, Document)]
    verdicts = iter(await app.judge(request, sound))
    answers = []
    for number, (document, guid) in enumerate(zip(read, guids, strict=True), 1):
        if number % AT_ONCE == 0:
            await asyncio.sleep(0)  # others get their turn
        if isinstance(document, Document):
            verdict = next(verdicts)
            _remember(app, key, document, verdict, guid)
            answers.append(_line(verdict, document, guid))
        else:
            answers.append(_line(app.models.moderator.unjudged(guid, document), Document(""), guid))
    request.notes["documents"] = len(rows)
    if lines:
        return Reply(b"".join(answer + b"\n" for answer in answers), NDJSON)
    return Reply(b"[" + b",\n".join(answers) + b"]", JSON)


async def labels(app: App, request: Request) -> Reply:
    """Take a label of a document, or of one that was checked before."""
    key = await holder(app, request)
    if request.media not in OBJECTS:
        raise Refused(415, "send application/json")
    row = parsed(request.body)
    if not isinstance(row, dict):
        raise Refused(400, "not a JSON object")
    label, guid = row.get("label"), row.get("guid")
    if label not in LABELS:
        raise Refused(400, f"label must be one of {', '.join(LABELS)}")
    if (guid is None) == ("text" not in row):
        raise Refused(400, "send either a text or the guid of an earlier check")
    app.limits.spend(key)
    if guid is None:
        await app.store.label(key.name, label, _document(row, secrets.token_hex(16)))
    else:
        if not isinstance(guid, str) or len(guid) != 32 or guid.strip(_GUID):
            raise Refused(400, "a guid has 32 hexadecimal digits")
        if not await app.store.label_checked(key.name, label, guid):
            raise Refused(404, "no check with this guid is remembered")
    app.metrics.add("labels_total", "label", label)
    return Reply(b'{"stored": true}', JSON)


async def health(app: App, request: Request) -> Reply:
    """Say that it serves, and with which model."""
    data = {"status": "ok", "model": app.models.moderator.model, "version": moderator.__version__}
    return Reply(json.dumps(data).encode(), JSON)


async def metrics(app: App, request: Request) -> Reply:
    """Return the counters; without a key only to this machine."""
    if not request.local:
        await holder(app, request)
    return Reply(app.metrics_text().encode(), b"text/plain; version=0.0.4; charset=utf-8")


def refusal(refused: Refused, request: Request) -> Reply:
    """Return an error as JSON."""
    body = json.dumps({"error": refused.message, "request_id": request.id}).encode()
    return Reply(body, JSON, refused.status, refused.headers)


def parsed(body: bytes) -> Any:
    """Return the value of a body that is JSON; raises Refused if it is not."""
    try:
        return json.loads(body.decode("utf-8-sig"))
    except RecursionError as error:
        raise Refused(400, "nested too deeply") from error
    except UnicodeDecodeError as error:
        raise Refused(400, f"not UTF-8: byte at {error.start}") from error
    except ValueError as error:
        raise Refused(400, f"not JSON: {error}") from error


def _lines(body: bytes) -> list[Any]:
    """Return the value of each line that is not blank, or what is wrong with it."""
    found: list[Any] = []
    for line in body.split(b"\n"):
        if line.strip():
            try:
                found.append(parsed(line))
            except Refused as error:
                found.append(Failure("input", error.message))
    return found


def _document(row: Any, name: str) -> Document:
    try:
        return files.parse(row, name, files.Options())
    except InputError as error:
        raise Refused(400, error.message) from error


def _read(row: Any, name: str) -> Document | Failure:
    try:
        return row if isinstance(row, Failure) else _document(row, name)
    except Refused as error:
        return Failure("input", error.message)


def _line(verdict: Verdict, document: Document, guid: str) -> bytes:
    """Return a verdict as JSON; lone surrogates become escapes, which JSON reads back."""
    return to_line(to_json(verdict, document.text, guid=guid)).encode("utf-8", "backslashreplace")


def _remember(app: App, key: Key, document: Document, verdict: Verdict, guid: str) -> None:
    spam = "ham" if verdict.action == "publish" else "spam"
    app.store.count(key.name, site_of(document.site_url), "api_calls", spam)
    app.store.checked(key.name, replace(document, id=guid), verdict.action, verdict.score)
