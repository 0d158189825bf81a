"""What a scan does by configuration, directives and a baseline; `moderator config show`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

CLEAN = "The dough rests for an hour, then it goes into the oven.\n"
TWO = "See http://a.example/x and http://b.example/y for more.\n"
MANY = "See " + " and ".join(f"http://site{n}.example/x" for n in range(8)) + "\n"


def row(text: str, **more: str) -> str:
    return json.dumps({"text": text, **more}) + "\n"


def verdicts(out: str) -> dict[str, dict[str, Any]]:
    return {found["id"]: found for found in map(json.loads, out.splitlines())}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, counting: str) -> Path:
    """Return a folder with flagged pages and comments, which is the current one."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "drafts").mkdir()
    for name, text in (("two.md", TWO), ("drafts/many.md", MANY), ("clean.md", CLEAN)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "c.jsonl").write_text(row(TWO, id="jo", author="Jo") + row(TWO, id="al", author="Al"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MODERATOR_MODEL", counting)
    return tmp_path


def configure(site: Path, text: str) -> None:
    (site / ".moderator.toml").write_text(text, encoding="utf-8")


# Configuration


def test_without_configuration_everything_is_judged(run: Callable[..., Any], site: Path) -> None:
    ended = run("scan", ".")
    assert (ended.code, ended.err) == (1, "5 documents: 1 to reject, 3 to hold\n")


def test_options_come_from_the_file_and_the_command_line_wins(run: Callable[..., Any], site: Path) -> None:
    configure(site, 'fail-on = "never"\nexclude = ["c.jsonl"]\n')
    ended = run("scan", ".")
    assert (ended.code, ended.err) == (
        0,
        "1 file left out by the configuration\n3 documents: 1 to reject, 1 to hold\n",
    )
    assert run("scan", ".", "--fail-on", "hold").code == 1
    assert run("scan", ".", "--no-config").err == "5 documents: 1 to reject, 3 to hold\n"


def test_it_is_found_from_what_is_scanned(
    run: Callable[..., Any], site: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(site, 'fail-on = "never"\n')
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert run("scan", site).code == 0
    assert run("scan", site / "two.md").code == 0
    assert run("scan", "-", stdin=row(TWO).encode()).code == 1
    assert run("scan", "-", "--config", site / ".moderator.toml", stdin=row(TWO).encode()).code == 0


def test_thresholds_are_moved_and_the_verdict_says_so(run: Callable[..., Any], site: Path) -> None:
    found = verdicts(run("scan", "two.md", "--format", "jsonl", "--hold-at", "0.6").out)["two.md"]
    assert (found["action"], found["policy"].split(" ", 1)[1]) == ("publish", "hold-at=0.6")
    found = verdicts(run("scan", "two.md", "--format", "jsonl", "--reject-at", "0.45").out)["two.md"]
    assert (found["action"], found["findings"][0]["action"]) == ("reject", "reject")
    assert run("scan", "two.md", "--hold-at", "1.2").code == 2


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--hold-at", "0.9", "--reject-at", "0.5"), "hold-at must not be above reject-at"),
        (("--hold-at", "nan"), "from 0 to 1, not nan (command line)"),
        (("--config", "a.toml", "--no-config"), "exclude each other"),
        (("--config", "none.toml"), "none.toml: cannot be read: No such file"),
        (("--baseline", "a", "--write-baseline", "drafts/b"), "in one folder"),
    ],
)
def test_wrong_use_is_2(run: Callable[..., Any], site: Path, arguments: tuple[str, ...], reason: str) -> None:
    ended = run("scan", ".", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert reason in ended.err


def test_a_mistake_in_the_file_is_2_with_its_line(run: Callable[..., Any], site: Path) -> None:
    configure(site, "\nhold_at = 0.5\n")
    ended = run("scan", ".")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == "Error: .moderator.toml:2: unknown key 'hold_at': did you mean 'hold-at'?\n"


def test_a_model_that_is_not_there_is_said_with_its_line(
    run: Callable[..., Any], site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(site, 'model = "none"\n')
    assert run("scan", ".").code == 1  # the environment comes before the file
    monkeypatch.delenv("MODERATOR_MODEL")
    assert f".moderator.toml:1: model: there is no folder {site / 'none'}" in run("scan", ".").err


def test_the_profile_may_stand_in_the_file(run: Callable[..., Any], site: Path) -> None:
    configure(site, 'profile = "site.json"\n')
    ended = run("scan", ".")
    assert (ended.code, ended.out) == (2, "")
    assert f".moderator.toml:1: profile: there is no file {site / 'site.json'}" in ended.err
    assert run("profile", "build", "clean.md", "--out", "site.json").code == 0
    assert run("scan", ".").code == 1
    (site / "site.json").write_text("{}", encoding="utf-8")
    ended = run("scan", ".")
    assert ended.code == 3
    assert "site.json" in ended.err


def test_paths_have_settings_of_their_own(run: Callable[..., Any], site: Path) -> None:
    configure(
        site,
        """
        hold-at = 0.99
        [[per-path]]
        paths = ["drafts/"]
        hold-at = 0.3
        reject-at = 1.0
        [[per-path]]
        paths = ["two.md"]
        kind = "comment"
        hold-at = 0.3
        [[per-path]]
        paths = ["clean.md"]
        skip = true
        """,
    )
    ended = run("scan", ".", "--format", "jsonl")
    found = verdicts(ended.out)
    assert [(v["path"], v["action"]) for v in found.values()] == [
        ("./c.jsonl", "publish"),
        ("./c.jsonl", "publish"),
        ("./drafts/many.md", "hold"),
        ("./two.md", "hold"),
    ]
    assert "1 file left out by the configuration" in ended.err
    assert "clean.md" not in ended.out + run("scan", "clean.md", "--format", "jsonl").out


# What is allowed


def test_what_is_allowed_is_in_the_verdict(run: Callable[..., Any], site: Path) -> None:
    configure(site, '[allow]\nauthors = ["jo"]\n[[per-path]]\npaths = ["two.md"]\nallow.domains = ["a.example"]\n')
    ended = run("scan", "c.jsonl", "two.md", "--format", "jsonl")
    found = verdicts(ended.out)
    assert {name: verdict["action"] for name, verdict in found.items()} == {
        "jo": "publish",
        "al": "hold",
        "two.md": "publish",
    }
    (allowed,) = found["jo"]["allowed"]
    assert (allowed["rule"], allowed["match"], allowed["place"]) == ("author", "jo", ".moderator.toml:2")
    assert allowed["finding"]["reason"] == "2 links to other sites"
    (allowed,) = found["two.md"]["allowed"]
    assert (allowed["rule"], allowed["place"], allowed["finding"]) == ("domain", ".moderator.toml:5", None)
    assert "allowed" not in found["al"]
    assert "1 finding allowed" in ended.err


def test_directives_are_for_files_of_the_owner(run: Callable[..., Any], site: Path) -> None:
    text = f"<!-- moderator: allow an example -->\n{TWO}"
    (site / "page.md").write_text(text, encoding="utf-8")
    (site / "comments.jsonl").write_text(
        row(text, id="comment") + row(text, id="page", kind="page", media="markdown"), encoding="utf-8"
    )
    found = verdicts(run("scan", "page.md", "comments.jsonl", "--format", "jsonl").out)
    assert {name: verdict["action"] for name, verdict in found.items()} == {
        "page.md": "publish",
        "comment": "hold",
        "page": "hold",
    }
    assert found["page.md"]["allowed"][0]["place"] == "line 1"
    assert run("scan", "-", stdin=text.encode()).code == 1
    assert run("scan", "page.md", "--kind", "comment").code == 1
    configure(site, "directives = false\n")
    assert run("scan", "page.md").code == 1


def test_warnings_go_to_standard_error(run: Callable[..., Any], site: Path) -> None:
    text = f"<!-- moderator: allow nothing -->\n{CLEAN}\n<!-- moderator: of -->\n"
    (site / "page.md").write_text(text, encoding="utf-8")
    ended = run("scan", "page.md")
    assert (ended.code, ended.out) == (0, "")
    assert ended.err.splitlines()[:2] == [
        "page.md:1:1  warning  nothing is found here that this would allow: take it out",
        "page.md:4:1  warning  unknown directive 'of': did you mean 'off'?",
    ]
    ended = run("scan", "page.md", "--format", "jsonl", "-q")
    assert ended.err == ""
    assert [note["line"] for note in json.loads(ended.out)["notes"]] == [1, 4]


# Baseline


def test_a_baseline_hides_what_it_accepts_and_nothing_new(run: Callable[..., Any], site: Path) -> None:
    ended = run("scan", ".", "--write-baseline", "known")
    assert ended.code == 0
    assert "4 findings accepted now, in known" in ended.err
    before = (site / "known").read_bytes()
    assert before.count(b"\n") == 4  # the head, and two comments of one text in one line
    assert b"example" not in before

    ended = run("scan", ".", "--baseline", "known")
    assert (ended.code, ended.out) == (0, "")
    assert "4 findings accepted before, in known" in ended.err
    found = verdicts(run("scan", ".", "--baseline", "known", "--format", "jsonl").out)["jo"]
    assert (found["action"], found["allowed"][0]["rule"]) == ("publish", "baseline")

    (site / "two.md").write_text(f"{CLEAN}\n{TWO}\n{CLEAN * 4}\n{TWO}", encoding="utf-8")
    ended = run("scan", ".", "--baseline", "known")
    assert (ended.code, ended.out.splitlines()) == (1, ["./two.md:10:1  hold  links/count  2 links to other sites"])
    run("scan", ".", "--write-baseline", "known")
    assert run("scan", ".", "--baseline", "known").code == 0


def test_a_baseline_is_the_same_from_everywhere(
    run: Callable[..., Any], site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("scan", ".", "--write-baseline", "known")
    before = (site / "known").read_bytes()
    run("scan", ".", "--write-baseline", "known")
    assert (site / "known").read_bytes() == before
    monkeypatch.chdir(site / "drafts")
    run("scan", "..", "--write-baseline", "../known")
    assert (site / "known").read_bytes() == before
    assert run("scan", "many.md", "--baseline", "../known").code == 0


def test_stale_is_said_and_taken_out(run: Callable[..., Any], site: Path) -> None:
    run("scan", ".", "--write-baseline", "known")
    (site / "two.md").write_text(CLEAN, encoding="utf-8")
    (site / "drafts/many.md").unlink()
    ended = run("scan", "two.md", "--baseline", "known")
    assert ended.code == 0
    assert "two.md: 1 accepted before and found no more; --write-baseline takes that out\n" in ended.err
    assert "drafts/many.md: 1 accepted before" in ended.err
    run("scan", "two.md", "--write-baseline", "known")
    left = (site / "known").read_text(encoding="utf-8")
    assert [json.loads(line).get("path") for line in left.splitlines()] == [None, "c.jsonl"]


def test_a_baseline_from_the_configuration(run: Callable[..., Any], site: Path) -> None:
    configure(site, 'baseline = "known"\n')
    ended = run("scan", ".")
    assert ended.code == 3
    assert "known: cannot be read: No such file or directory; moderator scan --write-baseline makes one" in ended.err
    assert run("scan", ".", "--write-baseline", "known").code == 0
    assert run("scan", ".").code == 0
    (site / "known").write_text("nonsense", encoding="utf-8")
    assert "known:1: not JSON" in run("scan", ".").err


# With --fix


def cut_of(site: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in site.rglob("*.md")}


def test_what_is_allowed_is_not_cut_also_in_the_second_round(run: Callable[..., Any], site: Path) -> None:
    other = MANY.replace("site", "other")
    page = f"# Bread\n\n{CLEAN}\n<!-- moderator: allow so -->\n{MANY}\n{CLEAN}\n"
    (site / "page.md").write_text(page + other, encoding="utf-8")
    ended = run("scan", "--fix", "page.md")
    assert (ended.code, cut_of(site)["page.md"].rstrip()) == (0, page.rstrip())
    assert "page.md  fixed" in ended.out


def test_what_was_accepted_is_not_cut_also_in_the_second_round(run: Callable[..., Any], site: Path) -> None:
    page = f"# Bread\n\n{CLEAN}\n{MANY}\n{CLEAN}\n"
    (site / "page.md").write_text(page, encoding="utf-8")
    assert run("scan", "page.md", "--write-baseline", "known").code == 0
    (site / "page.md").write_text(page + MANY.replace("site", "other"), encoding="utf-8")
    ended = run("scan", "--fix", "page.md", "--baseline", "known")
    assert (ended.code, cut_of(site)["page.md"].rstrip()) == (0, page.rstrip())
    assert run("scan", "--fix", "page.md", "--write-baseline", "known").code == 2


def test_thresholds_and_encodings_of_a_path_hold_when_it_is_cut(run: Callable[..., Any], site: Path) -> None:
    page = f"# Brød\n\n{CLEAN}\n"
    for name in ("old.md", "drafts/old.md", "drafts/not.md"):
        (site / name).write_bytes((page + TWO).encode("latin-1"))
    configure(
        site,
        """
        encoding = "latin-1"
        [[per-path]]
        paths = ["drafts/"]
        hold-at = 0.3
        reject-at = 0.4
        [[per-path]]
        paths = ["drafts/not.md", "drafts/many.md"]
        skip = true
        """,
    )
    run("scan", "--fix", "old.md", "drafts")
    assert (site / "drafts/old.md").read_bytes().rstrip() == page.encode("latin-1").rstrip()
    for name in ("old.md", "drafts/not.md"):
        assert (site / name).read_bytes() == (page + TWO).encode("latin-1")


def test_a_link_to_what_is_left_out_does_not_fix_it(run: Callable[..., Any], site: Path) -> None:
    (site / "link.md").symlink_to("drafts/many.md")
    (site / "drafts/many.md").write_text(f"{CLEAN}\n{MANY}", encoding="utf-8")
    configure(site, 'exclude = ["drafts/"]\n')
    before = cut_of(site)
    assert run("scan", "--fix", ".").code == 1
    assert cut_of(site) == before


# In other forms


@pytest.mark.parametrize("form", ["github", "gitlab", "junit", "sarif"])
def test_forms_show_what_is_left(run: Callable[..., Any], site: Path, form: str) -> None:
    assert "links/count" in run("scan", ".", "--format", form).out
    configure(site, 'baseline = "known"\n[[per-path]]\npaths = ["c.jsonl"]\nallow.authors = ["jo", "al"]\n')
    run("scan", ".", "--write-baseline", "known", "-q")
    ended = run("scan", ".", "--format", form)
    assert ended.code == 0
    assert "links/count" not in ended.out
    (site / "new.md").write_text(f"<!-- moderator: of -->\n{TWO}", encoding="utf-8")
    ended = run("scan", ".", "--format", form)
    assert (ended.code, "new.md" in ended.out, "two.md" in ended.out) == (1, True, False)
    assert "unknown directive 'of'" in ended.err


# config show


def test_show_says_where_every_value_comes_from(run: Callable[..., Any], site: Path, counting: str) -> None:
    configure(site, 'fail-on = "reject"\n[[per-path]]\npaths = ["drafts/**"]\nhold-at = 0.3\n')
    ended = run("config", "show", "drafts/many.md", "--format", "json", "--reject-at", "0.8")
    data = json.loads(ended.out)
    assert data["config"] == str(site / ".moderator.toml")
    assert data["values"]["hold-at"] == {"value": 0.3, "from": ".moderator.toml:4"}
    assert data["values"]["reject-at"] == {"value": 0.8, "from": "command line"}
    assert data["values"]["model"] == {"value": counting, "from": "environment MODERATOR_MODEL"}
    assert data["values"]["ignored"] == {"value": False, "from": "default"}
    shown = {line.split()[0]: line.split()[1:] for line in run("config", "show").out.splitlines()}
    assert shown["#"] == [str(site / ".moderator.toml")]
    assert shown["fail-on"] == ['"reject"', ".moderator.toml:1"]
    assert shown["hold-at"] == ["null", "default"]


def test_show_without_a_file(run: Callable[..., Any], site: Path) -> None:
    assert run("config", "show", "--no-config").out.startswith("# no configuration file\n")
    configure(site, "[")
    assert run("config", "show").code == 2


def test_show_names_every_key(run: Callable[..., Any], site: Path) -> None:
    from moderator.config import DEFAULTS

    assert json.loads(run("config", "show", "--format", "json").out)["values"].keys() == DEFAULTS.keys()


# check and explain


def test_check_answers_as_scan_does(run: Callable[..., Any], site: Path) -> None:
    configure(
        site,
        'fail-on = "reject"\n[allow]\nauthors = ["jo"]\n'
        '[[per-path]]\npaths = ["two.md"]\nhold-at = 0.9\n[[per-path]]\npaths = ["drafts/"]\nreject-at = 1.0\n',
    )
    for name, action in (("two.md", "publish"), ("drafts/many.md", "hold"), ("clean.md", "publish")):
        scanned = json.loads(run("scan", name, "--format", "jsonl").out)
        ended = run("check", name)
        assert (ended.code, ended.err) == (0, "")
        verdict = json.loads(ended.out)
        assert verdict["action"] == action
        assert verdict == {key: value for key, value in scanned.items() if key != "path"}
    verdict = json.loads(run("check", stdin=row(TWO, author="Jo").encode()).out)
    assert (verdict["action"], verdict["allowed"][0]["place"]) == ("publish", ".moderator.toml:3")


def test_what_the_command_line_of_check_says_wins(run: Callable[..., Any], site: Path) -> None:
    configure(site, 'fail-on = "never"\nhold-at = 0.3\nreject-at = 0.4\n')
    assert json.loads(run("check", "two.md").out)["action"] == "reject"
    assert run("check", "two.md", "--fail-on", "reject").code == 1
    assert json.loads(run("check", "two.md", "--reject-at", "0.9").out)["action"] == "hold"
    assert json.loads(run("check", "two.md", "--no-config").out)["action"] == "hold"
    (site / "other.toml").write_text("hold-at = 0.99\n", encoding="utf-8")
    ended = run("check", "two.md", "--config", "other.toml")
    assert (ended.code, json.loads(ended.out)["action"]) == (0, "publish")
    assert run("check", "two.md", "--config", "other.toml", "--no-config").code == 2


@pytest.mark.parametrize("command", ["check", "explain"])
def test_a_mistake_in_the_file_is_2_for_each_command(run: Callable[..., Any], site: Path, command: str) -> None:
    configure(site, "\nhold_at = 0.5\n")
    ended = run(command, "two.md")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == "Error: .moderator.toml:2: unknown key 'hold_at': did you mean 'hold-at'?\n"


def test_a_file_that_is_left_out_is_checked_all_the_same(run: Callable[..., Any], site: Path) -> None:
    configure(site, 'exclude = ["two.md"]\nignored = true\n[[per-path]]\npaths = ["drafts/"]\nskip = true\n')
    assert [run("check", name).code for name in ("two.md", "drafts/many.md")] == [1, 1]


def test_directives_and_a_baseline_count_for_check(run: Callable[..., Any], site: Path) -> None:
    page = f"<!-- moderator: allow an example -->\n{TWO}"
    (site / "page.md").write_text(page, encoding="utf-8")
    assert json.loads(run("check", "page.md").out)["allowed"][0]["rule"] == "directive"
    assert run("check", stdin=page.encode()).code == 1
    (site / "record.json").write_text(row(page, kind="page", media="markdown"), encoding="utf-8")
    assert run("check", "record.json").code == 1
    run("scan", "two.md", "--write-baseline", "known")
    configure(site, 'baseline = "known"\n')
    assert json.loads(run("check", "two.md").out)["allowed"][0]["rule"] == "baseline"
    assert run("check", "drafts/many.md").code == 1


def test_explain_goes_by_the_configuration_and_says_so(run: Callable[..., Any], site: Path) -> None:
    configure(site, 'hold-at = 0.3\nreject-at = 0.8\n[allow]\nphrases = ["for more"]\ndomains = ["a.example"]\n')
    (site / "three.md").write_text(TWO.replace("a.example", "c.example and http://a.example"), encoding="utf-8")
    ended = run("explain", "three.md")
    assert "1:26  allowed  domain a.example (.moderator.toml:5): links there count for nothing" in ended.out
    assert "1:1  allowed  phrase for more (.moderator.toml:4): 2 links to other sites" in ended.out
    assert "held from 0.300000, rejected from 0.800000" in ended.out
    assert ended.out.splitlines()[-1].startswith("publish")
    page = run("explain", "three.md", "--format", "html").out
    assert "Nothing else was found" in page
    assert "phrase for more (.moderator.toml:4): 2 links to other sites" in page
    assert "allowed" not in run("explain", "three.md", "--no-config").out
    (site / "page.md").write_text("<!-- moderator: of -->\n", encoding="utf-8")
    assert "unknown directive 'of'" in run("explain", "page.md").err
