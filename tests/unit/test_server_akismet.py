"""What clients of Akismet are answered."""

from __future__ import annotations

import asyncio
import encodings
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

pytest.importorskip("uvicorn")

from unit_server import REJECT, SPAM, Ask, comment

from moderator.records import Document, Verdict
from moderator.server import akismet, keys, labels
from moderator.server.app import App
from moderator.server.http import Refused, Request


@pytest.mark.parametrize(
    ("text", "body", "tip"), [("Thank you", b"false", None), (SPAM, b"true", None), (REJECT, b"true", "discard")]
)
def test_only_what_is_rejected_may_be_discarded(served: Any, text: str, body: bytes, tip: Any) -> None:
    async def test(app: App, ask: Ask) -> None:
        answer = await ask("/1.1/comment-check", comment(text))
        assert (answer.status, answer.body, answer.headers.get("x-akismet-pro-tip")) == (200, body, tip)
        assert len(answer.headers["x-akismet-guid"]) == 32
        assert "x-akismet-debug-help" not in answer.headers
        assert answer.headers["content-type"].startswith("text/plain")

    served(test)


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        ({"comment_author": "akismet-guaranteed-spam"}, b"true"),
        ({"comment_author": "viagra-test-123", "user_role": "administrator"}, b"true"),
        ({"comment_author_email": "akismet-guaranteed-spam@example.com"}, b"true"),
        ({"user_role": "administrator", "comment_content": SPAM}, b"false"),
        ({"honeypot_field_name": "trap", "trap": "filled"}, b"true"),
        ({"honeypot_field_name": "trap", "trap": ""}, b"false"),
        ({"honeypot_field_name": "trap"}, b"false"),
        ({"POST_ak_hp_textarea": "filled"}, b"true"),
    ],
)
def test_some_answers_do_not_depend_on_the_text(served: Any, fields: dict[str, str], body: bytes) -> None:
    async def test(app: App, ask: Ask) -> None:
        assert (await ask("/1.1/comment-check", comment() | fields)).body == body

    served(test)


def test_fields_become_a_document() -> None:
    data = {
        "comment_content": "text", "comment_author": "A", "comment_author_url": "http://a.example", "blog": "http://b/",
        "permalink": "http://b/post", "comment_context[]": ["one", "two"], "comment_context[0]": "three",
        "comment_post_title": "Title", "POST_comment": "other", "user_ip": "192.0.2.1",
    }  # fmt: skip
    form = akismet.Form(Request("POST", "/", b"", {}, "", "", urlencode(data, doseq=True).encode()))
    assert akismet.document_of(form, "guid") == Document(
        "text",
        "guid",
        "comment",
        context="Title\none\ntwo\nthree",
        author="A",
        url="http://a.example",
        site_url="http://b/",
    )


def test_an_encoding_that_is_named_is_believed() -> None:
    body = b"blog_charset=ISO-8859-1&comment_content=caf%E9"
    assert akismet.Form(Request("POST", "/", b"", {}, "", "", body))["comment_content"] == "café"


@pytest.mark.parametrize("name", [b"iso-8859-1", b"Windows-1252", b"latin1", b"cp1252", b"ISO8859-15"])
def test_an_encoding_has_many_names(name: bytes) -> None:
    body = b"comment_content=caf%E9&blog_charset=" + name
    assert akismet.Form(Request("POST", "/", b"", {}, "", "", body))["comment_content"] == "café"


def test_names_of_encodings_that_there_are_not_leave_nothing_behind() -> None:
    known = len(encodings._cache)  # type: ignore[attr-defined]
    for name in (b"x" * 100_000, b"utf-9", b"iso-----8859-77", b"x.y", b"\xd1"):
        with pytest.raises(Refused):
            akismet.Form(Request("POST", "/", b"", {}, "", "", b"comment_content=caf%E9&blog_charset=" + name))
    assert len(encodings._cache) == known  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "body",
    [
        b"comment_content=caf%E9",
        b"comment_content=caf%E9&blog_charset=rot13",
        b"comment_content=caf%E9&blog_charset=zip\0",
        b"comment_content=a&comment_content=b",
        b"blog=a&%62log=b",
        b"&".join(b"a=%d" % n for n in range(3000)),
    ],
)
def test_forms_that_make_no_sense_are_refused(body: bytes) -> None:
    with pytest.raises(Refused) as refused:
        akismet.Form(Request("POST", "/", b"", {}, "", "", body))
    assert refused.value.status == 400


def test_what_is_not_read_does_not_matter() -> None:
    body = b"HTTP_COOKIE=%ff%fe&x=1&x=2&blog=http://b/&&=&a&%zz=1"
    assert akismet.Form(Request("POST", "/", b"", {}, "", "", body))["blog"] == "http://b/"


def test_errors_are_worded_as_akismet_does(served: Any, tmp_path: Path) -> None:
    async def test(app: App, ask: Ask) -> None:
        answer = await ask("/1.1/comment-check", {"comment_content": "a"})
        assert (answer.status, answer.body) == (200, b'Missing required field: "blog".')
        assert "blog" in answer.headers["x-akismet-debug-help"]
        refused = await ask("/1.1/comment-check", b"--x", content_type="multipart/form-data; boundary=x")
        assert refused.status == 415
        assert refused.headers["x-akismet-debug-help"]
        assert (await ask("/1.1/comment-check", method="GET")).status == 405
        assert (await ask("/1.1/comment-check/", comment())).status == 404

    served(test)


def test_keys_stand_in_a_field_or_in_the_host(served: Any, tmp_path: Path) -> None:
    secret = keys.add(tmp_path / "store.sqlite", "blog")

    async def test(app: App, ask: Ask) -> None:
        assert (await ask("/1.1/verify-key", {"key": secret, "blog": "b"})).body == b"valid"
        assert (await ask("/1.1/verify-key", {"blog": "b"}, host=f"{secret}.rest.akismet.com")).body == b"valid"
        assert (await ask(f"/1.2/usage-limit?api_key={secret}", method="GET", content_type="")).body.startswith(b"{")
        for wrong in ("0" * 12, "", "é" * 12, "x" * 5000):
            answer = await ask("/1.1/verify-key", {"key": wrong, "blog": "b"})
            assert answer.body == b"invalid"
            assert answer.headers["x-akismet-debug-help"]
        keys.remove(tmp_path / "store.sqlite", "blog")
        app.keys.refresh()
        assert (await ask("/1.1/verify-key", {"key": secret, "blog": "b"})).body == b"invalid"

    served(test)


def test_usage_is_counted_by_site(served: Any) -> None:
    async def test(app: App, ask: Ask) -> None:
        await ask("/1.1/comment-check", comment(SPAM))
        await ask("/1.1/comment-check", comment(blog="https://other.example"))
        await ask("/1.1/comment-check", comment(is_test="1"))
        await ask("/1.1/submit-spam", comment())
        await asyncio.sleep(2.5 * labels.LINGER)
        usage = json.loads((await ask("/1.2/usage-limit", comment())).body)
        assert usage == {"limit": "none", "usage": 2, "percentage": "0.00", "throttled": False}
        sites = json.loads((await ask("/1.2/key-sites", comment(order="spam"))).body)
        month = next(iter(sites))
        assert [(row["site"], row["spam"], row["missed_spam"]) for row in sites[month]] == [
            ("blog.example", 1, 1),
            ("other.example", 0, 0),
        ]
        assert (sites["total"], sites["limit"], sites["offset"]) == (2, 500, 0)
        table = (await ask("/1.2/key-sites", comment(format="csv", filter="other"))).body.decode().splitlines()
        assert table[1:] == [
            "Site,Total API Calls,Spam,Ham,Missed Spam,False Positives,Is Revoked",
            "other.example,1,0,1,0,0,false",
        ]
        assert (await ask("/1.2/key-sites", comment(month="2026-13"))).status == 400
        for path in ("get-stats", "get-subscription"):
            assert json.loads((await ask(f"/1.1/{path}", comment())).body)

    served(test)


def test_what_was_close_may_be_asked_about_again(served: Any) -> None:
    async def test(app: App, ask: Ask) -> None:
        close = await ask("/1.1/comment-check", comment("One http://a.example"))
        hold = app.models.moderator.policy.rules["comment"].hold
        verdict = app.models.moderator.check("One http://a.example")
        assert verdict.score is not None
        assert ("x-akismet-recheck-after" in close.headers) == app.doubtful(verdict)
        assert app.doubtful(Verdict("", "publish", "ham", hold * 0.9, 0.0))
        assert not app.doubtful(Verdict("", "publish", "ham", hold * 0.3, 0.0))

    served(test, recheck_after=600)
