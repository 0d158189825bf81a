"""What all requests share: who may ask, failures, the queue, limits, the log and the counters."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("uvicorn")

from unit_server import SPAM, Ask, comment

from moderator.pipeline import Moderator
from moderator.records import Document, Verdict
from moderator.server import akismet, keys
from moderator.server.app import PATHS, App
from moderator.server.http import Refused
from moderator.server.keys import Key
from moderator.server.limits import Limits
from moderator.server.logs import Log
from moderator.server.metrics import Metrics


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
