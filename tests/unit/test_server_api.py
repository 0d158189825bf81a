"""The JSON API, and its description."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("uvicorn")

from unit_server import SPAM, Ask

from moderator.server import api, keys, labels, openapi
from moderator.server.app import ROUTES, App


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


def test_the_description_names_all_paths_and_methods(served: Any) -> None:
    described = {path: {method.upper() for method in methods} for path, methods in openapi.document()["paths"].items()}
    assert described == {path: set(route.methods) - {"HEAD"} for path, route in ROUTES.items()}

    async def test(app: App, ask: Ask) -> None:
        assert json.loads((await ask("/openapi.json", method="GET")).body) == openapi.document()
        page = await ask("/", method="GET")
        assert b"/1.1/comment-check" in page.body
        assert not any(mark in page.body for mark in (b"<script", b"<link", b"<img", b"http://", b"https://"))
        verdict = json.loads((await ask("/v1/check", {"text": SPAM})).body)
        assert verdict.keys() == openapi.VERDICT["properties"].keys() - {"allowed"}

    served(test)


def test_a_wrong_value_is_not_repeated_at_length(served: Any) -> None:
    async def test(app: App, ask: Ask) -> None:
        answer = await ask("/v1/check", json.dumps({"text": "a", "kind": "private " * 50_000}).encode())
        assert answer.status == 400
        assert len(answer.body) < 200

    served(test)


def test_others_get_their_turn_while_a_batch_is_read_and_answered(served: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    since, most = {"_read": 0, "_line": 0}, 0

    def counted(name: str) -> Any:
        real = getattr(api, name)

        def call(*arguments: Any) -> Any:
            nonlocal most
            since[name] += 1
            most = max(most, since[name])
            return real(*arguments)

        return call

    for name in since:
        monkeypatch.setattr(api, name, counted(name))

    async def test(app: App, ask: Ask) -> None:
        asked = asyncio.create_task(ask("/v1/check/batch", json.dumps([{"text": "a b"}] * 1000).encode()))
        while not asked.done():
            await asyncio.sleep(0)
            since.update(_read=0, _line=0)
        assert (await asked).status == 200
        assert most == api.AT_ONCE

    served(test)
