"""HTTP/1.1 as uvicorn speaks it, with what it leaves open: a limit to heads, in time and in size."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES = 64 * 1024


class Protocol(HttpToolsProtocol):
    """A connection whose requests must begin in time."""

    seconds = 10.0  # from the first byte of a request, or from the connection, to the end of its head
    _deadline: asyncio.TimerHandle | None = None
    _left = HEAD_BYTES

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Expect a head."""
        super().connection_made(transport)
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        """Expect nothing any more."""
        self._met()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count the bytes of a head while it is not complete."""
        if self._deadline is not None:
            self._left -= len(data)
        super().data_received(data)
        if self._deadline is not None and self._left < 0:
            self._end()

    def on_message_begin(self) -> None:
        """Expect the rest of a head."""
        super().on_message_begin()
        if self._deadline is None:
            self._expect()

    def on_headers_complete(self) -> None:
        """Be content with a head."""
        self._met()
        super().on_headers_complete()

    def _expect(self) -> None:
        self._left = HEAD_BYTES
        self._deadline = self.loop.call_later(self.seconds, self._end)

    def _met(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _end(self, *_: Any) -> None:
        """Close a connection whose head is too long or too slow; an answer that is being written is finished first."""
        self._met()
        if not self.transport.is_closing():
            if self.cycle is None or self.cycle.response_complete:
                self.send_400_response("The head of the request is too long or too slow.")
            else:
                self.transport.close()
