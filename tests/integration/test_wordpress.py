"""WordPress with its Akismet plugin, redirected by our plugin, from a visitor's form to the labels of a moderator."""

from __future__ import annotations

import json
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("uvicorn")
pytest.importorskip("httpx")

from integration_server import Served
from integration_wordpress import POST, WordPress, missing

from moderator.server import keys, labels

pytestmark = pytest.mark.integration
HAM = "I've made it twice: the \"crumb\" didn't hold until I let the sourdough rest \\o/ – thanks, <em>great</em>!"
SHOP = "http://cheap-bags.example"
SPAM = "Cheap louis vuitton handbags {} http://a.example http://b.example http://c.example buy now"

CONNECTED = "Disconnect this account"


class Site:
    """A blog and the server that it asks, which can be stopped and started."""

    def __init__(self, folder: Path, wordpress: WordPress) -> None:
        self.folder, self.wordpress = folder, wordpress
        self.key = keys.add(folder / "store.sqlite", "blog")
        self.start()

    def start(self) -> None:
        self.served = Served(self.folder)
        self.wordpress.settings(MODERATOR_HOST="127.0.0.1", MODERATOR_PORT=self.served.port)

    def stop(self) -> None:
        if self.served.process.poll() is None:
            assert self.served.end() == 0
            self.served.log.unlink()

    def checked(self, text: str) -> dict[str, Any]:
        """Return what the server was last asked to check that has this text."""
        until = time.monotonic() + 20.0  # checks are written when nobody waits for them
        while True:
            with closing(sqlite3.connect(self.served.store)) as base:
                rows = base.execute("SELECT document FROM checks ORDER BY id DESC").fetchall()
            found = [document for row in rows if (document := json.loads(row[0]))["text"] == text]
            if found or time.monotonic() > until:
                return found[0]
            time.sleep(labels.LINGER)

    def exported(self) -> list[dict[str, Any]]:
        """Return the labels, as the command line exports them."""
        command = [sys.executable, "-m", "moderator", "server", "labels", "export", "-", "--store"]
        ended = subprocess.run([*command, self.served.store], capture_output=True, check=True)
        return [json.loads(line) for line in ended.stdout.splitlines()]

    def labels(self) -> dict[str, str]:
        """Return the labels by text."""
        return {row["text"]: row["label"] for row in self.exported()}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    if lacking := missing():
        pytest.skip(f"needs WordPress, PHP and MariaDB of Debian: {lacking} is not there")
    wordpress = WordPress()
    site = None
    try:
        site = Site(tmp_path_factory.mktemp("server"), wordpress)
        wordpress.log_in()
        assert CONNECTED in wordpress.enter_key(site.key)
        yield site
        site.stop()
    finally:
        wordpress.end()
        if site and site.served.process.poll() is None:
            site.served.end(signal.SIGKILL)


def test_a_key_that_the_server_does_not_know_is_refused(site: Site) -> None:
    wrong = "0" * 12
    try:
        assert "The key you entered is invalid" in site.wordpress.enter_key(wrong)
        site.wordpress.options(wordpress_api_key=wrong)
        assert CONNECTED in site.wordpress.enter_key(site.key)
    finally:
        site.wordpress.options(wordpress_api_key=site.key)


def test_the_page_of_settings_shows_an_account(site: Site) -> None:
    page = site.wordpress.admin.get("/wp-admin/options-general.php", params={"page": "akismet-key-config"})
    assert "<p>moderator</p>" in page.text
    assert "can&#8217;t connect" not in page.text


def test_honest_comments_are_published(site: Site) -> None:
    assert site.wordpress.comment(HAM).status_code == 302
    assert site.wordpress.status(HAM) == "approved"
    document = site.checked(HAM)
    assert (document["author"], document["site_url"]) == ("Jo", site.wordpress.url)
    assert document["context"] == f"{POST['post_title']}\n{re.sub('<.*?>', '', POST['post_content'])}"


def test_spam_is_put_into_the_spam_folder(site: Site) -> None:
    text = SPAM.format("outlet")
    assert site.wordpress.comment(text, "cheap handbags", SHOP).status_code == 302
    assert site.wordpress.status(text) == "spam"


def test_blatant_spam_is_discarded_where_the_owner_wants_that(site: Site) -> None:
    text = SPAM.format("discount")
    site.wordpress.options(akismet_strictness="1")
    answer = site.wordpress.comment(text, "cheap handbags", SHOP)
    site.wordpress.options(akismet_strictness="0")
    assert (answer.status_code, site.wordpress.status(text)) == (302, None)
    assert site.checked(text)["author"] == "cheap handbags"


def test_bots_that_fill_the_trap_are_caught(site: Site) -> None:
    text = "A good recipe with clear words."
    site.wordpress.comment(text, ak_hp_textarea="filled")
    assert site.wordpress.status(text) == "spam"


def test_what_a_moderator_decides_is_a_label(site: Site) -> None:
    missed, wrong = 'Thanks, it\'s like what I "wrote" about oats.', SPAM.format("wholesale")
    site.wordpress.comment(missed, "Mallory")
    site.wordpress.comment(wrong, "cheap handbags", SHOP)
    assert (site.wordpress.status(missed), site.wordpress.status(wrong)) == ("approved", "spam")
    site.wordpress.click_in_browser("spamcomment", missed)
    site.wordpress.click("unspamcomment", wrong)
    assert (site.wordpress.status(missed), site.wordpress.status(wrong)) == ("spam", "unapproved")
    assert {missed: "spam", wrong: "ham"}.items() <= site.labels().items()
    label, check = next(row for row in site.exported() if row["text"] == missed), site.checked(missed)
    assert all(label[name] == check[name] for name in ("text", "author", "context", "site_url"))


def test_the_last_decision_stands(site: Site) -> None:
    texts = "Is it the same with spelt?", "How long does the loaf keep?"
    for text in texts:
        site.wordpress.comment(text)
    site.wordpress.bulk("spam", *texts)
    assert {site.labels()[text] for text in texts} == {"spam"}
    site.wordpress.bulk("unspam", *texts)
    assert {site.labels()[text] for text in texts} == {"ham"}


def test_while_the_server_is_down_comments_are_held_and_checked_later(site: Site) -> None:
    honest, spam = "Mine rose after a night in the fridge.", SPAM.format("store")
    site.stop()
    began = time.monotonic()
    site.wordpress.comment(honest)
    site.wordpress.comment(spam, "cheap handbags", SHOP)
    assert time.monotonic() - began < 20
    assert (site.wordpress.status(honest), site.wordpress.status(spam)) == ("unapproved", "unapproved")
    site.start()
    site.wordpress.php("do_action( 'akismet_schedule_cron_recheck' );")
    assert (site.wordpress.status(honest), site.wordpress.status(spam)) == ("approved", "spam")


def test_a_server_that_hangs_makes_nobody_wait_for_long(site: Site) -> None:
    text = "Can it be frozen?"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        site.wordpress.settings(MODERATOR_PORT=silent.getsockname()[1])
        began = time.monotonic()
        site.wordpress.comment(text)
        assert time.monotonic() - began < 12
    site.wordpress.settings(MODERATOR_PORT=site.served.port)
    assert site.wordpress.status(text) == "unapproved"


def test_the_key_may_stand_in_the_configuration(site: Site) -> None:
    text = "The second loaf was better than the first."
    site.wordpress.options(wordpress_api_key="")
    site.wordpress.settings(MODERATOR_PORT=site.served.port, MODERATOR_KEY=site.key)
    site.wordpress.comment(text)
    assert site.wordpress.status(text) == "approved"
    assert site.checked(text)["author"] == "Jo"


def test_nothing_of_this_went_to_akismet(site: Site) -> None:
    asked = site.wordpress.asked()
    assert "127.0.0.1" in asked
    assert not [host for host in asked if "akismet" in host]
