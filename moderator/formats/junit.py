"""A test report in the form that JUnit gave to the world: a test case for each finding."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from xml.sax.saxutils import escape, quoteattr

from moderator.formats.items import Item, items
from moderator.records import Action
from moderator.report import printable
from moderator.scan import Judged

# What no XML 1.0 may hold, escaped or not.
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class JUnit:
    """Gathers findings; the report begins with how many there are, so it is written at the end."""

    def __init__(self, fails: Callable[[Action], bool]) -> None:
        self._fails = fails
        self._items: list[Item] = []
        self._documents = 0

    def lines(self, judged: Judged) -> Iterator[str]:
        """Gather what is wrong with a record."""
        self._documents += 1
        self._items += items(judged)
        yield from ()

    def end(self) -> Iterator[str]:
        """Yield the report."""
        errors = sum(item.action is None for item in self._items)
        failures = sum(item.action is not None and self._fails(item.action) for item in self._items)
        counts = f'name="moderator" tests="{len(self._items) or 1}" failures="{failures}" errors="{errors}"'
        yield '<?xml version="1.0" encoding="UTF-8"?>'
        yield f"<testsuites {counts}>"
        yield f"  <testsuite {counts}>"
        for item in self._items:
            yield from self._case(item)
        if not self._items:  # a report without a case is taken for a run that went wrong
            noun = "document" if self._documents == 1 else "documents"
            yield f'    <testcase classname="moderator" name="nothing to object to in {self._documents} {noun}"/>'
        yield "  </testsuite>"
        yield "</testsuites>"

    def _case(self, item: Item) -> Iterator[str]:
        name = _attribute(f"{item.line}: {item.code}")
        path, message = _attribute(item.path), _attribute(item.message)
        body = escape(_legal(printable(f"{item.where}  {item.kind}  {item.code}  {item.message}")))
        yield f'    <testcase classname={path} file={path} line="{item.line}" name={name}>'
        if item.action is None:
            yield f"      <error message={message}>{body}</error>"
        elif self._fails(item.action):
            yield f'      <failure type="{item.kind}" message={message}>{body}</failure>'
        else:
            yield f"      <system-out>{body}</system-out>"
        yield "    </testcase>"


def _attribute(text: str) -> str:
    return quoteattr(_legal(printable(text)))


def _legal(text: str) -> str:
    r"""Return a text that XML may hold.

    >>> _legal("a\x08\ud800\ufffe")
    'a\\x08\\ud800\\ufffe'
    """
    return _ILLEGAL.sub(lambda match: match.group().encode("unicode_escape").decode("ascii"), text)
