"""What pages say to the moderator: what it covers, what is wrong with it, and who may not say it."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from moderator import directives, load
from moderator.allow import Allow
from moderator.pipeline import Moderator
from moderator.records import Document, Kind, Media, Verdict
from moderator.segments import layout

CLEAN = "The dough rests for an hour, then it goes into the oven and comes out as bread."
BAD = "See http://a.example/x and http://b.example/y now."
WORSE = "See http://c.example/x and http://d.example/y too."


@pytest.fixture(scope="module")
def owner(counting: str) -> Moderator:
    return replace(load(counting), allow=Allow(inline=True))


def check(owner: Moderator, text: str, media: Media = "markdown", kind: Kind = "page") -> Verdict:
    return owner.check(text, kind=kind, media=media)


def found(verdict: Verdict, text: str) -> tuple[list[str], list[str], list[str]]:
    """Return what is flagged, what is allowed, and the notes."""
    flagged = [text[f.span.start : f.span.end] for f in verdict.findings]
    allowed = [text[a.spans[0].start : a.spans[0].end] for a in verdict.allowed]
    return flagged, allowed, [note.message for note in verdict.notes]


@pytest.mark.parametrize(
    ("text", "flagged", "allowed"),
    [
        (f"<!-- moderator: allow shows an advert -->\n{BAD}\n\n{CLEAN}\n\n{WORSE}\n", [WORSE], [BAD]),
        (f"<!-- moderator: allow shows an advert -->\n\n{BAD}\n\n{WORSE}\n", [WORSE], [BAD]),
        (f"{CLEAN}\n\n{BAD} <!-- moderator: allow shows an advert -->\n\n{WORSE}\n", [WORSE], [BAD]),
        (f"{BAD}\n{CLEAN}<!-- moderator: allow why -->\n\n{WORSE}\n", [WORSE], [BAD]),
        (f"- {WORSE}\n- {BAD} <!-- moderator: allow why -->\n- {CLEAN}\n", [WORSE], [BAD]),
        (f"<!-- moderator: allow why -->\n- {BAD}\n- {WORSE}\n\n{CLEAN}\n", [], [f"{BAD}\n- {WORSE}"]),
        (f"> {BAD}\n> {WORSE} <!-- moderator: allow why -->\n\n{CLEAN}\n", [], [f"{BAD}\n> {WORSE}"]),
        (f"<!-- moderator: off -->\n{BAD}\n\n{CLEAN}\n<!-- moderator: on -->\n{WORSE}\n", [WORSE], [BAD]),
        (f"{WORSE}\n<!-- moderator: off adverts from here -->\n{CLEAN}\n\n{BAD}\n", [WORSE], [BAD]),
        (f"---\ntitle: Bread\nmoderator: off\n---\n{BAD}\n", [], [BAD]),
        (f'---\nmoderator: {{ allow: "an old post" }}\n---\n{BAD}\n', [], [BAD]),
        (f'+++\nmoderator = "off"\n+++\n{BAD}\n', [], [BAD]),
        (f"+++\nmoderator = {{allow = 'an old post'}}\n+++\n{BAD}\n", [], [BAD]),
        (f"<!-- moderator: allow why -->\r\n{BAD}\r\n\r\n{WORSE}\r\n", [WORSE], [BAD]),
    ],
)
def test_markdown(owner: Moderator, text: str, flagged: list[str], allowed: list[str]) -> None:
    assert found(check(owner, text), text) == (flagged, allowed, [])


@pytest.mark.parametrize(
    ("text", "flagged", "allowed"),
    [
        (f"<p>{CLEAN}</p><!-- moderator: allow why --><p>{BAD}</p><p>{WORSE}</p>", [WORSE], [BAD]),
        (f"<!-- moderator: allow why --><div><p>{BAD}</p><p>{CLEAN}</p></div><p>{WORSE}</p>", [WORSE], [BAD]),
        (f"<p>{CLEAN}</p><p>{BAD} <!-- moderator: allow why --></p><p>{WORSE}</p>", [WORSE], [BAD]),
        (f"<!-- moderator: off --><p>{BAD}</p><!-- moderator: on --><p>{WORSE}</p>", [WORSE], [BAD]),
        (f"<!-- moderator: allow why --><br>{BAD}<br>{WORSE}", [WORSE], [BAD]),
    ],
)
def test_html(owner: Moderator, text: str, flagged: list[str], allowed: list[str]) -> None:
    assert found(check(owner, text, "html"), text) == (flagged, allowed, [])


def test_the_verdict_names_the_reason_and_the_line(owner: Moderator) -> None:
    (allowed,) = check(owner, f"{CLEAN}\n\n<!-- moderator: allow it is an example -->\n{BAD}\n").allowed
    assert (allowed.rule, allowed.match, allowed.place) == ("directive", "allow it is an example", "line 3")
    assert allowed.finding
    assert allowed.finding.action == "hold"


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("<!-- moderator: alow why -->", "unknown directive 'alow': did you mean 'allow'?"),
        ("<!-- moderator: hush -->", "unknown directive 'hush': write <!-- moderator: allow REASON"),
        ("<!-- moderator: allow -->", "allow needs a reason"),
        ("<!-- moderator: allow ... -->", "allow needs a reason"),
        (f"<!-- moderator: allow {'why ' * 60}-->", "at most 200 characters"),
        ("<!-- moderator: allow why\nand how -->", "one line"),
        ("<! moderator: off>", "write <!-- moderator"),
        ("<!-- moderator: on -->", "it was not off"),
    ],
)
def test_what_is_wrong_is_said_and_allows_nothing(owner: Moderator, text: str, note: str) -> None:
    page = f"{CLEAN}\n\n{text}\n{BAD}\n"
    flagged, allowed, notes = found(check(owner, page), page)
    assert (BAD in "".join(flagged), allowed) == (True, [])
    assert any(note in said for said in notes), notes


@pytest.mark.parametrize("value", ["Anna Smith", "{allow: }", "{skip: why}", ""])
def test_what_is_wrong_in_front_matter_is_said(owner: Moderator, value: str) -> None:
    text = f"---\nmoderator: {value}\n---\n{BAD}\n"
    flagged, allowed, notes = found(check(owner, text), text)
    assert (flagged, allowed, notes) == ([BAD], [], ["in front matter there are off and {allow: REASON}"])


def test_off_twice_is_said(owner: Moderator) -> None:
    text = f"<!-- moderator: off -->\n{CLEAN}\n\n<!-- moderator: off -->\n{BAD}\n"
    assert found(check(owner, text), text) == ([], [BAD], ["off has no effect here: it is off already"])


def test_an_allow_that_allows_nothing_is_said(owner: Moderator) -> None:
    text = f"{CLEAN}\n\n<!-- moderator: allow why -->\n{CLEAN}\n\n{BAD}\n"
    verdict = check(owner, text)
    assert found(verdict, text) == ([BAD], [], ["nothing is found here that this would allow: take it out"])
    assert text[verdict.notes[0].span.start :].startswith("<!-- moderator: allow")
    assert found(check(owner, f"{CLEAN}\n<!-- moderator: allow why -->"), text)[2]


def test_a_directive_is_no_text_of_the_page(owner: Moderator) -> None:
    assert check(owner, f"{CLEAN}\n\n<!-- moderator: off {BAD} -->\n").findings == ()


@pytest.mark.parametrize(
    "example", ["`<!-- moderator: off -->`", "```html\n<!-- moderator: off -->\n```", "    <!-- moderator: off -->"]
)
def test_examples_in_code_are_no_directives(owner: Moderator, example: str) -> None:
    text = f"{CLEAN}\n\n{example}\n\n{BAD}\n"
    flagged, allowed, notes = found(check(owner, text), text)
    assert (BAD in "".join(flagged), allowed, notes) == (True, [], [])


def test_comments_and_plain_text_have_none(owner: Moderator) -> None:
    text = f"<!-- moderator: off -->\n{BAD}\n"
    assert check(owner, text, kind="comment").action == "hold"
    assert check(owner, text, "plain").action == "hold"


def test_a_page_may_say_nothing_unless_its_owner_is_asked(counting: str) -> None:
    assert load(counting).check(f"<!-- moderator: off -->\n{BAD}\n", kind="page").action == "hold"


@pytest.mark.parametrize("media", ["markdown", "html"])
@pytest.mark.parametrize(
    "piece", ["<!-- moderator: allow x -->", "<!-- moderator: off -->", f"{BAD}<!-- moderator: allow x -->\n"]
)
def test_many_directives_take_no_longer_each(owner: Moderator, piece: str, media: Media) -> None:
    from time import process_time

    def seconds(count: int) -> float:
        began = process_time()
        check(owner, piece * count, media)
        return process_time() - began

    seconds(10)
    assert seconds(4000) < 20 * max(seconds(1000), 0.05)


def test_time_is_linear_in_the_lines_of_a_paragraph_that_are_allowed() -> None:
    line = "a b c <!-- moderator: allow it is so -->\n"
    text, began = line * 20_000, time.perf_counter()
    found = directives.read(text, layout(Document(text, kind="page", media="markdown")).blocks, "markdown")
    assert len(found.directives) == 20_000
    assert {found.directives[0].covers.start, found.directives[-1].covers.start} == {0}
    assert time.perf_counter() - began < 20
