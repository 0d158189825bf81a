"""Findings for other programs: GitHub, GitLab, code scanning (SARIF), test reports (JUnit)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from moderator.records import Action
from moderator.scan import Judged

NAMES = ("github", "gitlab", "sarif", "junit")


class Format(Protocol):
    """Turns judged records into lines: at once where that is possible, at the end what needs all of them."""

    def lines(self, judged: Judged) -> Iterator[str]:
        """Yield what can be written of a judged record already."""

    def end(self) -> Iterator[str]:
        """Yield what is left to write."""


def make(name: str, fails: Callable[[Action], bool]) -> Format:
    """Return a format by its name; `fails` says which actions count as a failure where a format knows only two."""
    # Each is imported when it is asked for, so that a hook pays for none.
    if name == "github":
        from moderator.formats.github import GitHub

        return GitHub()
    if name == "gitlab":
        from moderator.formats.gitlab import GitLab

        return GitLab()
    if name == "sarif":
        from moderator.formats.sarif import Sarif

        return Sarif()
    from moderator.formats.junit import JUnit

    return JUnit(fails)
