"""The model that serves, and the next one: loaded beside it, then put in its place between two batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from moderator import load, store
from moderator.errors import ModelError
from moderator.pipeline import Moderator
from moderator.records import Document, Failure, Verdict

Make = Callable[[str | None], Moderator]  # a folder of models, or none -> who judges with it


class Models:
    """Judges with the model that is promoted at the moment."""

    def __init__(self, path: str | None, make: Make = load) -> None:
        self._make = make
        self._folder = Path(path) if path is not None else store.models_directory()
        self._path = path
        self._pointer = self._read_pointer()
        self.moderator = self._load()

    def judge(self, documents: Sequence[Document]) -> list[Verdict]:
        """Judge documents; whatever happens, each has a verdict, and what failed is held."""
        moderator = self.moderator
        try:
            return moderator.judge(documents)
        except Exception as error:
            failure = Failure("server", f"{type(error).__name__}: {error}")
            return [moderator.unjudged(document.id, failure) for document in documents]

    def changed(self) -> bool:
        """Return whether another model was promoted since this was last asked."""
        pointer = self._read_pointer()
        changed = pointer != self._pointer and pointer is not None
        self._pointer = pointer
        return changed

    def reload(self) -> str:
        """Load the promoted model and use it from now on; return its name. Raises ModelError and keeps the old one."""
        moderator = self._load()
        self.moderator = moderator
        return moderator.model

    def _load(self) -> Moderator:
        moderator = self._make(self._path)
        verdict = moderator.check("Thank you, mine came out well too.", context="Rye bread for beginners")
        if verdict.failures:
            raise ModelError(f"{self._folder}: a first comment could not be judged: {verdict.failures[0].error}")
        return moderator

    def _read_pointer(self) -> bytes | None:
        try:
            return (self._folder / store.CURRENT).read_bytes()
        except OSError:
            return None
