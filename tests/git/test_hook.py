"""`moderator hook`: real commits and pushes, stopped or let through."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from repositories import CLEAN, Repository, linked

from moderator import githooks

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not shutil.which("sh"), reason="needs sh"),
]
COMMIT = ("commit", "-m", "x")


@pytest.fixture
def install(run: Callable[..., Any], counting: str) -> Callable[..., Any]:
    """Return a function that installs a hook that uses the model that counts links."""

    def installed(*arguments: str, options: tuple[str, ...] = ()) -> Any:
        ended = run("hook", "install", *arguments, "--", "--model", counting, *options)
        assert ended.code == 0, ended.err
        return ended

    return installed


def old_hook(path: Path, text: str = "#!/bin/sh\necho before >> log\n") -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o750)
    return path.read_bytes()


# Commits


def test_an_advert_is_stopped_with_its_place_and_a_clean_page_is_not(
    site: Repository, install: Callable[..., Any]
) -> None:
    assert install().err.startswith("installed ")
    site.write("a b.md", CLEAN + "\n" + linked(8))
    ended = site.try_git(*COMMIT)
    assert ended.returncode == 1
    said = ended.stdout + ended.stderr
    assert "a b.md:5:1  reject  links/count" in said
    assert "git add it, and commit again" in said
    assert "SKIP=moderator git commit" in said
    site.write("a b.md")
    ended = site.try_git(*COMMIT)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_what_is_staged_counts_also_in_a_commit_of_one_path(site: Repository, install: Callable[..., Any]) -> None:
    install()
    site.commit("a.md")
    (site.path / "a.md").write_text(linked(8))
    site.git("commit", "--allow-empty", "-qm", "the index is clean")
    assert site.try_git("commit", "-am", "x").returncode == 1
    assert site.try_git("commit", "-m", "x", "a.md").returncode == 1
    assert site.try_git("-C", site.path / ".git" / "..", *COMMIT).returncode == 1  # nothing to commit


def test_skipped_for_once(site: Repository, install: Callable[..., Any]) -> None:
    install()
    site.write("a.md", linked(8))
    assert site.try_git(*COMMIT, SKIP="other").returncode == 1
    ended = site.try_git(*COMMIT, SKIP="other,moderator")
    assert ended.returncode == 0
    assert "moderator: skipped" in ended.stderr


def test_options_of_scan(site: Repository, install: Callable[..., Any], run: Callable[..., Any]) -> None:
    install(options=("--fail-on", "reject", "--changed-lines", "posts"))
    site.write("posts/a.md", linked(2))
    site.write("elsewhere.md", linked(8))
    site.git(*COMMIT)
    site.write("posts/a.md", linked(8))
    assert site.try_git(*COMMIT).returncode == 1
    for wrong in (("--nosuch",), ("--changed", "main"), ("--fail-on", "always")):
        ended = run("hook", "install", "--", *wrong)
        assert ended.code == 2


def test_a_commit_without_text_loads_no_model(site: Repository, run: Callable[..., Any], monkeypatch: Any) -> None:
    monkeypatch.setattr("moderator.cli.scan.load", None)
    site.write("code.py", linked(8))
    assert run("hook", "run") == (0, "", "")


def test_what_cannot_be_judged_stops_the_commit(site: Repository, install: Callable[..., Any]) -> None:
    install()
    site.write("a.md", b"caf\xe9\n")
    ended = site.try_git(*COMMIT)
    assert ended.returncode != 0
    assert "a.md  failure  input: not UTF-8" in ended.stdout + ended.stderr
    assert "SKIP=moderator git commit" in ended.stderr


# Broken installations


def rewritten(site: Repository, old: str, new: str) -> None:
    path = site.path / ".git/hooks/pre-commit"
    path.write_text(path.read_text().replace(old, new))


def test_one_that_is_gone_stops_and_says_how_to_go_on(
    site: Repository, install: Callable[..., Any], tmp_path: Path
) -> None:
    install()
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("git", "sh", "dirname", "cat"):
        os.symlink(str(shutil.which(name)), tools / name)
    rewritten(site, f"python={sys.executable}", "python='/no/such python'")
    site.write("a.md")
    ended = site.try_git(*COMMIT, PATH=str(tools))
    assert ended.returncode != 0
    assert "not found, neither by /no/such python nor on the PATH" in ended.stderr
    assert "SKIP=moderator git commit" in ended.stderr
    # One on the PATH is as good.
    (tools / "moderator").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m moderator "$@"\n')
    (tools / "moderator").chmod(0o755)
    assert site.try_git(*COMMIT, PATH=str(tools)).returncode == 0
    site.write("a.md", linked(8))
    assert site.try_git(*COMMIT, PATH=str(tools)).returncode == 1


def test_an_interpreter_without_the_package_falls_back(
    site: Repository, install: Callable[..., Any], tmp_path: Path, monkeypatch: Any
) -> None:
    install()
    venv.create(tmp_path / "bare", with_pip=False)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.setenv("PATH", os.pathsep.join(p for p in os.environ["PATH"].split(os.pathsep) if not has_command(p)))
    rewritten(site, f"python={sys.executable}", f"python='{tmp_path}/bare/bin/python'")
    site.write("a.md")
    ended = site.try_git(*COMMIT)
    assert ended.returncode != 0
    assert "not found" in ended.stderr


def has_command(folder: str) -> bool:
    return os.path.exists(os.path.join(folder, "moderator"))


def test_a_broken_model_stops_and_says_how_to_go_on(
    site: Repository, run: Callable[..., Any], counting: str, tmp_path: Path
) -> None:
    model = shutil.copytree(counting, tmp_path / "model")
    assert run("hook", "install", "--", "--model", model).code == 0
    next(model.rglob("*.npz")).write_bytes(b"broken")
    site.write("a.md")
    ended = site.try_git(*COMMIT)
    assert ended.returncode != 0
    assert "error: " in ended.stderr
    assert "SKIP=moderator git commit" in ended.stderr


def test_what_lies_in_the_repository_is_not_run(site: Repository, install: Callable[..., Any]) -> None:
    install()
    for name in ("moderator", "numpy", "click", "json"):
        site.write(f"{name}.py", "raise SystemExit(0)\n")
    site.write("a.md", linked(8))
    assert site.try_git(*COMMIT).returncode == 1


# Where hooks are, and those that were there


def test_a_hook_that_was_there_comes_first_and_comes_back(
    site: Repository, install: Callable[..., Any], run: Callable[..., Any]
) -> None:
    path = site.path / ".git/hooks/pre-commit"
    before = old_hook(path)
    mode = path.stat().st_mode
    assert "is called first: pre-commit.before-moderator" in install().err
    install()
    site.write("a.md", linked(8))
    assert site.try_git(*COMMIT).returncode == 1
    assert (site.path / "log").read_text() == "before\n"
    old_hook(path.with_name(path.name + githooks.ASIDE), "#!/bin/sh\nexit 7\n")
    assert site.try_git(*COMMIT, SKIP="moderator").returncode == 1
    old_hook(path.with_name(path.name + githooks.ASIDE))
    assert run("hook", "uninstall").code == 0
    assert (path.read_bytes(), path.stat().st_mode) == (before, mode)
    assert sorted(p.name for p in path.parent.iterdir() if not p.name.endswith(".sample")) == ["pre-commit"]
    ended = run("hook", "uninstall")
    assert ended.code == 3
    assert "was not written by moderator" in ended.err


def test_uninstalled_without_a_trace(site: Repository, install: Callable[..., Any], run: Callable[..., Any]) -> None:
    install()
    assert os.stat(site.path / ".git/hooks/pre-commit").st_mode & stat.S_IXUSR
    assert run("hook", "uninstall").code == 0
    assert not list((site.path / ".git/hooks").glob("pre-commit*[!e]"))
    assert run("hook", "uninstall").code == 0


def test_a_hook_that_replaced_this_one_is_not_lost(
    site: Repository, install: Callable[..., Any], run: Callable[..., Any]
) -> None:
    path = site.path / ".git/hooks/pre-commit"
    old_hook(path)
    install()
    old_hook(path, "#!/bin/sh\n# another\n")
    ended = run("hook", "install")
    assert ended.code == 3
    assert "was replaced since" in ended.err
    assert path.read_text() == "#!/bin/sh\n# another\n"


def test_a_link_to_a_hook_stays_one(site: Repository, install: Callable[..., Any], run: Callable[..., Any]) -> None:
    old_hook(site.path / "tool/hook")
    path = site.path / ".git/hooks/pre-commit"
    path.unlink(missing_ok=True)
    os.symlink("../../tool/hook", path)
    install()
    assert (site.path / "tool/hook").read_text().endswith("log\n")
    run("hook", "uninstall")
    assert os.readlink(path) == "../../tool/hook"


@pytest.mark.parametrize("folder", [".githooks", "a b's"])
def test_hooks_path(site: Repository, install: Callable[..., Any], monkeypatch: Any, folder: str) -> None:
    site.git("config", "core.hooksPath", folder)
    (site.path / "posts").mkdir()
    monkeypatch.chdir(site.path / "posts")
    assert "core.hooksPath" not in install().err
    assert (site.path / folder / "pre-commit").exists()
    site.git("reset", "-q")
    (site.path / "a.md").write_text(linked(8))
    site.git("add", "a.md")
    assert site.try_git(*COMMIT).returncode == 1


def test_hooks_path_that_others_share(site: Repository, install: Callable[..., Any], tmp_path: Path) -> None:
    site.git("config", "core.hooksPath", tmp_path / "shared")
    assert "all that share it" in install().err


def test_worktrees(site: Repository, install: Callable[..., Any], monkeypatch: Any, tmp_path: Path) -> None:
    site.git("worktree", "add", "-q", tmp_path / "tree", "-b", "tree")
    monkeypatch.chdir(tmp_path / "tree")
    assert "all that share it" not in install().err
    for folder in (tmp_path / "tree", site.path):
        (folder / "a.md").write_text(linked(8))
        assert site.try_git("-C", folder, "add", "a.md").returncode == 0
        ended = site.try_git("-C", folder, *COMMIT)
        assert "a.md:1:1  reject" in ended.stdout + ended.stderr


def test_outside_of_a_repository(run: Callable[..., Any], tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    for command in ("install", "uninstall", "run"):
        ended = run("hook", command)
        assert ended.code == 3
        assert "not a git repository" in ended.err


# Pushes


def test_a_push_is_checked(
    site: Repository, make: Callable[..., Repository], install: Callable[..., Any], run: Callable[..., Any]
) -> None:
    site.git("remote", "add", "origin", make("remote", "--bare").path)
    old_hook(site.path / ".git/hooks/pre-push", "#!/bin/sh\necho $1 >> log; cat >> log\n")
    install("--type", "pre-push")
    assert site.try_git("push", "origin", "main").returncode == 0
    head = site.commit("a.md", linked(8))
    ended = site.try_git("push", "origin", "main", "HEAD:refs/heads/other")
    assert ended.returncode == 1
    assert "a.md:1:1  reject" in ended.stdout + ended.stderr
    assert "SKIP=moderator git push" in ended.stderr
    assert (site.path / "log").read_text().count(f"refs/heads/main {head} refs/heads/main") == 1
    # What is pushed counts, not what lies in the folder, nor what was there in between.
    (site.path / "a.md").write_text(CLEAN)
    assert site.try_git("push", "origin", "main").returncode == 1
    site.commit("a.md")
    assert site.try_git("push", "origin", "main").returncode == 0
    site.commit("b.md", linked(8))
    assert site.try_git("push", "origin", "main", SKIP="moderator").returncode == 0
    assert site.try_git("push", "origin", "main").returncode == 0
    assert site.try_git("push", "origin", "main:side", SKIP="moderator").returncode == 0
    assert site.try_git("push", "origin", ":side").returncode == 0
    assert run("hook", "uninstall", "--type", "pre-push").code == 0


def test_what_is_not_from_git(site: Repository, run: Callable[..., Any]) -> None:
    ended = run("hook", "run", "--type", "pre-push", stdin=b"what?\n")
    assert ended.code == 3
    assert "not what git tells a pre-push hook" in ended.err


def test_the_hook_is_plain_sh() -> None:
    for kind in githooks.TYPES:
        text = githooks.script(kind, ("--fail-on", "it's"))
        for shell in filter(None, map(shutil.which, ("dash", "sh", "bash"))):
            subprocess.run([shell, "-n"], input=text, check=True)
        assert text.startswith(b"#!/bin/sh\n" + githooks.MARK)


def test_a_hook_goes_by_the_configuration(site: Repository, install: Callable[..., Any]) -> None:
    install()
    site.write(".moderator.toml", 'fail-on = "never"\n')
    site.write("a.md", linked(8))
    assert site.try_git(*COMMIT).returncode == 0
    site.write(".moderator.toml", "ignored = true\n")
    site.write(".b/a.md", linked(8))
    ended = site.try_git(*COMMIT)
    assert ".b/a.md:1:1  reject" in ended.stdout + ended.stderr
    site.write(".moderator.toml", "wrong = 1\n")
    ended = site.try_git(*COMMIT)
    assert ended.returncode != 0
    assert ".moderator.toml:1: unknown key" in ended.stdout + ended.stderr
