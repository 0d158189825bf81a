"""The data files, tested as code."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from importlib import resources

import numpy as np
import pytest

from moderator.addresses import find, host_of, read_list, word_list
from moderator.home import MAX_ENDING, MAX_UNSPACED, endings
from moderator.language import names
from moderator.text import columns, encode, tables

DATA = resources.files("moderator.data")
LISTS = ["endings.txt", "lookalikes.txt", "shorteners.txt", "tlds.txt"]


def folded(text: str) -> str:
    c = columns(*encode([text]))
    return "".join(map(chr, c.code[c.start[0] : c.end[0]]))


def test_every_list_is_tested_here() -> None:
    assert sorted(file.name for file in DATA.iterdir() if file.name.endswith(".txt")) == LISTS


@pytest.mark.parametrize("name", LISTS)
def test_lists_are_tidy(name: str) -> None:
    text = DATA.joinpath(name).read_text(encoding="utf-8")
    lines = text.splitlines()
    assert lines[0].startswith("# ")  # says what it is
    assert text.endswith("\n")
    assert all(line and line == line.strip() and "  " not in line for line in lines)
    assert text == unicodedata.normalize("NFC", text)
    assert "\r" not in text
    assert all(line.startswith("# ") for line in lines if "#" in line)


@pytest.mark.parametrize("name", ["endings.txt", "shorteners.txt"])
def test_lines_are_there_once(name: str) -> None:
    lines = read_list(name)
    assert sorted(lines) == sorted(set(lines))


@pytest.mark.parametrize("name", ["shorteners.txt", "tlds.txt"])
def test_words_are_there_once_and_in_lower_case(name: str) -> None:
    words = [word for line in read_list(name) for word in line.split()]
    assert len(words) == len(word_list(name)) > 0
    assert [word for word in words if word != word.lower()] == []


def test_shorteners_are_sorted() -> None:
    assert read_list("shorteners.txt") == sorted(read_list("shorteners.txt"))


@pytest.mark.parametrize("host", read_list("shorteners.txt"))
def test_shorteners_are_hosts_as_links_name_them(host: str) -> None:
    assert host_of(f"https://www.{host}/abc") == host


def test_top_level_domains_are_labels() -> None:
    assert [word for word in word_list("tlds.txt") if not re.fullmatch(r"[^\W\d_]{2,}", word)] == []


@pytest.mark.parametrize("tld", sorted(word_list("tlds.txt")))
def test_top_level_domains_make_an_address(tld: str) -> None:
    text = f"see somewhere.{tld} now"
    codes, _, _ = encode([text])
    (found,) = find(text, codes, tables().kind[codes])
    assert (found.host, found.form) == (f"somewhere.{tld}", "bare")


def test_endings_are_as_text_is_folded() -> None:
    assert [line for line in endings() if line != folded(line)] == []


def test_endings_are_short_enough_to_be_looked_for() -> None:
    for line in endings():
        c = columns(*encode([line]))
        assert len(c.word_start) <= MAX_ENDING or len(line) <= MAX_UNSPACED, line
        assert line == line.strip(" .:–-*_#|"), line


def lookalikes() -> list[list[str]]:
    return [line.split() for line in read_list("lookalikes.txt")]


def test_lookalikes_are_single_letters_of_the_scripts_they_claim() -> None:
    for plain, *others in lookalikes():
        assert re.fullmatch("[A-Za-z]", plain)
        assert others
        for other in others:
            assert len(other) == 1
            assert unicodedata.name(other).split()[0] in ("CYRILLIC", "GREEK"), other
            assert other.isupper() == plain.isupper(), other


def test_lookalikes_are_there_once() -> None:
    letters = [letter for line in lookalikes() for letter in line]
    assert sorted(letters) == sorted(set(letters))


def test_lookalikes_are_read_as_their_letter_in_latin_words() -> None:
    for plain, *others in lookalikes():
        for other in others:
            word = f"zzf{other}gzz"
            assert folded(word) == f"zzf{plain.lower()}gzz", other


def test_the_profiles_of_languages_are_those_described() -> None:
    note = json.loads(DATA.joinpath("languages.json").read_text(encoding="utf-8"))
    assert note.keys() == {"source", "version", "sha256"}
    assert hashlib.sha256(DATA.joinpath("languages.npz").read_bytes()).hexdigest() == note["sha256"]


@pytest.mark.parametrize("name", ["languages.npz", "unicode.npz"])
def test_tables_are_arrays_and_nothing_else(name: str) -> None:
    with DATA.joinpath(name).open("rb") as file, np.load(file, allow_pickle=False) as archive:
        assert all(archive[key].dtype != object for key in archive.files)
        assert archive.files


def test_languages_have_names_as_bcp_47_has_them() -> None:
    assert names()[0] == "und"
    assert list(names()[1:]) == sorted(set(names()[1:]))
    assert [name for name in names() if not re.fullmatch("[a-z]{2,3}", name)] == []
