"""The settings: `MODERATOR = {...}` in the settings of a project."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from typing import Any

from django.conf import settings

from moderator import hooks
from moderator.errors import ModeratorError
from moderator.records import ACTIONS, Action, Verdict

REJECT = ("refuse", "remove", "hold")


@dataclass(frozen=True)
class Settings:
    """How texts are judged, and what is done with a comment that is rejected.

    `config` is a configuration file; none is looked for, since a server may run in any folder.
    `reject`: "refuse" answers 400 and saves nothing, "remove" saves it as removed, "hold" as not public.
    """

    model: str | os.PathLike[str] | None = None
    config: str | os.PathLike[str] | None = None
    timeout: float | None = hooks.TIMEOUT
    on_error: Action | None = None
    reject: str = "refuse"
    site_url: str | None = None

    @classmethod
    def current(cls) -> Settings:
        """Return what the project says now; raises ModeratorError for a key or a value that there is not."""
        given = dict(getattr(settings, "MODERATOR", None) or {})
        known = {field.name for field in fields(cls)}
        if unknown := sorted(given.keys() - known):
            raise ModeratorError(f"MODERATOR: no such key: {', '.join(unknown)}; there are {', '.join(sorted(known))}")
        found = cls(**given)
        if found.on_error not in (None, *ACTIONS):
            raise ModeratorError(f"MODERATOR: on_error must be one of {', '.join(ACTIONS)}")
        if found.reject not in REJECT:
            raise ModeratorError(f"MODERATOR: reject must be one of {', '.join(REJECT)}")
        return found

    def comment(self, text: str, **about: Any) -> Verdict:
        """Judge a comment by these settings."""
        about.setdefault("site_url", self.site_url)
        return hooks.comment(text, **self._how(), **about)

    def page(self, text: str) -> Verdict:
        """Judge a page by these settings."""
        return hooks.page(text, site_url=self.site_url, **self._how())

    def _how(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("model", "config", "timeout", "on_error")}
