"""Coral's requests to a server that runs, as its client sends them: on a connection that is kept."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from integration_server import Served

pytestmark = pytest.mark.integration
SECRET = "empsec_4b7f9d2e18c05a63"
HELD = "Two http://a.example http://b.example"
REJECTED = " ".join(f"http://h{n}.example" for n in range(9))


class Coral:
    """Sends comments for moderation, each with its signature."""

    def __init__(self, port: int, path: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        self.path = path

    def moderate(self, text: str, secret: str = SECRET) -> tuple[int, Any]:
        """Return the status, and what is to become of the comment."""
        row = {
            "action": "NEW",
            "comment": {"body": text, "parentID": None},
            "author": {"id": "baf4e943-3594-4fcc-b2ba-3e8de7a76352", "role": "COMMENTER"},
            "story": {"id": "245b3856-b0a0-4d2f-a6bb-58c71f18d6a6", "url": "http://blog.example/posts/a-story/"},
            "site": {"id": "a4bede88-2d2c-4424-bc18-4322a9e285a6"},
            "tenantID": "19ba5794-7eeb-4d46-a81b-c00c61672501",
            "tenantDomain": "localhost",
        }
        body = json.dumps(row, indent=2, ensure_ascii=False).encode()
        signature = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "X-Coral-Signature": signature, "User-Agent": "Coral Moderation"}
        self.connection.request("POST", self.path, body, headers)
        answer = self.connection.getresponse()
        found = answer.read()
        return answer.status, json.loads(found) if found else None


@pytest.mark.parametrize("options", [(), ("--workers", 2)])
def test_coral_asks(serve: Callable[..., Served], counting: str, tmp_path: Path, options: tuple[object, ...]) -> None:
    secrets = tmp_path / "secrets"
    secrets.write_text(f"{SECRET}\nempsec_the_one_before\n")
    server = serve("--model", counting, "--coral-secrets", secrets, *options)
    asks = Coral(server.port, "/coral/v1/moderate")
    assert asks.moderate("Here's a comment: käse") == (204, None)
    assert asks.moderate(HELD)[1]["status"] == "SYSTEM_WITHHELD"
    assert asks.moderate(REJECTED, "empsec_the_one_before")[1]["status"] == "REJECTED"
    assert asks.moderate("fine", "wrong")[0] == 401
    decides = Coral(server.port, "/coral/v1/decide")
    assert decides.moderate("<div>Here's a comment!<br></div>") == (200, {"status": "NONE"})
    assert asks.moderate("a" * 3_000_000) == (200, {"status": "SYSTEM_WITHHELD"})
    for client in (asks, decides):
        client.connection.close()
    assert server.end() == 0
    log = server.log.read_text()
    assert not [text for text in (SECRET, "Here's", "http://a.example") if text in log]
