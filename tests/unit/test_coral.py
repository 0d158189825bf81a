"""Coral's external moderation phase, with the requests that its documentation shows."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

pytest.importorskip("uvicorn")

from moderator import load
from moderator.errors import InputError
from moderator.records import Document, Verdict
from moderator.server import coral, openapi
from moderator.server.app import PATHS, App
from moderator.server.batching import Batcher
from moderator.server.coral import Coral
from moderator.server.http import Request
from moderator.server.keys import Keyring
from moderator.server.labels import LINGER, Store
from moderator.server.limits import Limits
from moderator.server.metrics import Metrics
from moderator.server.models import Models

SECRET, OLD = b"empsec_0f3a6d51c2", b"empsec_9b1e44a7d0"
HELD_TEXT = "Two http://a.example http://b.example"
REJECTED_TEXT = " ".join(f"http://h{n}.example" for n in range(9))
WITHHELD = {"status": "SYSTEM_WITHHELD"}
FLAG = [{"actionType": "FLAG", "reason": "COMMENT_DETECTED_SPAM"}]


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


Ask = Callable[..., Awaitable[Answer]]


def comment(text: object = "Here's a comment!", **more: Any) -> dict[str, Any]:
    """Return a request as Coral documents it."""
    return {
        "action": "NEW",
        "comment": {"body": text, "parentID": None},
        "author": {"id": "baf4e943-3594-4fcc-b2ba-3e8de7a76352", "role": "COMMENTER"},
        "story": {"id": "245b3856-b0a0-4d2f-a6bb-58c71f18d6a6", "url": "http://localhost:1313/posts/a-story-url/"},
        "site": {"id": "a4bede88-2d2c-4424-bc18-4322a9e285a6"},
        "tenantID": "19ba5794-7eeb-4d46-a81b-c00c61672501",
        "tenantDomain": "localhost",
        **more,
    }


def signature(body: bytes, *secrets: bytes) -> str:
    """Return the header that Coral sends: one signature for each secret that is in use."""
    return ",".join("sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest() for secret in secrets)


class Fixed(Models):
    """A model that is given, and may be slow or broken."""

    def __init__(self, model: str) -> None:
        self.moderator = load(model)
        self.sleep, self.broken = 0.0, False

    def judge(self, documents: Sequence[Document]) -> list[Verdict]:
        time.sleep(self.sleep)
        if self.broken:
            raise MemoryError
        return super().judge(documents)


@pytest.fixture
def served(tmp_path: Path, counting: str) -> Callable[..., None]:
    """Return a function that runs a test against an application that judges by the number of links."""

    async def inside(test: Callable[[App, Ask], Awaitable[None]], options: dict[str, Any]) -> None:
        path = tmp_path / "store.sqlite"
        store, ring, models = Store(path, remember=100), Keyring(path), Fixed(counting)
        batcher = Batcher(models.judge, documents=16, waiting=options.pop("waiting", 100))
        options = {"coral": Coral((SECRET, OLD), 5.0), **options}
        log: Any = Line()
        app = App(models, batcher, store, ring, Limits(), Metrics(PATHS), log, **options)

        async def ask(what: Any, sign: Any = SECRET, path: str = "/coral/v1/moderate", method: str = "POST") -> Answer:
            body = what if isinstance(what, bytes) else json.dumps(what, indent=2).encode()
            given = {"content-length": str(len(body)), "content-type": "application/json", "host": "localhost"}
            given["x-coral-signature"] = signature(body, sign) if isinstance(sign, bytes) else sign
            headers = [(name.encode(), value.encode("latin-1")) for name, value in given.items() if value]
            scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": headers}
            sent: list[Any] = []

            async def receive() -> dict[str, Any]:
                return {"type": "http.request", "body": body, "more_body": False}

            async def send(message: Any) -> None:
                sent.append(message)

            await app({**scope, "client": ("192.0.2.1", 1)}, receive, send)
            told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
            return Answer(sent[0]["status"], told, sent[1]["body"])

        try:
            await test(app, ask)
        finally:
            await batcher.close()
            store.close()
            ring.close()

    return lambda test, **options: asyncio.run(inside(test, options))


class Line:
    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def write(self, event: str, **what: Any) -> None:
        self.lines.append({"event": event, **what})


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (HELD_TEXT, {"status": "SYSTEM_WITHHELD", "actions": FLAG}),
        (REJECTED_TEXT, {"status": "REJECTED", "actions": FLAG}),
        (f"<div>{HELD_TEXT}<br></div>", {"status": "SYSTEM_WITHHELD", "actions": FLAG}),
    ],
)
@pytest.mark.parametrize("action", ["NEW", "EDIT"])
@pytest.mark.parametrize("path", ["/coral/v1/moderate", "/coral/v1/decide"])
def test_what_is_not_published_has_a_status(served: Any, text: str, answer: Any, action: str, path: str) -> None:
    async def test(app: App, ask: Ask) -> None:
        got = await ask(comment(text, action=action), path=path)
        assert (got.status, json.loads(got.body)) == (200, answer)
        assert got.headers["content-type"] == "application/json"

    served(test)


@pytest.mark.parametrize("role", ["COMMENTER", "STAFF", None])
def test_what_is_published_is_left_to_coral_unless_it_asks_for_a_decision(served: Any, role: str | None) -> None:
    reply = comment("Here's a reply!") | {"comment": {"body": "Here's a reply!", "parentID": "d79b787f"}}

    async def test(app: App, ask: Ask) -> None:
        got = await ask({**reply, "author": {"role": role}})
        assert (got.status, got.body) == (204, b"")
        assert not {"content-length", "content-type"} & got.headers.keys()
        got = await ask({**reply, "author": {"role": role}}, path="/coral/v1/decide")
        assert (got.status, json.loads(got.body)) == (200, {"status": "NONE"})

    served(test)


@pytest.mark.parametrize("role", ["STAFF", "MODERATOR", "ADMIN"])
def test_those_who_run_the_site_are_not_judged(served: Any, role: str) -> None:
    async def test(app: App, ask: Ask) -> None:
        assert (await ask(comment(REJECTED_TEXT, author={"id": "1", "role": role}))).status == 204

    served(test)


def test_after_a_rotation_either_secret_will_do(served: Any) -> None:
    async def test(app: App, ask: Ask) -> None:
        body = json.dumps(comment()).encode()
        for sign in (SECRET, OLD, signature(body, b"newer", OLD), signature(body, SECRET, b"newer"),
                     " " + signature(body, SECRET) + " , sha1=00"):  # fmt: skip
            assert (await ask(body, sign)).status == 204

    served(test)


@pytest.mark.parametrize(
    "sign",
    [
        b"another secret",
        b"",
        "",
        "sha256=",
        "sha256",
        "sha256=" + "0" * 64,
        "sha256=é" + "0" * 63,
        "sha1=" + signature(b"", SECRET)[7:],
        signature(b"another body", SECRET),
        signature(json.dumps(comment()).encode(), SECRET)[:-1],
        ",".join(["sha256=" + "0" * 64] * 500),
    ],
    ids=range(11),
)
def test_what_is_not_signed_is_refused(served: Any, sign: Any) -> None:
    async def test(app: App, ask: Ask) -> None:
        for path in ("/coral/v1/moderate", "/coral/v1/decide"):
            got = await ask(json.dumps(comment()).encode(), sign, path)
            assert got.status == 401
            assert "--coral-secrets" in json.loads(got.body)["error"]

    served(test)


def test_without_a_secret_nothing_is_signed(served: Any) -> None:
    async def test(app: App, ask: Ask) -> None:
        for sign in (SECRET, b"", ""):
            assert (await ask(comment(), sign)).status == 401

    served(test, coral=Coral())


def test_the_same_request_twice_has_the_same_answer(served: Any) -> None:
    async def test(app: App, ask: Ask) -> None:
        answers = [await ask(comment(HELD_TEXT)) for _ in range(2)]  # nothing in it says when it was signed
        assert answers[0].body == answers[1].body

    served(test)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b"null",
        b"[" * 100_000,
        b"{}",
        b'{"comment": null}',
        b'{"comment": {"body": null}}',
        b'{"comment": "text"}',
    ],
    ids=range(10),
)
def test_what_coral_signs_and_nobody_understands_is_withheld(served: Any, body: bytes) -> None:
    async def test(app: App, ask: Ask) -> None:
        got = await ask(body)
        assert (got.status, json.loads(got.body)) == (200, WITHHELD)
        assert app.log.lines[-1]["refused"]  # type: ignore[attr-defined]

    served(test)


@pytest.mark.parametrize("part", ["author", "story", "site", "tenantID", "action"])
def test_only_the_text_is_needed(served: Any, part: str) -> None:
    async def test(app: App, ask: Ask) -> None:
        for wrong in (None, 5, [], {"url": 5, "role": []}):
            assert (await ask(comment(**{part: wrong}))).status == 204, wrong
        assert (await ask({name: value for name, value in comment().items() if name != part})).status == 204
        assert (await ask(comment("\ud800 \0 \u202e"))).status in (200, 204)
        assert (await ask(comment(""))).status == 204

    served(test)


def test_what_is_too_large_is_withheld(served: Any) -> None:
    async def test(app: App, ask: Ask) -> None:
        got = await ask(comment("a" * 5000))
        assert (got.status, json.loads(got.body), got.headers["connection"]) == (200, WITHHELD, "close")
        assert (await ask(comment("a" * 5000), method="GET")).status == 405

    served(test, max_body=4096)


def test_what_is_not_judged_in_time_is_withheld(served: Any) -> None:
    async def test(app: App, ask: Ask) -> None:
        app.models.sleep = 0.5  # type: ignore[attr-defined]
        began = time.monotonic()
        got = await ask(comment())
        assert (got.status, json.loads(got.body)) == (200, WITHHELD)
        assert time.monotonic() - began < 0.4
        assert "text" not in json.dumps(app.log.lines)  # type: ignore[attr-defined]

    served(test, coral=Coral((SECRET,), 0.1))


def test_a_queue_that_is_full_and_a_model_that_fails_withhold(served: Any) -> None:
    async def test(app: App, ask: Ask) -> None:
        app.models.sleep = 0.1  # type: ignore[attr-defined]
        answers = await asyncio.gather(*(ask(comment()) for _ in range(6)))
        assert [(got.status, got.body and json.loads(got.body)) for got in answers].count((200, WITHHELD)) == 4
        app.models.broken = True  # type: ignore[attr-defined]
        assert json.loads((await ask(comment())).body) == WITHHELD

    served(test, waiting=2)


def test_comments_are_counted_by_site_and_not_kept(served: Any, tmp_path: Path) -> None:
    async def test(app: App, ask: Ask) -> None:
        await ask(comment(HELD_TEXT))
        await ask(comment("a word of mine"))
        await asyncio.sleep(3 * LINGER)
        month = time.strftime("%Y-%m", time.gmtime())
        assert app.store.usage("coral", month) == [("localhost", 2, 1, 1, 0, 0)]

    served(test)
    assert not any(b"a word of mine" in path.read_bytes() for path in tmp_path.iterdir() if path.is_file())


def test_off_topic_and_failures_are_no_spam() -> None:
    assert coral.kept_back(Verdict("", "hold", "off-topic", 0.7, 0.0)) == WITHHELD
    assert coral.kept_back(Verdict("", "hold", None, None, 0.0)) == WITHHELD
    assert coral.kept_back(Verdict("", "reject", "spam", 0.9, 0.0)) == {"status": "REJECTED", "actions": FLAG}


def test_the_description_says_what_is_answered() -> None:
    said = set(openapi.CORAL_ANSWER["properties"]["status"]["enum"])
    assert said == {*coral.STATUS.values(), coral.WITHHELD["status"], "NONE"}
    assert "signature" in openapi.document()["components"]["securitySchemes"]


def test_the_site_is_that_of_the_story() -> None:
    story = comment()["story"]["url"]
    assert coral.document_of(comment("text"), "guid") == Document("text", "guid", site_url=story)


def test_secrets_are_read_from_a_file(tmp_path: Path, run: Any) -> None:
    path = tmp_path / "secrets"
    path.write_bytes(b"\xef\xbb\xbf" + SECRET + b"\r\n\n  " + OLD)  # as Notepad saves it
    assert coral.read_secrets(path) == (SECRET, OLD)
    assert coral.read_secrets(None) == ()
    assert "empsec" not in repr(Request("POST", "/", b"", {}, "", "")) + repr(Coral((SECRET,)))
    path.write_bytes(b" \n")
    with pytest.raises(InputError, match="no secret"):
        coral.read_secrets(path)
    ended = run("serve", "--coral-secrets", path)
    assert (ended.code, ended.out) == (3, "")
    assert "no secret" in ended.err
    assert run("serve", "--coral-secrets", tmp_path / "missing").code == 3
