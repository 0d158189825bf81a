"""The description of the API (OpenAPI 3.1), and the same as a page that needs nothing from elsewhere."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import moderator
from moderator.records import ACTIONS, KINDS, LABELS, MEDIA
from moderator.server.http import JSON, Reply, Request

if TYPE_CHECKING:
    from moderator.server.app import App

Json = dict[str, Any]
HTML = b"text/html; charset=utf-8"
STYLE = """body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem;color:#222}
h2{border-top:1px solid #ccc;padding-top:1rem}code{background:#f3f3f3;padding:.1em .3em}
table{border-collapse:collapse}td,th{text-align:left;vertical-align:top;padding:.2rem 1rem .2rem 0}
@media(prefers-color-scheme:dark){a{color:#8bf}body{color:#ddd;background:#161616}code{background:#2a2a2a}}"""


def _text(description: str, **rest: Any) -> Json:
    return {"type": "string", "description": description, **rest}


DOCUMENT: Json = {
    "type": "object",
    "required": ["text"],
    "properties": {
        "text": _text("the comment or page"),
        "id": _text("comes back in the verdict"),
        "kind": _text("what it is", enum=list(KINDS), default="comment"),
        "media": _text("how it is written", enum=list(MEDIA), default="auto"),
        "context": _text("the post that a comment stands under: title and text"),
        "author": _text("the name that a commenter gave"),
        "url": _text("the site that a commenter gave"),
        "site_url": _text("the address of the site that publishes"),
        "language": _text("the language of a page (BCP 47)"),
    },
}
_NUMBER: Json = {"type": ["number", "null"]}
_LIST: Json = {"type": "array", "items": {"type": "object"}}
VERDICT: Json = {
    "type": "object",
    "required": ["id", "guid", "action", "label", "score", "findings", "failures", "model", "policy"],
    "properties": {
        "id": _text("that of the document, or the guid"),
        "guid": _text("names this check when it is labelled later"),
        "action": _text("what to do", enum=list(ACTIONS)),
        "label": {"type": ["string", "null"], "enum": [*LABELS, None], "description": "what it is"},
        "score": {**_NUMBER, "description": "probability that the text should not be published"},
        "bias": {**_NUMBER, "description": "log-odds to begin with"},
        "findings": {**_LIST, "description": "what is flagged, and where"},
        "contributions": {**_LIST, "description": "how the score adds up"},
        "failures": {**_LIST, "description": "what failed; the action is then hold or stronger"},
        "model": _text("what judged"),
        "policy": _text("what judged"),
        "allowed": {**_LIST, "description": "only if there is any: what does not count, and the rule that says so"},
    },
}
LABEL: Json = {
    "type": "object",
    "required": ["label"],
    "properties": {
        "label": _text("what it is", enum=list(LABELS)),
        "guid": _text("of an earlier check with the same key; instead of a document"),
        **DOCUMENT["properties"],
    },
}
FORM: Json = {
    "type": "object",
    "required": ["blog"],
    "properties": {
        "api_key": _text("the key, unless the host name begins with it"),
        "blog": _text("the address of the site"),
        "comment_content": _text("the comment"),
        "comment_author": _text("the name that the commenter gave"),
        "comment_author_email": _text("only compared with the address for tests"),
        "comment_author_url": _text("the site that the commenter gave"),
        "comment_type": _text("blog-post is judged as a page, all others as a comment"),
        "comment_context[]": {"type": "array", "items": {"type": "string"}, "description": "the post"},
        "user_role": _text("administrator is always ham"),
        "is_test": _text("1: nothing is counted or kept"),
        "honeypot_field_name": _text("name of a field that people leave empty"),
        "blog_charset": _text("the encoding of the fields, if it is not UTF-8"),
    },
}
CORAL: Json = {
    "type": "object",
    "required": ["comment"],
    "properties": {
        "action": _text("not looked at", enum=["NEW", "EDIT"]),
        "comment": {"type": "object", "description": "body is the comment, as HTML or as text"},
        "author": {"type": "object", "description": "role: STAFF, MODERATOR and ADMIN are not judged"},
        "story": {"type": "object", "description": "url says which site it is"},
    },
}
CORAL_ANSWER: Json = {
    "type": "object",
    "properties": {
        "status": _text("what the comment becomes", enum=["SYSTEM_WITHHELD", "REJECTED", "NONE"]),
        "actions": {**_LIST, "description": "a flag for what is spam"},
    },
}
KEY: Json = {"type": "object", "properties": {name: FORM["properties"][name] for name in ("api_key", "blog")}}
_FORM, _PLAIN = "application/x-www-form-urlencoded", "text/plain"
# Path: methods, a summary, what is sent, what comes back, how one says who one is.
PATHS: dict[str, tuple[tuple[str, ...], str, Json, Json, str]] = {
    "/v1/check": (
        ("post",), "Judge one document.",
        {"application/json": DOCUMENT}, {"application/json": VERDICT}, "bearer",
    ),
    "/v1/check/batch": (
        ("post",), "Judge up to 10,000 documents; the verdicts have the same order.",
        {"application/json": {"type": "array", "items": DOCUMENT}, "application/x-ndjson": DOCUMENT},
        {"application/json": {"type": "array", "items": VERDICT}, "application/x-ndjson": VERDICT}, "bearer",
    ),
    "/v1/labels": (
        ("post",), "Say what a document is; the answer means that it is on disk.",
        {"application/json": LABEL}, {"application/json": {"type": "object"}}, "bearer",
    ),
    "/v1/health": (("get",), "Whether it serves, and with which model.", {}, {"application/json": {}}, ""),
    "/metrics": (("get",), "Counters for Prometheus; to other machines only with a key.", {}, {_PLAIN: {}}, "bearer"),
    "/openapi.json": (("get",), "This description.", {}, {"application/json": {}}, ""),
    "/": (("get",), "This description as a page.", {}, {"text/html": {}}, ""),
    "/coral/v1/moderate": (
        ("post",), "For Coral's external moderation phase. 204 for publish; what goes wrong is withheld.",
        {"application/json": CORAL}, {"application/json": CORAL_ANSWER}, "signature",
    ),
    "/coral/v1/decide": (
        ("post",), "The same, but NONE for publish: for a Coral that holds all that no phase decides.",
        {"application/json": CORAL}, {"application/json": CORAL_ANSWER}, "signature",
    ),
    "/1.1/verify-key": (("post",), "valid or invalid.", {_FORM: KEY}, {_PLAIN: {}}, "form"),
    "/1.1/comment-check": (
        ("post",), "true for hold and reject, false for publish. X-akismet-pro-tip: discard stands for reject.",
        {_FORM: FORM}, {_PLAIN: {"enum": ["true", "false", "invalid"]}}, "form",
    ),
    "/1.1/submit-spam": (("post",), "This is spam; thanks once it is on disk.", {_FORM: FORM}, {_PLAIN: {}}, "form"),
    "/1.1/submit-ham": (("post",), "This is ham; thanks once it is on disk.", {_FORM: FORM}, {_PLAIN: {}}, "form"),
    "/1.2/usage-limit": (("get", "post"), "How much a key was used this month.", {}, {"application/json": {}}, "form"),
    "/1.2/key-sites": (
        ("get", "post"), "Sites of a key, with counts; month=YYYY-MM, format=csv, order, filter, limit, offset.",
        {}, {"application/json": {}, "text/csv": {}}, "form",
    ),
    "/1.1/get-subscription": (("get", "post"), "For WordPress's settings page.", {}, {"application/json": {}}, "form"),
    "/1.1/get-stats": (
        ("get", "post"), "Counts of a site, by month; from=all: by year; from=60-days: months, as days are not kept.",
        {}, {"application/json": {}}, "form",
    ),
    "/1.2/get-key-stats": (
        ("get", "post"), "The same for all sites of a key, with their number.", {}, {"application/json": {}}, "form",
    ),
    "/1.1/deactivate": (("post",), "For WordPress.", {_FORM: KEY}, {_PLAIN: {}}, "form"),
    "/1.1/test": (("get",), "For WordPress.", {}, {_PLAIN: {}}, ""),
}  # fmt: skip
ERRORS = {
    "400": "the request makes no sense",
    "401": "no good key or signature; the paths of Akismet answer invalid instead",
    "408": "the body came too slowly",
    "413": "too large",
    "415": "not the content type that is expected",
    "429": "too much for this key; see Retry-After",
    "503": "busy; see Retry-After",
}


def document() -> Json:
    """Return the description."""
    paths: Json = {}
    for path, (methods, summary, sent, back, auth) in PATHS.items():
        answers: Json = {"200": {"description": "done", "content": {k: {"schema": v} for k, v in back.items()}}}
        answers |= {code: {"description": text} for code, text in ERRORS.items()} if sent or auth else {}
        operation: Json = {"summary": summary, "responses": answers, "security": [{auth: []}, {}] if auth else []}
        if sent:
            operation["requestBody"] = {"required": True, "content": {k: {"schema": v} for k, v in sent.items()}}
        paths[path] = dict.fromkeys(methods, operation)
    schemes = {
        "bearer": {"type": "http", "scheme": "bearer"},
        "form": {"type": "apiKey", "in": "query", "name": "api_key", "description": "or in the body, or in the host"},
        "signature": {"type": "apiKey", "in": "header", "name": "X-Coral-Signature", "description": "sha256=HMAC"},
    }
    info = {"title": "moderator", "version": moderator.__version__, "license": {"name": "MIT", "identifier": "MIT"}}
    return {"openapi": "3.1.0", "info": info, "paths": paths, "components": {"securitySchemes": schemes}}


def page() -> str:
    """Return the description as a page."""
    body = "\n".join(line for path in PATHS for line in _section(path))
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>moderator</title><style>{STYLE}</style>\n'
        f"<h1>moderator {moderator.__version__}</h1>\n<p>A key goes into <code>Authorization: Bearer KEY</code>, for "
        f'Akismet clients where they put it. <a href="/openapi.json">openapi.json</a></p>\n{body}</html>\n'
    )


def _section(path: str) -> Iterator[str]:
    methods, summary, sent, back, _ = PATHS[path]
    yield f"<h2>{' '.join(methods).upper()} <code>{html.escape(path)}</code></h2><p>{html.escape(summary)}</p>"
    for title, schemas in (("send", sent), ("receive", back)):
        if schemas:
            yield f"<p>{title} {' or '.join(f'<code>{media}</code>' for media in schemas)}</p>"
            schema = next(iter(schemas.values()))
            yield from _rows(schema.get("items", schema))


def _rows(schema: Json) -> Iterator[str]:
    if "properties" not in schema:
        return
    yield "<table>"
    for name, value in schema["properties"].items():
        must = " (required)" if name in schema.get("required", ()) else ""
        choice = f": {', '.join(map(str, value['enum']))}" if "enum" in value else ""
        description = html.escape(f"{value.get('description', '')}{choice}{must}")
        yield f"<tr><td><code>{html.escape(name)}</code><td>{description}"
    yield "</table>"


async def serve_document(app: App, request: Request) -> Reply:
    """Answer with the description."""
    return Reply(json.dumps(document()).encode(), JSON)


async def serve_page(app: App, request: Request) -> Reply:
    """Answer with the page; a browser is told to load nothing else."""
    policy = b"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
    headers = ((b"content-security-policy", policy), (b"x-content-type-options", b"nosniff"))
    return Reply(page().encode(), HTML, headers=headers)
