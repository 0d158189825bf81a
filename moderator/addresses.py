"""Addresses in running text: URLs, bare domains, mail addresses, also those that are disguised."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib import resources
from typing import NamedTuple

import numpy as np

from moderator.text import DIGIT, LETTER, SPACE, Bytes, Codes, Positions

FORMS = ("url", "bare", "mail", "disguised")

_STOPS = np.array(sorted(map(ord, "<>\"'()[]{}|`«»“”„，。、；！？（）【】")), np.uint32)
_ADDRESS = re.compile(
    r"""(?:(?P<scheme>[a-zA-Z*]{3,6})[:;]/{1,3})?
        (?:(?P<user>[^@/\s]{1,64})@)?
        (?P<host>(?:[\w-]{1,63}\.){1,10}(?P<tld>[^\W\d_][\w-]{1,62}))\.?
        (?P<port>:\d{1,5})?(?P<rest>[/?\#].*)?$""",
    re.VERBOSE,
)
_HOST = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?/{0,3}(?:[^@/?#]*@)?([^/?#:\s]+)", re.IGNORECASE)
_OPENING = np.array(sorted(map(ord, "[({")), np.uint32)
_DOT = re.compile(r"[\[({][^\S\n]?(?:dot|\.)[^\S\n]?[\])}]|[^\S\n](?:dot|\(\.\))[^\S\n]", re.IGNORECASE)
_BEFORE_DOT = re.compile(r"(?<![\w-])([a-z0-9-]{2,63})[^\S\n]?$", re.IGNORECASE | re.ASCII)
_AFTER_DOT = re.compile(
    r"[^\S\n]?(com|net|org|info|ru|xyz|shop|site|online|top|club|biz|example)(?![\w-])", re.IGNORECASE
)
# "name dot com" without brackets: a name that no sentence about dots would hold.
_NAME = re.compile(r".*[0-9-]|.{8}")
_COMMON = frozenset({"com", "net", "org", "info", "ru"})
_SCHEME_END = re.compile(r"[a-zA-Z*]++$")
LONGEST_SCHEME = 6
MAX_LABEL = 66  # characters before a dot in which a name may stand
_TRAILING = ".,:;!?*_~-…"
MAX_TOKEN = 2048


class Address(NamedTuple):
    """An address in a text: where it stands, the host it names, and in what form."""

    start: int
    end: int
    host: str
    form: str


@cache
def word_list(name: str) -> frozenset[str]:
    """Return the words of one of the lists that ship with the package."""
    return frozenset(word for row in read_list(name) for word in row.split())


def read_list(name: str) -> list[str]:
    """Return the lines of one of the lists that ship with the package, without comments."""
    text = resources.files("moderator.data").joinpath(name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def host_of(url: str) -> str:
    """Return the host of a URL in lower case, without "www."; empty if there is none.

    >>> host_of("https://www.Example.com/a?b"), host_of("/about"), host_of("#top")
    ('example.com', '', '')
    """
    return _host_of(url[:MAX_TOKEN])


def host_of_link(target: str) -> str:
    """Return the host that a link in markup leads to; empty if it stays on its own site, or leads to no site.

    >>> host_of_link("//a.example/b"), host_of_link("page.html"), host_of_link("mailto:jo@a.example")
    ('a.example', '', '')
    """
    start = target[:MAX_TOKEN].lstrip().lower()
    away = start.startswith(("http:", "https:", "ftp:", "//", "\\\\", "www."))
    return host_of(target) if away else ""


@lru_cache(maxsize=4096)
def _host_of(url: str) -> str:
    if url[:1] in "/#?" and not url.startswith("//"):
        return ""
    match = _HOST.match(url)
    host = match[1].lower().rstrip(".") if match else ""
    return host.removeprefix("www.") if "." in host else ""


def find(text: str, codes: Codes, kind: Bytes) -> list[Address]:
    """Return the addresses in a text, in order.

    `codes` and `kind` are the text's code points and what kind each is. Only what stands around a
    dot between two letters or digits is looked at, so the time is that of finding those dots.
    """
    word = (kind & (LETTER | DIGIT)) != 0
    dots = np.flatnonzero((codes[1:-1] == ord(".")) & word[:-2] & word[2:]) + 1
    found = []
    if len(dots):
        stops = np.flatnonzero(((kind & SPACE) != 0) | np.isin(codes, _STOPS))
        for start, end in _around(dots, stops, len(codes)):
            if address := _read(text, start, end):
                found.append(address)
    disguised = list(_disguised(text, codes))
    return sorted(found + disguised) if disguised else found


def _disguised(text: str, codes: Codes) -> Iterator[Address]:
    """Yield the addresses whose dot is written out: `name [dot] com`."""
    for dot in _written_dots(text, codes):
        before = _BEFORE_DOT.search(text, max(0, dot.start() - MAX_LABEL), dot.start())
        after = _AFTER_DOT.match(text, dot.end()) if before else None
        if not before or not after:
            continue
        name, ending = before[1].lower(), after[1].lower()
        if dot.group()[0] in "[({" or (_NAME.match(name) and ending in _COMMON):
            yield Address(before.start(1), after.end(1), f"{name}.{ending}", "disguised")


def _written_dots(text: str, codes: Codes) -> Iterator[re.Match[str]]:
    """Yield the dots that are spelt or stand in brackets; only where one may begin is looked at closely."""
    lower = codes | np.uint32(32)  # of ASCII letters
    spelt = (lower[:-2] == ord("d")) & (lower[1:-1] == ord("o")) & (lower[2:] == ord("t"))
    dot = codes == ord(".")
    bracket = np.isin(codes[:-2], _OPENING) & (dot[1:-1] | dot[2:])
    for place in np.flatnonzero(spelt | bracket).tolist():
        for start in range(max(0, place - 2), place + 1):
            if match := _DOT.match(text, start):
                yield match
                break


def _around(dots: Positions, stops: Positions, size: int) -> list[tuple[int, int]]:
    """Return the ranges between stops that hold the dots, each once."""
    index = np.unique(np.searchsorted(stops, dots))
    bounds = np.r_[-1, stops, size]
    return list(zip((bounds[index] + 1).tolist(), bounds[index + 1].tolist(), strict=True))


def _read(text: str, start: int, end: int) -> Address | None:
    """Return the address that a stretch of text without white space is, or nothing."""
    token = text[start : min(end, start + MAX_TOKEN)]
    scheme = token.find("://")
    if scheme > 0:
        before = _SCHEME_END.search(token, max(0, scheme - LONGEST_SCHEME), scheme)
        if not before:
            return None
        start += before.start()
        token = token[before.start() :]
    token = token.rstrip(_TRAILING)
    match = _ADDRESS.match(token)
    if not match:
        return None
    host = match["host"].lower().removeprefix("www.")
    tld = match["tld"].lower()
    if match["scheme"]:
        plain = match["scheme"].lower() in ("http", "https", "ftp")
        return Address(start, start + match.end(), host, "url" if plain else "disguised")
    if not (tld in word_list("tlds.txt") or tld.startswith("xn--")):
        return None
    if match["user"]:
        return Address(start, start + match.end(), host, "mail")
    is_url = match["host"].lower().startswith("www.") or bool(match["rest"])
    return Address(start, start + match.end(), host, "url" if is_url else "bare")
