"""The log: JSON lines on standard error, written by a thread, so that a slow reader holds up no answer."""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

WAITING = 50_000  # lines
LINGER = 0.05


class Log:
    """Lines that are waiting to be written; those that find no room are counted."""

    def __init__(self, lost: Callable[[], None] = lambda: None) -> None:
        self._lines: list[dict[str, Any]] = []
        self._lost = lost
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    def write(self, event: str, **what: Any) -> None:
        """Note that something happened."""
        if len(self._lines) >= WAITING:
            self._lost()
            return
        self._lines.append({"at": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": event, **what})

    def close(self) -> None:
        """Write what is waiting; a reader that has stopped reading is not waited for long."""
        self._ended.set()
        self._thread.join(2)

    def _run(self) -> None:
        while not self._ended.wait(LINGER) or self._lines:
            lines, self._lines = self._lines, []
            if not lines:
                continue
            try:
                sys.stderr.write("".join(json.dumps(line) + "\n" for line in lines))
                sys.stderr.flush()
            except (OSError, ValueError):
                for _ in lines:
                    self._lost()


class Handler(logging.Handler):
    """Takes what the HTTP library has to say into the same log."""

    def __init__(self, log: Log) -> None:
        super().__init__(logging.INFO)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Note a message of a library."""
        what = {"error": record.exc_info[1].__class__.__name__} if record.exc_info and record.exc_info[1] else {}
        self._log.write("http", level=record.levelname.lower(), message=record.getMessage(), **what)
