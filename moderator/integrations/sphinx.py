"""Sphinx: what is flagged is a warning with its place, and `sphinx-build -W` fails on it.

extensions = ["moderator.integrations.sphinx"]
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from sphinx.config import ENUM
from sphinx.util import logging

import moderator
from moderator.integrations.pages import Settings, failing
from moderator.policy import LEVELS
from moderator.records import ACTIONS

log = logging.getLogger(__name__)
FIRST = 0  # before other extensions change the source


def setup(app: Any) -> dict[str, Any]:
    """Connect to the events; Sphinx calls this."""
    app.add_config_value("moderator_fail_on", None, "env", ENUM(None, *LEVELS))
    app.add_config_value("moderator_on_error", None, "env", ENUM(None, *ACTIONS))
    app.add_config_value("moderator_model", None, "env", (str, type(None)))
    app.add_config_value("moderator_config", None, "env", (str, bool, type(None)))
    app.add_config_value("moderator_exclude", [], "env", (list, tuple))
    app.connect("source-read", judge, priority=FIRST)
    app.connect("env-get-outdated", again)
    app.connect("env-purge-doc", forget)
    app.connect("env-merge-info", join)
    return {"version": moderator.__version__, "env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}


def judge(app: Any, name: str, content: list[str]) -> None:
    """Judge the source of a document as it was read."""
    config, file = app.config, app.config.moderator_config
    settings = _settings(
        config.moderator_fail_on,
        "fail",
        config.moderator_model,
        config.moderator_on_error,
        tuple(config.moderator_exclude),
        str(Path(app.confdir, file)) if isinstance(file, str) else file,
        str(app.srcdir),
    )
    for source in settings.sources:
        app.env.note_dependency(source)  # the document is read again when it changes
    path = str(app.env.doc2path(name))
    complaints = settings.of_text(content[0], path, str(app.env.doc2path(name, False)))
    if failing(complaints):
        _flagged(app.env).add(name)
    for complaint in complaints:
        # Only what fails is a warning: with -W every warning is an error.
        emit = log.warning if complaint.level == "error" else log.info
        kind = complaint.message.split(" ", 1)[0]
        emit("%s", complaint.message, location=complaint.place, type="moderator", subtype=kind)


@cache
def _settings(*given: Any) -> Settings:
    """Return the settings of all documents: the configuration is read once."""
    return Settings(*given)


def again(app: Any, env: Any, added: set[str], changed: set[str], removed: set[str]) -> Iterable[str]:
    """Have what was flagged read again: a second build would otherwise say nothing of it and pass."""
    return sorted(_flagged(env))


def forget(app: Any, env: Any, name: str) -> None:
    """Forget about a document that is read again, or gone."""
    _flagged(env).discard(name)


def join(app: Any, env: Any, names: Iterable[str], other: Any) -> None:
    """Take over what another process has flagged among the documents that it read."""
    _flagged(env).update(_flagged(other) & set(names))


def _flagged(env: Any) -> set[str]:
    if not hasattr(env, "moderator_flagged"):
        env.moderator_flagged = set()
    found: set[str] = env.moderator_flagged
    return found
