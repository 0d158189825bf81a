"""Pages with a trailer in them, the same without it, and clean pages that look as if they had one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from moderator.pipeline import Moderator
from moderator.records import Document, Span, Verdict

PAGES = Path(__file__).parent / "pages"
LEAST_FOUND = 14  # of the 24 trailers; which ones are found changes with every model


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (PAGES / f"{name}.jsonl").read_bytes().splitlines()]


def text_of(name: str, row: dict[str, Any]) -> str:
    return (PAGES / name / row["file"]).read_bytes().decode("utf-8")


def judge(moderator: Moderator, text: str, row: dict[str, Any]) -> Verdict:
    return moderator.judge([Document(text, kind="page", media=row["media"])])[0]


def without(text: str, spans: list[list[int]]) -> str:
    for start, end in sorted(spans, reverse=True):
        text = text[:start] + text[end:]
    return text


def missed(text: str, truth: list[list[int]], found: list[Span]) -> int:
    """Return how many characters that are not blank are in one of the two and not in the other."""
    wanted = {i for start, end in truth for i in range(start, end)}
    seen = {i for span in found for i in range(span.start, span.end)}
    return sum(not text[i].isspace() for i in wanted ^ seen)


def test_trailers_are_found_where_they_are(moderator: Moderator) -> None:
    languages = set()
    for row in rows("trailers"):
        text = text_of("trailers", row)
        found = [finding.span for finding in judge(moderator, text, row).findings]
        exact = (
            row["media"] != "html"
            and found
            and missed(text, row["spans"], found) <= 0.2 * sum(end - start for start, end in row["spans"])
        )
        inside = (
            row["media"] == "html"
            and found
            and all(any(start <= span.start and span.end <= end for start, end in row["spans"]) for span in found)
        )
        if exact or inside:
            languages.add(row["language"])
    assert len(languages) >= LEAST_FOUND, sorted(languages)


@pytest.mark.parametrize("row", rows("trailers"), ids=lambda row: row["file"])
def test_nothing_but_the_trailer_is_flagged(moderator: Moderator, row: dict[str, Any]) -> None:
    text = text_of("trailers", row)
    for finding in judge(moderator, text, row).findings:
        assert any(start <= finding.span.start and finding.span.end <= end for start, end in row["spans"])
        assert finding.reason


@pytest.mark.parametrize("row", rows("trailers"), ids=lambda row: row["file"])
def test_the_page_without_its_trailer_is_published(moderator: Moderator, row: dict[str, Any]) -> None:
    verdict = judge(moderator, without(text_of("trailers", row), row["spans"]), row)
    assert (verdict.action, verdict.findings) == ("publish", ())


@pytest.mark.parametrize("row", rows("clean"), ids=lambda row: row["file"])
def test_clean_pages_are_published(moderator: Moderator, row: dict[str, Any]) -> None:
    verdict = judge(moderator, text_of("clean", row), row)
    assert (verdict.action, verdict.findings) == ("publish", ())


def test_the_page_that_started_this(moderator: Moderator, shared: Path) -> None:
    page = shared.parent / "seed" / "jewellery-page.txt"
    if not page.is_file():
        pytest.skip(f"{page} is not there")
    text = page.read_bytes().decode("utf-8")
    last = text.rstrip().rfind("\n") + 1
    verdict = moderator.check(text, kind="page")
    assert verdict.action in ("hold", "reject")
    assert [finding.span for finding in verdict.findings] == [Span(last, len(text.rstrip()))]
    assert moderator.check(text[:last], kind="page").action == "publish"
