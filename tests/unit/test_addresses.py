"""Addresses in running text."""

from __future__ import annotations

import pytest

from moderator.addresses import Address, find, host_of
from moderator.text import encode, tables


def addresses(text: str) -> list[Address]:
    codes, _, _ = encode([text])
    return find(text, codes, tables().kind[codes])


@pytest.mark.parametrize(
    ("text", "part", "host", "form"),
    [
        ("see http://a.com/x.", "http://a.com/x", "a.com", "url"),
        ("see www.foo.ru!", "www.foo.ru", "foo.ru", "url"),
        ("(https://en.wikipedia.org/wiki/A)", "https://en.wikipedia.org/wiki/A", "en.wikipedia.org", "url"),
        ("mail me@x.org now", "me@x.org", "x.org", "mail"),
        ("at shop.example today", "shop.example", "shop.example", "bare"),
        ("казино.рф", "казино.рф", "казино.рф", "bare"),
        ("hydraexample.onion", "hydraexample.onion", "hydraexample.onion", "bare"),
        ("hxxp://bad.xyz/1", "hxxp://bad.xyz/1", "bad.xyz", "disguised"),
        ("example [dot] com", "example [dot] com", "example.com", "disguised"),
        ("t.me/some_channel", "t.me/some_channel", "t.me", "url"),
    ],
)
def test_finds(text: str, part: str, host: str, form: str) -> None:
    (found,) = addresses(text)
    assert (text[found.start : found.end], found.host, found.form) == (part, host, form)


@pytest.mark.parametrize(
    "text", ["node.js", "3.14", "i.e. this", "v1.2.3", "end.Next", "a..b", "...", "f(x.y)", "README.rst"]
)
def test_leaves_alone(text: str) -> None:
    assert addresses(text) == []


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://www.A.com:80/x", "a.com"),
        ("//b.org", "b.org"),
        ("/path", ""),
        ("#top", ""),
        ("mailto:x", ""),
        ("", ""),
    ],
)
def test_host_of(url: str, host: str) -> None:
    assert host_of(url) == host


@pytest.mark.parametrize(
    "text", ["visit cheap-pills [dot] com", "visit cheap-pills (Dot) com ß", "see bestloans24 dot com now"]
)
def test_written_out_dots(text: str) -> None:
    assert [address.form for address in addresses(text)] == ["disguised"]


@pytest.mark.parametrize("text", ["the red dot site was closed", "connect each dot top to bottom", "a dot com bubble"])
def test_dots_that_are_only_mentioned(text: str) -> None:
    assert addresses(text) == []
