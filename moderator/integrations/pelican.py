"""Pelican: articles and pages are judged as their authors wrote them; the site is not built, or not with them.

PLUGINS = ["moderator.integrations.pelican"]
MODERATOR = {"fail_on": "hold", "then": "fail"}  # or "skip": leave the page out
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pelican import signals

from moderator.errors import ModeratorError
from moderator.integrations.pages import Complaint, Settings, failing, summary

log = logging.getLogger(__name__)
# Everything that a generator writes; drafts and hidden pages are on the site, only without a link to them.
LISTS = {
    "articles": (
        "articles", "translations", "hidden_articles", "hidden_translations", "drafts", "drafts_translations",
    ),
    "pages": (
        "pages", "translations", "hidden_pages", "hidden_translations", "draft_pages", "draft_translations",
    ),
}  # fmt: skip


def register() -> None:
    """Connect to the signals; Pelican calls this."""
    signals.article_generator_pretaxonomy.connect(judge_articles)
    signals.page_generator_finalized.connect(judge_pages)
    signals.all_generators_finalized.connect(stop)


def judge_articles(generator: Any) -> None:
    """Judge the articles before tags, archives and feeds are made of them."""
    _judge(generator, LISTS["articles"])


def judge_pages(generator: Any) -> None:
    """Judge the pages."""
    _judge(generator, LISTS["pages"])


def stop(generators: Iterable[Any]) -> None:
    """Stop the build, before anything is written, if anything failed."""
    if count := sum(getattr(generator, "moderator_failed", 0) for generator in generators):
        raise ModeratorError(summary(count))


def _judge(generator: Any, lists: Iterable[str]) -> None:
    settings = Settings.of(generator.settings.get("MODERATOR"), generator.settings["PATH"])
    contents = [content for name in lists for content in getattr(generator, name, ())]
    failed = []
    for content in sorted(contents, key=lambda content: str(content.source_path)):
        complaints = _complaints(settings, content)
        _log(complaints)
        if failing(complaints):
            failed.append(content)
    if settings.then == "skip":
        _leave_out(generator, lists, contents, failed)
    else:
        generator.moderator_failed = len(failed)


def _complaints(settings: Settings, content: Any) -> list[Complaint]:
    path = content.source_path
    if path and Path(path).is_file():
        return settings.of_file(path, content.get_relative_source_path())
    return settings.of_text(content.content, f"{content.slug}.html")  # made by another plugin, and nowhere on disk


def _log(complaints: Iterable[Complaint]) -> None:
    levels = {"error": logging.ERROR, "warning": logging.WARNING, "info": logging.INFO}
    for complaint in complaints:
        log.log(levels[complaint.level], "%s", complaint)


def _leave_out(generator: Any, lists: Iterable[str], contents: Iterable[Any], failed: Iterable[Any]) -> None:
    """Take pages out of the lists, in place: the context of the templates holds the same ones."""
    out = {id(content) for content in failed}
    for content in failed:
        log.warning("%s is left out of the site", content.get_relative_source_path() or content.slug)
    for content in contents:
        content.translations = [c for c in content.translations if id(c) not in out]
    for name in lists:
        if hasattr(generator, name):
            getattr(generator, name)[:] = [c for c in getattr(generator, name) if id(c) not in out]
