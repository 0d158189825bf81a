"""MkDocs: pages are judged as their authors wrote them, and the site is not built with what is flagged.

plugins:
  - moderator:
      fail_on: hold
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from mkdocs.config import base
from mkdocs.config import config_options as options
from mkdocs.exceptions import PluginError
from mkdocs.plugins import BasePlugin, get_plugin_logger

from moderator import policy
from moderator.errors import ModeratorError
from moderator.integrations.pages import Complaint, Settings, failing, summary
from moderator.records import ACTIONS

log = get_plugin_logger(__name__)
LEVELS = {"error": logging.ERROR, "warning": logging.WARNING, "info": logging.INFO}


class ModeratorConfig(base.Config):
    """What may stand under `moderator:` in mkdocs.yml."""

    fail_on = options.Optional(options.Choice(policy.LEVELS))
    on_error = options.Optional(options.Choice(ACTIONS))
    config = options.Optional(options.Type((str, bool)))
    model = options.Optional(options.Dir(exists=True))
    exclude = options.ListOfItems(options.Type(str), default=[])


class ModeratorPlugin(BasePlugin[ModeratorConfig]):
    """Judges each page when it is read, and stops the build before the first one is written."""

    serving = False
    failed = 0
    settings: Settings

    def on_startup(self, *, command: str, dirty: bool) -> None:
        """Remember whether this is a preview, which shows a page with all that is wrong with it."""
        self.serving = command == "serve"

    def on_pre_build(self, *, config: Any) -> None:
        """Begin to count; the configuration is read anew for each build."""
        self.failed = 0
        given = dict(self.config)
        if isinstance(given["config"], str):
            given["config"] = str(Path(config.config_file_path).parent / given["config"])
        self.settings = Settings.of(given, config.docs_dir)

    def on_page_markdown(self, markdown: str, *, page: Any, config: Any, files: Any) -> str:
        """Judge the source of a page: with its front matter, so that line numbers are those of the file."""
        try:
            complaints = _complaints(self.settings, markdown, page.file)
        except ModeratorError as error:  # what is configured makes no sense
            raise PluginError(str(error)) from error
        for complaint in complaints:
            log.log(LEVELS[complaint.level], "%s", complaint)
        self.failed += failing(complaints)
        return markdown

    def on_env(self, env: Any, *, config: Any, files: Any) -> Any:
        """Stop: all pages have been read, none is written."""
        if self.failed and not self.serving:
            raise PluginError(summary(self.failed))
        return env


def _complaints(settings: Settings, markdown: str, file: Any) -> list[Complaint]:
    if file.abs_src_path and Path(file.abs_src_path).is_file():
        return settings.of_file(file.abs_src_path, file.src_uri)
    return settings.of_text(markdown, file.src_uri)  # made by another plugin, and nowhere on disk
