"""What a detector is: a name, the codes that it may report, and a function over a batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from moderator.analysis import Batch
from moderator.records import Document, Signal

Seen = Iterable[tuple[int, Signal]]  # segment number in the batch, what was seen in it

STRENGTH_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Detector:
    """A callable with a name: a batch in, the signals of its segments out."""

    name: str
    codes: tuple[str, ...]
    see: Callable[[Batch], Seen]

    def __call__(self, batch: Batch) -> Seen:
        """Return what is to be seen in a batch."""
        return self.see(batch)


def per_document(name: str, codes: tuple[str, ...], see: Callable[[Document], Iterable[Signal]]) -> Detector:
    """Make a detector of a function that looks at one document.

    A signal counts for the segment where its first span starts; without a span, for all of them.

    >>> shouting = per_document("shouting", ("shouting/all",), lambda d: [])
    >>> shouting.name
    'shouting'
    """

    def lifted(batch: Batch) -> Iterator[tuple[int, Signal]]:
        for number, document in enumerate(batch.documents):
            for signal in see(document):
                if signal.spans:
                    segment = batch.segment_at(number, signal.spans[0].start)
                    yield from ((segment, signal),) if segment >= 0 else ()
                else:
                    yield from ((i, signal) for i in range(int(batch.first[number]), int(batch.first[number + 1])))

    return Detector(name, codes, lifted)


def checked(detector: Detector) -> Detector:
    """Return a detector of a stranger's that raises where it reports what it must not.

    That makes it a detector that failed, for the document at hand; all others judge on.
    """

    def see(batch: Batch) -> Iterator[tuple[int, Signal]]:
        for segment, signal in detector(batch):
            if not isinstance(signal, Signal):
                raise TypeError(f"a signal is a Signal, not {type(signal).__name__}")
            if not 0 <= segment < len(batch.document):
                raise IndexError(f"{signal.code}: there is no segment {segment}")
            if not 0.0 <= signal.strength <= 1.0:
                raise ValueError(f"{signal.code}: a strength is from 0 to 1, not {signal.strength}")
            yield segment, signal

    return Detector(detector.name, detector.codes, see)


def strength(value: float) -> float:
    """Return a strength as it is reported: within [0, 1], rounded so that machines agree on it."""
    return round(min(1.0, max(0.0, value)), STRENGTH_DIGITS)


def grows(count: float, half: float) -> float:
    """Return the strength of something that was counted: 0.5 at `half`, nearer to 1 the more there is.

    >>> grows(2, half=2), grows(0, half=2)
    (0.5, 0.0)
    """
    return strength(count / (count + half)) if count > 0 else 0.0
