"""Isso as it is published, asking a moderator."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from integration_server import Served
from integration_wordpress import free_port

from moderator.server import keys, labels

pytestmark = pytest.mark.integration
ISSO = "isso==0.14.0"
CONFIG = """
[general]
dbpath = {folder}/comments.db
host = http://blog.example/
notify = stdout
[guard]
enabled = true
ratelimit = 100
direct-reply = 100
require-email = false
"""
RUN = """
from moderator.integrations.isso import make_app
from werkzeug.serving import run_simple
run_simple("127.0.0.1", {port}, make_app(), threaded=True)
"""
HELD = "My *two* loaves: http://a.example http://b.example"
REJECTED = " ".join(f"http://h{n}.example" for n in range(9))


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a Python that has Isso."""
    folder = tmp_path_factory.mktemp("isso")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    ended = subprocess.run([folder / "bin/pip", "install", "--quiet", ISSO], capture_output=True, text=True)
    if ended.returncode:
        pytest.skip(f"Isso could not be installed: {ended.stderr[-300:]}")
    return folder / "bin/python"


class Isso:
    """Isso that runs, and a browser."""

    def __init__(self, python: Path, folder: Path, **settings: str) -> None:
        self.port, self.log = free_port(), folder / "isso.log"
        (folder / "isso.cfg").write_text(CONFIG.format(folder=folder))
        root = str(Path(__file__).parents[2])
        environment = {**os.environ, "PYTHONPATH": root, "ISSO_SETTINGS": str(folder / "isso.cfg"), **settings}
        with self.log.open("wb") as log:
            command = [python, "-c", RUN.format(port=self.port)]
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        self.browser = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=30)
        for _ in range(400):
            try:
                self.browser.get("/info")
                return
            except httpx.TransportError:
                assert self.process.poll() is None, self.log.read_text()
                time.sleep(0.05)
        raise AssertionError(self.log.read_text())

    def comment(self, text: str, **more: str) -> httpx.Response:
        """Comment as the script of Isso does."""
        data = {"text": text, "title": "Rye bread for beginners", "author": "Jo & Co", **more}
        return self.browser.post("/new", params={"uri": "/rye-bread/"}, json=data)

    def activate(self) -> None:
        """Follow the last link that Isso told the owner of."""
        path = re.findall(r"http\S*(/id/\d+/activate/\S+)", self.log.read_text())[-1]
        assert self.browser.post(path, json={}).status_code == 200

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(30)
        self.browser.close()


@pytest.fixture
def isso(python: Path, tmp_path: Path, serve: Callable[..., Served], counting: str) -> Iterator[Isso]:
    key = keys.add(tmp_path / "store.sqlite", "blog")
    port = serve("--model", counting).port
    running = Isso(python, tmp_path, MODERATOR_URL=f"http://127.0.0.1:{port}", MODERATOR_KEY=key)
    yield running
    running.end()


def test_isso_publishes_holds_and_refuses(isso: Isso, tmp_path: Path) -> None:
    honest = isso.comment("Thanks, the *second* recipe worked.")
    assert (honest.status_code, honest.json()["mode"]) == (201, 1)
    refused = isso.comment(REJECTED)
    assert refused.status_code == 403
    assert "looks like spam" in refused.text
    held = isso.comment(HELD)
    assert (held.status_code, held.json()["mode"]) == (202, 2)
    isso.activate()
    found = list(labels.export(tmp_path / "store.sqlite"))
    assert [(sample.label, sample.document.text) for sample in found] == [("ham", HELD)]
    assert (found[0].document.author, found[0].document.context) == ("Jo & Co", "Rye bread for beginners")


def test_without_a_server_comments_are_held(python: Path, tmp_path: Path) -> None:
    isso = Isso(python, tmp_path, MODERATOR_URL=f"http://127.0.0.1:{free_port()}")
    answer = isso.comment("Thanks, the *second* recipe worked.")
    isso.end()
    assert (answer.status_code, answer.json()["mode"]) == (202, 2)
