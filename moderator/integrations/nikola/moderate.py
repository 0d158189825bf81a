"""The task that `nikola build` runs before it renders a post."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from nikola import utils
from nikola.plugin_categories import Task

from moderator import hooks
from moderator.errors import ModeratorError
from moderator.integrations.pages import Settings, failing, summary


class Moderate(Task):
    """Judge the sources of all posts and pages."""

    name = "moderate"

    def set_site(self, site: Any) -> None:
        """Have posts rendered and copied after this task only; a task that fails ends the build."""
        super().set_site(site)
        for task in ("render_posts", "render_sources"):
            self.inject_dependency(task, self.name)

    def gen_tasks(self) -> Iterator[dict[str, Any]]:
        """Yield the task: it runs when a source, the settings or the model have changed, or when it failed."""
        self.site.scan_posts()
        given = self.site.config.get("MODERATOR") or {}
        settings = Settings.of(given, ".")  # Nikola works in the folder of conf.py
        if settings.then != "fail":
            raise ModeratorError("moderator: Nikola can fail, but not leave a page out")
        paths = sorted(
            {
                path
                for post in self.site.timeline
                for language in post.translated_to
                for path in _sources(post, language)
            }
        )
        state = {
            "settings": repr(settings),
            "model": hooks.loaded(settings.model, settings.found).model,
            "paths": paths,
        }
        yield self.group_task()
        yield {
            "basename": self.name,
            "name": "sources",
            "actions": [(self.judge, (settings, paths))],
            "file_dep": [*paths, *settings.sources],
            "uptodate": [utils.config_changed(state, "moderator")],
            "verbosity": 2,
        }

    def judge(self, settings: Settings, paths: Sequence[str]) -> bool:
        """Judge files and log what is wrong with them; the task fails if this returns False."""
        failed = 0
        for path in paths:
            complaints = settings.of_file(path)
            for complaint in complaints:
                getattr(self.logger, complaint.level)(str(complaint))
            failed += failing(complaints)
        if failed:
            self.logger.error(summary(failed))
        return not failed


def _sources(post: Any, language: str) -> Iterator[str]:
    """Yield the file that a post is written in, in one language."""
    path = post.translated_source_path(language)
    if path and Path(path).is_file():
        yield path
