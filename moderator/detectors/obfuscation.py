"""Obfuscation: text written so that people read one thing and filters another."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from moderator import text
from moderator.analysis import Batch
from moderator.detectors.base import Detector, grows
from moderator.records import Signal, Span
from moderator.text import INVISIBLE, LETTER, STYLED, UNSPACED, Positions

CODES = ("obfuscation/lookalike", "obfuscation/invisible", "obfuscation/spaced", "obfuscation/styled")
MIN_STYLED = 3  # letters in a row; fewer are mathematics or a list
# Joiners that some scripts need, hyphens that may be shown, and what only changes how emoji look.
HONEST_INVISIBLE = (0xAD, 0x200C, 0x200D, 0x200E, 0x200F, 0xFE0E, 0xFE0F, 0x20E3, 0x61C)
MAX_SPANS = 20


def obfuscation() -> Detector:
    """Make the detector of look-alike letters, invisible characters, s p a c e d and styled words."""

    def see(batch: Batch) -> Iterator[tuple[int, Signal]]:
        c = batch.columns
        words = np.flatnonzero(c.lookalike)
        yield from _report(
            batch, "obfuscation/lookalike", "letters of another alphabet that look alike",
            c.word_unit[words], c.word_start[words], c.word_end[words] - 1,
        )  # fmt: skip
        yield from _report(
            batch, "obfuscation/spaced", "words w r i t t e n like this", c.unit[c.spaced[:, 0]], *c.spaced.T
        )
        styled = _runs((c.kind & STYLED) != 0, MIN_STYLED)
        yield from _report(
            batch, "obfuscation/styled", "words in a decorative alphabet", c.unit[styled[:, 0]], *styled.T
        )
        yield from _invisible(batch)

    return Detector("obfuscation", CODES, see)


def _report(
    batch: Batch, code: str, message: str, segment: Positions, first: Positions, last: Positions
) -> Iterator[tuple[int, Signal]]:
    """Yield one signal for each segment; its strength grows with the number of places."""
    if not len(segment):
        return
    begins = np.flatnonzero(np.r_[True, segment[1:] != segment[:-1]])
    for low, high in zip(begins.tolist(), [*begins[1:].tolist(), len(segment)], strict=True):
        places = range(low, min(high, low + MAX_SPANS))
        spans = tuple(batch.place(int(first[i]), int(last[i])) for i in places)
        yield int(segment[low]), Signal(code, grows(high - low, 1), message, spans)


def _runs(mask: text.Mask, least: int) -> Positions:
    """Return first and last index of each run of true values that is long enough (shape: runs x 2)."""
    edges = np.flatnonzero(np.diff(np.r_[False, mask, False]))
    runs = np.stack([edges[::2], edges[1::2] - 1], axis=1)
    return runs[runs[:, 1] - runs[:, 0] + 1 >= least]


def _invisible(batch: Batch) -> Iterator[tuple[int, Signal]]:
    """Report invisible characters between two letters of a script that needs none there."""
    kind = text.tables().kind
    at = np.flatnonzero((kind[batch.codes] & INVISIBLE) != 0)
    at = at[~np.isin(batch.codes[at], HONEST_INVISIBLE)]
    at = at[(at > 0) & (at < len(batch.codes) - 1)]
    beside = kind[batch.codes[at - 1]] & kind[batch.codes[at + 1]]
    at = at[(beside & LETTER != 0) & (beside & UNSPACED == 0)]
    found: dict[int, list[Span]] = {}
    for position in at.tolist():
        number = int(np.searchsorted(batch.offset, position, side="right")) - 1
        start = position - int(batch.offset[number])
        found.setdefault(batch.segment_at(number, start), []).append(Span(start, start + 1))
    for segment, spans in found.items():
        if segment >= 0:
            message = "invisible characters inside words"
            yield segment, Signal("obfuscation/invisible", grows(len(spans), 1), message, tuple(spans[:MAX_SPANS]))
