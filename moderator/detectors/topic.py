"""Topic: whether a comment has to do with the post it stands under."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from moderator.analysis import Batch
from moderator.detectors.base import Detector, strength
from moderator.records import Signal

CODES = ("topic/unrelated", "topic/related")


def topic(*, least: int = 6, context: int = 30) -> Detector:
    """Make the detector of comments off topic.

    It says nothing of a comment with fewer than `least` terms or under a context of fewer than
    `context`: a greeting, a thank-you or a reply to another comment need not name the topic.
    """

    def see(batch: Batch) -> Iterator[tuple[int, Signal]]:
        if not len(batch.contexts.columns.start):
            return
        found = batch.topic
        judged = (found.terms >= least) & (found.context_terms >= context)
        for segment in np.flatnonzero(judged).tolist():
            share = float(found.share[segment])
            span = (batch.span(segment),)
            if share < 0.5:
                value = strength(1.0 - 2.0 * share)
                yield segment, Signal("topic/unrelated", value, "has little to do with the post", span, "off-topic")
            if share > 0.0:
                yield (
                    segment,
                    Signal("topic/related", strength(share), "is about the same things as the post", span, "ham"),
                )

    return Detector("topic", CODES, see)
