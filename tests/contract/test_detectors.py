"""Every check, against every detector."""

from __future__ import annotations

import math

import pytest

from moderator import load
from moderator.analysis import Batch
from moderator.detectors import Detector, per_document
from moderator.records import LABELS, Document, Signal

TEXTS = [
    "",
    " \n\t ",
    "ok",
    "x" * 5000,
    "a\0b\ud800c\udfff",
    "\u202e\u200b\ufeff",
    "BUY http://a.example/ www.b.example c@d.example [url=http://e.example]f[/url] g [dot] com",
    "Pаypаl c a s i n o 🅿🆄🅻🅰 𝐜𝐚𝐬𝐢𝐧𝐨 ca\u200bsino",
    "<p hidden>a</p><!-- b --><a href='http://c.example'>http://d.example</a><script>x</script>",
    "中文字符 ไทย العربية עברית हिन्दी ქართული " * 5,
    "\n".join(f"line {n}" for n in range(300)),
    "&amp;&#0;&#x110000;&nosuch;&lt;b&gt;",
    "<" * 1000 + ">" * 1000,
]
DOCUMENTS = [
    *(Document(text, kind="comment") for text in TEXTS),
    *(Document(text, kind="page", media=media) for text in TEXTS for media in ("plain", "markdown", "html")),
    Document("Nice", author="cheap flights london", url="https://www.shop.example/x", context="A post. " * 30),
    Document("Merci", author="", url="", site_url="", context="", language=""),
    Document("Danke", author="\ud800", url="http://[::1", site_url="::", context="\0", language="x-y-z"),
]
DETECTORS = load().detectors


@pytest.fixture(params=DETECTORS, ids=lambda d: d.name)
def detector(request: pytest.FixtureRequest) -> Detector:
    found: Detector = request.param
    return found


def seen(detector: Detector, documents: list[Document]) -> list[tuple[int, Signal]]:
    return list(detector(Batch(documents)))


def test_reports_only_codes_it_announces(detector: Detector) -> None:
    assert {signal.code for _, signal in seen(detector, DOCUMENTS)} <= set(detector.codes)
    assert all(code.startswith(f"{detector.name}/") for code in detector.codes)


def test_signals_are_well_formed(detector: Detector) -> None:
    batch = Batch(DOCUMENTS)
    for segment, signal in detector(batch):
        text = batch.documents[batch.document[segment]].text
        assert 0.0 <= signal.strength <= 1.0
        assert math.isfinite(signal.strength)
        assert isinstance(signal.strength, float)
        assert signal.label in LABELS
        assert signal.message
        assert "\n" not in signal.message
        for span in signal.spans:
            assert type(span.start) is int
            assert type(span.end) is int
            assert 0 <= span.start < span.end <= len(text)


def test_never_raises_on_text(detector: Detector) -> None:
    for document in DOCUMENTS:
        seen(detector, [document])


def test_neighbours_do_not_matter(detector: Detector) -> None:
    batch = Batch(DOCUMENTS)
    together: dict[int, list[Signal]] = {}
    for segment, signal in detector(batch):
        together.setdefault(int(batch.document[segment]), []).append(signal)
    for number, document in enumerate(DOCUMENTS):
        alone = [signal for _, signal in seen(detector, [document])]
        assert sorted(map(repr, alone)) == sorted(map(repr, together.get(number, [])))


def test_sees_the_same_twice(detector: Detector) -> None:
    assert seen(detector, DOCUMENTS) == seen(detector, DOCUMENTS)


def test_an_empty_batch_is_fine(detector: Detector) -> None:
    assert seen(detector, []) == []


def test_a_function_of_one_document_is_lifted() -> None:
    from moderator.records import Span

    def shouting(document: Document) -> list[Signal]:
        return [Signal("shouting/caps", 1.0, "all capitals", (Span(0, 2),))] if document.text.isupper() else []

    detector = per_document("shouting", ("shouting/caps",), shouting)
    assert [segment for segment, _ in seen(detector, [Document("no"), Document("YES")])] == [1]
