"""Servers as they run: real sockets, real clients, signals, crashes."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from integration_server import Served

from moderator import samples, store
from moderator.server import labels

pytestmark = pytest.mark.integration
Serve = Callable[..., Served]
FORM = "application/x-www-form-urlencoded"
SPAM = "Two http://a.example http://b.example"


def moderator(*arguments: object) -> str:
    command = [sys.executable, "-m", "moderator", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_a_session(serve: Serve, counting: str, tmp_path: Path) -> None:
    server = serve("--model", counting)
    assert "no key was made" in server.lines("warning")[0]["message"]
    status, headers, body = server.ask("POST", "/v1/check", json.dumps({"text": SPAM}), content_type="application/json")
    assert status == 200
    assert headers["x-request-id"]
    verdict = json.loads(body)
    assert verdict["action"] == "hold"
    label = json.dumps({"label": "spam", "guid": verdict["guid"]})
    assert server.ask("POST", "/v1/labels", label, content_type="application/json")[0] == 200
    form = urlencode({"blog": "https://blog.example", "comment_content": "fine", "comment_author": "Jo"})
    assert server.ask("POST", "/1.1/submit-ham", form, content_type=FORM)[2] == labels_thanks()
    assert b"moderator_labels_total" in server.ask("GET", "/metrics")[2]
    key = moderator("server", "keys", "add", "blog", "--store", server.store).strip()
    time.sleep(2.2)
    assert server.ask("POST", "/v1/check", json.dumps({"text": "a"}), content_type="application/json")[0] == 401
    with_key = {"authorization": f"Bearer {key}", "content_type": "application/json"}
    assert server.ask("POST", "/v1/check", json.dumps({"text": "a"}), **with_key)[0] == 200
    assert (
        server.ask("POST", "/1.1/verify-key", "blog=b", host=f"{key}.moderator.example", content_type=FORM)[2]
        == b"valid"
    )
    assert moderator("server", "keys", "list", "--store", server.store).startswith("blog  6000/min")
    assert server.end() == 0
    assert server.lines("stopped")
    exported = tmp_path / "labels.jsonl"
    moderator("server", "labels", "export", exported, "--store", server.store)
    assert [(s.document.text, s.label, s.group) for s in samples.read(exported)] == [
        (SPAM, "spam", "server"),
        ("fine", "ham", "blog.example"),
    ]
    moderator("samples", "validate", exported)
    assert SPAM not in server.log.read_text()


def test_a_configuration_counts_and_is_named(serve: Serve, counting: str, tmp_path: Path) -> None:
    file = tmp_path / "site.toml"
    file.write_text('reject-at = 0.45\n[allow]\nauthors = ["jo"]\n', encoding="utf-8")
    server = serve("--model", counting, "--config", file)
    line = server.lines("serving")[0]
    assert (line["config"], line["policy"].split(" ", 1)[1]) == (str(file), "reject-at=0.45")
    form = {"blog": "https://blog.example", "comment_content": SPAM}
    for author, answer, tip in (("al", b"true", "discard"), ("Jo", b"false", None)):
        fields = urlencode({**form, "comment_author": author})
        _, headers, body = server.ask("POST", "/1.1/comment-check", fields, content_type=FORM)
        assert (body, headers["x-akismet-pro-tip"]) == (answer, tip)
    record = json.dumps({"text": SPAM, "author": "jo"})
    verdict = json.loads(server.ask("POST", "/v1/check", record, content_type="application/json")[2])
    assert verdict["allowed"][0]["place"] == "site.toml:3"
    assert server.end() == 0


def labels_thanks() -> bytes:
    return b"Thanks for making the web a better place."


@pytest.mark.parametrize("options", [(), ("--workers", 2)])
def test_the_client_of_akismet(serve: Serve, options: tuple[object, ...]) -> None:
    akismet = pytest.importorskip("akismet")
    httpx = pytest.importorskip("httpx")
    server = serve(*options)
    key = moderator("server", "keys", "add", "blog", "--store", server.store).strip()
    time.sleep(2.2)
    seen: list[Any] = []

    class There(httpx.HTTPTransport):  # type: ignore[misc, name-defined]
        def handle_request(self, request: Any) -> Any:
            request.url = httpx.URL(f"http://127.0.0.1:{server.port}{request.url.raw_path.decode()}")
            seen.append(super().handle_request(request))
            return seen[-1]

    class ThereAsync(httpx.AsyncHTTPTransport):  # type: ignore[misc, name-defined]
        async def handle_async_request(self, request: Any) -> Any:
            request.url = httpx.URL(f"http://127.0.0.1:{server.port}{request.url.raw_path.decode()}")
            return await super().handle_async_request(request)

    config = akismet.Config(key=key, url="https://blog.example/")
    who = {"user_ip": "192.0.2.1", "user_agent": "Mozilla", "comment_type": "comment"}
    with httpx.Client(transport=There(), timeout=20) as http:
        client = akismet.SyncClient.validated_client(config=config, http_client=http)
        check = akismet.CheckResponse
        assert client.comment_check(**who, comment_author="akismet-guaranteed-spam") is check.SPAM
        assert client.comment_check(**who, comment_content="Thanks, the second recipe worked.") is check.HAM
        advert = "Cheap louis vuitton handbags outlet http://a.example http://b.example http://c.example buy now"
        assert client.comment_check(**who, comment_content=advert, comment_author="cheap handbags") is check.DISCARD
        assert client.submit_spam(**who, comment_content=advert)
        assert client.submit_ham(**who, comment_content="Thanks")
        assert client.usage_limit()["throttled"] is False
        with pytest.raises(akismet.APIKeyError):
            akismet.SyncClient.validated_client(
                config=akismet.Config(key="0" * 12, url="https://blog.example/"), http_client=http
            )
    assert seen

    async def asynchronously() -> None:
        async with httpx.AsyncClient(transport=ThereAsync(), timeout=20) as http:
            client = await akismet.AsyncClient.validated_client(config=config, http_client=http)
            assert await client.comment_check(**who, comment_content="Thanks, the second recipe worked.") is check.HAM
            assert await client.submit_ham(**who, comment_content="Thanks again")

    asyncio.run(asynchronously())
    assert server.end() == 0
    assert [sample.label for sample in labels.export(server.store)] == ["spam", "ham", "ham"]


def raw(port: int, data: bytes, *, seconds: float = 3.0) -> bytes:
    """Send bytes and return what comes until the connection is closed or nothing comes."""
    with socket.create_connection(("127.0.0.1", port), seconds) as connection:
        connection.sendall(data)
        found = b""
        try:
            while part := connection.recv(65536):
                found += part
        except (TimeoutError, ConnectionResetError):
            pass
        return found


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"400"),
        (b"GET /v1/health HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n", b"400"),
        (b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", b"404"),
        (b"GET /%00%ff HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", b"404"),
        (b"GET http://other.example/v1/health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", b"200"),
        (b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", b"40"),
        (b"GET /v1/health HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nHost: a\r\n\r\n", b"200"),
        (b"POST /v1/check HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef", b"400"),
        (b"POST /v1/check HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", b"400"),
        (b"POST /v1/check HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n", b"413"),
        (b"POST /v1/check HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"400"),
        (b"POST /v1/check HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n{", b"408"),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 400_000, b"400"),
        (b"GET / HTTP/1.1\r\nHost: a\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nX-Request-Id: a\r\n b\r\n\r\n", b"400"),
    ],
    ids=range(16),
)
def test_bytes_that_nobody_should_send(hostile: Served, data: bytes, status: bytes) -> None:
    answer = raw(hostile.port, data)
    assert answer.startswith(b"HTTP/1.1 " + status), answer[:300]
    assert hostile.ask("GET", "/v1/health")[0] == 200


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Any:
    server = Served(tmp_path_factory.mktemp("hostile"), "--timeout", 1)
    yield server
    assert server.end() == 0


def test_slow_clients_do_not_hold_up_others(hostile: Served) -> None:
    began = time.monotonic()
    slow = [socket.create_connection(("127.0.0.1", hostile.port)) for _ in range(100)]
    for n, connection in enumerate(slow):
        connection.sendall(b"POST /v1/check HTTP/1.1\r\nHost: a\r\n"[: n + 1])
    for _ in range(3):
        assert hostile.ask("GET", "/v1/health")[0] == 200
    for connection in slow:
        connection.settimeout(20)
        while connection.recv(1000):
            pass
        connection.close()
    assert time.monotonic() - began < 20


def test_what_is_too_large_is_told(hostile: Served) -> None:
    body = b'{"text": "' + b"a" * 3_000_000 + b'"}'
    assert hostile.ask("POST", "/v1/check", body, content_type="application/json")[0] == 413
    chunked = (
        b"POST /v1/check HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"10000\r\n%s\r\n" % (b"a" * 65536) * 140
    )
    assert raw(hostile.port, chunked)[:12] in (b"HTTP/1.1 413", b"")


SUBMIT = """
import socket, sys
port, first, count = map(int, sys.argv[1:])
with socket.create_connection(("127.0.0.1", port)) as c:
    for n in range(first, first + count):
        body = f"blog=https://b.example&comment_content=text+{n}".encode()
        head = f"POST /1.1/submit-spam HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: {len(body)}\\r\\n\\r\\n"
        c.sendall(head.encode() + body)
        answer = b""
        while not answer.endswith(b"better place."):
            part = c.recv(4096)
            if not part:
                sys.exit()
            answer += part
        print(n, flush=True)
"""


@pytest.mark.parametrize("options", [(), ("--workers", 2)])
def test_every_label_that_was_answered_survives_a_kill(
    serve: Serve, tmp_path: Path, counting: str, options: Any
) -> None:
    server = serve("--model", counting, *options)
    clients, outputs = 10, []
    running = []
    for client in range(clients):
        outputs.append(tmp_path / f"answered-{client}")
        with outputs[-1].open("wb") as out:
            arguments = [str(server.port), str(client * 1000), "1000"]
            running.append(
                subprocess.Popen([sys.executable, "-c", SUBMIT, *arguments], stdout=out, stderr=subprocess.DEVNULL)
            )

    def answered() -> set[int]:
        return {int(line) for path in outputs for line in path.read_bytes().splitlines(True) if line.endswith(b"\n")}

    while len(answered()) < 3000:
        time.sleep(0.02)
    children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(server.process.pid)], capture_output=True, text=True)
    server.end(signal.SIGKILL)
    for pid in children.stdout.split():
        os.kill(int(pid), signal.SIGKILL)
    for client in running:
        client.wait(30)
    told = answered()
    assert 3000 <= len(told) < 10_000
    kept = {int(sample.document.text.removeprefix("text ")) for sample in labels.export(server.store)}
    assert told <= kept
    assert len(kept - told) <= clients  # written, but killed before the answer
    again = serve("--model", counting)
    assert again.ask("POST", "/1.1/submit-ham", "blog=b&comment_content=c", content_type=FORM)[2] == labels_thanks()


@pytest.mark.parametrize("options", [(), ("--workers", 2)])
def test_models_change_under_load_and_nothing_is_dropped(
    serve: Serve, tmp_path: Path, content: Any, options: Any
) -> None:
    models = tmp_path / "models"
    first = store.write(models, *content, {})
    policy = json.loads(json.dumps(content.manifest["policy"]))
    policy["comment"]["hold"] = 0.99
    policy["comment"]["reject"] = 0.999
    fields = content.manifest["fields"]
    second = store.keep(models, content.arrays, fields, policy, {}, lambda manifest: {})
    store.promote(models, first.name)
    server = serve("--model", models, *options)
    answers: list[tuple[int, bytes]] = []
    ending = threading.Event()

    def ask() -> None:
        form = urlencode({"blog": "https://blog.example", "comment_content": SPAM})
        while not ending.is_set():
            status, _, body = server.ask("POST", "/1.1/comment-check", form, content_type=FORM)
            answers.append((status, body))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    processes = 2 if options else 1
    for number, model in enumerate((second, first, second), 1):
        store.promote(models, model.name)
        server.wait_for("reloaded", number * processes)
        assert server.lines("reloaded")[-1]["model"] == model.name
    server.process.send_signal(signal.SIGHUP)
    server.wait_for("reloaded", 4 * processes)
    (models / "current").write_text("missing\n")
    server.wait_for("error")
    before = len(answers)
    while len(answers) < before + 50:
        time.sleep(0.01)
    ending.set()
    for thread in threads:
        thread.join()
    assert {status for status, _ in answers} == {200}
    assert {body for _, body in answers} == {b"true", b"false"}
    assert answers[-1][1] == b"false"
    assert server.end() == 0


@pytest.mark.parametrize("options", [(), ("--workers", 2)])
def test_what_is_in_flight_is_finished(serve: Serve, counting: str, options: Any) -> None:
    server = serve("--model", counting, *options)
    rows = json.dumps([{"text": f"text {n} " * 200} for n in range(1000)]).encode()
    head = "POST /v1/check/batch HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    head += f"Content-Length: {len(rows)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), 30) as connection:
        connection.sendall(head.encode() + rows[:-1])
        time.sleep(0.3)
        connection.sendall(rows[-1:])
        time.sleep(0.05)
        server.process.send_signal(signal.SIGTERM)
        answer = b""
        while part := connection.recv(1 << 20):
            answer += part
    assert server.process.wait(30) == 0
    assert len(json.loads(answer.partition(b"\r\n\r\n")[2])) == 1000


def test_a_worker_that_crashes_is_started_again(serve: Serve, counting: str) -> None:
    server = serve("--model", counting, "--workers", 2)
    server.wait_for("serving", 2)
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(server.process.pid)], capture_output=True, text=True)
    os.kill(int(found.stdout.split()[0]), signal.SIGKILL)
    server.wait_for("serving", 3)
    for _ in range(20):
        assert server.ask("GET", "/v1/health")[0] == 200
    total = sum(
        float(n) for n in re.findall(rb'path="/v1/health",status="200"} (\d+)', server.ask("GET", "/metrics")[2])
    )
    assert total == 20
    assert server.end() == 0


def test_a_port_that_is_taken_and_a_model_that_is_missing_are_told(serve: Serve, counting: str, tmp_path: Path) -> None:
    server = serve("--model", counting)
    for options in (("--port", server.port), ("--store", tmp_path / "no" / "folder"), ("--store", server.log)):
        command = [sys.executable, "-m", "moderator", "serve", "--model", counting, "--store", server.store, *options]
        ended = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=60)
        assert (ended.returncode, ended.stdout) == (3, "")
        assert ended.stderr.startswith("error: ")
