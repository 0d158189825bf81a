"""`moderator evaluate trailers`: clean pages and spam in, what is found on composed pages out."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

TOPICS = ("oven", "river", "violin", "garden", "harbour", "library")


@pytest.fixture
def material(tmp_path: Path) -> list[str]:
    """Return the options that name clean pages, spam and look-alikes: for a model that counts links."""
    pages = tmp_path / "pages"
    pages.mkdir()
    for topic in TOPICS:
        lines = [f"In the year {n} the old {topic} of our town was mended once more." for n in range(1, 8)]
        (pages / f"{topic}.md").write_text("\n\n".join(lines), encoding="utf-8")
    links = " ".join(f"http://site{n}.example/" for n in range(9))
    spam = [{"text": f"Order number {n} here: {links}", "label": "spam", "kind": "page"} for n in range(5)]
    spam += [{"text": "Watches without a link", "kind": "page"}, {"text": "An honest line.", "label": "ham"}]
    honest = [{"text": "Written by the keeper of the museum.", "label": "ham", "kind": "page", "id": "keeper"}]
    for name, rows in (("spam", spam), ("honest", honest)):
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    paths = {"pages": pages, "spam": tmp_path / "spam.jsonl", "honest": tmp_path / "honest.jsonl"}
    return [part for name, path in paths.items() for part in (f"--{name}", str(path))]


def test_text_begins_in_words(run: Callable[..., Any], counting: str, material: list[str]) -> None:
    ended = run("evaluate", "trailers", "--model", counting, *material, "--count", "20")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("Of 1,000 pages with spam put into them, it would be found on ")
    assert "composed with seed 0 (benchmark " in ended.out
    for title in ("All insertions", "By length", "By place", "By media", "Clean pages"):
        assert f"\n{title}\n" in ended.out


def test_json_holds_everything(run: Callable[..., Any], counting: str, material: list[str]) -> None:
    out = run("evaluate", "trailers", "--model", counting, *material, "--count", "30", "--format", "json").out
    data = json.loads(out)
    assert out.count("\n") == 1
    assert set(data["by"]) == {"trailer", "length", "place", "media", "spam", "page language"}
    assert data["given"]["held"]["count"] == len(TOPICS)
    assert data["given"]["held"]["hits"] == data["composed"]["held"]["hits"] == data["beside"]["hits"] == 0
    assert data["overall"]["n"] == len(data["insertions"]) == 60
    assert not any("Order number" in str(insertion) for insertion in data["insertions"])
    # All but the one without a link are found, and nothing else is.
    linkless = [i for i in data["insertions"] if not i["found"]]
    assert {i["spam"] for i in linkless} == {"spam.jsonl:6"}
    found = [i for i in data["insertions"] if i["found"]]
    assert all(i["half"] for i in found)
    assert all(i["exact"] and i["both"] == 1 for i in found if i["segments"] == 1)
    assert sum(i["exact"] for i in found) > 0.8 * len(found)  # the others are several blocks
    assert data["overall"]["precision"]["share"] == 1.0


def test_the_same_seed_gives_the_same_bytes(run: Callable[..., Any], counting: str, material: list[str]) -> None:
    def ran(seed: str) -> str:
        arguments = ("--model", counting, *material, "--count", "10", "--seed", seed, "--format", "json")
        return str(run("evaluate", "trailers", *arguments).out)

    assert ran("1") == ran("1")
    assert json.loads(ran("1"))["digest"] != json.loads(ran("2"))["digest"]


def test_clean_pages_that_are_held_are_named(run: Callable[..., Any], counting: str, material: list[str]) -> None:
    linked = "Our mills: http://one.example/ http://two.example/ http://three.example/"
    for name, text in (("mills.md", linked), ("other.html", f"<p>Nothing.</p>\n<p>{linked}</p>")):
        (Path(material[1]) / name).write_text(text, encoding="utf-8")
    arguments = ("evaluate", "trailers", "--model", counting, *material, "--count", "5")
    data = json.loads(run(*arguments, "--format", "json").out)
    where = [(held["page"].rpartition("/")[2], held["line"], held["what"]) for held in data["given"]["where"]]
    assert where == [("mills.md", 1, "(the page's own text)"), ("other.html", 2, "(the page's own text)")]
    text = run(*arguments).out
    assert "mills.md:1" in text
    assert "3 links to other sites" in text


def test_markdown_has_whole_tables(run: Callable[..., Any], counting: str, material: list[str]) -> None:
    out = run("evaluate", "trailers", "--model", counting, *material, "--count", "5", "--format", "markdown").out
    assert out.startswith("# Trailers found by model ")
    for block in out.split("\n\n"):
        rows = [line for line in block.splitlines() if line.startswith("|")]
        assert len({line.replace("\\|", "").count("|") for line in rows}) <= 1


def test_packed_pages_are_the_same_benchmark(
    run: Callable[..., Any], counting: str, material: list[str], tmp_path: Path
) -> None:
    rows = [{"text": path.read_text(encoding="utf-8")} for path in sorted(Path(material[1]).iterdir())]
    (tmp_path / "pages.jsonl.gz").write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))
    (tmp_path / "pages.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    digests = set()
    for pages in (material[1], tmp_path / "pages.jsonl.gz", tmp_path / "pages.jsonl"):
        arguments = ("--pages", pages, *material[2:], "--count", "5", "--format", "json", "--model", counting)
        digests.add(json.loads(run("evaluate", "trailers", *arguments).out)["digest"])
    assert len(digests) == 1


def test_without_options_the_own_pages_are_used(run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])
    ended = run("evaluate", "trailers", "--count", "5")
    assert ended.code == 0, ended.err
    assert "on 20 pages with an" in ended.out


@pytest.mark.parametrize(
    ("option", "content", "error"),
    [
        ("--pages", "", "no clean pages to compose with"),
        ("--spam", "", "no spam to put into pages"),
        ("--spam", '{"text": 5}', "bad.jsonl:1: text is not a string"),
        ("--honest", "{", "not JSON"),
    ],
)
def test_what_cannot_be_used_is_3(
    run: Callable[..., Any], material: list[str], tmp_path: Path, option: str, content: str, error: str
) -> None:
    (tmp_path / "bad.jsonl").write_text(content, encoding="utf-8")
    place = material.index(option)
    ended = run("evaluate", "trailers", *material[:place], option, tmp_path / "bad.jsonl", *material[place + 2 :])
    assert (ended.code, ended.out) == (3, "")
    assert error in ended.err


def test_wrong_usage_is_2_and_files_called_trailers_can_still_be_named(
    run: Callable[..., Any], counting: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("evaluate", "trailers", "--count", "0").code == 2
    monkeypatch.chdir(tmp_path)
    Path("trailers").mkdir()
    Path("trailers/one.jsonl").write_text('{"text": "Thank you.", "label": "ham"}', encoding="utf-8")
    assert "1 comments: 1 ham" in run("evaluate", "./trailers", "--model", counting).out
