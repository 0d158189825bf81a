"""How much a key may ask for: a bucket that fills steadily."""

from __future__ import annotations

import math
import time

from moderator.server.http import Refused
from moderator.server.keys import Key


class Limits:
    """One bucket a key; it holds ten seconds' worth."""

    def __init__(self, share: int = 1) -> None:
        self._share = share  # processes that serve the same keys
        self._buckets: dict[str, tuple[float, float]] = {}

    def spend(self, key: Key, documents: int = 1) -> None:
        """Take documents out of a key's bucket; raises Refused if there is not enough in it."""
        if not key.rate:
            return
        second = key.rate / 60 / self._share
        most = max(second * 10, 1.0)
        now = time.monotonic()
        left, since = self._buckets.get(key.name, (most, now))
        left = min(most, left + (now - since) * second)
        # A batch that is larger than the bucket needs a full one, and leaves a debt.
        if left < min(documents, most):
            wait = math.ceil((min(documents, most) - left) / second)
            self._buckets[key.name] = (left, now)
            raise Refused(429, "too many texts with this key", (b"retry-after", str(wait).encode()))
        self._buckets[key.name] = (left - documents, now)

    def throttled(self, key: Key) -> bool:
        """Return whether the key has nothing left at the moment."""
        if not key.rate or key.name not in self._buckets:
            return False
        left, since = self._buckets[key.name]
        return left + (time.monotonic() - since) * key.rate / 60 / self._share < 1
