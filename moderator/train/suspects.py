"""Labels that are likely wrong: a model that never saw a sample is sure that it is something else.

Confident learning (Northcutt, Jiang, Chuang 2021): scores out of fold, and what counts as sure is
for each label the mean score that its own samples get.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from moderator import curation, features, text
from moderator.errors import InputError
from moderator.records import Label
from moderator.samples import Sample

FOLDS = 5
LEAST = 10  # samples of each sort, in as many clusters, without which scores mean nothing
BITS = {"text": 18, "author": 16, "host": 16}
STRENGTH = 10.0  # inverse of the regularisation
LONGEST = 3000  # characters of a text that are learned from
CHUNK = 2000
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Suspect:
    """A sample whose label is likely wrong, what it should be, and the probability of that."""

    index: int
    suggested: Label
    score: float


def find(samples: Sequence[Sample], cluster: npt.NDArray[np.int64]) -> list[Suspect]:
    """Return the samples whose label is likely wrong, the surest first.

    Whether a text fits its post is not looked at: off topic counts as not spam.
    """
    spam = np.array([sample.label == "spam" for sample in samples], bool)
    for sort, chosen in (("spam", spam), ("ham or off-topic", ~spam)):
        number = len(np.unique(cluster[chosen]))
        if number < LEAST:
            raise InputError(
                f"{number} different texts are {sort}, at least {LEAST} are needed: "
                "see what there is with moderator samples stats FILE"
            )
    probability = out_of_fold(samples, spam, cluster)
    wrong = np.where(spam, 1.0 - probability, probability)
    found = np.flatnonzero(suspicious(spam, probability))
    return [
        Suspect(i, "ham" if spam[i] else "spam", float(wrong[i]))
        for i in sorted(found.tolist(), key=lambda i: (-wrong[i], i))
    ]


def suspicious(spam: Mask, probability: Floats) -> Mask:
    """Return which labels are likely wrong: as cleanlab says, or by the same rule in short if it is not installed."""
    if with_cleanlab():
        from cleanlab.filter import find_label_issues

        both = np.stack([1.0 - probability, probability], axis=1)
        return np.asarray(find_label_issues(spam.astype(int), both, filter_by="confident_learning", n_jobs=1), bool)
    sure_spam = probability >= probability[spam].mean()
    sure_ham = 1.0 - probability >= (1.0 - probability[~spam]).mean()
    return np.asarray(np.where(spam, sure_ham & (probability < 0.5), sure_spam & (probability > 0.5)), bool)


def with_cleanlab() -> bool:
    """Return whether cleanlab is installed."""
    from importlib.util import find_spec

    return find_spec("cleanlab") is not None


def out_of_fold(samples: Sequence[Sample], spam: Mask, cluster: npt.NDArray[np.int64]) -> Floats:
    """Return how probably each sample is spam to a model that saw neither it nor its near-duplicates."""
    fold = curation.deal(cluster, ["spam" if s else "ham" for s in spam], [1.0] * FOLDS)
    matrix = _matrix(samples)
    probability = np.full(len(samples), np.nan)
    for k in range(FOLDS):
        # Balanced, so that a small label is not suspected as a whole.
        model = LogisticRegression(C=STRENGTH, class_weight="balanced", solver="liblinear", tol=1e-2)
        model.fit(matrix[fold != k], spam[fold != k])
        if (fold == k).any():
            probability[fold == k] = model.predict_proba(matrix[fold == k])[:, 1]
    return probability


def _matrix(samples: Sequence[Sample]) -> Any:
    """Return the features of text, author and host of all samples, side by side."""
    documents = [replace(s.document, text=s.document.text[:LONGEST]) for s in samples]
    parts = []
    for field, bits in BITS.items():
        blocks = []
        for low in range(0, len(samples), CHUNK):
            some = [features.value(document, field) for document in documents[low : low + CHUNK]]
            columns = text.columns(*text.encode(some))
            unit, slot, amount = features.rows(columns, field, bits)
            blocks.append(sparse.csr_matrix((amount, (unit, slot)), shape=(len(columns.start), 1 << bits)))
        parts.append(sparse.vstack(blocks, format="csr"))
    return sparse.hstack(parts, format="csr")
