"""A moderator for django-contrib-comments.

from django_comments.moderation import moderator
from moderator.integrations.django.comments import SpamModerator
moderator.register(Entry, SpamModerator)
"""

from __future__ import annotations

from typing import Any

from django_comments.moderation import CommentModerator

from moderator.integrations.django.conf import Settings
from moderator.records import Verdict


class SpamModerator(CommentModerator):
    """Publishes, holds or rejects comments; the options of CommentModerator work as before.

    `post_fields` names the fields of the commented object that say what it is about.
    """

    post_fields: tuple[str, ...] = ("title", "headline", "name", "summary", "body", "content", "text")

    def allow(self, comment: Any, content_object: Any, request: Any) -> bool:
        """Return whether the comment is saved at all."""
        if not super().allow(comment, content_object, request):
            return False
        settings = Settings.current()
        if self._action(comment, content_object, request) == "reject":
            if settings.reject == "refuse":
                return False
            comment.is_removed = comment.is_removed or settings.reject == "remove"
        return True

    def moderate(self, comment: Any, content_object: Any, request: Any) -> bool:
        """Return whether the comment waits until a person has looked at it."""
        held = self._action(comment, content_object, request) != "publish"
        return held or bool(super().moderate(comment, content_object, request))

    def trusted(self, request: Any) -> bool:
        """Return whether comments of who asks are published unseen: those of the staff."""
        return bool(getattr(getattr(request, "user", None), "is_staff", False))

    def verdict(self, comment: Any, content_object: Any) -> Verdict:
        """Judge a comment under what it was written on."""
        return Settings.current().comment(
            comment.comment, author=comment.name, url=comment.url, post=self.post(content_object)
        )

    def post(self, content_object: Any) -> str:
        """Return the title and the text of the commented object."""
        values = [getattr(content_object, name, None) for name in self.post_fields]
        return "\n\n".join(value for value in values if isinstance(value, str) and value) or str(content_object)

    def _action(self, comment: Any, content_object: Any, request: Any) -> str:
        """Return the action for a comment, which is judged once."""
        if self.trusted(request):
            return "publish"
        if not hasattr(comment, "moderator_action"):
            comment.moderator_action = self.verdict(comment, content_object).action
        return str(comment.moderator_action)
