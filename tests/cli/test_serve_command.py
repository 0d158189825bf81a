"""What `moderator serve` takes from a configuration; servers that run are in tests/integration."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("uvicorn")

from moderator.pipeline import Moderator
from moderator.server import serve

TWO = "See http://a.example/x and http://b.example/y for more.\n"
CONFIGURATION = """
fail-on = "never"
exclude = ["comments/"]
hold-at = 0.3
reject-at = 0.45
on-error = "reject"
[allow]
authors = ["jo"]
[[per-path]]
paths = ["**"]
hold-at = 1.0
"""


@pytest.fixture
def served(run: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, counting: str) -> Any:
    """Return a function that runs the command in a folder, and returns how it would serve, or how it ended."""
    (tmp_path / ".git").mkdir()
    (tmp_path / ".moderator.toml").write_text(CONFIGURATION, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MODERATOR_MODEL", counting)
    asked: list[serve.Options] = []
    monkeypatch.setattr(serve, "run", lambda options: asked.append(options) or 0)

    def ran(*arguments: object) -> Any:
        ended = run("serve", *arguments)
        return asked.pop() if asked else ended

    return ran


def judges(options: serve.Options) -> Moderator:
    return options.make(options.model)


def test_thresholds_and_allow_lists_are_those_of_the_current_folder(served: Any, tmp_path: Path) -> None:
    options = served()
    assert options.config == str(tmp_path / ".moderator.toml")
    moderator = judges(options)
    assert moderator.check(TWO).action == "reject"
    assert moderator.check(TWO).policy.endswith(" hold-at=0.3 reject-at=0.45")
    (allowed,) = moderator.check(TWO, author="Jo").allowed
    assert (allowed.rule, allowed.place) == ("author", ".moderator.toml:8")
    assert moderator.on_error == "reject"


def test_a_page_that_is_sent_may_not_allow_itself(served: Any) -> None:
    text = f"<!-- moderator: allow so -->\n{TWO}"
    assert judges(served()).check(text, kind="page", media="markdown", id=".moderator.toml").action == "reject"


def test_what_the_command_line_says_wins(served: Any) -> None:
    moderator = judges(served("--reject-at", "0.9", "--on-error", "hold"))
    assert (moderator.check(TWO).action, moderator.on_error) == ("hold", "hold")


def test_it_can_be_another_file_or_none(served: Any, tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text("hold-at = 0.99\n", encoding="utf-8")
    options = served("--config", "other.toml")
    assert options.config == str(tmp_path / "other.toml")
    assert judges(options).check(TWO).action == "publish"
    options = served("--no-config")
    assert options.config is None
    assert judges(options).check(TWO, author="Jo").action == "hold"


def test_a_mistake_in_it_is_2(served: Any, tmp_path: Path) -> None:
    (tmp_path / ".moderator.toml").write_text("hold_at = 1\n", encoding="utf-8")
    assert served().code == 2
    (tmp_path / ".moderator.toml").write_text('profile = "none.json"\n', encoding="utf-8")
    ended = served()
    assert ended.code == 2
    assert ".moderator.toml:1: profile: there is no file" in ended.err


def test_the_profile_is_read_again_with_the_model(served: Any, run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text("The dough rests for an hour, then it goes into the oven.\n", encoding="utf-8")
    assert run("profile", "build", "page.md", "--out", "site.json").code == 0
    (tmp_path / ".moderator.toml").write_text('profile = "site.json"\n', encoding="utf-8")
    options = served()
    assert judges(options).familiar
    (tmp_path / "site.json").write_text("{}", encoding="utf-8")
    from moderator.errors import ProfileError

    with pytest.raises(ProfileError):
        judges(options)
