"""Hidden text: what a reader of the page would not see, but a search engine might."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from moderator.analysis import Batch
from moderator.detectors.base import Detector
from moderator.records import Signal

CODES = ("hidden/style", "hidden/attribute", "hidden/comment")


def hidden() -> Detector:
    """Make the detector of hidden text."""

    def see(batch: Batch) -> Iterator[tuple[int, Signal]]:
        for segment in np.flatnonzero(batch.hidden).tolist():
            why = batch.why_hidden(segment)
            span = (batch.span(segment),)
            if why.startswith("style"):
                yield segment, Signal("hidden/style", 1.0, f"hidden from readers ({why})", span)
            elif why == "comment":
                yield segment, Signal("hidden/comment", 1.0, "inside an HTML comment", span)
            elif why.startswith("attribute"):
                yield segment, Signal("hidden/attribute", 1.0, f"hidden from readers ({why})", span)

    return Detector("hidden", CODES, see)
