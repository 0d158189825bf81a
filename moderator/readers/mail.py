"""Mail messages: who wrote them, what they say."""

from __future__ import annotations

import email
import email.errors
import email.header
import email.policy
import email.utils
import re
from contextlib import suppress
from email.message import Message
from typing import Any

HEAD = re.compile(rb"(From |(Return-Path|Received|Delivered-To|Message-ID|Date|From|MIME-Version|X-[\w-]+):)", re.I)


def read(data: bytes) -> dict[str, Any]:
    r"""Return subject and body as text, the sender's name as author, and the media of the body.

    >>> read(b"From: Ann <a@b.example>\nSubject: Hello\n\nSee you.\n")
    {'text': 'Hello\n\nSee you.', 'author': 'Ann', 'media': 'plain'}
    """
    message = email.message_from_bytes(data, policy=email.policy.compat32)
    parts = {part.get_content_type(): part for part in reversed(list(message.walk())) if not part.is_multipart()}
    media = "html" if "text/html" in parts and "text/plain" not in parts else "plain"
    part = parts.get("text/html" if media == "html" else "text/plain")
    subject, body = _header(message, "Subject"), _body(part) if part is not None else ""
    author, _ = email.utils.parseaddr(_header(message, "From"))
    return {"text": "\n\n".join(filter(None, (subject, body))), "author": author, "media": media}


def _header(message: Message, name: str) -> str:
    value = str(message.get(name) or "")
    with suppress(ValueError, LookupError, email.errors.MessageError):  # badly encoded, as spam often is
        value = str(email.header.make_header(email.header.decode_header(value)))
    return " ".join(value.split())


def _body(part: Message) -> str:
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    try:
        text = data.decode(str(part.get_content_charset() or "utf-8"))
    except (LookupError, ValueError):
        text = data.decode("latin-1")
    return text.replace("\r\n", "\n").strip()
