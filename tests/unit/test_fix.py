"""What is cut out of a page, and what is left alone; every time the rest is judged again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from moderator import Document, Failure, Finding, Span, Verdict, load
from moderator.diff import unified
from moderator.fix import COMMENT, ENDLESS, FAILED, ROUNDS, WHOLE, WORSE, Fix, fix
from moderator.pipeline import Moderator

CLEAN = "The dough rests for an hour, then it goes into the oven.\n"
CASINO = "Casino: " + " and ".join(f"http://slots{n}.example/play" for n in range(8)) + "\n"


@pytest.fixture(scope="module")
def moderator(counting: str) -> Moderator:
    return load(counting)


def fixed(moderator: Moderator, text: str, **how: object) -> Fix:
    document = Document(text, **{"kind": "page", "media": "plain", **how})  # type: ignore[arg-type]
    return fix(moderator, document, moderator.judge([document])[0])


def test_what_is_rejected_is_cut_and_the_rest_is_judged(moderator: Moderator) -> None:
    found = fixed(moderator, f"{CLEAN}\n{CASINO}\n{CLEAN}")
    assert found.text == f"{CLEAN}\n{CLEAN}"
    assert found.cuts == (Span(len(CLEAN), len(CLEAN) + len(CASINO) + 1),)
    assert (found.refused, found.verdict.action) == ((), "publish")


def test_what_is_held_is_not_cut_unless_its_score_is_asked_for(moderator: Moderator) -> None:
    text = f"{CLEAN}\nSlots: http://a.example/ and http://b.example/\n"
    document = Document(text, kind="page", media="plain")
    verdict = moderator.judge([document])[0]
    assert verdict.action == "hold"
    assert fix(moderator, document, verdict).cuts == ()
    assert fix(moderator, document, verdict, lambda finding: finding.score >= 0.4).text == CLEAN
    assert fix(moderator, document, verdict, lambda finding: finding.score >= 0.99).cuts == ()


@pytest.mark.parametrize(
    ("text", "how", "reason"),
    [
        (CASINO, {"kind": "comment"}, COMMENT),
        (CASINO, {}, WHOLE),
        (f"# {CLEAN}\n{CASINO}", {"media": "markdown"}, WHOLE),
    ],
)
def test_what_is_spam_as_a_whole_is_left_with_a_reason(
    moderator: Moderator, text: str, how: dict[str, str], reason: str
) -> None:
    found = fixed(moderator, text, **how)
    assert (found.cuts, found.text, [one.reason for one in found.refused]) == ((), text, [reason])


def test_what_could_not_be_judged_in_full_is_left(moderator: Moderator) -> None:
    document = Document(CLEAN + CASINO, kind="page", media="plain")
    verdict = replace(moderator.judge([document])[0], failures=(Failure("links", "broke"),))
    assert [one.reason for one in fix(moderator, document, verdict).refused] == [FAILED]


def test_one_that_cannot_be_cut_does_not_keep_the_others(moderator: Moderator) -> None:
    text = f"---\ntitle: {CASINO}---\n\n{CLEAN}\n{CASINO}"
    found = fixed(moderator, text, media="markdown")
    assert found.text == f"---\ntitle: {CASINO}---\n\n{CLEAN}"
    assert [text[one.span.start : one.span.end] for one in found.refused] == [CASINO.strip()]
    again = fixed(moderator, found.text, media="markdown")
    assert (again.cuts, again.text) == ((), found.text)


class Scripted:
    """A moderator that finds, one after the other, what it is told to find."""

    def __init__(self, *words: str, score: float = 0.95) -> None:
        self.words, self.score = words, score

    def judge(self, documents: list[Document]) -> list[Verdict]:
        """Find the first of the words that is there."""
        out = []
        for document in documents:
            word = next((word for word in self.words if word in document.text), "")
            at = document.text.find(word)
            span = Span(at, at + len(word))
            found = (Finding(span, "reject", "spam", self.score, "r", ("x/y",)),) if word else ()
            out.append(Verdict(document.id, "reject" if word else "publish", "spam", self.score, 0.0, found))
        return out


def scripted(moderator: Scripted, text: str) -> Fix:
    document = Document(text, kind="page", media="plain")
    return fix(moderator, document, moderator.judge([document])[0])  # type: ignore[arg-type]


def test_what_is_found_only_after_a_cut_is_cut_as_well() -> None:
    text = "page\n\ntwo\n\none\n\nthree\n\nrest\n"
    found = scripted(Scripted("one", "two", "three"), text)
    assert found.text == "page\n\nrest\n"
    left = text
    for cut in reversed(found.cuts):
        left = left[: cut.start] + left[cut.end :]
    assert left == found.text


def test_there_is_an_end_to_it() -> None:
    words = [f"word{n:02}" for n in range(ROUNDS + 1)]
    found = scripted(Scripted(*words), "\n".join(["page", *words]))
    assert found.cuts == ()
    assert [one.reason for one in found.refused] == [ENDLESS]


def test_nothing_is_cut_if_what_is_left_is_worse() -> None:
    class Worse(Scripted):
        def judge(self, documents: list[Document]) -> list[Verdict]:
            return [replace(one, score=0.9 if one.findings else 0.99) for one in super().judge(documents)]

    found = scripted(Worse("advert"), "page\n\nadvert\n")
    assert [one.reason for one in found.refused] == [WORSE]


# The diff of a fix


def shown(text: str, *cuts: tuple[int, int]) -> list[str]:
    return list(unified(text, [Span(*cut) for cut in cuts], "p.txt", lambda text, _: text))


def test_changes_that_are_far_apart_have_hunks_of_their_own() -> None:
    text = "".join(f"{n:02}\n" for n in range(20))
    assert shown(text, (3, 6), (51, 54)) == [
        "--- p.txt", "+++ p.txt",
        "@@ -1,5 +1,4 @@", " 00", "-01", " 02", " 03", " 04",
        "@@ -15,6 +14,5 @@", " 14", " 15", " 16", "-17", " 18", " 19",
    ]  # fmt: skip


def test_a_line_that_is_cut_in_part_is_shown_before_and_after() -> None:
    assert shown("a <b>c</b> d\ne\n", (2, 10))[3:] == ["-a <b>c</b> d", "+a  d", " e"]
    assert shown("ab\ncd\nef\n", (1, 4))[3:] == ["-ab", "-cd", "+ad", " ef"]
    assert shown("ab\ncd\nef\n", (1, 3))[3:] == ["-ab", "-cd", "+acd", " ef"]


def test_the_end_of_a_file_without_a_newline_is_told() -> None:
    assert shown("a\nb", (2, 3))[3:] == [" a", "-b", "\\ No newline at end of file"]
    assert shown("a\n", (0, 2))[2:] == ["@@ -1 +0,0 @@", "-a"]
    assert shown("a\n") == []


def test_control_characters_are_escaped() -> None:
    assert shown("a\r\nb\x1b[31m\u202e\r\n", (3, 12))[3:] == [" a", "-b\\x1b[31m\\u202e"]
