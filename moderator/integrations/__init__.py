"""Plugins: each module imports the one framework that it is for, and nothing else imports it."""
