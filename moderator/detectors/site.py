"""Site: what the labels of the site's own people add to a model."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from moderator import features, text
from moderator.analysis import Batch
from moderator.detectors.base import Detector
from moderator.detectors.model import Table, squash
from moderator.features import Floats
from moderator.records import Signal

CODES = ("site/spam", "site/honest")
MESSAGES = {"site/spam": "like what this site rejected", "site/honest": "like what this site published"}


def site(table: Table) -> Detector:
    """Make the detector of a site's own labels; `table` holds what was learned from them."""

    def see(batch: Batch) -> Iterator[tuple[int, Signal]]:
        values = squash(score(batch, table))
        for segment in np.flatnonzero(values).tolist():
            value = float(values[segment])
            if value > 0.0:
                yield segment, Signal("site/spam", value, MESSAGES["site/spam"])
            else:
                yield segment, Signal("site/honest", -value, MESSAGES["site/honest"], (), "ham")

    return Detector("site", CODES, see)


def score(batch: Batch, table: Table) -> Floats:
    """Return the log-odds that the labels add to each comment: for its words, its author's name and site."""
    comment = np.array([document.kind == "comment" for document in batch.documents], bool)
    total = np.where(comment[batch.document], features.score(batch.columns, table.weights, "text"), 0.0)
    first = batch.first[:-1]
    asked = np.flatnonzero(comment & (first < batch.first[1:]))
    for field in ("author", "host"):
        columns = text.columns(*text.encode([features.value(batch.documents[i], field) for i in asked.tolist()]))
        total[first[asked]] += features.score(columns, table.weights, field)
    scores: Floats = total * table.scale + table.bias
    return scores
