"""Topic: whether a comment has to do with the post it stands under."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from moderator.analysis import Batch
from moderator.detectors.base import Detector, strength
from moderator.records import Signal

CODES = ("topic/unrelated", "topic/related", "topic/copied")
RARE = 10.0  # how rare common terms are, added up, in a comment that half belongs
FAR = 0.05  # cosine of a comment that may still belong


def topic(*, least: int = 20, context: int = 100) -> Detector:
    """Make the detector of comments on and off topic.

    It says nothing of a comment with fewer than `least` pieces of words or under a post with fewer than `context`:
    a greeting, a thank-you or a reply to another comment need not name the topic.
    """

    def see(batch: Batch) -> Iterator[tuple[int, Signal]]:
        if not len(batch.contexts.columns.start):
            return
        found = batch.relation
        related = found.rare / (found.rare + RARE)
        unrelated = 1.0 - 2.0 * found.cosine / (found.cosine + FAR)
        for segment in np.flatnonzero((found.terms >= least) & (found.context_terms >= context)).tolist():
            span = (batch.span(segment),)
            if value := strength(float(related[segment])):
                yield segment, Signal("topic/related", value, "is about the same things as the post", span, "ham")
            if (value := strength(float(unrelated[segment]))) > 0.0:
                yield segment, Signal("topic/unrelated", value, "has little to do with the post", span, "off-topic")
        c = batch.columns
        share = np.bincount(c.unit[batch.copied], minlength=len(batch.document)) / np.maximum(c.end - c.start, 1)
        for segment in np.flatnonzero(share > 0.0).tolist():
            yield segment, Signal("topic/copied", strength(float(share[segment])), "copied from the post")

    return Detector("topic", CODES, see)
