"""Sphinx builds documentation, and `-W` fails on an advert in it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

# Looked for, not imported: tests that measure memory run in this process as well.
pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not (find_spec("sphinx")), reason="needs sphinx"),
]
COMMAND = (sys.executable, "-m", "sphinx", "-b", "html", ".", "_build")


@pytest.fixture
def site(write: Callable[[str, str], Path], rye: str) -> Callable[..., None]:
    """Return a function that writes two documents, one of them with what is added to it."""

    def written(added: str, settings: str = "") -> None:
        write("conf.py", f"project = 'Bread'\nextensions = ['moderator.integrations.sphinx']\n{settings}\n")
        write("index.rst", f"Bread\n=====\n\n{rye}\n.. toctree::\n\n   deep/rye\n")
        write("deep/rye.rst", f"A rye loaf\n==========\n\n.. note:: Wait a day.\n\n{rye}{added}")

    return written


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_clean_documentation_is_built(site: Any, build: Any, write: Any, rye: str, jobs: str) -> None:
    site("")
    for number in range(6):  # Sphinx reads in parallel only where there is something to gain
        write(f"more{number}.rst", f":orphan:\n\nMore\n====\n\n{rye}")
    ended = build(*COMMAND, "-W", "-j", jobs)
    assert ended.code == 0, ended.printed


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_advert_is_a_warning_and_with_w_an_error_again_and_again(
    site: Any, build: Any, write: Any, rye: str, trailer: str, jobs: str
) -> None:
    site(trailer)
    for number in range(6):
        write(f"more{number}.rst", f":orphan:\n\nMore\n====\n\n{rye}")
    loose = build(*COMMAND, "-j", jobs)
    assert loose.code == 0
    assert "deep/rye.rst:15:1: WARNING: reject model/" in loose.printed
    for _ in range(2):
        strict = build(*COMMAND, "-W", "-j", jobs)
        assert strict.code != 0
        assert "deep/rye.rst:15:1" in strict.printed


def test_what_was_taken_out_is_not_told_again(site: Any, build: Any, trailer: str) -> None:
    site(trailer)
    assert build(*COMMAND, "-W").code != 0
    site("")
    ended = build(*COMMAND, "-W")
    assert ended.code == 0, ended.printed


@pytest.mark.parametrize(
    "settings",
    [
        "moderator_fail_on = 'never'",
        "moderator_exclude = ['deep/*']",
        "suppress_warnings = ['moderator.reject']",
    ],
)
def test_a_document_may_be_let_through(site: Any, build: Any, trailer: str, settings: str) -> None:
    site(trailer, settings)
    ended = build(*COMMAND, "-W")
    assert ended.code == 0, ended.printed


def test_what_is_configured_counts_and_documents_are_read_again_for_it(
    site: Any, build: Any, write: Any, trailer: str
) -> None:
    site(trailer)
    write(".moderator.toml", 'fail-on = "never"\n')
    for _ in range(2):
        ended = build(*COMMAND, "-W")
        assert ended.code == 0, ended.printed
    write(".moderator.toml", "reject-at = 0.9\n")
    ended = build(*COMMAND, "-W")
    assert (ended.code != 0, "deep/rye.rst:15:1" in ended.printed) == (True, True)
    site(trailer, "moderator_fail_on = 'never'")
    assert build(*COMMAND, "-W").code == 0
    site(trailer, "moderator_config = 'other.toml'")
    write("other.toml", '[allow]\nphrases = ["рабочее зеркало вход"]\n')
    ended = build(*COMMAND, "-W")
    assert ended.code == 0, ended.printed
    write("other.toml", "[allow]\nphrase = []\n")
    ended = build(*COMMAND, "-W")
    assert ended.code != 0
    assert "other.toml:2: unknown key 'allow.phrase'" in ended.printed


def test_a_model_that_is_not_there_is_told(site: Any, build: Any) -> None:
    site("", "moderator_model = 'nowhere'")
    ended = build(*COMMAND, "-W")
    assert ended.code != 0
    assert "failure model: " in ended.printed
