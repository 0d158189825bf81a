"""A Django project takes comments: published, held and refused ones; and checks the fields of a form."""

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
    pytest.mark.skipif(
        not (find_spec("django") and find_spec("django_comments")), reason="needs django and django-contrib-comments"
    ),
]
MANAGE = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
"""
SETTINGS = """
SECRET_KEY = "for a test"
DEBUG = False
ALLOWED_HOSTS = ["*"]
SITE_ID = 1
USE_TZ = True
ROOT_URLCONF = "urls"
DATABASES = {{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions",
    "django.contrib.sites", "django_comments", "moderator.integrations.django", "blog"]
MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware"]
TEMPLATES = [{{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}}]
MODERATOR = {settings!r}
"""
URLS = """
from django.urls import include, path
urlpatterns = [path("comments/", include("django_comments.urls"))]
"""
MODELS = """
from django.db import models
from moderator.integrations.django.validators import NotSpam

class Entry(models.Model):
    title = models.CharField(max_length=100)
    body = models.TextField(validators=[NotSpam(kind="page")])
"""
APPS = """
from django.apps import AppConfig

class BlogConfig(AppConfig):
    name = "blog"

    def ready(self):
        from django_comments.moderation import moderator
        from moderator.integrations.django.comments import SpamModerator
        from blog.models import Entry
        moderator.register(Entry, SpamModerator)
"""
TESTS = """
from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.test import TestCase, override_settings
from django_comments.forms import CommentForm
from django_comments.models import Comment
from moderator.integrations.django.validators import NotSpam
from blog.models import Entry

RYE = {rye!r}
HONEST = "Thank you, I baked it on Friday and the crumb came out just right."
SPAM = "Best online casino bonus! " + " ".join(
    f"<a href=\\"http://casino{{n}}-slots.example/\\">free spins casino viagra</a>" for n in range(9)
)
# Loading takes longer on a machine that is busy than a comment may.
PATIENT = {{"timeout": 60}}


@override_settings(MODERATOR=PATIENT)
class Comments(TestCase):
    def setUp(self):
        self.entry = Entry.objects.create(title="A rye loaf", body=RYE)

    def post(self, text):
        form = CommentForm(self.entry)
        data = {{**form.initial, "comment": text, "name": "Jo", "email": "jo@example.org", "url": "", "honeypot": ""}}
        return self.client.post("/comments/post/", {{k: v for k, v in data.items() if v is not None}})

    def test_honest(self):
        self.assertEqual(self.post(HONEST).status_code, 302)
        comment = Comment.objects.get()
        self.assertTrue(comment.is_public)
        self.assertFalse(comment.is_removed)

    def test_refused(self):
        self.assertEqual(self.post(SPAM).status_code, 400)
        self.assertFalse(Comment.objects.exists())

    def test_removed(self):
        with override_settings(MODERATOR={{**PATIENT, "reject": "remove"}}):
            self.assertEqual(self.post(SPAM).status_code, 302)
        comment = Comment.objects.get()
        self.assertTrue(comment.is_removed)
        self.assertFalse(comment.is_public)

    def test_held(self):
        with override_settings(MODERATOR={{**PATIENT, "reject": "hold"}}):
            self.post(SPAM)
        comment = Comment.objects.get()
        self.assertFalse(comment.is_removed)
        self.assertFalse(comment.is_public)

    def test_without_a_model_or_time_it_waits(self):
        for settings in ({{"model": "/nowhere"}}, {{"timeout": 0}}):
            with override_settings(MODERATOR=settings):
                self.assertEqual(self.post(HONEST + str(settings)).status_code, 302)
        self.assertEqual([c.is_public for c in Comment.objects.all()], [False, False])

    def test_what_is_configured_counts(self):
        with override_settings(MODERATOR={{**PATIENT, "config": "site.toml"}}):
            self.assertEqual(self.post(SPAM).status_code, 302)
        self.assertTrue(Comment.objects.get().is_public)

    def test_staff_is_trusted(self):
        self.client.force_login(User.objects.create(username="jo", is_staff=True))
        self.post(SPAM)
        self.assertTrue(Comment.objects.get().is_public)

    def test_a_model_is_validated(self):
        Entry(title="A", body=RYE).full_clean()
        with self.assertRaises(ValidationError) as raised:
            Entry(title="A", body=RYE + {trailer!r}).full_clean()
        self.assertEqual(raised.exception.error_dict["body"][0].code, "spam")

    def test_a_form_is_validated(self):
        class Contact(forms.Form):
            text = forms.CharField(validators=[NotSpam()])

        self.assertTrue(Contact({{"text": HONEST}}).is_valid())
        self.assertFalse(Contact({{"text": SPAM}}).is_valid())
        self.assertIn("looks like spam", str(Contact({{"text": SPAM}}).errors))

    def test_what_failed_does_not_refuse_a_form(self):
        with override_settings(MODERATOR={{"timeout": 0}}):
            NotSpam()(SPAM)
"""


@pytest.fixture
def project(write: Callable[[str, str], Path], rye: str, trailer: str) -> Callable[..., None]:
    """Return a function that writes a project with a blog."""

    def written(**settings: Any) -> None:
        write("manage.py", MANAGE)
        write("site.toml", '[allow]\nauthors = ["jo"]\n')
        write(".moderator.toml", "hold-at = 1.0\n")  # nobody asked for it
        write("wrong.toml", "hold_at = 1\n")
        write("settings.py", SETTINGS.format(settings=settings))
        write("urls.py", URLS)
        for name, text in (("__init__", ""), ("models", MODELS), ("apps", APPS)):
            write(f"blog/{name}.py", text)
        write("blog/tests.py", TESTS.format(rye=rye, trailer=trailer))

    return written


def test_a_project_takes_comments(project: Any, build: Any) -> None:
    project()
    ended = build(sys.executable, "manage.py", "test")
    assert ended.code == 0, ended.printed
    assert "Ran 10 tests" in ended.printed


def test_a_validator_can_stand_in_a_migration(project: Any, build: Any, tmp_path: Path) -> None:
    project()
    assert build(sys.executable, "manage.py", "makemigrations", "blog").code == 0
    text = (tmp_path / "blog/migrations/0001_initial.py").read_text(encoding="utf-8")
    assert "moderator.integrations.django.validators.NotSpam(kind='page')" in text
    again = build(sys.executable, "manage.py", "makemigrations", "--check", "blog")
    assert again.code == 0, again.printed


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"modell": "x"}, "no such key: modell"),
        ({"reject": "delete"}, "reject must be one of refuse, remove, hold"),
        ({"model": "/nowhere"}, "/nowhere"),
        ({"config": "wrong.toml"}, "wrong.toml:1: unknown key 'hold_at'"),
    ],
)
def test_check_says_what_is_wrong(project: Any, build: Any, settings: dict[str, Any], error: str) -> None:
    project(**settings)
    ended = build(sys.executable, "manage.py", "check")
    assert ended.code == 1
    assert "moderator.E001" in ended.printed
    assert error in ended.printed
