"""A validator for the fields of forms and models.

body = models.TextField(validators=[NotSpam()])
"""

from __future__ import annotations

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.deconstruct import deconstructible
from django.utils.translation import gettext_lazy as _

from moderator.integrations.django.conf import Settings
from moderator.records import ACTIONS, KINDS, Action


@deconstructible
@dataclass(unsafe_hash=True)  # not frozen: Django notes on it how it was made
class NotSpam:
    """Refuses a text that is surely spam, with `fail_on="hold"` also one that a person should look at."""

    fail_on: Action = "reject"
    kind: str = "comment"

    def __post_init__(self) -> None:
        if self.fail_on not in ACTIONS[1:] or self.kind not in KINDS:
            raise ValueError(f"fail_on is one of {', '.join(ACTIONS[1:])}, kind one of {', '.join(KINDS)}")

    def __call__(self, value: object) -> None:
        """Raise ValidationError for a text that should not be published."""
        settings = Settings.current()
        text = str(value)
        verdict = settings.page(text) if self.kind == "page" else settings.comment(text)
        if ACTIONS.index(verdict.action) >= ACTIONS.index(self.fail_on):
            raise ValidationError(_("This text looks like spam and cannot be published."), code="spam")
