"""Akismet clients of npm, as they are published."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from integration_server import Served

from moderator.server import keys, labels

pytestmark = pytest.mark.integration
CLIENTS = ("@cedx/akismet@16.2.1", "akismet-api@6.0.0", "akismet@2.0.7")
SPAM = "Cheap louis vuitton handbags outlet http://a.example http://b.example http://c.example buy now"
HAM = "Thanks, it's the “second” recipe that worked: 1 + 1 & more"
# Two of the clients put the key before the name of the host; so every name leads to this machine.
SCRIPT = """
import dns from "node:dns";
import { createRequire } from "node:module";
dns.lookup = (name, how, tell) => {
  const all = how && how.all;
  (tell ?? how)(null, all ? [{ address: "127.0.0.1", family: 4 }] : "127.0.0.1", 4);
};
const require = createRequire(import.meta.url);
const [port, key, spam, ham] = process.argv.slice(2);
const blog = "https://blog.example/";
const found = {};

const cedx = await import("@cedx/akismet");
const baseUrl = `http://127.0.0.1:${port}`;
const one = new cedx.Client(key, new cedx.Blog({ url: blog }), { baseUrl });
const author = (name) => new cedx.Author({ ipAddress: "192.0.2.1", name, userAgent: "Mozilla" });
const context = ["Rye bread", "for beginners"];
const comment = (content, name) => new cedx.Comment({ author: author(name), content, context, type: "comment" });
const wrong = new cedx.Client("0".repeat(12), new cedx.Blog({ url: blog }), { baseUrl });
found.cedx = [
  await one.verifyKey(),
  await wrong.verifyKey(),
  await one.checkComment(comment(spam, "cheap handbags")) == cedx.CheckResult.pervasiveSpam,
  await one.checkComment(comment(ham, "Jo")) != cedx.CheckResult.ham,
];
await one.submitSpam(comment(`${spam} cedx`, "Jo"));
await one.submitHam(comment(`${ham} cedx`, "Jo"));

const { AkismetClient } = require("akismet-api");
const two = new AkismetClient({ key, blog, host: `moderator.test:${port}`, protocol: "http" });
const other = new AkismetClient({ key: "0".repeat(12), blog, host: `moderator.test:${port}`, protocol: "http" });
const asked = (content) => ({ ip: "192.0.2.1", useragent: "Mozilla", content, name: "Jo" });
found.api = [
  await two.verifyKey(),
  await other.verifyKey(),
  await two.checkSpam(asked(spam)),
  await two.checkSpam(asked(ham)),
];
await two.submitSpam(asked(`${spam} api`));
await two.submitHam(asked(`${ham} api`));

const { client } = require("akismet");
const three = client({ apiKey: key, blog, host: "moderator.test", port: Number(port) });
const four = client({ apiKey: "0".repeat(12), blog, host: "moderator.test", port: Number(port) });
const told = (of, name, ...given) =>
  new Promise((done, failed) => of[name](...given, (error, answer) => (error ? failed(error) : done(answer))));
const sent = (text) => ({ user_ip: "192.0.2.1", comment_content: text, comment_author: "Jo" });
found.plain = [
  await told(three, "verifyKey"),
  await told(four, "verifyKey"),
  await told(three, "checkSpam", sent(spam)),
  await told(three, "checkSpam", sent(ham)),
];
await told(three, "submitSpam", sent(`${spam} plain`));
await told(three, "submitHam", sent(`${ham} plain`));
console.log(JSON.stringify(found));
"""


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that the clients are installed in."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if not (npm and node):
        pytest.skip("needs npm and node")
    folder = tmp_path_factory.mktemp("npm")
    (folder / "package.json").write_text("{}")
    command = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", *CLIENTS]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    if ended.returncode:
        pytest.skip(f"the clients could not be installed: {ended.stderr[-300:]}")
    (folder / "ask.mjs").write_text(SCRIPT, encoding="utf-8")
    return folder


def test_clients_of_npm(clients: Path, serve: Callable[..., Served], tmp_path: Path) -> None:
    key = keys.add(tmp_path / "store.sqlite", "blog")
    server = serve()
    command = ["node", "ask.mjs", str(server.port), key, SPAM, HAM]
    ended = subprocess.run(command, cwd=clients, capture_output=True, text=True, encoding="utf-8", timeout=60)
    assert not ended.returncode, ended.stderr
    found: dict[str, Any] = json.loads(ended.stdout)
    assert found == {name: [True, False, True, False] for name in ("cedx", "api", "plain")}
    assert server.end() == 0
    assert next(labels.export(server.store)).document.context == "Rye bread\nfor beginners"
    kept = [(sample.document.text, sample.label) for sample in labels.export(server.store)]
    assert kept == [(f"{t} {n}", w) for n in ("cedx", "api", "plain") for t, w in ((SPAM, "spam"), (HAM, "ham"))]
