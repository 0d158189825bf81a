"""Servers in processes of their own."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any


class Served:
    """A server that runs, on a port that was free."""

    def __init__(self, folder: Path, *options: object) -> None:
        self.store = folder / "store.sqlite"
        self.log = folder / "log"
        command = [sys.executable, "-m", "moderator", "serve", "--port", "0", "--store", str(self.store)]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen([*command, *map(str, options)], stderr=log, env=environment())
        self.port = 0
        self.wait_for("serving")
        self.port = int(self.lines("serving")[0]["url"].rpartition(":")[2])

    def lines(self, event: str) -> list[dict[str, Any]]:
        """Return the lines of the log about an event."""
        whole = [json.loads(line) for line in self.log.read_bytes().splitlines(True) if line.endswith(b"\n")]
        return [line for line in whole if line["event"] == event]

    def wait_for(self, event: str, count: int = 1) -> None:
        """Wait until the log tells of an event."""
        for _ in range(400):
            if len(self.lines(event)) >= count:
                return
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.05)
        raise AssertionError(self.log.read_text())

    def ask(self, method: str, path: str, body: bytes | str | None = None, **headers: str) -> tuple[int, Any, bytes]:
        """Ask on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        found = answer.status, answer.headers, answer.read()
        connection.close()
        return found

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, and return how the server ended."""
        self.process.send_signal(number)
        return self.process.wait(30)


def environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
