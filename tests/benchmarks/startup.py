"""Cold start: what `moderator check` of a 5 kB page takes, and where the time goes.

    python tests/benchmarks/startup.py [--runs 10]

Every figure is the wall time of a new process, file cache warm, best and median of --runs runs; the
steps are run in turn, so that a busy moment hits all of them. The last line names what is imported
although only `moderator train` and the benchmarks need it, which should be nothing.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
SIZE = 5000
UNWANTED = ("sklearn", "scipy", "langdetect", "joblib", "fontTools")
JUDGE = (
    "import moderator, pathlib; moderator.load().check(pathlib.Path({path!r}).read_text(encoding='utf-8'), kind='page')"
)
IMPORTED = "import json, sys; print(json.dumps(sorted({{m.split('.')[0] for m in sys.modules}} & {names!r})))"


def page() -> str:
    """Return a page of sentences of the project's own posts."""
    posts = set()
    for path in sorted((ROOT / "samples" / "comments").glob("ham-*.jsonl")):
        for line in path.open(encoding="utf-8"):
            row = json.loads(line)
            if row.get("language") == "en" and "context" in row:
                posts.add(row["context"].strip())
    parts = sorted(posts)
    random.Random(0).shuffle(parts)
    return "# A page\n\n" + "\n\n".join(parts)[:SIZE] + "\n"


def wall(command: list[str]) -> float:
    """Return how long a process runs; what it says of the page does not matter, an error does."""
    begin = time.perf_counter()
    done = subprocess.run(command, capture_output=True, check=False)
    taken = time.perf_counter() - begin
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr.decode())
    return taken


def main() -> None:
    """Print the steps."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.md"
        path.write_text(page(), encoding="utf-8")
        judge = JUDGE.format(path=str(path))
        steps = {
            "interpreter": ["-c", "pass"],
            "+ import numpy": ["-c", "import numpy"],
            "+ import moderator": ["-c", "import numpy, moderator"],
            "+ load()": ["-c", "import numpy, moderator; moderator.load()"],
            "+ check of the page": ["-c", judge],
            "python -m moderator check": ["-m", "moderator", "check", str(path)],
            "python -m moderator --help": ["-m", "moderator", "--help"],
        }
        taken: dict[str, list[float]] = {name: [] for name in steps}
        for number in range(options.runs + 1):
            for name, arguments in steps.items():
                seconds = wall([sys.executable, *arguments])
                if number:  # the first run fills the file cache
                    taken[name].append(seconds)
        print(f"a page of {path.stat().st_size:,} bytes, {options.runs} runs\n")
        print(f"{'':28}{'best':>9}{'median':>9}")
        for name, times in taken.items():
            print(f"{name:28}{min(times) * 1e3:6.0f} ms{statistics.median(times) * 1e3:6.0f} ms")
        found = subprocess.run(
            [sys.executable, "-c", f"{judge}; {IMPORTED.format(names=set(UNWANTED))}"],
            capture_output=True,
            check=True,
            text=True,
        )
        print(f"\nimported of {', '.join(UNWANTED)}: {', '.join(json.loads(found.stdout)) or 'nothing'}")


if __name__ == "__main__":
    main()
