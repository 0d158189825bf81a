"""Keep spam and off-topic text out of what a site publishes.

from moderator import load
m = load()
verdict = m.check("Great post!", context="Bread for beginners")
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from moderator.records import (
    Action,
    Contribution,
    Document,
    Failure,
    Finding,
    Segment,
    Signal,
    Span,
    Verdict,
)

if TYPE_CHECKING:
    from moderator.detectors import Detector
    from moderator.pipeline import Moderator

__version__ = "0.1.0"
__all__ = [
    "Action",
    "Contribution",
    "Document",
    "Failure",
    "Finding",
    "Segment",
    "Signal",
    "Span",
    "Verdict",
    "load",
]


def load(
    model: str | Path | None = None,
    *,
    on_error: Action = "hold",
    detectors: Sequence[Detector] = (),
    profile: str | Path | None = None,
) -> Moderator:
    """Load a model, by default the one that ships with the package, and make a moderator of it.

    `model` is a directory of models or of one model. `detectors` are used after the built-in ones.
    `profile` is the file that `moderator profile build` made of the site's own pages.
    Raises ModelError if the model is missing, damaged or of a newer format, ProfileError for the profile.

    >>> load().check("Thank you, the second recipe worked for me.").action
    'publish'
    """
    from moderator import pipeline, store
    from moderator import profile as profiles

    familiar = profiles.familiar(profiles.read(Path(profile))) if profile is not None else None
    path = Path(model) if model is not None else store.models_directory()
    if (path / "current").is_file():
        path = store.current(path)
    return pipeline.build(store.read(path), on_error=on_error, extra=detectors, familiar=familiar)
