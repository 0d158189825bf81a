"""Isso that asks a moderator server: comments are published, held for the owner, or refused.

Serve it instead of `isso.run`, with any WSGI server: `gunicorn 'moderator.integrations.isso:make_app()'`.
`ISSO_SETTINGS` is the configuration of Isso, `MODERATOR_URL` and `MODERATOR_KEY` say whom to ask; `guard` must be
enabled. What the owner activates is a label. A comment that its author edits is not judged again.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Mapping
from functools import partial
from html import unescape
from typing import Any
from urllib.request import Request, urlopen

TIMEOUT = 5.0  # seconds that whoever comments waits at most
_NAMES = {"author": "author", "url": "website"}
_log = logging.getLogger("moderator")


def ask(path: str, data: Mapping[str, Any]) -> dict[str, Any] | None:
    """Send JSON to the server and return what it answers, or nothing if it does not."""
    url, key = os.environ.get("MODERATOR_URL", "http://127.0.0.1:8500"), os.environ.get("MODERATOR_KEY")
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    body = json.dumps({name: value for name, value in data.items() if value is not None}).encode()
    try:
        with urlopen(Request(url.rstrip("/") + path, body, headers), timeout=TIMEOUT) as answer:  # noqa: S310
            found = json.load(answer)
    except (OSError, ValueError) as error:
        _log.error("%s does not answer: %s", url, error)
        return None
    return found if isinstance(found, dict) else None


def document(thread: Mapping[str, Any], comment: Mapping[str, Any]) -> dict[str, Any]:
    """Return a comment of Isso as a record; the names in it are escaped for HTML, the text is Markdown."""
    names = {name: unescape(comment[field]) if comment.get(field) else None for name, field in _NAMES.items()}
    return {"text": comment["text"], "media": "markdown", "context": thread["title"] or None, **names}


def judge(guard: Any, uri: str, comment: dict[str, Any]) -> tuple[bool, str]:
    """Say whether a comment may be stored, and have it held if the server says so or says nothing."""
    verdict = ask("/v1/check", document(guard.db.threads[uri], comment))
    if verdict is None or verdict["action"] == "hold":
        comment["mode"] = 2
    rejected = verdict is not None and verdict["action"] == "reject"
    return not rejected, "it looks like spam" if rejected else ""


class Labels:
    """What the owner decides, as labels."""

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        """Yield what to listen to, as Isso wants it."""
        yield "comments.activate", self.activated

    def activated(self, thread: Mapping[str, Any], comment: Mapping[str, Any]) -> None:
        """Tell the server that a held comment was published."""
        ask("/v1/labels", {"label": "ham", **document(thread, comment)})


def make_app() -> Any:
    """Return Isso as a WSGI application that asks."""
    import isso
    from isso import config, ext
    from isso.db.spam import Guard

    Guard._spam = judge
    ext.Signal = partial(ext.Signal, Labels())
    return isso.make_app(config.load(config.default_file(), os.environ.get("ISSO_SETTINGS")), multiprocessing=True)
