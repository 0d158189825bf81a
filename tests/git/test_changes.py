"""`moderator scan --changed`: what is staged or was committed, as git holds it, whatever files are called."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from repositories import CLEAN, Repository, linked

from moderator import changes
from moderator.errors import InputError
from moderator.readers.files import Options

pytestmark = pytest.mark.integration
ODD = [
    "with space.md",
    "-dash.md",
    "--output=x.md",
    "new\nline.md",
    "tab\t.md",
    'quo"te.md',
    "ä.md",
    ":(glob)*.md",
    "*.md",
]


@pytest.fixture
def scan(run: Callable[..., Any], counting: str) -> Callable[..., Any]:
    """Return a function that scans with the model that counts links."""
    return lambda *arguments: run("scan", "--model", counting, *arguments)


def paths(out: str) -> list[str]:
    return [json.loads(line)["path"] for line in out.splitlines()]


# What is judged


def test_what_is_staged_is_judged_and_not_what_lies_in_the_folder(site: Repository, scan: Callable[..., Any]) -> None:
    site.write("a.md", linked(8))
    site.write("b.md")
    (site.path / "a.md").write_text(CLEAN)
    (site.path / "b.md").write_text(linked(8))
    (site.path / "untracked.md").write_text(linked(8))
    ended = scan("--changed")
    assert ended.code == 1
    assert ended.out.startswith("a.md:1:1  reject")
    assert ended.err == "2 documents: 1 to reject\n"


def test_the_first_commit_of_all(make: Callable[..., Repository], monkeypatch: Any, scan: Callable[..., Any]) -> None:
    empty = make("empty")
    monkeypatch.chdir(empty.path)
    assert scan("--changed").code == 0
    empty.write("a.md", linked(8))
    assert scan("--changed").code == 1


def test_objects_with_long_names(make: Callable[..., Repository], monkeypatch: Any, scan: Callable[..., Any]) -> None:
    long = make("long", "--object-format=sha256")
    monkeypatch.chdir(long.path)
    long.commit()
    long.write("a.md", CLEAN + "\n" + linked(8))
    assert "a.md:5:1" in scan("--changed-lines").out


@pytest.mark.skipif(os.name == "nt", reason="Windows refuses such names")
@pytest.mark.parametrize("name", ODD)
def test_odd_names(site: Repository, scan: Callable[..., Any], name: str) -> None:
    site.write(name, linked(8))
    ended = scan("--changed", "--changed-lines", "--format", "jsonl")
    assert (ended.code, paths(ended.out)) == (1, [name])
    site.write("other.md", linked(8))
    site.git("commit", "-qm", "odd", "--no-verify")
    ended = scan("--changed=HEAD~1..HEAD", "--format", "jsonl", "--", name)
    assert (ended.code, paths(ended.out)) == (1, [name])


@pytest.mark.skipif(sys.platform != "linux", reason="names that are not Unicode")
def test_names_that_are_not_text(site: Repository, scan: Callable[..., Any]) -> None:
    site.write(b"caf\xe9.md", linked(8))
    assert scan("--changed", "--format", "jsonl").out.count('"caf\\udce9.md"') == 2
    for form in ("text", "github", "gitlab", "sarif", "junit"):
        assert scan("--changed", "--format", form).code == 1


def test_only_files_that_hold_text(site: Repository, scan: Callable[..., Any]) -> None:
    for name in ("code.py", "image.png", ".github/hidden.md"):
        site.write(name, linked(8))
    os.symlink("code.py", site.path / "link.md")
    site.write("note.rst")
    assert paths(scan("--changed", "--format", "jsonl").out) == ["note.rst"]
    assert paths(scan("--changed", "--ignored", "--format", "jsonl").out) == [".github/hidden.md", "note.rst"]


def test_renamed_deleted_and_made_a_file(site: Repository, scan: Callable[..., Any]) -> None:
    site.commit("old.md", CLEAN + linked(8))
    site.commit("gone.md", linked(8))
    os.symlink("old.md", site.path / "link.md")
    site.commit("other.txt")
    site.git("mv", "old.md", "new.md")
    site.git("rm", "-q", "gone.md")
    (site.path / "link.md").unlink()
    site.write("link.md", linked(8))
    assert paths(scan("--changed", "--format", "jsonl").out) == ["link.md", "new.md"]
    # A file that only moved has no new lines.
    assert scan("--changed-lines").out.splitlines()[0].startswith("link.md:1:1  reject")
    assert len(scan("--changed-lines").out.splitlines()) == 1


def test_a_file_with_conflicts_is_a_failure(site: Repository, scan: Callable[..., Any]) -> None:
    site.git("checkout", "-qb", "other")
    site.commit("a.md", "One.\n")
    site.git("checkout", "-q", "main")
    site.commit("a.md", "Two.\n")
    assert site.try_git("merge", "other").returncode == 1
    ended = scan("--changed")
    assert ended.code == 3
    assert "a.md  failure  input: has conflicts" in ended.out


def test_settings_of_a_user_change_nothing(site: Repository, scan: Callable[..., Any]) -> None:
    for name, value in (
        ("diff.noprefix", "true"), ("diff.mnemonicPrefix", "true"), ("color.ui", "always"), ("diff.external", "false"),
        ("diff.interHunkContext", "9"), ("core.quotePath", "false"), ("diff.renames", "copies"), ("diff.context", "9"),
    ):  # fmt: skip
        site.git("config", name, value)
    site.write(".gitattributes", "*.md -diff\n")
    between = "Between them is a paragraph that is long enough to be no part of either.\n"
    site.commit("a.md", f"{linked(8)}\n{between}\nTwo.\n")
    site.write("a.md", f"{linked(8)}\nHere, {between}\nTwo more.\n")
    assert scan("--changed-lines").code == 0
    site.write("a.md", f"{linked(8)}\nHere, {between}\n{linked(7)}\n")
    assert [line.split()[0] for line in scan("--changed-lines").out.splitlines()] == ["a.md:5:1"]


def test_paths_limit_and_are_seen_from_here(site: Repository, scan: Callable[..., Any], monkeypatch: Any) -> None:
    site.write("posts/a.md", linked(8))
    site.write("b.md", linked(8))
    monkeypatch.chdir(site.path / "posts")
    assert paths(scan("--changed", "--format", "jsonl").out) == [os.path.join("..", "b.md"), "a.md"]
    assert paths(scan("--changed", "a.md", "--format", "jsonl").out) == ["a.md"]
    assert scan("--changed=HEAD", "nosuch").err == "error: nosuch: no such file or folder\n"


# Revisions


def test_since_a_revision_ranges_and_where_a_branch_left(site: Repository, scan: Callable[..., Any]) -> None:
    site.git("checkout", "-qb", "topic")
    site.commit("topic.md", linked(8))
    site.git("checkout", "-q", "main")
    site.commit("main.md", linked(8))
    site.git("checkout", "-q", "topic")
    site.write("staged.md", linked(8))

    def seen(*arguments: str) -> list[str]:
        return paths(scan(*arguments, "--format", "jsonl").out)

    assert seen("--changed", "main") == ["staged.md", "topic.md"]
    assert seen("--changed", "main..topic") == ["topic.md"]
    assert seen("--changed", "topic..main") == ["main.md"]
    assert seen("--changed", "main...") == ["topic.md"]
    assert seen("--changed", "HEAD") == seen("--changed") == ["staged.md"]


def test_a_path_after_changed_is_a_path(site: Repository, scan: Callable[..., Any]) -> None:
    site.write("posts/a.md", linked(8))
    assert scan("--changed", "posts").code == 1
    site.git("branch", "posts")
    ended = scan("--changed", "posts")
    assert ended.code == 2
    assert "write ./posts or refs/heads/posts" in ended.err
    assert scan("--changed", "./posts").code == scan("--changed", "refs/heads/posts").code == 1


@pytest.mark.parametrize("revision", ["nosuch", "nosuch..", "a...b", "HEAD..\udcff", "HEAD^{tree}"])
def test_a_revision_that_is_none(site: Repository, scan: Callable[..., Any], revision: str) -> None:
    ended = scan(f"--changed={revision}")
    assert (ended.code, ended.out) == (3, "")
    assert ended.err.startswith("error: no such revision or path")


def test_a_revision_is_never_an_option_of_git(site: Repository) -> None:
    with pytest.raises(InputError, match="no such revision"):
        changes.since("--output=x")
    assert not (site.path / "x").exists()


def test_outside_of_a_repository(tmp_path: Path, scan: Callable[..., Any], monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    assert scan("--changed").err.startswith("error: git rev-parse: not a git repository")
    assert scan("--changed=HEAD").code == 3
    monkeypatch.setenv("PATH", str(tmp_path))
    assert scan("--changed").err.startswith("error: git cannot be run")


def test_standard_input_did_not_change(site: Repository, scan: Callable[..., Any]) -> None:
    assert scan("--changed", "HEAD", "-").code == 2


# Lines


def test_only_findings_that_touch_new_lines_and_the_action_is_theirs(
    site: Repository, scan: Callable[..., Any]
) -> None:
    old = f"# Page\n\n{linked(8)}\nBetween them is a paragraph that is long enough to be no part of either.\n"
    site.commit("a.md", old)
    site.write("a.md", old + "\n" + linked(2))
    ended = scan("--changed", "--format", "jsonl")
    assert [finding["line"] for finding in json.loads(ended.out)["findings"]] == [3, 7]
    ended = scan("--changed-lines", "--format", "jsonl")
    verdict = json.loads(ended.out)
    assert [finding["line"] for finding in verdict["findings"]] == [7]
    assert (verdict["action"], ended.code) == ("hold", 1)
    site.write("a.md", old + "\nThank you.\n")
    assert scan("--changed-lines").code == 0
    site.write("a.md", old.replace("# Page\n\n", ""))
    assert scan("--changed-lines").code == 0


def test_lines_that_look_like_heads_of_a_patch(site: Repository, scan: Callable[..., Any]) -> None:
    trap = f"diff --git a/x b/x\nindex {'a' * 40}..{'b' * 40}\n@@ -1 +1,99 @@\n--- a/x\n+++ b/x\n"
    old = f"{linked(8)}\nA paragraph in between that is long enough to be no part of it.\n"
    site.commit("a.md", old)
    site.write("a.md", old + trap)
    assert scan("--changed-lines").code == 0


def test_of_json_lines_only_new_ones_are_read(site: Repository, scan: Callable[..., Any]) -> None:
    rows = [json.dumps({"text": linked(8)}), "{broken"]
    site.commit("c.jsonl", "\n".join(rows) + "\n")
    site.write("c.jsonl", "\n".join([rows[0], json.dumps({"text": linked(7)}), rows[1]]) + "\n")
    ended = scan("--changed-lines", "--format", "jsonl")
    assert [json.loads(line)["line"] for line in ended.out.splitlines()] == [2]
    assert scan("--changed").code == 3


def test_utf_16_is_judged_whole(site: Repository, scan: Callable[..., Any]) -> None:
    text = f"{linked(8)}\nੳਊ ਊਊ\n"
    site.commit("a.md", text.encode("utf-16"))
    site.write("a.md", (text + "More.\n").encode("utf-16"))
    assert scan("--changed-lines").code == 1


def test_an_object_that_is_missing_and_one_that_is_too_long(site: Repository, monkeypatch: Any) -> None:
    site.write("long.md", "x" * 100_000)
    site.write("short.md")
    found = changes.since("")
    monkeypatch.setattr("moderator.readers.files.MAX_BYTES", 1000)
    gone = changes.Change("gone.md", "1" * 40)
    selection = changes.Selection([gone, *found])
    read = [record for record in selection.records(selection.paths, lambda _: Options()) if record]
    assert [(record.path, bool(record.document)) for record in read] == [
        ("gone.md", False), ("long.md", False), ("short.md", True),
    ]  # fmt: skip


# What is pushed


def update(site: Repository, there: str = "0" * 40, ref: str = "HEAD") -> bytes:
    return f"refs/heads/x {site.git('rev-parse', ref).strip()} refs/heads/x {there}\n".encode()


def pushed(site: Repository, updates: bytes, remote: str = "origin") -> list[str]:
    return [change.path for change in changes.pushed(updates, remote)]


def test_what_the_remote_does_not_have(site: Repository) -> None:
    first = site.git("rev-parse", "HEAD").strip()
    assert pushed(site, update(site)) == ["README.md"]
    site.commit("a.md")
    site.commit("b.md")
    assert pushed(site, update(site, first)) == ["a.md", "b.md"]
    site.git("update-ref", "refs/remotes/origin/main", "HEAD~1")
    assert pushed(site, update(site)) == ["b.md"]
    assert pushed(site, update(site, "1" * 40)) == ["b.md"]  # a commit that is not here
    assert pushed(site, update(site, ref="HEAD~1")) == []
    assert pushed(site, f"(delete) {'0' * 40} refs/heads/x {first}\n".encode()) == []
    assert pushed(site, b"") == []


def test_what_the_remote_has_in_another_branch_is_not_asked_about(site: Repository) -> None:
    site.commit("a.md", "One.\n\nTwo.\n\nThree.\n")
    site.git("checkout", "-qb", "topic")
    site.commit("topic.md")
    site.git("update-ref", "refs/remotes/origin/topic", "HEAD")
    site.git("checkout", "-q", "main")
    site.commit("main.md")
    site.commit("a.md", "One.\n\nTwo.\n\nThree!\n")
    site.git("update-ref", "refs/remotes/origin/main", "HEAD")
    site.git("checkout", "-q", "topic")
    site.git("merge", "-q", "main")
    site.commit("a.md", "One!\n\nTwo.\n\nThree!\n")
    found = changes.pushed(update(site), "origin", lines=True)
    assert [(change.path, change.lines) for change in found] == [("a.md", (range(1, 2),))]


def test_two_branches_with_other_contents_of_a_file(site: Repository) -> None:
    site.commit("a.md", "One.\n")
    other = update(site)
    site.commit("a.md", "Two.\n")
    found = changes.pushed(other + update(site), "origin", lines=True)
    assert [change.path for change in found].count("a.md") == 2
    selection = changes.Selection(found)
    records = selection.records(selection.paths, lambda _: Options())
    texts = [r.document.text for r in records if r and r.document]
    assert {"One.\n", "Two.\n"} < set(texts)


# By the rules of the configuration


def test_what_changed_is_judged_by_the_configuration(site: Repository, scan: Callable[..., Any]) -> None:
    site.write(
        ".moderator.toml",
        'exclude = ["vendor/"]\n[[per-path]]\npaths = ["a.md"]\nhold-at = 1.0\n'
        '[[per-path]]\npaths = ["latin.md"]\nencoding = "latin-1"\n',
    )
    allowed = f"{CLEAN}\n<!-- moderator: allow so -->\n{linked(8)}"
    for name, text in (("vendor/b.md", linked(8)), ("a.md", linked(2)), ("c.md", allowed)):
        site.write(name, text)
    site.write("latin.md", "Brød.\n".encode("latin-1"))
    for name in ("c.md", "vendor/b.md"):
        (site.path / name).unlink()  # what is staged stays so
    for options in (("--changed",), ("--changed-lines",)):
        ended = scan(*options)
        assert (ended.code, ended.out) == (0, "")
        assert "1 file left out by the configuration" in ended.err
        assert "1 finding allowed" in ended.err
    assert scan("--changed", "--no-config", "vendor").code == 1


def test_a_baseline_counts_in_whole_files(site: Repository, scan: Callable[..., Any]) -> None:
    line = json.dumps({"text": linked(2)}) + "\n"
    for name, text in (("a.md", f"{CLEAN}\n{linked(8)}"), ("c.jsonl", line)):
        site.commit(name, text)
    assert scan(".", "--write-baseline", "known").code == 0
    site.write("a.md", f"{CLEAN}\n{linked(8)}\n{CLEAN}")
    site.write("c.jsonl", line + json.dumps({"text": CLEAN}) + "\n")
    ended = scan("--changed-lines", "--baseline", "known")
    assert (ended.code, ended.out, "found no more" in ended.err) == (0, "", False)
    site.write("a.md", f"{CLEAN}\n{linked(8)}\n{CLEAN}\n{linked(8)}")
    site.write("c.jsonl", line * 2)
    ended = scan("--changed-lines", "--baseline", "known", "--format", "jsonl")
    found = [(row["path"], row.get("line"), row["action"]) for row in map(json.loads, ended.out.splitlines())]
    assert (ended.code, found) == (1, [("a.md", None, "reject"), ("c.jsonl", 2, "hold")])
