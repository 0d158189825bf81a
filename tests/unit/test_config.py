"""Configuration: where it is found, what may stand in it, which value wins, and what is wrong with it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderator import config
from moderator.config import Config, Value, combined, find, layers_of, read, sections_of
from moderator.errors import ConfigError


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def settings(found: Config, path: Path | None = None, **given: object) -> dict[str, Value]:
    layers = layers_of(found, sections_of(found, str(path)) if path else ())
    return combined(layers, {key.replace("_", "-"): Value(value, "command line") for key, value in given.items()})


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


# Where it is found


def test_the_nearest_wins_upwards(root: Path) -> None:
    write(root / ".moderator.toml", 'fail-on = "reject"')
    write(root / "a/pyproject.toml", '[tool.moderator]\nfail-on = "never"')
    page = write(root / "a/b/c.md", "")
    for path in (page, page.parent, root / "a"):
        assert (found := find([str(path)]))
        assert found.path == root / "a/pyproject.toml"
    assert (found := find([str(page), str(root)]))
    assert found.path == root / ".moderator.toml"
    assert (found := find(["-"]))
    assert found.path == root / ".moderator.toml"


def test_a_pyproject_that_says_nothing_about_this_is_passed_over(root: Path) -> None:
    write(root / ".moderator.toml", "")
    write(root / "a/pyproject.toml", '[project]\nname = "moderator"\n[tool.moderators]\nx = 1')
    assert (found := find([str(root / "a")]))
    assert found.path.name == ".moderator.toml"


def test_the_dotted_file_comes_before_pyproject(root: Path) -> None:
    write(root / ".moderator.toml", "ignored = true")
    write(root / "pyproject.toml", "[tool.moderator]\nignored = false")
    assert (found := find([str(root)]))
    assert found.values["ignored"].value is True


def test_a_repository_ends_the_search(root: Path) -> None:
    write(root / ".moderator.toml", "ignored = true")
    (root / "inner/.git").mkdir(parents=True)
    assert find([str(root / "inner")]) is None


def test_tomllib_is_not_loaded_without_a_file(root: Path) -> None:
    import subprocess
    import sys

    write(root / "pyproject.toml", '[project]\nname = "bakery"')
    code = "import sys; from moderator.config import find; print(find(['.']), 'tomllib' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "None False\n"


# What it says


WHOLE = """
model = "models"
profile = "profile.json"
baseline = "known"
fail-on = "reject"
on-error = "reject"
encoding = "latin-1"
ignored = true
kind = "page"
media = "html"
hold-at = 0.5
reject-at = 1
exclude = ["vendor/", "*.tmp.md"]
directives = false

[allow]
domains = ["example.org"]
phrases = ["our bakery stall"]
authors = ["Jo"]

[[per-path]]
paths = ["drafts/**"]
skip = true

[[per-path]]
paths = ["notes/*.md", "/old.md"]
hold-at = 0.25
allow.domains = ["example.net"]
"""


def test_every_key_is_read_and_knows_its_line(root: Path) -> None:
    found = read(str(write(root / ".moderator.toml", WHOLE)))
    assert found.values["hold-at"] == Value(0.5, ".moderator.toml:11", 11)
    assert found.values["allow.authors"] == Value(["Jo"], ".moderator.toml:19", 19)
    assert found.values["model"].value == str(root / "models")
    assert found.sections[1].values["hold-at"].line == 27
    assert found.sections[1].values["allow.domains"].line == 28
    assert {*found.values, "skip"} == config.DEFAULTS.keys()


def test_the_same_in_pyproject(root: Path) -> None:
    text = WHOLE.replace("[allow]", "[tool.moderator.allow]").replace("[[per-path", "[[tool.moderator.per-path")
    found = read(str(write(root / "pyproject.toml", f"[tool.moderator]{text}")))
    assert found.values["hold-at"].line == 11
    assert found.sections[1].values["allow.domains"].line == 28
    assert found.values.keys() | {"skip"} == config.DEFAULTS.keys()


@pytest.mark.parametrize(
    ("path", "key", "value", "origin"),
    [
        ("other.md", "hold-at", 0.5, ".moderator.toml:11"),
        ("notes/a.md", "hold-at", 0.25, ".moderator.toml:27"),
        ("notes/deep/a.md", "hold-at", 0.5, ".moderator.toml:11"),
        ("old.md", "hold-at", 0.25, ".moderator.toml:27"),
        ("a/old.md", "hold-at", 0.5, ".moderator.toml:11"),
        ("drafts/x/y.md", "skip", True, ".moderator.toml:23"),
        ("other.md", "skip", False, "default"),
        ("notes/a.md", "allow.domains", ["example.org", "example.net"], ".moderator.toml:17, .moderator.toml:28"),
    ],
)
def test_sections_are_about_their_paths(root: Path, path: str, key: str, value: object, origin: str) -> None:
    found = read(str(write(root / ".moderator.toml", WHOLE)))
    named = settings(found, root / path)[key]
    assert (named.value, named.origin) == (value, origin)


def test_the_command_line_beats_the_path_and_the_path_the_file(root: Path) -> None:
    found = read(str(write(root / ".moderator.toml", WHOLE)))
    page = root / "notes/a.md"
    assert settings(found, page, hold_at=0.75)["hold-at"] == Value(0.75, "command line")
    assert settings(found, page)["hold-at"].value == 0.25
    assert settings(found)["hold-at"].value == 0.5
    assert combined([], {})["hold-at"] == Value(None)


def test_files_outside_of_its_folder_are_not_meant(root: Path) -> None:
    found = read(str(write(root / "inner/.moderator.toml", '[[per-path]]\npaths = ["*"]\nskip = true')))
    assert sections_of(found, str(root / "a.md")) == ()
    assert sections_of(found, str(root / "inner/a.md")) == (0,)
    assert sections_of(found, "-") == ()


def test_links_to_folders_are_followed(root: Path) -> None:
    found = read(str(write(root / ".moderator.toml", '[[per-path]]\npaths = ["drafts/**"]\nskip = true')))
    (root / "drafts").mkdir()
    (root / "link").symlink_to("drafts")
    assert sections_of(found, "link/a.md") == (0,)


# What is wrong with it


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("hold_at = 0.5", 1, "unknown key 'hold_at': did you mean 'hold-at'?"),
        ("\n\nmodle = 'm'", 3, "did you mean 'model'?"),
        ("zzz = 1", 1, "there are model, profile"),
        ("[allow]\n\ndomain = []", 3, "did you mean 'allow.domains'?"),
        ("allow = ['example.org']", 1, "allow must be a table"),
        ("[[per-path]]\npaths = ['*']\nmodel = 'm'", 3, "unknown key 'model'"),
        ("[[per-path]]\npaths = ['*']\n[[per-path]]\nkind = 'page'", 3, "per-path needs paths"),
        ("[per-path]\npaths = ['*']", 1, r"per-path must be tables: \[\[per-path\]\]"),
        ("per-path = 3", 1, "per-path must be tables"),
        ("[[per-path]]\npaths = []", 2, "per-path needs paths"),
        ("zzz.a.b = 1", 1, "unknown key 'zzz'"),
        (f"ignored = true\nexclude = ['{'*a' * 300}']", 2, "a pattern may have 500 characters"),
        ("hold-at = true", 1, "hold-at must be a number from 0 to 1, not True"),
        ("hold-at = 1.5", 1, "from 0 to 1, not 1.5"),
        ("hold-at = nan", 1, "from 0 to 1, not nan"),
        ("hold-at = '0.5'", 1, "from 0 to 1, not '0.5'"),
        ("ignored = 'yes'", 1, "true or false"),
        ("kind = 'post'", 1, "one of comment, page, not 'post'"),
        ("fail-on = []", 1, "one of hold, reject, never"),
        ("exclude = 'a'", 1, "a list of strings, not 'a'"),
        ("exclude = ['a', 1]", 1, "a list of strings"),
        ("model = ''", 1, "a string, not ''"),
        ("[allow]\ndomains = ['https://a.example']", 2, "is no domain; write it as"),
        ("[allow]\nphrases = ['ab']", 2, "needs 3 letters"),
        ("[allow]\nauthors = [' ']", 2, "a list of strings"),
        ("a = [", 1, "not TOML"),
        ("\na = 1\na = 2", 3, "not TOML: Cannot overwrite a value"),
    ],
)
def test_errors_name_the_line(root: Path, text: str, line: int, reason: str) -> None:
    write(root / ".moderator.toml", text)
    with pytest.raises(ConfigError, match=reason) as caught:
        find(["."])
    assert (caught.value.path, caught.value.line) == (".moderator.toml", line)
    assert str(caught.value).startswith(f".moderator.toml:{line}: ")


def test_hold_above_reject_names_both(root: Path) -> None:
    found = read(str(write(root / "c.toml", 'reject-at = 0.6\n[[per-path]]\npaths = ["a.md"]\nhold-at = 0.7')))
    assert settings(found)["reject-at"].value == 0.6
    with pytest.raises(ConfigError, match=r"hold-at .* 0\.7 \(c\.toml:4\), and reject-at is 0\.6 \(c\.toml:1\)"):
        settings(found, root / "a.md")
    with pytest.raises(ConfigError, match=r"0\.9 \(command line\)"):
        settings(found, hold_at=0.9)


@pytest.mark.parametrize(
    ("data", "line", "reason"),
    [
        ("ignored = true".encode("utf-16"), 1, "not UTF-8: byte 0xff"),
        (b"# fine\nencoding = '\xe9'", 2, "not UTF-8: byte 0xe9"),
        (b"a = " + b"[" * 100_000, None, "nested too deeply"),
        (b"a = " + b"{a=" * 50_000, None, "nested too deeply"),
        (b"#" * 1_000_001, None, "longer than 1000000 bytes"),
        (b"ignored = true\na" + b".a" * 400_000 + b" = 1", 2, "more than 1000 dots"),  # gigabytes in tomllib
        (b"\0" * 10, 1, "not TOML"),
    ],
)
def test_hostile_files_get_a_clear_error(root: Path, data: bytes, line: int | None, reason: str) -> None:
    (root / ".moderator.toml").write_bytes(data)
    with pytest.raises(ConfigError, match=reason) as caught:
        find(["."])
    assert caught.value.line == line


def test_a_file_that_takes_a_gigabyte_is_not_read_whole(root: Path) -> None:
    with (root / ".moderator.toml").open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(ConfigError, match="longer than"):
        find(["."])


def test_a_byte_order_mark_is_no_error(root: Path) -> None:
    (root / ".moderator.toml").write_bytes(b"\xef\xbb\xbfignored = true")
    assert (found := find(["."]))
    assert found.values["ignored"].line == 1


@pytest.mark.skipif(os.name == "nt", reason="links")
def test_links_that_lead_nowhere_are_errors(root: Path) -> None:
    (root / ".moderator.toml").symlink_to(".moderator.toml")
    with pytest.raises(ConfigError, match=r"cannot be read: .*links.*--no-config"):
        find(["."])
    (root / ".moderator.toml").unlink()
    (root / ".moderator.toml").symlink_to("nowhere")
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        find(["."])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes")
def test_a_pipe_that_is_found_is_not_waited_for(root: Path) -> None:
    os.mkfifo(root / ".moderator.toml")
    with pytest.raises(ConfigError, match="not a file"):
        find(["."])


def test_what_is_named_must_be_there_and_be_meant(root: Path) -> None:
    with pytest.raises(ConfigError, match=r"^none\.toml: cannot be read: No such file"):
        read("none.toml")
    write(root / "pyproject.toml", "[tool.other]")
    with pytest.raises(ConfigError, match=r"has no \[tool\.moderator\]"):
        read("pyproject.toml")
    write(root / "pyproject.toml", "tool.moderator = 1")
    with pytest.raises(ConfigError, match="must be a table"):
        read("pyproject.toml")


scalars = st.one_of(st.booleans(), st.integers(-2, 2), st.floats(), st.text(max_size=5), st.none())
names = st.sampled_from(["domains", "paths", "kind", "zzz"])
trees = st.one_of(scalars, st.lists(st.one_of(scalars, st.dictionaries(names, scalars, max_size=2)), max_size=3))
keys = st.sampled_from([*config.DEFAULTS, "allow", "per-path", "paths", "zzz"])


@given(st.dictionaries(keys, trees, max_size=4))
def test_any_value_is_taken_or_refused(data: dict[str, object]) -> None:
    with suppress(ConfigError):
        combined(layers_of(config._config(Path("/x/.moderator.toml"), "x", data, {})), {})


@given(st.text(max_size=80))
def test_any_text_is_taken_or_refused(text: str) -> None:
    with suppress(ConfigError):
        content, table = config._parsed(text.encode("utf-8", "surrogatepass"), "x")
        config._config(Path("/x/.moderator.toml"), "x", table, config._places(content, ()))


@pytest.mark.parametrize(
    "text",
    [
        'model = "~nobody-of-that-name/m"',
        'baseline = "a\\u0000b"',
        'encoding = "a\\u0000b"',
        f"hold-at = 0x{'f' * 5000}",
    ],
)
def test_values_that_python_stumbles_over_are_wrong_and_no_bug(root: Path, text: str) -> None:
    with pytest.raises(ConfigError, match=r"^\.moderator\.toml:2: \S+ must be|there is no"):
        read(str(write(root / ".moderator.toml", f"ignored = true\n{text}\n").relative_to(root)))


def test_a_line_that_begins_like_a_table_is_read_in_linear_time(root: Path) -> None:
    text = f'ignored = true\nmodel = """\n[{" " * 500_000}\n"""\n[[per-path]]\npaths = ["a"]\nskip = 1\n'
    with pytest.raises(ConfigError, match=":7: skip must be true or false"):
        read(str(write(root / ".moderator.toml", text)))
