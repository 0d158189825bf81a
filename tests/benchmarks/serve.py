"""Requests a second and latency of comment-check, with 1, 16 and 64 connections.

The client is `wrk` if it is installed (Debian: apt-get install wrk), otherwise a loop over raw sockets in a process of
its own. Client and server share the machine's cores. "trivial" is the same server with a scorer that looks at nothing:
what HTTP, form, log and store cost; "labels" is submit-spam, answered when it is on disk; "app only" is uvicorn with an
application that answers at once. "half" asks at half the best rate, and counts from when each request was due.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).parents[2]
COMMENTS = ROOT / "tests" / "quality" / "comments.jsonl"


def bodies(limit: int = 2000) -> list[str]:
    """Return comment-check forms like those of WordPress, with distinct comments."""
    found = []
    for number, line in enumerate(COMMENTS.read_text(encoding="utf-8").splitlines()[:limit]):
        row = json.loads(line)
        form = {
            "api_key": "123456789abc", "blog": "https://blog.example/", "user_ip": "192.0.2.7",
            "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
            "referrer": "https://blog.example/rye-bread/", "permalink": f"https://blog.example/rye-bread/#{number}",
            "comment_type": "comment", "comment_author": row.get("author") or "",
            "comment_author_email": "someone@mail.example", "comment_author_url": row.get("url") or "",
            "comment_content": row["text"], "comment_date_gmt": "2026-11-22T12:00:00Z", "blog_lang": "en",
            "blog_charset": "UTF-8", "HTTP_ACCEPT": "text/html,application/xhtml+xml", "SERVER_SOFTWARE": "nginx",
        }  # fmt: skip
        found.append(urlencode(form))
    return found


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


@contextmanager
def serving(kind: str, workers: int) -> Iterator[tuple[int, int]]:
    """Start a server, and yield its port and process."""
    with socket.socket() as free, tempfile.TemporaryDirectory() as folder:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        code = APP_ONLY if kind == "app only" else SCORERS[kind] + START
        command = [sys.executable, "-c", code, str(port), f"{folder}/store.sqlite", str(workers)]
        with open(f"{folder}/log", "wb") as log:
            process = subprocess.Popen(command, stderr=log, env={**os.environ, "OMP_NUM_THREADS": "1"}, cwd=ROOT)
        try:
            for _ in range(200):
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    time.sleep(0.1)
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


def with_wrk(
    port: int, connections: int, seconds: int, forms: list[str], path: str = "comment-check"
) -> tuple[float, float, float, int]:
    """Return requests a second, p50 and p99 in ms, and how many answers were wrong."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
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
    return float(rate[1]), quantiles["50"], quantiles["99"], int(wrong[1]) if wrong else 0


async def _paced(port: int, connections: int, seconds: float, forms: list[str], rate: float) -> list[float]:
    """Ask at a steady rate (as fast as possible if it is 0) and return the latencies, from when each was due."""
    head = "POST /1.1/comment-check HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    requests = [f"{head}Content-Length: {len(form)}\r\n\r\n{form}".encode() for form in forms]
    latencies: list[float] = []
    began = time.perf_counter()
    taken = 0

    async def one() -> None:
        nonlocal taken
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while True:
            number = taken
            due = began + number / rate if rate else time.perf_counter()
            if due > began + seconds:
                break
            taken += 1
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            writer.write(requests[number % len(requests)])
            answer = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", answer)
            assert length
            assert answer.startswith(b"HTTP/1.1 200"), answer
            assert await reader.readexactly(int(length[1])) in (b"true", b"false")
            latencies.append(time.perf_counter() - due)
        writer.close()

    await asyncio.gather(*(one() for _ in range(connections)))
    return sorted(latencies)


def with_sockets(port: int, connections: int, seconds: float, rate: float) -> tuple[float, float, float, int]:
    """Do the same from a process of its own, at a steady rate if one is given."""
    command = [sys.executable, __file__, "--client", str(port), str(connections), str(seconds), str(rate)]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    latencies = json.loads(out)
    at = [latencies[int(len(latencies) * q)] * 1000 for q in (0.5, 0.99)]
    return len(latencies) / seconds, at[0], at[1], 0


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--connections", type=int, nargs="*", default=[1, 16, 64])
    parser.add_argument("--kinds", nargs="*", default=["moderator", "trivial", "app only"])
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--client", nargs=4, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.client:
        port, connections, seconds, rate = given.client
        print(json.dumps(asyncio.run(_paced(int(port), int(connections), float(seconds), bodies(), float(rate)))))
        return
    wrk = bool(shutil.which("wrk"))
    forms = bodies()
    print(f"client: {'wrk' if wrk else 'raw sockets'}; {len(forms)} comments; load {os.getloadavg()[0]:.1f}")
    print("server      workers  connections  requests/s  p50 ms  p99 ms  server CPU us/request")
    for kind in given.kinds:
        for workers in given.workers if kind != "app only" else [1]:
            with serving(kind, workers) as (port, pid):
                with_sockets(port, 8, 1.0, 0)
                best = 0.0
                for connections in given.connections:
                    before = cpu_of(pid)
                    if wrk:
                        rate, p50, p99, wrong = with_wrk(port, connections, given.seconds, forms)
                    else:
                        rate, p50, p99, wrong = with_sockets(port, connections, given.seconds, 0)
                    cpu = (cpu_of(pid) - before) / (rate * given.seconds) * 1e6
                    best = max(best, rate)
                    _row(kind, workers, str(connections), rate, p50, p99, cpu, wrong)
                if kind == "moderator" and wrk:
                    before = cpu_of(pid)
                    rate, p50, p99, wrong = with_wrk(port, 64, given.seconds, forms, "submit-spam")
                    cpu = (cpu_of(pid) - before) / (rate * given.seconds) * 1e6
                    _row("labels", workers, "64", rate, p50, p99, cpu, wrong)
                if kind == "moderator":
                    before = cpu_of(pid)
                    rate, p50, p99, wrong = with_sockets(port, 64, given.seconds, best / 2)
                    cpu = (cpu_of(pid) - before) / (rate * given.seconds) * 1e6
                    _row(kind, workers, "64, half", rate, p50, p99, cpu, wrong)


def _row(kind: str, workers: int, at: str, rate: float, p50: float, p99: float, cpu: float, wrong: int) -> None:
    note = f"  {wrong} refused" if wrong else ""
    line = f"{kind:10}  {workers:7}  {at:>11}  {rate:10,.0f}  {p50:6.1f}  {p99:6.1f}  {cpu:21.0f}{note}"
    print(line, flush=True)


if __name__ == "__main__":
    main()
