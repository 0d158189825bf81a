"""Intervals for shares that were counted."""

from __future__ import annotations

import math

Z = 1.959963984540054  # of a normal distribution, 95 % lie within so many standard deviations


def wilson(hits: int, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a share of which `hits` of `count` were seen (Wilson 1927).

    >>> [round(x, 4) for x in wilson(0, 500)]
    [0.0, 0.0076]
    """
    if not count:
        return 0.0, 1.0
    share, square = hits / count, Z * Z / count
    centre = (share + square / 2) / (1 + square)
    half = Z * math.sqrt(share * (1 - share) / count + square / (4 * count)) / (1 + square)
    return max(0.0, centre - half), min(1.0, centre + half)
