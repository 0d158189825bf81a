"""Every failure that the package raises on purpose, under one root."""

from __future__ import annotations


class ModeratorError(Exception):
    """The root of all errors raised here."""


class InputError(ModeratorError):
    """Something that was given to be judged could not be read."""

    def __init__(self, message: str, *, path: str | None = None, line: int | None = None) -> None:
        self.message, self.path, self.line = message, path, line
        place = "".join((f"{path}:" if path else "", f"{line}:" if line else ""))
        super().__init__(f"{place} {message}" if place else message)


class ModelError(ModeratorError):
    """A model artefact is missing, damaged, foreign or newer than this version can read."""


class PolicyError(ModeratorError):
    """A policy holds an unknown key or a value that makes no sense."""


class ProfileError(ModeratorError):
    """The profile of a site cannot be read, or holds something that makes no sense."""


class ConfigError(ModeratorError):
    """A configuration file, or what it says together with the command line, makes no sense."""

    def __init__(self, message: str, *, path: str = "", line: int | None = None) -> None:
        self.message, self.path, self.line = message, path, line
        place = ":".join(str(part) for part in (path, line) if part)
        super().__init__(f"{place}: {message}" if place else message)


class DependencyError(ModeratorError):
    """A command needs an optional package that is not installed."""
