"""The columnar text core."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest

from moderator.text import FIRST_SCRIPT, Columns, columns, encode, tables


def read(*texts: str) -> Columns:
    return columns(*encode(texts))


def folded(text: str) -> str:
    c = read(text)
    return "".join(map(chr, c.code[c.start[0] : c.end[0]]))


@pytest.mark.parametrize(
    ("raw", "plain"),
    [
        ("Hello  World\n\tagain", "hello world again"),
        ("ＦＵＬＬ　ｗｉｄｔｈ", "full width"),
        ("𝐜𝐚𝐬𝐢𝐧𝐨 𝓬𝓪𝓼𝓲𝓷𝓸 𝚌𝚊𝚜𝚒𝚗𝚘", "casino casino casino"),
        ("🅿️🆄🅻🅰️🆄777", "pulau777"),
        ("Ⓒⓐⓢⓘⓝⓞ 🄲🄰🅂🄸🄽🄾 ᴄᴀꜱɪɴᴏ", "casino casino casino"),
        ("А E R O 8 8", "aero88"),
        ("c a s i n o", "casino"),
        ("c.a.s.i.n.o", "casino"),
        ("Pаypаl", "paypal"),  # Cyrillic а
        ("Вuу сhеар Vіаgrа", "buy cheap viagra"),
        ("Mοжeм вaм пοмoчь", "можем вам помочь"),  # Latin and Greek letters in Russian words
        ("ca\u200bsi\u00adno", "casino"),
        ("“quoted” – it’s", '"quoted" - it\'s'),
        ("İstanbul", "istanbul"),
        ("Straße ẞ", "straße ß"),
        (unicodedata.normalize("NFD", "Tiếng Việt é"), "tiếng việt é"),
    ],
)
def test_folds(raw: str, plain: str) -> None:
    assert folded(raw) == plain


@pytest.mark.parametrize("honest", ["PDFка", "iPhone'ом", "git-репозиторий", "αβγ test", "e. g. i. e.", "A B C D"])
def test_leaves_honest_mixtures_alone(honest: str) -> None:
    c = read(honest)
    assert not c.lookalike.any()
    assert not len(c.spaced)


def test_places_are_those_of_the_raw_text() -> None:
    raw = "x ca\u200bsi\u200bno y"
    c = read(raw)
    start, end = c.word_start[1], c.word_end[1]
    assert raw[c.at[start] : c.at[end - 1] + 1] == "ca\u200bsi\u200bno"


def test_units_do_not_touch() -> None:
    c = read("one", "", "two three", "\u200b")
    assert [int(e - s) for s, e in zip(c.start, c.end, strict=True)] == [3, 0, 9, 0]
    assert c.word_unit.tolist() == [0, 2, 2]
    assert c.code[c.end[0]] == c.code[c.end[2]] == ord(" ")


def test_unspaced_scripts_are_words_character_by_character() -> None:
    c = read("中文 test")
    assert np.diff(np.stack([c.word_start, c.word_end]), axis=0).tolist() == [[1, 1, 4]]


def test_nothing_at_all() -> None:
    c = columns(*encode([]))
    assert len(c.start) == 0
    assert len(c.word_start) == 0


def test_spaced_letters_do_not_reach_into_the_next_text() -> None:
    found = read("0", "A A A A A", "")
    assert found.unit[found.spaced].tolist() == [[1, 1]]
    assert found.code[found.start[1] - 1] == ord(" ")


def test_styled_letters_are_of_the_script_that_they_stand_for() -> None:
    found = read("𝓕𝓲𝓿𝓮")
    assert {tables().scripts[s] for s in found.script[found.start[0] : found.end[0]]} == {"Latn"}
    assert {"Zinh", "Zyyy", "Zzzz"} == set(tables().scripts[:FIRST_SCRIPT])
