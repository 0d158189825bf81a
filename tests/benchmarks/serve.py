"""Requests a second and latency of comment-check, with 1, 16 and 64 connections, at full and at half load.

    python tests/benchmarks/serve.py [--seconds 8] [--kinds moderator trivial "app only" spamd rspamd]

Full load is a closed loop: each connection asks again as soon as it is answered, by `wrk` if it is installed (Debian:
apt-get install wrk). Half load is an open loop: requests fall due at random times, at half the rate that full load
reached with as many connections, whether or not earlier ones are answered; a latency counts from when a request was
due. The last column is by how much the client itself was late, which is part of p99: where it is high, the machine was
too busy for the figure. Client and server share the machine's cores.

"trivial" is the same server with a scorer that looks at nothing: what HTTP, form, log and store cost; "labels" is
submit-spam, answered when it is on disk; "app only" is uvicorn with an application that answers at once. spamd, rspamd
(Debian: apt-get install spamassassin spamd rspamd) judge the same comments wrapped as mails, one connection each, with
as many processes, without network tests, and without anything that they would have learned.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

ROOT = Path(__file__).parents[2]
COMMENTS = ROOT / "tests" / "quality" / "comments.jsonl"
MAILS = ("spamd", "rspamd")
WARM = 64  # connections, for a second, before anything is counted


class Measured(NamedTuple):
    """What a run came to: requests a second, milliseconds, and answers that were none."""

    rate: float
    p50: float
    p99: float
    wrong: int = 0
    late: float | None = None  # p99 of how late the client was


def comments(limit: int = 2000) -> list[dict[str, str]]:
    """Return comments, all different."""
    return [json.loads(line) for line in COMMENTS.read_text(encoding="utf-8").splitlines()[:limit]]


def form_of(number: int, row: dict[str, str]) -> str:
    """Return a form of comment-check like those of WordPress."""
    return urlencode(
        {
            "api_key": "123456789abc", "blog": "https://blog.example/", "user_ip": "192.0.2.7",
            "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
            "referrer": "https://blog.example/rye-bread/", "permalink": f"https://blog.example/rye-bread/#{number}",
            "comment_type": "comment", "comment_author": row.get("author") or "",
            "comment_author_email": "someone@mail.example", "comment_author_url": row.get("url") or "",
            "comment_content": row["text"], "comment_date_gmt": "2026-11-22T12:00:00Z", "blog_lang": "en",
            "blog_charset": "UTF-8", "HTTP_ACCEPT": "text/html,application/xhtml+xml", "SERVER_SOFTWARE": "nginx",
        }
    )  # fmt: skip


def mail_of(number: int, row: dict[str, str]) -> bytes:
    """Return a comment as a mail."""
    name = re.sub(r"[^\w ]", "", row.get("author") or "", flags=re.ASCII) or "Someone"
    head = (
        f"From: {name} <someone@mail.example>\r\nTo: blog@blog.example\r\nSubject: Comment on Rye bread\r\n"
        f"Date: Sun, 22 Nov 2026 12:00:00 +0000\r\nMessage-ID: <{number}@mail.example>\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    )
    text = "\n".join(filter(None, (row["text"], row.get("url"))))
    return head.encode() + text.replace("\n", "\r\n").encode() + b"\r\n"


def request_of(kind: str, number: int, row: dict[str, str]) -> bytes:
    """Return what is sent to ask about a comment."""
    if kind in MAILS:
        mail = mail_of(number, row)
        line = "CHECK SPAMC/1.5" if kind == "spamd" else "POST /checkv2 HTTP/1.1\r\nHost: localhost"
        return f"{line}\r\nContent-Length: {len(mail)}\r\n\r\n".encode() + mail
    form = form_of(number, row).encode()
    head = "POST /1.1/comment-check HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded"
    return f"{head}\r\nContent-Length: {len(form)}\r\n\r\n".encode() + form


SCORERS = {
    "moderator": "from moderator.server.serve import run, Options\nmodels_of = None\n",
    "trivial": """
from moderator.server.serve import run, Options
from moderator.server.models import Models
from moderator.records import Verdict
class Trivial(Models):
    def judge(self, documents):
        return [Verdict(d.id, "publish", "ham", 0.1, 0.0) for d in documents]
models_of = Trivial
""",
}
START = """
import sys
from pathlib import Path
options = Options(port=int(sys.argv[1]), store=Path(sys.argv[2]), workers=int(sys.argv[3]))
run(options, *([models_of] if models_of else []))
"""
APP_ONLY = """
import sys, uvicorn
async def app(scope, receive, send):
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"false"})
uvicorn.run(app, port=int(sys.argv[1]), access_log=False, lifespan="off", log_level="error")
"""


RSPAMD = {
    "local.d/options.inc": 'dns { nameserver = ["127.0.0.1:9"]; timeout = 0.1s; retransmits = 1; }\n',
    "local.d/logging.inc": 'type = "console"; level = "error";\n',
    "override.d/worker-controller.inc": "enabled = false;\ncount = 0;\n",
    "override.d/worker-proxy.inc": "enabled = false;\ncount = 0;\n",
    "override.d/worker-fuzzy.inc": "enabled = false;\ncount = 0;\n",
}
NETWORK = (
    "arc asn bimi dkim dkim_signing dmarc fuzzy_check hfilter maillist mx_check phishing rbl rspamd_update spf surbl"
)


def command_of(kind: str, port: int, workers: int, folder: Path) -> list[str]:
    """Return what starts a server, after having written what it needs."""
    if kind == "spamd":
        children = [f"--max-children={workers}", f"--min-children={workers}", f"--max-spare={workers}"]
        quiet = [
            "--local",
            "--nouser-config",
            "--syslog=stderr",
            "--cf=use_bayes 0",
            "--username=nobody",
            f"--helper-home-dir={folder}",
        ]
        return ["spamd", *quiet, *children, "--max-conn-per-child=1000000", f"--listen=127.0.0.1:{port}"]
    if kind == "rspamd":
        files = RSPAMD | {f"override.d/{name}.conf": "enabled = false;\n" for name in NETWORK.split()}
        files["override.d/worker-normal.inc"] = f'bind_socket = "127.0.0.1:{port}";\ncount = {workers};\n'
        for name, text in files.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text)
        places = [f"--var={name}={folder}" for name in ("LOCAL_CONFDIR", "DBDIR", "RUNDIR", "LOGDIR")]
        return ["rspamd", "--no-fork", "--insecure", *places, "--config=/etc/rspamd/rspamd.conf"]
    code = APP_ONLY if kind == "app only" else SCORERS[kind] + START
    return [sys.executable, "-c", code, str(port), str(folder / "store.sqlite"), str(workers)]


@contextmanager
def serving(kind: str, workers: int) -> Iterator[tuple[int, int]]:
    """Start a server, and yield its port and process."""
    with socket.socket() as free, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        with (folder / "log").open("wb") as log:
            environment = {**os.environ, "OMP_NUM_THREADS": "1"}
            command = command_of(kind, port, workers, folder)
            process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=ROOT)
        try:
            for _ in range(300):
                with suppress(OSError):
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                if process.poll() is not None:
                    break
                time.sleep(0.1)
            if process.poll() is not None:
                raise SystemExit(f"{kind} did not start: {(folder / 'log').read_text()[-2000:]}")
            yield port, process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def cpu_of(pid: int) -> float:
    """Return the seconds of processor time that a process and its children have used."""
    children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True).stdout.split()
    ticks = 0
    for name in (str(pid), *children):
        fields = Path(f"/proc/{name}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def with_wrk(port: int, connections: int, seconds: int, path: str = "comment-check") -> Measured:
    """Measure in a closed loop."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        forms = [form_of(number, row) for number, row in enumerate(comments())]
        quoted = ",\n".join(f'"{form}"' for form in forms)
        script.write(
            f"local forms = {{\n{quoted}\n}}\nlocal n = 0\n"
            'local head = {["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"}\n'
            f'request = function() n = n + 1; return wrk.format("POST", "/1.1/{path}", head,'
            " forms[n % #forms + 1]) end\n"
        )
        script.flush()
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", script.name]
        out = subprocess.run([*command, f"http://127.0.0.1:{port}/"], capture_output=True, text=True, check=True).stdout
    unit = {"us": 0.001, "ms": 1.0, "s": 1000.0}
    quantiles = {q: float(v) * unit[u] for q, v, u in re.findall(r"(\d+)%\s+([\d.]+)(us|ms|s)\b", out)}
    rate = re.search(r"Requests/sec:\s+([\d.]+)", out)
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    assert rate, out
    return Measured(float(rate[1]), quantiles["50"], quantiles["99"], int(wrong[1]) if wrong else 0)


class Client:
    """Connections that ask, and what they note."""

    def __init__(self, kind: str, port: int, seconds: float, rate: float) -> None:
        self.kind, self.port, self.seconds = kind, port, seconds
        self.requests = [request_of(kind, number, row) for number, row in enumerate(comments())]
        self.number = 0
        self.latencies: list[float] = []
        self.late: list[float] = []
        self.wrong = 0
        self.gaps = partial(random.Random(0).expovariate, rate) if rate else None
        self.due = 0.0

    async def run(self, connections: int) -> None:
        """Ask until the time is over."""
        gc.collect()
        gc.disable()
        self.began = self.due = time.perf_counter()
        await asyncio.gather(*(self._one() for _ in range(connections)))

    async def _one(self) -> None:
        """Take one request after the other, at the time that it is due."""
        streams = None
        while True:
            free = time.perf_counter()
            self.due = self.due + self.gaps() if self.gaps else free
            due, request = self.due, self.requests[self.number % len(self.requests)]
            self.number += 1
            if due > self.began + self.seconds:
                break
            if (wait := due - free) > 0:
                await asyncio.sleep(wait)
            self.late.append(time.perf_counter() - max(due, free))
            streams = streams or await asyncio.open_connection("127.0.0.1", self.port)
            streams[1].write(request)
            if self.kind == "spamd":
                streams[1].write_eof()  # it waits for that, whatever the length says
            answer = await streams[0].readuntil(b"\r\n\r\n") if self.kind != "spamd" else await streams[0].read()
            if length := self.kind != "spamd" and re.search(rb"(?i)content-length: (\d+)", answer):
                answer += await streams[0].readexactly(int(length[1]))
            self.latencies.append(time.perf_counter() - due)
            self.wrong += not re.match(rb"HTTP/1.1 200|SPAMD/1.1 0 EX_OK", answer)
            if self.kind in MAILS:
                streams[1].close()
                streams = None
        if streams:
            streams[1].close()


def _run(asking: Coroutine[Any, Any, None]) -> None:
    """Run on the faster event loop where there is one."""
    factory: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
    with suppress(ImportError):
        from uvloop import new_event_loop as factory
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(asking)


def client(kind: str, port: int, connections: int, seconds: float, rate: float) -> None:
    """Print what this process measured; as fast as possible if the rate is 0."""
    asks = Client(kind, port, seconds, rate)
    _run(asks.run(connections))
    latencies, late = sorted(asks.latencies), sorted(asks.late)
    at = [latencies[int(len(latencies) * q)] * 1000 for q in (0.5, 0.99)]
    print(json.dumps([len(latencies) / seconds, *at, asks.wrong, late[int(len(late) * 0.99)] * 1000 if rate else None]))


def with_sockets(kind: str, port: int, connections: int, seconds: float, rate: float = 0) -> Measured:
    """Measure from a process of its own: in a closed loop, or in an open one if a rate is given."""
    command = [sys.executable, __file__, "--client", kind, str(port), str(connections), str(seconds), str(rate)]
    return Measured(*json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))


def missing(kind: str) -> str:
    """Return what is not installed that a server needs."""
    return kind if kind in MAILS and not shutil.which(kind) else ""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--connections", type=int, nargs="*", default=[1, 16, 64])
    parser.add_argument("--kinds", nargs="*", default=["moderator", "trivial", "app only", *MAILS])
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--client", nargs=5, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.client:
        kind, port, connections, seconds, rate = given.client
        client(kind, int(port), int(connections), float(seconds), float(rate))
        return
    wrk = "wrk" if shutil.which("wrk") else "raw sockets"
    print(f"full load by {wrk}, half load by raw sockets; {len(comments())} comments; load {os.getloadavg()[0]:.1f}")
    print("server      workers  connections  load  requests/s  p50 ms  p99 ms  server CPU us/request  client late ms")
    for kind in given.kinds:
        if missing(kind):
            print(f"{kind:10}  is not installed")
            continue
        for workers in [max(given.workers)] if kind in MAILS else [1] if kind == "app only" else given.workers:
            with serving(kind, workers) as (port, pid):
                with_sockets(kind, port, WARM, 1.0)
                for connections in given.connections:
                    measure(kind, workers, port, pid, connections, given.seconds)
                if kind == "moderator" and wrk == "wrk":
                    before = cpu_of(pid)
                    found = with_wrk(port, 64, given.seconds, "submit-spam")
                    _row("labels", workers, 64, "full", found, (cpu_of(pid) - before) / given.seconds)


def measure(kind: str, workers: int, port: int, pid: int, connections: int, seconds: int) -> None:
    """Print two rows: how much can be asked, and how soon half of that is answered."""
    before = cpu_of(pid)
    if shutil.which("wrk") and kind not in MAILS:
        full = with_wrk(port, connections, seconds)
    else:
        full = with_sockets(kind, port, connections, seconds)
    _row(kind, workers, connections, "full", full, (cpu_of(pid) - before) / seconds)
    before = cpu_of(pid)
    half = with_sockets(kind, port, connections, seconds, full.rate / 2)
    _row(kind, workers, connections, "half", half, (cpu_of(pid) - before) / seconds)


def _row(kind: str, workers: int, connections: int, load: str, found: Measured, cpu: float) -> None:
    late = "" if found.late is None else f"{found.late:.1f}"
    note = f"  {found.wrong} not answered" if found.wrong else ""
    times = f"{found.rate:10,.0f}  {found.p50:6.1f}  {found.p99:6.1f}  {cpu / found.rate * 1e6:21.0f}  {late:>14}"
    print(f"{kind:10}  {workers:7}  {connections:11}  {load}  {times}{note}", flush=True)


if __name__ == "__main__":
    main()
