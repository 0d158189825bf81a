"""The moderator: what strangers' documents and detectors can do to it."""

from __future__ import annotations

from typing import Any

import pytest

from moderator import Document, Signal, load
from moderator.detectors import Detector
from moderator.pipeline import Moderator


@pytest.mark.parametrize(
    "document", [None, "text", {"text": "a"}, Document(None), Document("a", kind="post"), Document("a", author=7)]
)
def test_what_is_no_document_is_a_failure_and_nothing_else_is_lost(moderator: Moderator, document: Any) -> None:
    verdicts = list(moderator.scan([Document("Thanks, it worked.", "a"), document, Document("Thanks, it did.", "b")]))
    assert [v.action for v in verdicts] == ["publish", "hold", "publish"]
    assert verdicts[1].failures[0].detector == "input"


@pytest.mark.parametrize(
    "seen",
    [
        [(99, Signal("x/y", 0.5, "m"))],
        [(-1, Signal("x/y", 0.5, "m"))],
        [(0, Signal("x/y", 5.0, "m"))],
        [(0, Signal("x/y", -1.0, "m"))],
        [(0, Signal("x/y", float("nan"), "m"))],
        [(0, "no signal")],
    ],
)
def test_a_detector_that_breaks_the_rules_has_failed(seen: Any) -> None:
    verdict = load(detectors=[Detector("x", ("x/y",), lambda batch: seen)]).check("Thanks, it worked.")
    assert [failure.detector for failure in verdict.failures] == ["x"]
    assert (verdict.action, verdict.score is not None) == ("hold", True)


def test_an_action_that_there_is_not() -> None:
    with pytest.raises(ValueError, match="on_error"):
        load(on_error="explode")  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["", "\u200b", "...", "<img>"])
def test_an_author_is_judged_without_a_text(moderator: Moderator, text: str) -> None:
    verdict = moderator.check(text, author="Cheap Viagra Online Pharmacy", url="http://cheap-pills-pharmacy.example")
    assert {"model/author", "model/host"} <= {c.signal.code for c in verdict.contributions}


@pytest.mark.parametrize("tag", ["svg", "textarea", "template", "script", "style", "iframe", "xmp", "math"])
def test_what_stands_in_an_element_is_read(moderator: Moderator, tag: str) -> None:
    advert = "Buy cheap viagra and cialis online without prescription http://pills.example"
    bare, inside = (moderator.check(t).score for t in (advert, f"<p>Hm.</p><{tag}>{advert}</{tag}>"))
    assert inside == pytest.approx(bare, abs=0.25)
