"""A new user's path: from nothing to a commit that is stopped, by the commands that the README names.

    python tests/benchmarks/newcomer.py [--wheel dist/moderator.whl]

The wheel is built from this checkout first, which is not counted: it stands where the README has a folder. Everything
else happens in a home of its own, with no cache, in a scratch repository of one clean page. Then a page with an advert
under it is committed, which must fail and say where, and a clean page, which must not.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
COMMANDS = 5  # at most
PAGE = (ROOT / "samples" / "tour" / "rye-bread.md").read_text(encoding="utf-8")
CLEAN = "# Sourdough\n\nThe dough rests for an hour, then it goes into the oven.\n"
NAMES = {f"GIT_{who}_{what}": "a@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


def commands() -> list[str]:
    """Return what the README says to do, one command each, the last of them a commit."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    block = next(b for b in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) if "moderator hook install" in b)
    lines = [line.partition("  #")[0].strip() for line in block.splitlines()]
    return [command.strip() for line in lines for command in line.split("&&") if command.strip()]


def built(folder: Path) -> Path:
    """Return a wheel of this checkout."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(command, check=True)
    return next(folder.glob("*.whl"))


class Newcomer:
    """Somebody with an empty home and a site in git."""

    def __init__(self, folder: Path) -> None:
        self.site = folder / "site"
        self.site.mkdir()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "VIRTUAL_ENV"))}
        alone = {"HOME": str(folder), "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        self.environment = {**kept, **NAMES, **alone}
        self.does("git init --quiet")
        self.commits("sourdough.md", CLEAN)

    def does(self, command: str) -> tuple[int, str]:
        """Run a command in a shell; return its exit code and what it said."""
        ended = subprocess.run(
            command, shell=True, cwd=self.site, env=self.environment, capture_output=True, text=True, encoding="utf-8"
        )
        return ended.returncode, ended.stdout + ended.stderr

    def commits(self, name: str, text: str) -> tuple[int, str]:
        """Commit a page."""
        (self.site / name).write_text(text, encoding="utf-8")
        code, said = self.does(f"git add {name} && git commit --quiet --message {name}")
        if code:
            self.does(f"git rm --quiet --cached {name}")
        return code, said


def timed(seconds: list[float], label: str, began: float) -> None:
    """Note and print what a step took."""
    seconds.append(time.perf_counter() - began)
    print(f"{seconds[-1]:6.1f} s  {label}", flush=True)


def main() -> int:
    """Print the seconds of each step, and fail if the path does not lead where it should."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wheel", type=Path, help="a wheel that is there already")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wheel = given.wheel.resolve() if given.wheel else built(folder / "dist")
        newcomer, seconds, todo = Newcomer(folder), [], commands()
        for command in todo[:-1]:
            began = time.perf_counter()
            code, said = newcomer.does(command.replace("../moderator", str(wheel)))
            timed(seconds, command, began)
            if code:
                raise SystemExit(f"exit code {code}: {said}")
        began = time.perf_counter()
        stopped, said = newcomer.commits("rye-bread.md", PAGE)
        timed(seconds, f"{todo[-1]}, of a page with an advert under it", began)
        place = re.search(r"rye-bread\.md:\d+", said)
        passed, about = newcomer.commits("rye.md", CLEAN)
    print(f"{sum(seconds):6.1f} s  in all; {len(todo)} commands, {COMMANDS} or fewer are wanted")
    good = stopped and place and not passed and len(todo) <= COMMANDS and todo[-1] == "git commit"
    print(f"stopped at {place[0]}" if stopped and place else f"not stopped: {said}")
    print("a clean page was committed" if not passed else f"a clean page was stopped: {about}")
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
