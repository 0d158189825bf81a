"""`moderator samples`: what is read, what is written, what is said about it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

Run = Callable[..., Any]
SYLLABLES = (
    "ha",
    "bor",
    "lan",
    "tern",
    "oat",
    "bi",
    "cy",
    "cle",
    "ket",
    "tle",
    "wil",
    "low",
    "mar",
    "fer",
    "ry",
    "pep",
)


def prose(seed: int, words: int = 40) -> str:
    """Return a text that is like no other one."""
    random = Random(seed)
    return " ".join("".join(random.choices(SYLLABLES, k=3)) for _ in range(words))


def write(path: Path, *rows: dict[str, Any] | str) -> Path:
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out.jsonl"


@pytest.mark.parametrize("name", ["import", "validate", "stats", "dedupe", "split", "suspect"])
def test_every_command_has_an_example(run: Run, name: str) -> None:
    assert f"Example: moderator samples {name} " in run("samples", name, "--help").out


def test_a_table_with_a_header(run: Run, tmp_path: Path, out: Path) -> None:
    table = tmp_path / "export.csv"
    table.write_text(
        'comment_ID,comment_author,comment_content,comment_approved\n1,Ann,"Two\nlines, really",1\n'
        "2,Bob,Win now,spam\n3,Cy,Waiting,0\n4,Di,Gone,trash\n5,Ed,Hm,maybe\n",
        encoding="utf-8-sig",
    )
    ran = run("samples", "import", table, "-o", out)
    assert ran.code == 1
    assert f"{table}:7: unknown label 'maybe'" in ran.err
    assert "--map" in ran.err
    assert "2 texts left out" in ran.err
    assert ran.out == ""
    assert rows(out) == [
        {
            "id": "1",
            "text": "Two\nlines, really",
            "label": "ham",
            "kind": "comment",
            "author": "Ann",
            "source": "export",
        },
        {"id": "2", "text": "Win now", "label": "spam", "kind": "comment", "author": "Bob", "source": "export"},
    ]


def test_what_a_word_means_can_be_said(run: Run, tmp_path: Path, out: Path) -> None:
    table = write(tmp_path / "a.tsv", "body\tverdict", "Buy\tNay", "Thanks\tYea", "Who?\tdunno")
    given = ("--map", "nay=spam", "--map", "yea=ham", "--map", "dunno=skip", "--label-column", "verdict")
    assert run("samples", "import", table, "-o", out, *given).code == 0
    assert [(row["text"], row["label"]) for row in rows(out)] == [("Buy", "spam"), ("Thanks", "ham")]
    assert run("samples", "import", table, "-o", out, "--map", "nay=bad").code == 3


@pytest.mark.parametrize(
    ("column", "one", "other"),
    [("is_spam", "spam", "ham"), ("CLASS", "spam", "ham"), ("label", "spam", "ham"), ("approved", "ham", None)],
)
def test_a_one_means_what_its_column_asks(
    run: Run, tmp_path: Path, out: Path, column: str, one: str, other: str | None
) -> None:
    table = write(tmp_path / "a.csv", f"text,{column}", "first,1", "second,0.0", "third,not spam", "fourth,Spam")
    assert run("samples", "import", table, "-o", out).code == 0
    found = {row["text"]: row["label"] for row in rows(out)}
    expected = {"first": one, "second": other, "third": "ham", "fourth": "spam"}
    assert found == {text: label for text, label in expected.items() if label}


def test_a_one_that_may_mean_either_is_asked_about(run: Run, tmp_path: Path, out: Path) -> None:
    table = write(tmp_path / "a.csv", "text,flag", "first,1", "second,spam")
    ran = run("samples", "import", table, "--label-column", "flag", "-o", out)
    assert ran.code == 1
    assert "a.csv:2: '1' in 'flag' may mean spam or approved" in ran.err


def test_json_of_either_kind(run: Run, tmp_path: Path, out: Path) -> None:
    array = tmp_path / "a.json"
    array.write_text(
        '{"comments": [\n {"content": {"rendered": "<p>Hi</p>"}, "author_name": "Ann", "status": "approved"},\n'
        ' {"content": {"rendered": "Win"}, "status": "spam"},\n 7\n]}'
    )
    lines = write(
        tmp_path / "b.jsonl", {"message": "Hello", "spam": False, "other": [1]}, "{", {"message": "", "spam": 1}
    )
    ran = run("samples", "import", array, lines, "-o", out)
    assert ran.code == 1
    assert f"{array}:4: not a JSON object" in ran.err
    assert f"{lines}:2: not JSON" in ran.err
    assert f"{lines}:3: no text" in ran.err
    assert [(row["text"], row["label"], row.get("media")) for row in rows(out)] == [
        ("<p>Hi</p>", "ham", "html"),
        ("Win", "spam", "html"),
        ("Hello", "ham", None),
    ]


def test_folders_of_text_and_mail(run: Run, tmp_path: Path, out: Path) -> None:
    corpus = tmp_path / "corpus"
    for name in ("easy_ham_2", "spam", "other"):
        (corpus / name).mkdir(parents=True)
    (corpus / "easy_ham_2" / "a.txt").write_text("See you\nat nine.")
    (corpus / "spam" / "0001.abc").write_bytes(
        b"From x@y.example Mon Jan  1\nFrom: =?utf-8?q?B=C3=B6b?= <x@y.example>\nSubject: Win\n"
        b"Content-Type: text/plain; charset=no-such\n\nCaf\xe9\n"
    )
    (corpus / "other" / "b.txt").write_text("A line\n")
    (corpus / "spam" / ".hidden").write_text("no")
    ran = run("samples", "import", corpus, "-o", out)
    assert ran.code == 3
    assert "b.txt: one text a line has no labels" in ran.err
    assert not out.exists()
    (corpus / "other" / "b.txt").unlink()
    assert run("samples", "import", corpus, "-o", out).code == 0
    assert [(row["text"], row["label"], row.get("author")) for row in rows(out)] == [
        ("See you\nat nine.", "ham", None),
        ("Win\n\nCafé", "spam", "Böb"),
    ]


def test_one_text_a_line(run: Run, tmp_path: Path) -> None:
    lines = write(tmp_path / "spam-samples.txt", "Win now", "", "Заработок \r дома")
    target = tmp_path / "out.jsonl.gz"
    assert run("samples", "import", lines, "--label", "spam", "--source", "tg", "-o", target).code == 0
    found = [json.loads(line) for line in gzip.decompress(target.read_bytes()).decode().split("\n")[:-1]]
    assert [(row["text"], row["source"]) for row in found] == [("Win now", "tg"), ("Заработок \r дома", "tg")]


def test_a_table_without_header(run: Run, tmp_path: Path, out: Path) -> None:
    table = write(tmp_path / "sms.tsv", 'ham\tShe said "hi', 'spam\t"Win" 900')
    assert run("samples", "import", table, "-o", out).code == 0
    assert [(row["label"], row["text"]) for row in rows(out)] == [("ham", 'She said "hi'), ("spam", '"Win" 900')]


def test_an_import_that_fails_leaves_what_was_there(run: Run, tmp_path: Path, out: Path) -> None:
    out.write_text("before\n")
    good = write(tmp_path / "a.csv", "text,label", "Hi,ham")
    bad = tmp_path / "b.csv"
    bad.write_bytes(b"text,label\nCaf\xe9,ham\n")
    ran = run("samples", "import", good, bad, "-o", out)
    assert ran.code == 3
    assert "--encoding latin-1" in ran.err
    assert out.read_text() == "before\n"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.csv", "b.csv", "out.jsonl"]
    assert run("samples", "import", good, bad, "--encoding", "latin-1", "-o", out).code == 0
    assert [row["text"] for row in rows(out)] == ["Hi", "Café"]


def test_a_table_without_the_columns_says_which_there_are(run: Run, tmp_path: Path, out: Path) -> None:
    table = write(tmp_path / "a.csv", "what,label", "Hi,ham")
    ran = run("samples", "import", table, "-o", out)
    assert (ran.code, out.exists()) == (3, False)
    assert "a.csv:1: no column for the text among what, label: name it with --text-column" in ran.err


def test_an_import_can_be_imported_again(run: Run, tmp_path: Path, out: Path) -> None:
    row = {"text": "a\x85b\ud83d c", "label": "spam", "spans": [[0, 2]], "note": "n", "group": "g", "source": "s"}
    row["kind"] = "page"
    first = tmp_path / "a.jsonl"
    first.write_text(json.dumps(row) + "\n")
    assert run("samples", "import", first, "-o", out).code == 0
    assert json.loads(out.read_text()) == row
    assert run("samples", "validate", out).out.count("error") == 1  # one-class


def test_validate_reports_every_problem_with_its_place(run: Run, tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.jsonl",
        {"text": "Nice", "label": "ham"},
        "{",
        {"text": "Other", "label": "bad"},
        "",
        {"text": "NICE", "label": "spam"},
        {"text": "x", "label": "ham", "colour": "red"},
    )
    ran = run("samples", "validate", path)
    assert ran.code == 1
    places = [line.split(": ")[:3] for line in ran.out.splitlines()]
    assert places == [
        [f"{path}:2", "error", "format"],
        [f"{path}:3", "error", "format"],
        [f"{path}:5", "error", "contradiction"],
        [f"{path}:6", "error", "format"],
    ]


def test_warnings_do_not_fail(run: Run, tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.jsonl",
        {"text": prose(1), "label": "ham"},
        {"text": prose(1) + " teapot", "label": "spam"},
        {"text": prose(2), "label": "spam"},
    )
    ran = run("samples", "validate", path)
    assert ran.code == 0
    assert f"{path}:2: warning: near-duplicate: " in ran.out
    assert "0 errors, 1 warnings" in ran.err


def test_the_samples_of_the_project_are_valid(run: Run) -> None:
    root = Path(__file__).parents[2] / "samples"
    assert run("samples", "validate", root / "comments", root / "blocks").code == 0


@pytest.mark.parametrize("command", [["stats"], ["dedupe", "-o", "x.jsonl"], ["split", "-o", "x"], ["suspect"]])
def test_a_line_that_is_wrong_stops_the_others(run: Run, tmp_path: Path, monkeypatch: Any, command: list[str]) -> None:
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path / "a.jsonl", {"text": "Nice", "label": "ham"}, "{")
    ran = run("samples", *command, path)
    assert ran.code == 3
    assert f"{path}:2:" in ran.err
    assert f"moderator samples validate {path}" in ran.err
    assert [p.name for p in tmp_path.iterdir()] == ["a.jsonl"]


def test_stats_count(run: Run, tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.jsonl",
        {"text": "a", "label": "ham", "language": "pt-BR", "source": "s"},
        {"text": "b", "label": "spam", "language": "pt", "source": "s"},
        {"text": "c", "label": "spam", "language": "pt", "source": "s", "kind": "page"},
    )
    shown = json.loads(run("samples", "stats", "--json", path).out)
    assert shown["labels"] == {"ham": 1, "spam": 2}
    assert {"source": "s", "language": "pt", "kind": "page", "label": "spam", "count": 1} in shown["rows"]
    table = [line.split() for line in run("samples", "stats", path).out.splitlines()]
    assert table[0] == ["source", "language", "kind", "ham", "spam", "off-topic", "total"]
    assert table[1:] == [
        ["s", "pt", "comment", "1", "1", "0", "2"],
        ["s", "pt", "page", "0", "1", "0", "1"],
        ["all", "1", "2", "0", "3"],
    ]


def test_dedupe_keeps_the_longest_as_it_stands(run: Run, tmp_path: Path, out: Path) -> None:
    long = f'{{"label":"ham",   "text": "{prose(1)} teapot"}}'
    path = write(tmp_path / "a.jsonl", {"text": prose(1), "label": "ham"}, long, {"text": prose(2), "label": "spam"})
    ran = run("samples", "dedupe", path, "-o", out, "--list")
    assert ran.code == 0
    assert ran.out == f"{path}:1: like {path}:2\n"
    assert "2 samples, 1 dropped" in ran.err
    assert out.read_text().splitlines()[0] == long
    assert run("samples", "dedupe", out, "-o", out).err.endswith("2 samples, 0 dropped\n")


def test_split_writes_all_samples_once(run: Run, tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.jsonl",
        *({"text": prose(n), "label": "spam" if n % 2 else "ham", "group": f"g{n // 4}"} for n in range(80)),
    )
    assert run("samples", "split", path, "--by", "group", "--parts", "3/1", "-o", tmp_path / "p").code == 0
    parts = [rows(tmp_path / f"p-{n}.jsonl") for n in (1, 2)]
    assert [len(part) for part in parts] == [60, 20]
    assert not {row["group"] for row in parts[0]} & {row["group"] for row in parts[1]}
    assert sorted(row["text"] for part in parts for row in part) == sorted(row["text"] for row in rows(path))


@pytest.mark.parametrize("parts", ["80", "80/x", "80/0", "80/-20", "nan/1"])
def test_parts_that_make_no_sense(run: Run, tmp_path: Path, parts: str) -> None:
    path = write(tmp_path / "a.jsonl", {"text": "a", "label": "ham"})
    assert run("samples", "split", path, "--parts", parts, "-o", tmp_path / "p").code == 2


@pytest.mark.parametrize("cleanlab", [False, True])
def test_suspect_finds_the_labels_that_were_turned(run: Run, tmp_path: Path, monkeypatch: Any, cleanlab: bool) -> None:
    pytest.importorskip("sklearn")
    from moderator.train import suspects

    if cleanlab:
        pytest.importorskip("cleanlab")
    monkeypatch.setattr(suspects, "with_cleanlab", lambda: cleanlab)
    given = [
        {"text": f"Casino bonus, spin and win cash now {prose(n, 5)}" if n % 2 else f"My bread rose well {prose(n, 5)}",
         "label": "spam" if n % 2 else "ham"}
        for n in range(120)
    ]  # fmt: skip
    given[10]["label"], given[11]["label"] = "spam", "ham"
    given[11]["text"] += " \x1b[31m " + "and so on " * 30
    path = write(tmp_path / "a.jsonl", *given)
    ran = run("samples", "suspect", path)
    assert ran.code == 0
    listed = [line.split("  ") for line in ran.out.splitlines()]
    assert {(line[0], line[1]) for line in listed} == {
        (f"{path}:11", "spam -> ham"),
        (f"{path}:12", "ham -> spam"),
    }
    assert all(float(line[2]) > 0.5 for line in listed)
    assert "\x1b" not in ran.out
    assert max(map(len, ran.out.splitlines())) < len(str(path)) + 150
    assert "2 of 120 labels" in ran.err


def test_suspect_needs_enough_of_both(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    texts = [{"text": prose(n), "label": "ham"} for n in range(30)]
    copies = [{"text": f"Win {n}", "label": "spam"} for n in range(30)]  # all the same but for the number
    ran = run("samples", "suspect", write(tmp_path / "a.jsonl", *texts, *copies))
    assert ran.code == 3
    assert "different texts are spam" in ran.err
    assert "moderator samples stats" in ran.err


@pytest.mark.parametrize("command", ["validate", "stats"])
def test_a_file_that_is_not_there(run: Run, tmp_path: Path, command: str) -> None:
    ran = run("samples", command, tmp_path / "none.jsonl")
    assert ran.code == 3
    assert "no such file" in ran.err
