"""`moderator evaluate`: labelled comments in, figures out."""

from __future__ import annotations

import builtins
import gzip
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from moderator import store

ROWS: list[dict[str, Any]] = [
    {"text": "The dough rests for an hour.", "label": "ham", "language": "en", "source": "mine"},
    {"text": "See http://one.example/ and http://two.example/ now.", "label": "ham", "source": "mine"},
    {"text": " ".join(f"http://site{n}.example/" for n in range(9)), "label": "spam", "author": "Nobody"},
    {"text": "Great post!", "label": "spam", "note": "praise"},
    {"text": "A cat was lost.", "label": "off-topic"},
]


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    path = tmp_path / "five.jsonl"
    path.write_text("\n".join(map(json.dumps, ROWS)), encoding="utf-8")
    return path


@pytest.fixture
def lenient(content: Any, tmp_path: Path) -> str:
    """Return a model that holds what the one that counts links rejects, and publishes what that one holds."""
    comment = {**content.manifest["policy"]["comment"], "hold": 0.9, "reject": 1.0}
    policy = {**content.manifest["policy"], "comment": comment, "id": ""}
    fields = content.manifest["fields"]
    name = store.digest(content.arrays, {"fields": fields, "policy": policy})[: store.NAME]
    manifest = {"id": name, "fields": fields, "policy": {**policy, "id": name}}
    return str(store.write(tmp_path / "lenient", manifest, content.arrays, {}))


def test_text_begins_in_words(run: Callable[..., Any], counting: str, samples: Path) -> None:
    ended = run("evaluate", samples, "--model", counting)
    lines = ended.out.splitlines()
    assert (ended.code, ended.err) == (0, "")
    assert lines[0].startswith(
        "Of 1,000 honest comments 500 (95-905) would be held, 0 (0-658) of them rejected; of 1,000"
    )
    assert "5 comments: 2 ham, 2 spam, 1 off-topic." in lines[1]
    assert "By source" in lines
    assert "By language" in lines
    assert "Thresholds" not in lines


def test_columns_are_aligned(run: Callable[..., Any], counting: str, samples: Path) -> None:
    lines = run("evaluate", samples, "--model", counting).out.splitlines()
    head = lines.index("By label") + 1
    assert len({line.index("  ", 15) for line in lines[head : head + 1]}) == 1
    assert len({len(line) for line in lines[head : head + 4]}) == 1


def test_json_holds_everything(run: Callable[..., Any], counting: str, samples: Path) -> None:
    ended = run("evaluate", samples, "--model", counting, "--format", "json", "--worst", "1", "--sweep")
    data = json.loads(ended.out)
    assert ended.out.count("\n") == 1
    assert list(data) == [
        "model", "policy", "thresholds", "pages_left_out", "failed", "overall", "by", "sweep", "against", "left_out",
        "worst",
    ]  # fmt: skip
    assert list(data["by"]) == ["label", "source", "language", "note"]
    assert set(data["by"]["source"]) == {"mine", "five.jsonl"}
    assert data["overall"]["recall"] == 0.5
    assert data["worst"]["spam"][0]["line"] == 4
    assert len(data["sweep"]) > 10


def test_another_model(run: Callable[..., Any], counting: str, lenient: str, samples: Path) -> None:
    ended = run("evaluate", samples, "--model", lenient, "--against", counting, "--format", "json")
    assert ended.code == 0, ended.err
    flips = json.loads(ended.out)["against"]["flips"]
    assert [(f["change"], f["line"], f["old"], f["new"]) for f in flips] == [
        ("worse", 3, "reject", "hold"),
        ("better", 2, "hold", "publish"),
    ]
    assert flips[0]["text"].endswith("— Nobody")
    text = run("evaluate", samples, "--model", lenient, "--against", counting).out
    assert "2 actions change\n1 for the better, 1 for the worse, 0 off-topic.\n" in text
    assert f"{samples}:3" in text


def test_markdown_has_whole_tables(run: Callable[..., Any], counting: str, samples: Path) -> None:
    out = run("evaluate", samples, "--model", counting, "--format", "markdown", "--worst", "2", "--sweep").out
    assert out.startswith("# Evaluation of model ")
    for block in out.split("\n\n"):
        rows = [line for line in block.splitlines() if line.startswith("|")]
        assert len({line.replace("\\|", "").count("|") for line in rows}) <= 1


def test_packed_samples_and_folders(run: Callable[..., Any], counting: str, samples: Path) -> None:
    packed = samples.parent / "more" / "five.jsonl.gz"
    packed.parent.mkdir()
    packed.write_bytes(gzip.compress(samples.read_bytes()))
    found = [run("evaluate", p, "--model", counting, "--format", "json").out for p in (samples, packed, packed.parent)]
    assert json.loads(found[0])["overall"] == json.loads(found[1])["overall"]
    assert found[1] == found[2]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ('{"text": "a", "label": "ham", "shoe size": 44}', "unknown key 'shoe size'"),
        ('{"text": "a"}', "a sample needs a label"),
        ("{", "not JSON"),
    ],
)
def test_a_wrong_sample_is_3_with_its_line(run: Callable[..., Any], samples: Path, line: str, error: str) -> None:
    samples.write_text(f"{json.dumps(ROWS[0])}\n{line}\n", encoding="utf-8")
    ended = run("evaluate", samples)
    assert (ended.code, ended.out) == (3, "")
    assert ended.err.startswith(f"error: {samples}:2: {error}")


def test_wrong_usage_is_2(run: Callable[..., Any], samples: Path) -> None:
    assert run("evaluate").code == 2
    assert run("evaluate", samples, "--leave-out", "planet").code == 2
    assert run("evaluate", samples, "--worst", "-1").code == 2
    assert run("evaluate", samples, "--model", "nowhere").code == 2


def test_nothing_to_measure_is_3(run: Callable[..., Any], samples: Path) -> None:
    assert run("evaluate", samples.parent / "nowhere.jsonl").code == 3
    samples.write_text("")
    ended = run("evaluate", samples)
    assert (ended.code, ended.out) == (3, "")
    assert "no comments among the samples" in ended.err


def test_too_little_to_leave_out_is_3(run: Callable[..., Any], counting: str, samples: Path) -> None:
    ended = run("evaluate", samples, "--model", counting, "--leave-out", "source")
    assert (ended.code, ended.out) == (3, "")
    assert "give more files" in ended.err


@pytest.mark.parametrize(
    ("package", "extra", "options"), [("sklearn", "train", []), ("matplotlib", "plots", ["--plots", "out"])]
)
def test_a_missing_package_is_3_and_named(
    run: Callable[..., Any],
    samples: Path,
    monkeypatch: pytest.MonkeyPatch,
    package: str,
    extra: str,
    options: list[str],
) -> None:
    real = builtins.__import__

    def missing(name: str, *rest: Any) -> Any:
        if name.split(".")[0] == package:
            raise ImportError(f"No module named {package!r}", name=package)
        return real(name, *rest)

    for name in [name for name in sys.modules if name.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", missing)
    ended = run("evaluate", samples, *options)
    assert (ended.code, ended.out) == (3, "")
    assert package in ended.err
    assert f"pip install 'moderator[{extra}]'" in ended.err


def test_plots_are_written(run: Callable[..., Any], counting: str, lenient: str, samples: Path) -> None:
    pytest.importorskip("matplotlib")
    folder = samples.parent / "new" / "plots"
    ended = run("evaluate", samples, "--model", counting, "--against", lenient, "--plots", folder)
    assert ended.code == 0, ended.err
    names = ["precision-recall", "roc", "calibration", "scores"]
    assert ended.err.splitlines() == [f"wrote {folder / name}.png" for name in names]
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert all(data.startswith(b"\x89PNG") for data in first.values())
    run("evaluate", samples, "--model", counting, "--against", lenient, "--plots", folder)
    assert first == {path.name: path.read_bytes() for path in folder.iterdir()}


def test_plots_need_both_labels(run: Callable[..., Any], counting: str, samples: Path) -> None:
    pytest.importorskip("matplotlib")
    samples.write_text(json.dumps(ROWS[0]), encoding="utf-8")
    ended = run("evaluate", samples, "--model", counting, "--plots", samples.parent / "plots")
    assert ended.code == 3
    assert "plots need ham and spam" in ended.err
