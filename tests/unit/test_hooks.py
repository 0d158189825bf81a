"""One call for frameworks: always a verdict, from any thread, after a fork, and in time."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from moderator import hooks
from moderator.pipeline import Moderator

CLEAN = "Thank you, the second recipe worked for me."
LINKED = "Casino: " + " and ".join(f"http://slots{n}.example/play" for n in range(9))


class Slow:
    """Stands for a model that takes as long as it is told to."""

    def __init__(self, moderator: Moderator) -> None:
        self.moderator, self.go = moderator, threading.Event()

    def __call__(self, model: object) -> Moderator:
        self.go.wait(10)
        return self.moderator


@pytest.fixture
def slow(moderator: Moderator, monkeypatch: pytest.MonkeyPatch) -> Any:
    found = Slow(moderator)
    monkeypatch.setattr(hooks, "loaded", found)
    monkeypatch.setattr(hooks, "_own", hooks._Process())
    yield found
    found.go.set()


def test_a_verdict_is_that_of_check(moderator: Moderator) -> None:
    about = {"author": "Cheap Watches", "url": "http://watches.example"}
    assert hooks.comment(LINKED, post="Rye bread", **about) == moderator.check(LINKED, context="Rye bread", **about)
    page = "---\ntitle: Rye\n---\n\nA loaf for beginners.\n"
    expected = moderator.check(page, kind="page", media="markdown", id="a/b.md")
    assert hooks.page(page, path=Path("a") / "b.md") == expected


def test_empty_fields_of_a_form_are_none(moderator: Moderator) -> None:
    assert hooks.comment(CLEAN, author="", url="", post="") == moderator.check(CLEAN)


@pytest.mark.parametrize("text", [None, b"bytes", 3, "\ud800", "\0" * 50, "a\u0301" * 5000, ""])
def test_no_text_raises(text: Any) -> None:
    for verdict in (hooks.comment(text), hooks.page(text)):
        assert verdict.action in ("publish", "hold")
        assert isinstance(text, str) or verdict.failures[0].detector == "input"


def test_too_long_a_text_is_not_judged() -> None:
    verdict = hooks.page("a" * (hooks.MAX_CHARACTERS + 1))
    assert (verdict.action, verdict.failures[0].detector) == ("hold", "input")


@pytest.mark.parametrize("action", ["publish", "hold", "reject"])
def test_without_a_model_it_is_as_the_caller_chose(action: Any, tmp_path: Path) -> None:
    verdict = hooks.comment(CLEAN, model=tmp_path / "none", on_error=action)
    assert (verdict.action, verdict.failures[0].detector, verdict.score) == (action, "model", None)


def test_an_action_that_there_is_not_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="on_error must be one of publish, hold, reject"):
        hooks.comment(CLEAN, on_error="delete")  # type: ignore[arg-type]


def test_the_model_may_be_named_by_the_environment(counting: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODERATOR_MODEL", counting)
    assert hooks.comment(LINKED).model == Path(counting).name


def test_what_takes_too_long_is_held_in_time(slow: Slow) -> None:
    began = time.monotonic()
    verdict = hooks.comment(CLEAN, timeout=0.05)
    assert time.monotonic() - began < 2
    assert verdict.action == "hold"
    assert verdict.failures[0].error == "not judged within 0.05 s"
    assert hooks.comment(CLEAN, timeout=0, on_error="publish").action == "publish"


def test_late_threads_do_not_pile_up(slow: Slow) -> None:
    for _ in range(hooks.MAX_LATE + 3):
        verdict = hooks.comment(CLEAN, timeout=0.001)
    assert sum(thread.name == "moderator" for thread in threading.enumerate()) <= hooks.MAX_LATE
    assert "still being judged" in verdict.failures[0].error
    slow.go.set()
    for thread in hooks._own.late:
        thread.join(10)
    assert hooks.comment(CLEAN, timeout=60).action == "publish"


def test_many_threads_load_one_model(monkeypatch: pytest.MonkeyPatch) -> None:
    loads = []
    monkeypatch.setattr(hooks, "_own", hooks._Process())
    monkeypatch.setattr(hooks, "load", lambda name, real=hooks.load, **more: loads.append(name) or real(name))
    with ThreadPoolExecutor(8) as pool:
        verdicts = set(pool.map(lambda _: hooks.comment(LINKED, timeout=60), range(32)))
    assert len(verdicts) == len(loads) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system that forks")
@pytest.mark.parametrize("before", ["pass", "hooks.loaded()", "hooks.comment('x', timeout=9)"])
def test_a_process_forked_at_the_worst_moment_judges(before: str) -> None:
    code = f"""
        import os, sys, warnings
        from moderator import hooks
        warnings.simplefilter("ignore")
        {before}
        hooks._own.lock.acquire()  # as if another thread were loading a model at the fork
        child = os.fork()
        if child == 0:
            os._exit(hooks.comment({CLEAN!r}, timeout=60).failures != ())
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True, timeout=120)


# By a configuration, where one is named

TWO = "See http://a.example/x and http://b.example/y for more."
CONFIGURATION = """
reject-at = 0.45
on-error = "reject"
[allow]
authors = ["jo"]
[[per-path]]
paths = ["old/"]
hold-at = 0.9
reject-at = 0.9
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, counting: str) -> Path:
    """Return a configuration in the current folder, which nobody has read yet."""
    path = tmp_path / ".moderator.toml"
    path.write_text(CONFIGURATION, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MODERATOR_MODEL", counting)
    monkeypatch.setattr(hooks, "_own", hooks._Process())
    return path


def test_no_configuration_is_looked_for(file: Path) -> None:
    assert hooks.comment(TWO).action == "hold"
    assert hooks.page(TWO, path="old/a.md").action == "hold"


def test_what_a_configuration_says_counts_where_it_is_named(file: Path) -> None:
    assert hooks.comment(TWO, config=file).action == "reject"
    (allowed,) = hooks.comment(TWO, config=str(file), author="Jo").allowed
    assert (allowed.rule, allowed.place) == ("author", ".moderator.toml:5")
    assert hooks.loaded(config=file).policy.id.endswith(" reject-at=0.45")


def test_a_page_has_the_settings_of_its_path_and_may_allow_itself_in_a_file(file: Path) -> None:
    assert hooks.page(TWO, path="old/a.md", config=file).action == "publish"
    text = f"<!-- moderator: allow so -->\n{TWO}\n"
    assert hooks.page(text, path="a.md", config=file).action == "reject"
    (file.parent / "a.md").write_text(text, encoding="utf-8")
    assert hooks.page(text, path="a.md", config=file).action == "publish"
    assert hooks.comment(text, media="markdown", id="a.md", config=file).action == "reject"


def test_an_argument_comes_before_the_configuration(file: Path, tmp_path: Path) -> None:
    none = tmp_path / "none"
    assert hooks.comment(TWO, config=file, model=none).action == "reject"
    assert hooks.comment(TWO, config=file, model=none, on_error="publish").action == "publish"
    assert hooks.comment(TWO, config=file, timeout=0).action == "reject"


def test_the_model_and_the_profile_may_stand_in_it(file: Path, counting: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MODERATOR_MODEL")
    file.write_text(f'model = "{counting}"\n', encoding="utf-8")
    assert hooks.comment(TWO, config=file).model == Path(counting).name
    assert hooks.comment(TWO).model != Path(counting).name
    other = file.with_name("other.toml")
    other.write_text('profile = "none.json"\n', encoding="utf-8")
    assert hooks.comment(TWO, config=other).failures[0].detector == "config"


@pytest.mark.parametrize("text", ["hold_at = 1", "[", "hold-at = 0.9\nreject-at = 0.1", None])
def test_a_configuration_that_is_wrong_is_a_failure_with_its_place(file: Path, text: str | None) -> None:
    file.unlink() if text is None else file.write_text(text, encoding="utf-8")
    verdict = hooks.comment(TWO, config=file)
    assert (verdict.action, verdict.failures[0].detector) == ("hold", "config")
    assert ".moderator.toml" in verdict.failures[0].error
    assert hooks.comment(TWO, config=file, on_error="publish").action == "publish"
