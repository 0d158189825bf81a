"""A WordPress of Debian with its Akismet plugin, a database of its own, and our plugin that redirects it."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

WORDPRESS = Path("/usr/share/wordpress")
PLUGIN = Path(__file__).parents[2] / "moderator/integrations/wordpress/moderator.php"
PROGRAMS = ("php", "mariadbd", "mariadb-install-db")
PASSWORD = "a password of the test"
POST = {
    "post_title": "Rye bread for beginners",
    "post_content": "<p>Rye flour has little gluten; a sourdough keeps the crumb together.</p>",
    "post_status": "publish",
}
CONFIG = """<?php
define( 'DB_NAME', 'wordpress' );
define( 'DB_USER', 'root' );
define( 'DB_PASSWORD', '' );
define( 'DB_HOST', 'localhost:%(socket)s' );
define( 'DB_CHARSET', 'utf8mb4' );
define( 'DB_COLLATE', '' );
define( 'AUTH_KEY', 'a' );
define( 'DISABLE_WP_CRON', true );
define( 'AUTOMATIC_UPDATER_DISABLED', true );
$table_prefix = 'wp_';
require __DIR__ . '/moderator-settings.php';
if ( ! defined( 'ABSPATH' ) ) {
	define( 'ABSPATH', __DIR__ . '/' );
}
require_once ABSPATH . 'wp-settings.php';
"""
INSTALL = """
define( 'WP_INSTALLING', true );
require 'wp-load.php';
require 'wp-admin/includes/upgrade.php';
wp_install( 'Baking', 'admin', 'admin@blog.example', true, '', $given['password'] );
require_once 'wp-admin/includes/plugin.php';
activate_plugin( 'akismet/akismet.php' );
switch_theme( 'twentytwentythree' );
foreach ( $given['options'] as $name => $value ) {
	update_option( $name, $value );
}
wp_delete_comment( 1, true );
$found = wp_insert_post( $given['post'] );
"""
COMMENTS = """
foreach ( get_comments( array( 'status' => array( 'any', 'spam', 'trash' ), 'order' => 'ASC' ) ) as $one ) {
	$found[ $one->comment_content ] = array( 'id' => $one->comment_ID, 'status' => wp_get_comment_status( $one ) );
}
"""
# Comments are published when Akismet does not object; the same address may send many in a row.
OPTIONS = {"comment_moderation": 0, "comment_previously_approved": 0, "comment_max_links": 0, "comments_notify": 0}
OURS = """<?php
add_filter( 'wp_is_comment_flood', '__return_false', 99 );
add_filter( 'pre_http_request', function ( $answer, $request, $url ) {
	if ( false === $answer ) {
		file_put_contents( ABSPATH . 'asked', $url . PHP_EOL, FILE_APPEND );
	}
	return $answer;
}, 99, 3 );
"""


def missing() -> str:
    """Say what of WordPress is not installed, if anything."""
    programs = [program for program in PROGRAMS if not shutil.which(program, path=_path())]
    wanted = [WORDPRESS / "wp-content/plugins/akismet/akismet.php", WORDPRESS / "wp-content/themes/twentytwentythree"]
    return ", ".join([*programs, *(str(path) for path in wanted if not path.exists())])


def _path() -> str:
    return os.environ.get("PATH", "") + ":/usr/sbin"


def _program(name: str) -> str:
    return shutil.which(name, path=_path()) or name


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


class Form(HTMLParser):
    """The fields of the form of a page that leads to an address."""

    def __init__(self, html: str, action: str) -> None:
        super().__init__()
        self.action, self.fields, self._wanted, self._inside = "", dict[str, str](), action, False
        self.feed(html)
        assert self.action, f"no form that leads to {action}: {html[:2000]}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and self._wanted in given.get("action", ""):
            self.action, self._inside = given["action"], True
        if self._inside and tag in ("input", "textarea") and given.get("name") and given.get("type") != "submit":
            self.fields[given["name"]] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        self._inside &= tag != "form"


class WordPress:
    """A site that runs, all of it in one folder that is removed at the end."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="wp-"))  # a socket has a short name, so not in pytest's folder
        self.site, self._log = self.folder / "site", self.folder / "log"
        self._running: list[subprocess.Popen[bytes]] = []
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.browser = httpx.Client(base_url=self.url, timeout=60)
        self.admin = httpx.Client(base_url=self.url, timeout=60)
        try:
            self._database()
            self._files()
            self.post = self._install()
            self._serve()
        except BaseException:
            self.end()
            raise

    def _start(self, *command: object) -> None:
        with self._log.open("ab") as log:
            self._running.append(subprocess.Popen([*map(str, command)], stdout=log, stderr=log))

    def _wait(self, address: str | int) -> None:
        """Wait until something listens."""
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        for _ in range(600):
            with socket.socket(family) as client:
                if not client.connect_ex(address if isinstance(address, str) else ("127.0.0.1", address)):
                    return
            assert self._running[-1].poll() is None, self._log.read_text()
            time.sleep(0.05)
        raise AssertionError(self._log.read_text())

    def _database(self) -> None:
        data, sock, first = self.folder / "data", self.folder / "sock", self.folder / "first.sql"
        options = ["--no-defaults", f"--datadir={data}", *(["--user=root"] if os.geteuid() == 0 else [])]
        how = ["--auth-root-authentication-method=normal", "--skip-test-db"]
        subprocess.run([_program("mariadb-install-db"), *options, *how], check=True, capture_output=True)
        first.write_text("CREATE DATABASE wordpress CHARACTER SET utf8mb4;\n")
        quick = ["--innodb-buffer-pool-size=32M", "--innodb-flush-log-at-trx-commit=0"]
        self._start(
            _program("mariadbd"), *options, f"--socket={sock}", "--skip-networking", f"--init-file={first}", *quick
        )
        self._wait(str(sock))

    def _files(self) -> None:
        """Copy WordPress, since it looks for its configuration beside itself."""
        shutil.copytree(WORDPRESS, self.site, ignore=shutil.ignore_patterns("wp-config.php", ".htaccess"))
        (self.site / "wp-config.php").write_text(CONFIG % {"socket": self.folder / "sock"})
        own = self.site / "wp-content/mu-plugins"
        own.mkdir()
        shutil.copy(PLUGIN, own)
        (own / "ours.php").write_text(OURS)
        self.settings()

    def _install(self) -> int:
        post = {**POST, "comment_status": "open"}
        return int(
            self.php(INSTALL, password=PASSWORD, post=post, options={**OPTIONS, "home": self.url, "siteurl": self.url})
        )

    def _serve(self) -> None:
        self._start(*self._php(), "-S", f"127.0.0.1:{self.port}", "-t", self.site)
        self._wait(self.port)

    def _php(self) -> list[str]:
        # A cache would not see for two seconds that settings were changed.
        values = ("sendmail_path=/bin/true", "display_errors=stderr", "opcache.enable=0")
        return [_program("php"), *(part for value in values for part in ("-d", value))]

    def php(self, code: str, **given: Any) -> Any:
        """Run code inside WordPress and return what it found."""
        head = f"$_SERVER['HTTP_HOST'] = '127.0.0.1:{self.port}'; $found = array();\n"
        head += "$given = json_decode( stream_get_contents( STDIN ), true );\n"
        load = "" if "wp-load.php" in code else "require 'wp-load.php';\n"
        command = [*self._php(), "-r", f'{head}{load}{code}\necho "\\0", wp_json_encode( $found );']
        ended = subprocess.run(command, input=json.dumps(given), cwd=self.site, capture_output=True, text=True)
        assert not ended.returncode, ended.stdout + ended.stderr
        return json.loads(ended.stdout.rpartition("\0")[2])

    def settings(self, **constants: str | int) -> None:
        """Define the constants of our plugin, as an owner does in wp-config.php."""
        lines = [f"define( '{name}', {json.dumps(value)} );\n" for name, value in constants.items()]
        (self.site / "moderator-settings.php").write_text("<?php\n" + "".join(lines))

    def options(self, **options: Any) -> None:
        """Set options of WordPress and of its plugins."""
        self.php("foreach ( $given as $name => $value ) { update_option( $name, $value ); }", **options)

    def asked(self) -> set[str]:
        """Return the hosts that were asked over HTTP since the beginning."""
        return {str(urlsplit(url).hostname) for url in (self.site / "asked").read_text().split()}

    def comments(self) -> dict[str, Any]:
        """Return the comments there are: id and status by text."""
        return dict(self.php(COMMENTS))

    def status(self, text: str) -> str | None:
        """Return what became of a comment: approved, unapproved, spam, trash, or nothing at all."""
        return self.comments().get(text, {}).get("status")

    def comment(self, text: str, author: str = "Jo", site: str = "", **more: str) -> httpx.Response:
        """Post a comment as a visitor does: open the page, fill in its form, send it."""
        page = self.browser.get("/", params={"p": self.post}).raise_for_status()
        form = Form(page.text, "wp-comments-post.php")
        who = {"author": author, "email": "jo@visitor.example", "url": site, "comment": text}
        return self.browser.post(form.action, data={**form.fields, **who, **more}, headers={"referer": str(page.url)})

    def log_in(self) -> None:
        """Log in as the administrator."""
        self.admin.get("/wp-login.php")
        form = {"log": "admin", "pwd": PASSWORD, "testcookie": "1"}
        answer = self.admin.post("/wp-login.php", data=form)
        assert answer.status_code == 302, answer.text

    def enter_key(self, key: str) -> str:
        """Enter a key on Akismet's page of settings; return what the page says then."""
        where = {"page": "akismet-key-config"}
        page = self.admin.get("/wp-admin/options-general.php", params={**where, "view": "start"}).raise_for_status()
        nonce = re.search(r'name="_wpnonce" value="(\w+)"', page.text)
        assert nonce, page.text
        data = {"action": "enter-key", "key": key, "_wpnonce": nonce[1]}
        return self.admin.post("/wp-admin/options-general.php", params=where, data=data, follow_redirects=True).text

    def _link(self, action: str, text: str) -> str:
        """Return the link under a comment in wp-admin."""
        number = self.comments()[text]["id"]
        where = {"comment_status": "spam" if action == "unspamcomment" else "all"}
        page = self.admin.get("/wp-admin/edit-comments.php", params=where).text
        links = [unescape(link) for link in re.findall(r"href=['\"](comment\.php[^'\"]+)", page)]
        return next(link for link in links if f"action={action}&" in link and re.search(rf"\bc={number}\b", link))

    def click(self, action: str, text: str) -> None:
        """Follow the link under a comment, as without JavaScript: spamcomment, unspamcomment."""
        assert self.admin.get(f"/wp-admin/{self._link(action, text)}").status_code == 302

    def click_in_browser(self, action: str, text: str) -> None:
        """Do what the script of the page does when the link under a comment is clicked."""
        given = parse_qs(urlsplit(self._link(action, text)).query)
        data = {"action": "delete-comment", "id": given["c"][0], "_ajax_nonce": given["_wpnonce"][0]}
        form = {**data, action.removesuffix("comment"): "1", "_url": f"{self.url}/wp-admin/edit-comments.php"}
        answer = self.admin.post("/wp-admin/admin-ajax.php", data=form)
        assert "<wp_ajax>" in answer.text, answer.text

    def bulk(self, action: str, *texts: str) -> None:
        """Tick comments and choose what to do with them: spam, unspam."""
        where = {"comment_status": "spam" if action == "unspam" else "all"}
        page = self.admin.get("/wp-admin/edit-comments.php", params=where).text
        nonce = re.search(r'name="_wpnonce" value="(\w+)"', page)
        assert nonce, page
        numbers = [self.comments()[text]["id"] for text in texts]
        chosen = {**where, "_wpnonce": nonce[1], "action": action, "action2": "-1", "delete_comments[]": numbers}
        assert self.admin.get("/wp-admin/edit-comments.php", params=chosen).status_code == 302

    def end(self) -> None:
        """End what was started, and remove the folder."""
        for process in reversed(self._running):
            process.terminate()
            process.wait(30)
        self.browser.close()
        self.admin.close()
        shutil.rmtree(self.folder, ignore_errors=True)
