"""Formats for other programs: what GitHub, GitLab, code scanning and test reports are told."""

from __future__ import annotations

import json
import os
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from moderator import formats
from moderator.formats.rules import RULES
from moderator.identity import digest, identity
from moderator.pipeline import Moderator
from moderator.readers.files import Record
from moderator.records import Action, Document, Failure, Finding, Span, Verdict
from moderator.scan import Judged

# The keys that SARIF 2.1.0 requires and those that are written here, by kind of object.
SARIF: dict[str, tuple[set[str], set[str]]] = {
    "log": ({"version", "runs"}, {"$schema"}),
    "run": ({"tool"}, {"columnKind", "newlineSequences", "invocations", "results"}),
    "driver": ({"name"}, {"version", "semanticVersion", "rules"}),
    "rule": ({"id"}, {"shortDescription", "defaultConfiguration"}),
    "invocation": ({"executionSuccessful"}, {"toolExecutionNotifications"}),
    "notification": ({"message"}, {"level", "locations"}),
    "result": ({"message"}, {"ruleId", "ruleIndex", "level", "kind", "locations", "partialFingerprints", "properties"}),
    "location": (set(), {"artifactLocation", "region"}),
    "region": ({"startLine"}, {"startColumn", "endLine", "endColumn"}),
}


def judged(
    text: str,
    *parts: str,
    path: str = "a.md",
    line: int | None = None,
    action: Action = "reject",
    reason: str = "worded like spam",
    codes: tuple[str, ...] = ("model/text", "links/count"),
    failures: tuple[Failure, ...] = (),
) -> Judged:
    """Return a verdict that finds parts of a text."""
    spans = [Span(text.index(part), text.index(part) + len(part)) for part in parts]
    findings = tuple(Finding(span, action, "spam", 0.99, reason, codes) for span in spans)
    document = None if failures else Document(text)
    verdict = Verdict(path, action, "spam", 0.99, 0.0, findings, (), failures)
    return Judged(Record(document, path, line), verdict, 0)


def written(form: str, *several: Judged, fails: Callable[[Action], bool] = lambda action: True) -> str:
    made = formats.make(form, fails)
    lines = [line for one in several for line in made.lines(one)]
    return "\n".join([*lines, *made.end()])


def broken(path: str = "b.md") -> Judged:
    return judged("", path=path, action="hold", failures=(Failure("input", "not UTF-8:\nbyte 0xe9"),))


# GitHub


def test_github_marks_the_lines() -> None:
    out = written("github", judged("# Page\n\nBuy now!\n", "Buy now!"), judged("Hm\n", "Hm", action="hold"), broken())
    assert out.splitlines() == [
        "::error title=moderator (reject%3A model/text),file=a.md,line=3,endLine=3,col=1,endColumn=9"
        "::a.md:3:1  worded like spam",
        "::warning title=moderator (hold%3A model/text),file=a.md,line=1,endLine=1,col=1,endColumn=3"
        "::a.md:1:1  worded like spam",
        "::error title=moderator (could not be judged),file=b.md,line=1::b.md:1  input: not UTF-8:%0Abyte 0xe9",
    ]


def test_github_has_no_columns_over_several_lines() -> None:
    out = written("github", judged("a\nb", "a\nb"))
    assert ",line=1,endLine=2::" in out


@pytest.mark.parametrize("evil", ["\r\n::add-mask::x", "%0A::error::x", "a,line=99::x", "\u2028::error::x", "\x1b[2J"])
def test_github_gets_one_command_whatever_is_in_it(evil: str) -> None:
    out = written("github", judged("Buy", "Buy", path=f"a{evil}.md", reason=evil, codes=(f"x/{evil}",)))
    assert "\n" not in out
    assert "\r" not in out
    assert "\x1b" not in out.partition("::a")[2]
    head = out.removeprefix("::error ").partition("::")[0]
    assert [part.partition("=")[0] for part in head.split(",")] == [
        "title", "file", "line", "endLine", "col", "endColumn",
    ]  # fmt: skip


# GitLab


def test_gitlab_is_an_array_of_issues() -> None:
    several = [judged("# Page\n\nBuy\nnow!\n", "Buy\nnow!"), judged("Hm", "Hm", action="hold"), broken()]
    issues = json.loads(written("gitlab", *several))
    assert [(i["severity"], i["check_name"], i["location"]["lines"]) for i in issues] == [
        ("critical", "model/text", {"begin": 3, "end": 4}),
        ("minor", "model/text", {"begin": 1, "end": 1}),
        ("major", "failure", {"begin": 1, "end": 1}),
    ]
    assert all(set(i) == {"description", "check_name", "fingerprint", "severity", "location"} for i in issues)
    assert written("gitlab") == "[]"


def test_gitlab_has_every_fingerprint_once_and_none_follows_the_lines() -> None:
    def marks(*several: Judged) -> list[str]:
        return [issue["fingerprint"] for issue in json.loads(written("gitlab", *several))]

    one, moved = judged("Buy now!", "Buy now!"), judged("A line.\n\nBUY  now!", "BUY  now!")
    assert marks(one) == marks(moved)
    assert marks(one) != marks(judged("Buy now!", "Buy now!", path="b.md"))
    assert len(set(marks(one, one, moved))) == 3


# SARIF


def check_keys(kind: str, value: dict[str, Any]) -> None:
    required, optional = SARIF[kind]
    assert required <= value.keys() <= required | optional, kind


def check_sarif(text: str) -> dict[str, Any]:
    """Check the shape of a log, and against the schema if MODERATOR_SARIF_SCHEMA names it; return its run."""
    log = json.loads(text)
    check_keys("log", log)
    (run,) = log["runs"]
    check_keys("run", run)
    check_keys("driver", run["tool"]["driver"])
    rules = run["tool"]["driver"]["rules"]
    for rule in rules:
        check_keys("rule", rule)
    for invocation in run["invocations"]:
        check_keys("invocation", invocation)
        for notification in invocation["toolExecutionNotifications"]:
            check_keys("notification", notification)
    for result in run["results"]:
        check_keys("result", result)
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        (location,) = result["locations"]
        check_keys("location", location["physicalLocation"])
        check_keys("region", location["physicalLocation"]["region"])
    if schema := os.environ.get("MODERATOR_SARIF_SCHEMA"):
        jsonschema = pytest.importorskip("jsonschema")
        jsonschema.validate(log, json.loads(Path(schema).read_text(encoding="utf-8")))
    return run


def region(one: Judged) -> dict[str, int]:
    location = check_sarif(written("sarif", one))["results"][0]["locations"][0]
    found: dict[str, int] = location["physicalLocation"]["region"]
    return found


def test_sarif_has_results_rules_and_failures() -> None:
    run = check_sarif(
        written("sarif", judged("Buy", "Buy"), judged("Hm", "Hm", action="hold", codes=("own/code",)), broken())
    )
    assert [result["level"] for result in run["results"]] == ["error", "warning"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["model/text", "own/code"]
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    assert "not UTF-8" in invocation["toolExecutionNotifications"][0]["message"]["text"]
    assert check_sarif(written("sarif"))["invocations"][0]["executionSuccessful"] is True


def test_sarif_counts_units_of_utf_16() -> None:
    assert check_sarif(written("sarif"))["columnKind"] == "utf16CodeUnits"
    text = "\U0001f600\n\U0001f600\U0001f600 é Buy \U0001f600\n"
    found = region(judged(text, "Buy \U0001f600"))
    assert found == {"startLine": 2, "startColumn": 8, "endLine": 2, "endColumn": 14}
    line = text.split("\n")[1].encode("utf-16-le")
    assert line[2 * 7 : 2 * 13].decode("utf-16-le") == "Buy \U0001f600"


def test_a_mark_at_the_beginning_is_no_column() -> None:
    assert region(judged("\ufeffBuy \U0001f600", "Buy"))["startColumn"] == 1
    assert region(judged("\ufeffBuy", "\ufeffBuy")) == {
        "startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 4,
    }  # fmt: skip
    assert region(judged("\ufeff\nBuy", "Buy"))["startColumn"] == 1


def test_sarif_fingerprints_follow_the_text() -> None:
    def marks(*several: Judged) -> list[str]:
        results = check_sarif(written("sarif", *several))["results"]
        return [result["partialFingerprints"]["moderatorText/v2"] for result in results]

    one = marks(judged("Buy now!", "Buy now!"))
    assert one == marks(judged("A line.\n\n  buy\nNOW!", "buy\nNOW!", path="b.md"))
    assert one != marks(judged("Buy later!", "Buy later!"))
    twice = Judged(Record(Document("Buy Buy"), "a.md"), judged("Buy Buy", "Buy", "Buy").verdict, 0)
    assert [mark.rpartition(":")[2] for mark in marks(twice)] == ["1", "2"]


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("posts/ä ö%#.md", "posts/%C3%A4%20%C3%B6%25%23.md"),
        ("./a.md", "a.md"),
        ("a\udce9.md", "a%E9.md"),
        ("-", "stdin"),
        (str(Path.cwd() / "a.md"), "a.md"),
        ("/no/where.md", "file:///no/where.md"),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="paths of POSIX")
def test_sarif_paths_are_addresses(path: str, uri: str) -> None:
    location = check_sarif(written("sarif", judged("Buy", "Buy", path=path)))["results"][0]["locations"][0]
    assert location["physicalLocation"]["artifactLocation"] == {"uri": uri}


def test_sarif_messages_lead_nowhere() -> None:
    run = check_sarif(written("sarif", judged("Buy", "Buy", reason="worded like spam (“[x](http://spam.example)”)")))
    assert "](" not in run["results"][0]["message"]["text"]


def test_a_record_of_several_is_a_line_of_its_file() -> None:
    one = judged("One.\n\nBuy", "Buy", path="c.jsonl", line=7)
    assert region(one) == {"startLine": 7}
    assert ",line=7::c.jsonl:7  worded" in written("github", one)


def test_every_code_that_accuses_has_a_rule(moderator: Moderator) -> None:
    assert {code for detector in moderator.detectors for code in detector.codes} <= RULES.keys()


# JUnit


def test_junit_has_a_case_for_each_finding() -> None:
    several = [judged("Buy", "Buy"), judged("Hm", "Hm", action="hold"), broken()]
    root = ElementTree.fromstring(written("junit", *several, fails=lambda action: action == "reject"))
    assert root.find("testsuite").attrib == {"name": "moderator", "tests": "3", "failures": "1", "errors": "1"}
    assert [case[0].tag for case in root.iter("testcase")] == ["failure", "system-out", "error"]


def test_junit_of_clean_documents_has_a_case_too() -> None:
    root = ElementTree.fromstring(written("junit", judged("Fine", action="publish"), judged("Fine", action="publish")))
    assert [case.attrib["name"] for case in root.iter("testcase")] == ["nothing to object to in 2 documents"]


def test_junit_holds_only_what_xml_may() -> None:
    evil = "<&\"']]>\x00\x08\x1b\ud800\ufffe"
    root = ElementTree.fromstring(written("junit", judged("Buy", "Buy", reason=evil, path=f"{evil}.md")))
    assert next(root.iter("failure")).attrib["message"].startswith("<&\"']]>\\x00\\x08\\x1b\\ud800")


# The command


@pytest.mark.parametrize("form", formats.NAMES)
def test_every_format_ends_like_text(run: Callable[..., Any], form: str, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])
    plain, ended = run("scan", "samples/tour"), run("scan", "samples/tour", "--format", form)
    assert (ended.code, ended.err) == (plain.code, plain.err)
    assert run("scan", "samples/tour", "--format", form).out == ended.out
    out = tmp_path / "out"
    assert run("scan", "samples/tour", "--format", form, "--output", out) == (1, "", plain.err)
    assert out.read_bytes().decode() == ended.out
    if form == "sarif":
        check_sarif(ended.out)


def test_output_is_whole_or_as_it_was(run: Callable[..., Any], tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.md").write_text("Fine.\n")
    Path("out").write_text("before")
    with monkeypatch.context() as patch:
        patch.setattr("moderator.formats.gitlab.GitLab.end", lambda self: 1 / 0)
        assert run("scan", "a.md", "--format", "gitlab", "-o", "out").code == 3
    assert Path("out").read_text() == "before"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.md", "out"]
    assert run("scan", "a.md", "--format", "gitlab", "-o", "out").code == 0
    assert json.loads(Path("out").read_text()) == []
    ended = run("scan", "a.md", "-o", "no/such/folder")
    assert (ended.code, ended.out) == (3, "")
    assert "cannot be written" in ended.err


def test_a_finding_is_known_everywhere_by_what_a_baseline_calls_it(tmp_path: Path) -> None:
    from moderator.baseline import Ledger

    one = judged("Fine.\n\nBuy now\n", "Buy now")
    ledger = Ledger(tmp_path / "known", Counter())
    ledger.settle(one.verdict, "a.md", "Fine.\n\nBuy now\n", "hold")
    ((_, known),) = ledger.accepted()
    (result,) = json.loads(written("sarif", one))["runs"][0]["results"]
    assert result["partialFingerprints"] == {"moderatorText/v2": f"{known}:1"}
    (issue,) = json.loads(written("gitlab", one))
    assert issue["fingerprint"] == digest("a.md", known)
    other = judged("Fine.\n\nBuy now\n", "Buy now", codes=("links/count",))
    assert identity("Buy now", replace(one.verdict.findings[0], span=Span(0, 7))) == known
    assert identity("Fine.\n\nBuy now\n", other.verdict.findings[0]) != known
