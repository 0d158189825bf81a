"""What plugins of site generators share, without a generator: what is configured, and the words of a scan."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from moderator import hooks
from moderator.errors import ConfigError, InputError, ModeratorError
from moderator.integrations.pages import Settings, failing

TWO = "See http://a.example/x and http://b.example/y for more.\n"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, counting: str) -> Path:
    """Return the folder of a site, which is the current one, with two flagged pages."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "content").mkdir()
    for name in ("a.md", "b.md"):
        (tmp_path / "content" / name).write_text(TWO, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MODERATOR_MODEL", counting)
    monkeypatch.setattr(hooks, "_own", hooks._Process())
    return tmp_path


def said(name: str = "a.md", **given: Any) -> list[str]:
    complaints = Settings.of(given, "content").of_file(f"content/{name}", name)
    return [f"{complaint.level}: {complaint}" for complaint in complaints]


def configure(site: Path, text: str) -> None:
    (site / ".moderator.toml").write_text(text, encoding="utf-8")


def test_a_page_is_told_of_in_the_words_of_a_scan(run: Callable[..., Any], site: Path) -> None:
    assert said() == [f"error: {line}" for line in run("scan", "content/a.md").out.splitlines()]
    assert said(model="nowhere")[0].startswith("error: content/a.md  failure  model: ")
    (site / "content/a.md").write_bytes(b"caf\xe9")
    assert said() == [f"error: {line}" for line in run("scan", "content/a.md").out.splitlines()]


def test_what_is_given_comes_before_what_is_configured(site: Path) -> None:
    configure(site, 'fail-on = "never"\non-error = "publish"\n')
    assert said()[0].startswith("warning: content/a.md:1:1  hold  links/count")
    assert said(fail_on="hold")[0].startswith("error: ")
    assert said(config=False)[0].startswith("error: ")
    assert said(model="nowhere", fail_on="hold")[0].startswith("warning: content/a.md  failure")
    assert said(model="nowhere", fail_on="hold", on_error="hold")[0].startswith("error: content/a.md  failure")
    (site / "other.toml").write_text("hold-at = 0.99\n", encoding="utf-8")
    assert said(config="other.toml") == []


def test_paths_have_settings_of_their_own_and_both_may_leave_one_out(site: Path) -> None:
    configure(site, 'exclude = ["a.md"]\n[[per-path]]\npaths = ["content/b.md"]\nkind = "comment"\nreject-at = 0.45\n')
    assert said("a.md") == []
    assert "reject" in said("b.md")[0]
    assert said("b.md", exclude=["b*"]) == []


def test_a_page_may_allow_itself_and_what_is_wrong_with_that_is_told(site: Path) -> None:
    path = site / "content/a.md"
    path.write_text(f"<!-- moderator: allow an example -->\n{TWO}", encoding="utf-8")
    assert said() == []
    path.write_text(f"<!-- moderator: of -->\n{TWO}", encoding="utf-8")
    assert said()[1].startswith("warning: content/a.md:1:1  warning  unknown directive 'of'")
    configure(site, "directives = false\n")
    assert len(said()) == 1


def test_what_was_accepted_is_left_out_in_every_build(run: Callable[..., Any], site: Path) -> None:
    run("scan", "content", "--write-baseline", "known")
    configure(site, 'baseline = "known"\n')
    settings = Settings.of(None, "content")
    assert [settings.of_file("content/a.md"), settings.of_file("content/a.md")] == [[], []]
    (site / "content/a.md").write_text(f"{TWO}\nThe dough rests for an hour.\n\n{TWO}", encoding="utf-8")
    assert failing(settings.of_file("content/a.md"))
    assert {Path(path).name for path in settings.sources} == {".moderator.toml", "known"}


def test_what_makes_no_sense_is_an_error(site: Path) -> None:
    with pytest.raises(ModeratorError, match="no such setting: content"):
        said(content="x")
    with pytest.raises(ModeratorError, match="then must be one of fail, skip, not None"):
        said(then=None)
    for text, error in (("hold_at = 1", ConfigError), ('baseline = "none"', InputError)):
        configure(site, text)
        with pytest.raises(error):
            said()


@pytest.mark.parametrize("given", [{"exclude": "drafts/*"}, {"exclude": 5}, {"exclude": [5]}, {"config": 5}])
def test_settings_of_wrong_types_are_refused(site: Path, given: dict[str, Any]) -> None:
    with pytest.raises(ModeratorError, match=r"must be .*, not "):
        said(**given)


def test_a_configuration_may_be_named_by_a_path(site: Path) -> None:
    (site / "other.toml").write_text('fail-on = "never"\n', encoding="utf-8")
    assert said(config=Path("other.toml"), exclude=None)[0].startswith("warning: ")
    with pytest.raises(ConfigError):
        said(config=Path("nowhere.toml"))
