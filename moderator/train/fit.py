"""Fitting the tables of weights: hashed n-grams, a linear model, whole numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from moderator import features, text
from moderator.analysis import Batch
from moderator.detectors.model import Table
from moderator.records import Document, Kind
from moderator.text import Columns

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

BITS = {"text": 20, "page": 20, "author": 16, "host": 16}
STRENGTH = {"text": 5.0, "page": 2.5, "author": 0.25, "host": 0.25}  # inverse of the regularisation
TOLERANCE = 1e-2
SMOOTHING = 1.0  # texts of each kind that an n-gram is taken to be in before any is seen
LONGEST = 3000  # characters of a text that are learned from
STEPS = 127
CHUNK = 2000


@dataclass(frozen=True, slots=True)
class Design:
    """The features of one field of all samples: units x table rows, and the sample of each unit."""

    field: str
    matrix: Any
    sample: npt.NDArray[np.int64]


def fit_table(design: Design, spam: Mask, weight: Floats) -> Table:
    """Fit the weights of one field: logistic regression on hashed n-grams, rounded to 8 bits.

    Samples without weight are left out; the units of a sample share its weight. The more an n-gram is
    one kind's rather than the other's, the less its weight is held down (after Wang, Manning 2012): what
    tells the kinds apart is not drowned by the thousands of n-grams that a text has besides. The fit is
    liblinear's trust-region Newton method (Lin, Weng, Keerthi 2008), which has no chance in it.
    """
    from sklearn.linear_model import LogisticRegression

    share = weight / np.maximum(np.bincount(design.sample, minlength=len(weight)), 1) ** 0.5
    chosen = np.flatnonzero(weight[design.sample] > 0)
    sample = design.sample[chosen]
    if not spam[sample].any() or spam[sample].all():
        return Table(np.zeros(1 << BITS[design.field], np.int8), 1.0, 0.0)
    model = LogisticRegression(C=STRENGTH[design.field], solver="liblinear", tol=TOLERANCE, max_iter=100)
    matrix = design.matrix[chosen]
    scale = 1.0 + log_ratio(matrix, spam[sample], share[sample])
    matrix.data *= scale[matrix.indices].astype(np.float32)
    model.fit(matrix, spam[sample], sample_weight=share[sample])
    return quantise(model.coef_[0] * scale, float(model.intercept_[0]))


def log_ratio(matrix: Any, spam: Mask, weight: Floats) -> Floats:
    """Return how far each table row's share of the spam is from its share of the ham, as a log ratio without sign."""
    seen = np.full((2, matrix.shape[1]), SMOOTHING)  # in ham, in spam
    for low in range(0, len(spam), CHUNK):
        part = matrix[low : low + CHUNK]
        kind, worth = (np.repeat(a[low : low + CHUNK], np.diff(part.indptr)) for a in (spam, weight))
        for number in (0, 1):
            own = kind == number
            seen[number] += np.bincount(part.indices[own], worth[own], matrix.shape[1])
    total = np.bincount(spam, weight, 2) + 2 * SMOOTHING
    ham, other = np.log(seen / total[:, None])
    ratio: Floats = np.abs(other - ham)
    return ratio


def quantise(weights: npt.NDArray[np.float64], bias: float) -> Table:
    """Round weights to whole steps; the largest few are clipped so that the steps stay fine."""
    top = float(np.quantile(np.abs(weights[weights != 0]), 0.9999)) if weights.any() else 1.0
    scale = top / STEPS
    return Table(np.clip(np.round(weights / scale), -STEPS, STEPS).astype(np.int8), scale, bias)


def design(documents: Sequence[Document], field: str) -> Design:
    """Return the features of one field of documents."""
    from scipy import sparse

    parts, owners = [], []
    for low in range(0, len(documents), CHUNK):
        columns, owner = read(documents[low : low + CHUNK], field)
        unit, slot, amount = features.rows(columns, field, BITS[field])
        shape = (len(columns.start), 1 << BITS[field])
        parts.append(sparse.csr_matrix((amount, (unit, slot)), shape=shape, dtype=np.float32))
        owners.append(owner + low)
    return Design(field, sparse.vstack(parts, format="csr"), np.concatenate(owners))


def read(documents: Sequence[Document], field: str) -> tuple[Columns, npt.NDArray[np.int64]]:
    """Return the columns of a field, and the document of each unit, as the moderator reads them."""
    if field in ("text", "page"):
        kind: Kind = "page" if field == "page" else "comment"
        batch = Batch([Document(d.text[:LONGEST], kind=kind, media=d.media) for d in documents])
        return batch.columns, batch.document
    values = _hosts(documents) if field == "host" else [(features.value(d, field),) for d in documents]
    owner = np.repeat(np.arange(len(documents)), [len(own) for own in values])
    return text.columns(*text.encode([value for own in values for value in own])), owner


def _hosts(documents: Sequence[Document]) -> list[tuple[str, ...]]:
    """Return the hosts of each document's author and of its links, each once."""
    batch = Batch(documents)
    found = [{features.value(document, "host")} for document in documents]
    for link in batch.links:
        if link.form != "mail" and not batch.leads_home(link):
            found[int(batch.document[link.segment])].add(link.host)
    return [tuple(sorted(hosts - {""})) for hosts in found]
