"""Repetition: the same words over and over inside one stretch of text."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from moderator import kernel
from moderator.analysis import Batch
from moderator.detectors.base import Detector, strength
from moderator.records import Signal

CODES = ("repetition/phrases",)


def repetition(*, least: int = 12) -> Detector:
    """Make the detector of repeated pairs of words, in segments of at least so many words."""

    def see(batch: Batch) -> Iterator[tuple[int, Signal]]:
        c, size = batch.columns, len(batch.columns.start)
        words = kernel.word_hashes(c.code, c.word_start, c.word_end)
        long = np.bincount(c.word_unit, minlength=size) >= least
        pairs = np.flatnonzero((c.word_unit[1:] == c.word_unit[:-1]) & long[c.word_unit[1:]])
        if not len(pairs):
            return
        unit = c.word_unit[pairs]
        hashes = kernel.scramble(words[pairs] * kernel.STEP + words[pairs + 1])
        distinct = kernel.distinct((unit.astype(np.uint64) << np.uint64(32)) | hashes) >> np.uint64(32)
        total = np.bincount(unit, minlength=size)
        again = 1.0 - np.bincount(distinct.astype(np.int64), minlength=size) / np.maximum(total, 1)
        for segment in np.flatnonzero((again >= 0.1) & (total > 0)).tolist():
            message = "the same words again and again"
            yield (
                segment,
                Signal("repetition/phrases", strength(float(again[segment])), message, (batch.span(segment),)),
            )

    return Detector("repetition", CODES, see)
