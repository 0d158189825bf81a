"""The application: `manage.py check` says what is wrong with its settings and its model."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.core import checks

from moderator import hooks
from moderator.errors import ModeratorError
from moderator.integrations.django.conf import Settings


class ModeratorConfig(AppConfig):
    """Registers the check when Django starts."""

    name = "moderator.integrations.django"
    label = "moderator"
    verbose_name = "Moderator"

    def ready(self) -> None:
        """Register the check; the model is loaded when it is needed."""
        checks.register(check)


def check(**_: Any) -> list[checks.CheckMessage]:
    """Return an error if the settings make no sense, or the model or the configuration cannot be loaded."""
    try:
        settings = Settings.current()
        hooks.loaded(settings.model, settings.config)
    except ModeratorError as error:
        return [checks.Error(str(error), id="moderator.E001")]
    return []
