"""Django: a moderator of comments and a validator of text.

INSTALLED_APPS += ["moderator.integrations.django"]
MODERATOR = {"reject": "refuse"}
"""
