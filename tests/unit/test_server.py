"""The parts of the server, and the whole of it without a socket."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest

pytest.importorskip("uvicorn")

from moderator.errors import InputError
from moderator.pipeline import Moderator
from moderator.records import Document, Verdict
from moderator.server import akismet, keys, labels, openapi
from moderator.server.app import PATHS, ROUTES, App
from moderator.server.batching import Batcher
from moderator.server.http import Refused, Request
from moderator.server.keys import Key, Keyring
from moderator.server.labels import Store
from moderator.server.limits import Limits
from moderator.server.logs import Log
from moderator.server.metrics import Metrics
from moderator.server.models import Models

SPAM = "Two http://a.example http://b.example"
REJECT = " ".join(f"http://h{n}.example" for n in range(9))


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


Ask = Callable[..., Awaitable[Answer]]


class Fixed(Models):
    """A model that is given, and what it judged."""

    def __init__(self, moderator: Moderator) -> None:
        self.moderator = moderator
        self.batches: list[int] = []

    def judge(self, documents: Sequence[Document]) -> list[Verdict]:
        self.batches.append(len(documents))
        return super().judge(documents)


class Line:
    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def write(self, event: str, **what: Any) -> None:
        self.lines.append({"event": event, **what})


@asynccontextmanager
async def serving(folder: Path, moderator: Moderator, **options: Any) -> Any:
    """Yield an application, and a function that asks it."""
    path = folder / "store.sqlite"
    store, ring = Store(path, remember=100), Keyring(path)
    models = Fixed(moderator)
    batcher = Batcher(models.judge, documents=16, waiting=options.pop("waiting", 100))
    log: Any = Line()
    app = App(models, batcher, store, ring, Limits(), Metrics(PATHS), log, **options)

    async def ask(
        path: str, body: Any = b"", /, *, method: str = "POST", peer: str = "127.0.0.1", **headers: str
    ) -> Answer:
        media = "application/json"
        if isinstance(body, (list, dict)) and path.startswith("/v1"):
            body = json.dumps(body).encode()
        elif isinstance(body, (list, dict)):
            body, media = urlencode(body, doseq=True).encode(), "application/x-www-form-urlencoded"
        given = {"content-type": media, "content-length": str(len(body)), "host": "localhost"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        where, _, query = path.partition("?")
        scope = {
            "type": "http", "method": method, "path": where, "query_string": query.encode(), "client": (peer, 1),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in given.items() if value],
        }  # fmt: skip
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await app(scope, receive, send)
        told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        assert not any("\n" in value or "\r" in value for value in told.values())
        return Answer(sent[0]["status"], told, sent[1]["body"])

    try:
        yield app, ask
    finally:
        await batcher.close()
        store.close()
        ring.close()


@pytest.fixture
def served(tmp_path: Path, counting: str) -> Callable[..., None]:
    """Return a function that runs a test against an application that judges by the number of links."""
    from moderator import load

    def run(test: Callable[[App, Ask], Awaitable[None]], **options: Any) -> None:
        async def inside() -> None:
            async with serving(tmp_path, load(counting), **options) as (app, ask):
                await test(app, ask)

        asyncio.run(inside())

    return run


def comment(text: str = "Thank you", **more: str) -> dict[str, Any]:
    return {"api_key": "123456789abc", "blog": "https://blog.example/", "comment_content": text, **more}


# --- Akismet


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


# --- JSON


def test_a_check_answers_what_the_command_prints(served: Any, run: Any, counting: str) -> None:
    async def test(app: App, ask: Ask) -> None:
        answer = json.loads((await ask("/v1/check", {"text": SPAM, "id": "7"})).body)
        assert len(answer.pop("guid")) == 32
        printed = run("check", "-", "--model", counting, stdin=json.dumps({"text": SPAM, "id": "7"}).encode())
        assert answer == json.loads(printed.out)

    served(test)


@pytest.mark.parametrize("media", ["application/json", "application/x-ndjson"])
def test_a_batch_keeps_its_order_and_drops_nothing(served: Any, media: str) -> None:
    rows: list[Any] = [{"text": SPAM if n % 3 else "fine", "id": str(n)} for n in range(50)]
    rows[7], rows[8] = {"id": "no text"}, {"text": 5}

    async def test(app: App, ask: Ask) -> None:
        body = json.dumps(rows) if media == "application/json" else "\n".join(map(json.dumps, rows))
        answer = await ask("/v1/check/batch", body.encode(), content_type=media)
        text = answer.body.decode()
        found = json.loads(text) if media == "application/json" else [json.loads(line) for line in text.splitlines()]
        assert len(found) == 50
        for n, verdict in enumerate(found):
            if n in (7, 8):
                assert (verdict["action"], verdict["score"]) == ("hold", None)
                assert verdict["failures"][0]["detector"] == "input"
            else:
                assert (verdict["id"], verdict["action"]) == (str(n), "hold" if n % 3 else "publish")

    served(test)


def test_a_line_that_is_no_json_does_not_stop_the_others(served: Any) -> None:
    async def test(app: App, ask: Ask) -> None:
        body = b'{"text": "a"}\n{"text"\n\n\xff\n' + b"[" * 100_000 + b'\n{"text": "b"}\n'
        answer = await ask("/v1/check/batch", body, content_type="application/x-ndjson")
        assert [bool(json.loads(line)["failures"]) for line in answer.body.splitlines()] == [
            False,
            True,
            True,
            True,
            False,
        ]

    served(test)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[" * 200_000, 400),
        (b'{"a":' * 100_000, 400),
        (b'{"text": ' + b"9" * 5000 + b"}", 400),
        (b'{"text": "\xff"}', 400),
        (b"[]", 400),
        (b"null", 400),
        (b'{"text": 1}', 400),
        (b'{"id": "a"}', 400),
        (b'{"text": "a", "kind": "novel"}', 400),
        (b'{"text": "' + b"a" * 3_000_000 + b'"}', 413),
        (b'\xef\xbb\xbf{"text": "a"}', 200),
        (b'{"text": "\\ud800 \\u0000 \\u202e"}', 200),
        (b'{"text": ""}', 200),
    ],
    ids=range(15),
)
def test_bodies_that_make_no_sense_are_refused(served: Any, body: bytes, status: int) -> None:
    async def test(app: App, ask: Ask) -> None:
        answer = await ask("/v1/check", body)
        assert answer.status == status
        data = json.loads(answer.body)
        assert status == 200 or (data["error"] and data["request_id"] == answer.headers["x-request-id"])

    served(test)


def test_labels_of_texts_and_of_checks(served: Any, tmp_path: Path) -> None:
    async def test(app: App, ask: Ask) -> None:
        guid = json.loads((await ask("/v1/check", {"text": "first", "author": "A", "id": "x"})).body)["guid"]
        assert (await ask("/v1/labels", {"label": "spam", "guid": guid})).status == 200
        assert (await ask("/v1/labels", {"label": "ham", "text": "second\ud800\0"})).status == 200
        assert (await ask("/v1/labels", {"label": "ham", "text": "third"})).status == 200
        assert (await ask("/v1/labels", {"label": "off-topic", "text": "third"})).status == 200
        for wrong, status in (
            ({"label": "ham", "guid": "0" * 32}, 404),
            ({"label": "ham", "guid": "a\r\nx: y"}, 400),
            ({"label": "ham", "guid": 5}, 400),
            ({"label": "ham"}, 400),
            ({"label": "ham", "guid": guid, "text": "a"}, 400),
            ({"label": "good", "text": "a"}, 400),
            ({"label": ["ham"], "text": "a"}, 400),
        ):
            assert (await ask("/v1/labels", wrong)).status == status

    served(test)
    found = list(labels.export(tmp_path / "store.sqlite"))
    assert [(sample.document.text, sample.label) for sample in found] == [
        ("first", "spam"),
        ("second\ud800\0", "ham"),
        ("third", "off-topic"),
    ]
    assert found[0].document.author == "A"
    assert [sample.label for sample in labels.export(tmp_path / "store.sqlite", "ham")] == ["ham"]


def test_a_label_of_a_check_needs_the_same_key(served: Any, tmp_path: Path) -> None:
    one, two = (keys.add(tmp_path / "store.sqlite", name) for name in ("one", "two"))

    async def test(app: App, ask: Ask) -> None:
        answer = await ask("/v1/check", {"text": "a"}, authorization=f"Bearer {one}")
        label = {"label": "ham", "guid": json.loads(answer.body)["guid"]}
        assert (await ask("/v1/labels", label, authorization=f"Bearer {two}")).status == 404
        assert (await ask("/v1/labels", label, authorization=f"bearer {one}")).status == 200
        assert (await ask("/v1/labels", label)).status == 401

    served(test)


# --- what all requests have in common


def test_without_keys_only_the_machine_itself_is_served(served: Any) -> None:
    async def test(app: App, ask: Ask) -> None:
        for peer, headers, served in (
            ("127.0.0.1", {}, True),
            ("::1", {}, True),
            ("192.0.2.1", {}, False),
            ("127.0.0.1", {"x_forwarded_for": "127.0.0.1"}, False),
            ("127.0.0.1", {"origin": "https://elsewhere.example"}, False),
            ("127.0.0.1.evil", {}, False),
        ):
            check = await ask("/v1/check", {"text": "a"}, peer=peer, **headers)
            assert check.status == (200 if served else 401)
            assert (await ask("/metrics", method="GET", peer=peer, **headers)).status == (200 if served else 401)
            assert (await ask("/1.1/verify-key", comment(), peer=peer, **headers)).body == (
                b"valid" if served else b"invalid"
            )
        assert (await ask("/v1/health", method="GET", peer="192.0.2.1")).status == 200

    served(test)


def test_a_failure_is_held_and_told(served: Any) -> None:
    def broken(documents: Sequence[Document]) -> list[Verdict]:
        raise RuntimeError("secret text")

    async def test(app: App, ask: Ask) -> None:
        object.__setattr__(app.models, "moderator", Failing(app.models.moderator))
        answer = await ask("/1.1/comment-check", comment())
        assert answer.body == b"true"
        assert answer.headers["x-moderator-failures"] == "server"
        assert not {"x-akismet-pro-tip", "x-akismet-debug-help"} & answer.headers.keys()
        verdict = json.loads((await ask("/v1/check", {"text": "a"})).body)
        assert (verdict["action"], verdict["failures"]) == (
            "hold",
            [{"detector": "server", "error": "RuntimeError: secret text"}],
        )
        assert "secret" not in json.dumps(app.log.lines)  # type: ignore[attr-defined]

    served(test)


class Failing:
    """A moderator that fails on every text."""

    def __init__(self, real: Moderator) -> None:
        self.unjudged, self.model, self.policy = real.unjudged, real.model, real.policy

    def judge(self, documents: Sequence[Document]) -> list[Verdict]:
        raise RuntimeError("secret text")


def test_a_bug_is_an_answer_and_no_text_is_logged(served: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(app: App, ask: Ask) -> None:
        def broken(*_: Any) -> None:
            raise KeyError("secret text")

        monkeypatch.setattr(akismet, "document_of", broken)
        answer = await ask("/1.1/comment-check", comment("secret text"))
        assert answer.status == 500
        assert b"secret" not in answer.body
        line = app.log.lines[-1]  # type: ignore[attr-defined]
        assert "KeyError in" in line["error"]
        assert "secret" not in json.dumps(line)

    served(test)


@pytest.mark.parametrize("wanted", [False, True])
def test_texts_are_logged_only_if_that_was_asked_for(served: Any, wanted: bool) -> None:
    async def test(app: App, ask: Ask) -> None:
        await ask("/1.1/comment-check", comment("a word of mine", comment_author="Jane Doe"))
        await ask("/v1/check", {"text": "a word of mine"})
        shown = json.dumps(app.log.lines)  # type: ignore[attr-defined]
        assert ("a word of mine" in shown) == wanted
        assert "Jane" not in shown

    served(test, log_text=wanted)


def test_request_ids_are_taken_over_if_they_are_harmless(served: Any) -> None:
    async def test(app: App, ask: Ask) -> None:
        assert (await ask("/v1/health", method="GET", x_request_id="abc-1.2_3")).headers["x-request-id"] == "abc-1.2_3"
        for wrong in ("a b", "a\r\nset-cookie: x", "é", "a" * 65, "\0"):
            assert len((await ask("/v1/health", method="GET", x_request_id=wrong)).headers["x-request-id"]) == 16

    served(test)


def test_paths_are_taken_literally(served: Any) -> None:
    async def test(app: App, ask: Ask) -> None:
        for path in (
            "//v1/health",
            "/v1/../v1/health",
            "/v1/health/",
            "/V1/health",
            "/v1/health\0",
            "",
            "*",
            "/../etc/passwd",
        ):
            assert (await ask(path, method="GET")).status == 404
        assert (await ask("/v1/health", method="HEAD")).body == b""
        assert (await ask("/v1/health", method="DELETE")).headers["allow"] == "GET, HEAD"
        assert (await ask("/v1/check", b"text=a", content_type="application/x-www-form-urlencoded")).status == 415

    served(test)


def test_a_full_queue_refuses(served: Any) -> None:
    async def test(app: App, ask: Ask) -> None:
        answers = await asyncio.gather(*(ask("/1.1/comment-check", comment()) for _ in range(40)))
        assert {answer.status for answer in answers} == {200, 503}
        assert all(answer.headers["retry-after"] == "1" for answer in answers if answer.status == 503)
        assert app.batcher.waiting == 0
        assert (await ask("/1.1/comment-check", comment())).status == 200

    served(test, waiting=20)


def test_what_waits_together_is_judged_together(served: Any) -> None:
    async def test(app: App, ask: Ask) -> None:
        answers = await asyncio.gather(*(ask("/1.1/comment-check", comment(SPAM if n % 2 else "a")) for n in range(60)))
        assert [answer.body for answer in answers] == [b"true" if n % 2 else b"false" for n in range(60)]
        batches = app.models.batches  # type: ignore[attr-defined]
        assert sum(batches) == 60
        assert len(batches) < 10
        assert max(batches) == 16

    served(test)


def test_a_key_has_a_limit(served: Any, tmp_path: Path) -> None:
    secret = keys.add(tmp_path / "store.sqlite", "blog", 12)  # two at once, then one in five seconds

    async def test(app: App, ask: Ask) -> None:
        answers = [await ask("/1.1/comment-check", comment(api_key=secret)) for _ in range(3)]
        assert [answer.status for answer in answers] == [200, 200, 429]
        assert 1 <= int(answers[2].headers["retry-after"]) <= 5
        assert json.loads((await ask("/1.2/usage-limit", comment(api_key=secret))).body)["throttled"]

    served(test)


def test_a_limit_forgives_with_time_and_lends_to_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("moderator.server.limits.time.monotonic", lambda: now[0])
    limits, key = Limits(), Key("a", 60)
    limits.spend(key, 30)  # more than the ten there are: a debt of twenty
    for second, allowed in ((19.0, False), (21.5, True), (21.6, False), (23.0, True)):
        now[0] = second
        if allowed:
            limits.spend(key)
        else:
            with pytest.raises(Refused):
                limits.spend(key)
    Limits().spend(Key("b", 0), 10**9)


def test_guessing_keys_is_slow(served: Any, tmp_path: Path) -> None:
    keys.add(tmp_path / "store.sqlite", "blog")

    async def test(app: App, ask: Ask) -> None:
        wrong = ({"key": f"{n:012x}", "blog": "b"} for n in range(3 * keys.GUESSES))
        answers = await asyncio.gather(*(ask("/1.1/verify-key", form) for form in wrong))
        assert answers[0].body == b"invalid"
        assert [answer.status for answer in answers[keys.GUESSES :]].count(429) > keys.GUESSES

    served(test)


def test_keys_are_kept_as_hashes(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    secret = keys.add(path, "blog")
    assert len(secret) == 12
    assert path.stat().st_mode & 0o077 == 0
    assert [key.name for key in keys.listed(path)] == ["blog"]
    for wrong in ("blog", "", "a b", "é"):
        with pytest.raises(InputError):
            keys.add(path, wrong)
    keys.remove(path, "blog")
    assert keys.listed(path) == []
    with pytest.raises(InputError, match="no key"):
        keys.remove(path, "blog")
    keys.add(path, "blog")
    kept = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert secret.encode() not in kept


def test_removing_the_last_key_does_not_open_the_server(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    keys.add(path, "blog")
    keys.remove(path, "blog")

    async def opened() -> bool:
        ring = Keyring(path)
        ring.close()
        return ring.open

    assert not asyncio.run(opened())


@pytest.mark.parametrize("content", [b"no database", b"SQLite format 3\0" + b"x" * 5000])
def test_a_file_that_is_no_store_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "store.sqlite"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"store\.sqlite"):
        keys.listed(path)
    assert path.read_bytes() == content


def test_a_newer_store_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    with sqlite3.connect(path) as base:
        base.execute("PRAGMA user_version=99")
    with pytest.raises(InputError, match="update moderator"):
        keys.listed(path)


def test_only_the_last_checks_are_remembered(tmp_path: Path) -> None:
    async def inside() -> None:
        store = Store(tmp_path / "store.sqlite", remember=500)
        for n in range(3000):
            store.checked("", Document("a", f"{n:032x}"), "hold", 0.5)
            if not n % 700:
                await asyncio.sleep(2 * labels.LINGER)
        store.checked("", Document("a" * (labels.REMEMBERED + 1), "f" * 32), "hold", 0.5)
        store.close()

    asyncio.run(inside())
    with sqlite3.connect(tmp_path / "store.sqlite") as base:
        count, last = base.execute("SELECT count(*), max(guid) FROM checks").fetchone()
    assert count <= 500 + 1000
    assert last == f"{2999:032x}"


def test_labels_that_cannot_be_written_are_not_acknowledged(tmp_path: Path) -> None:
    async def inside() -> None:
        store = Store(tmp_path / "store.sqlite", remember=1)
        store._base.execute("PRAGMA query_only=1")
        with pytest.raises(Refused) as refused:
            await store.label("", "ham", Document("a"))
        assert refused.value.status == 503
        store._base.execute("PRAGMA query_only=0")
        await store.label("", "ham", Document("b"))
        store.close()

    asyncio.run(inside())
    assert [sample.document.text for sample in labels.export(tmp_path / "store.sqlite")] == ["b"]


def test_workers_count_into_one_sum() -> None:
    metrics = Metrics(PATHS, workers=3)
    for worker in range(3):
        metrics.use(worker)
        metrics.add("requests_total", "path", "/v1/check", "status", "200")
        metrics.observe("request_seconds", 0.003, "path", "/v1/check")
    lines = metrics.text({"model_info": ("The model.", '{model="a"}', 1)}).splitlines()
    assert 'moderator_requests_total{path="/v1/check",status="200"} 3' in lines
    assert 'moderator_request_seconds_bucket{path="/v1/check",le="0.0025"} 0' in lines
    assert 'moderator_request_seconds_bucket{path="/v1/check",le="0.005"} 3' in lines
    assert 'moderator_request_seconds_bucket{path="/v1/check",le="+Inf"} 3' in lines
    assert 'moderator_request_seconds_sum{path="/v1/check"} 0.009000' in lines
    assert 'moderator_request_seconds_count{path="/v1/check"} 3' in lines
    assert 'moderator_model_info{model="a"} 1' in lines
    assert not [line for line in lines if not line.startswith("#") and len(line.rsplit(" ", 1)) != 2]


def test_the_description_names_all_paths_and_methods(served: Any) -> None:
    described = {path: {method.upper() for method in methods} for path, methods in openapi.document()["paths"].items()}
    assert described == {path: set(route.methods) - {"HEAD"} for path, route in ROUTES.items()}

    async def test(app: App, ask: Ask) -> None:
        assert json.loads((await ask("/openapi.json", method="GET")).body) == openapi.document()
        page = await ask("/", method="GET")
        assert b"/1.1/comment-check" in page.body
        assert not any(mark in page.body for mark in (b"<script", b"<link", b"<img", b"http://", b"https://"))
        verdict = json.loads((await ask("/v1/check", {"text": SPAM})).body)
        assert verdict.keys() == openapi.VERDICT["properties"].keys()

    served(test)


def test_the_log_is_json_and_never_waits(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    lost: list[int] = []
    monkeypatch.setattr("moderator.server.logs.WAITING", 5)
    monkeypatch.setattr("moderator.server.logs.LINGER", 5.0)
    log = Log(lambda: lost.append(1))
    for n in range(8):
        log.write("request", number=n, path="/\n\x1b[31m\u2028")
    log.close()
    lines = capfd.readouterr().err.splitlines()
    assert [json.loads(line)["number"] for line in lines] == [0, 1, 2, 3, 4]
    assert len(lost) == 3


def test_what_is_not_installed_is_told(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    monkeypatch.delitem(sys.modules, "moderator.server.serve", raising=False)
    monkeypatch.delitem(sys.modules, "moderator.server.protocol", raising=False)
    monkeypatch.delattr("moderator.server.serve", raising=False)
    ended = run("serve")
    assert (ended.code, ended.out) == (3, "")
    assert "pip install 'moderator[server]'" in ended.err


def test_labels_are_exported_for_those_who_learn(run: Any, tmp_path: Path) -> None:
    async def inside() -> None:
        store = Store(tmp_path / "store.sqlite", remember=0)
        await asyncio.gather(*(store.label("", "spam" if n % 2 else "ham", Document(f"t{n}")) for n in range(100)))
        store.close()

    asyncio.run(inside())
    ended = run("server", "labels", "export", "-", "--label", "spam", "--store", tmp_path / "store.sqlite")
    assert [json.loads(line)["text"] for line in ended.out.splitlines()] == [f"t{n}" for n in range(1, 100, 2)]
    assert run("server", "labels", "export", "-", "--store", tmp_path / "missing").code == 3
