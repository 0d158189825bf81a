"""The HTTP server: a JSON API and one that Akismet clients understand."""
