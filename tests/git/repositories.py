"""Scratch repositories, and what one does in them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

CLEAN = "# Rye\n\nThe dough rests for an hour, then it goes into the oven.\n"
ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.org",
}


def linked(count: int) -> str:
    """Return a paragraph that the model that counts links publishes (1), holds (2) or rejects (8)."""
    return "Casino: " + " and ".join(f"http://slots{n}.example/play" for n in range(count)) + "\n"


class Repository:
    """A repository and what one does in it."""

    def __init__(self, path: Path, *how: str) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.git("init", "-q", "-b", "main", *how)

    def try_git(self, *arguments: object, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        """Run git and return how it ended."""
        return subprocess.run(
            ["git", *map(os.fspath, map(str, arguments))],
            cwd=self.path, input=stdin, capture_output=True, text=True, errors="surrogateescape",
            env={**os.environ, **environment}, check=False,
        )  # fmt: skip

    def git(self, *arguments: object) -> str:
        """Run git and return what it prints."""
        ended = self.try_git(*arguments)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def write(self, name: str | bytes, text: str | bytes = CLEAN) -> None:
        """Write a file and stage it."""
        path = os.path.join(os.fsencode(self.path), os.fsencode(name))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(text.encode() if isinstance(text, str) else text)
        self.git("add", "--all", "--force")

    def commit(self, name: str = "clean.md", text: str | bytes = CLEAN) -> str:
        """Write a file, commit it whatever a hook says, and return the commit."""
        self.write(name, text)
        self.git("commit", "-q", "--no-verify", "--allow-empty", "-m", name)
        return self.git("rev-parse", "HEAD").strip()
