"""How well spam is told from honest comments, as figures; what is not defined is None, never 0."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from moderator.errors import DependencyError
from moderator.evaluate.outcomes import Outcome
from moderator.records import LABELS
from moderator.train.intervals import wilson

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

RATES = {"0.1%": 0.001, "0.5%": 0.005, "1%": 0.01}  # shares of honest comments that may be held
BINS = 15
LEAST = 10  # comments in a bin; with fewer, the error of calibration is chance
DIGITS = 6


@dataclass(frozen=True, slots=True)
class Share:
    """A share that was counted, with its 95 % Wilson interval; None where there was nothing to count."""

    hits: int
    count: int
    share: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured on some comments; held counts what is held or rejected.

    Precision, recall and F1 are those of holding; off-topic comments are in none but their own shares.
    """

    n: int
    ham: int
    spam: int
    off_topic: int
    precision: float | None
    recall: float | None
    f1: float | None
    roc_auc: float | None
    recall_at_fpr: Mapping[str, float | None]
    calibration_error: float | None
    ham_held: Share
    ham_rejected: Share
    spam_held: Share
    spam_rejected: Share
    off_topic_held: Share
    off_topic_rejected: Share


def sklearn_metrics() -> Any:
    """Return the metrics of scikit-learn; raises DependencyError that says how to get them."""
    try:
        from sklearn import metrics
    except ImportError as error:
        raise DependencyError(f"evaluation needs {error.name}: pip install 'moderator[train]'") from error
    return metrics


def measure(outcomes: Sequence[Outcome]) -> Figures:
    """Return the figures of some comments."""
    of = {label: [o for o in outcomes if o.case.sample.label == label] for label in LABELS}
    told = [*of["ham"], *of["spam"]]
    held = np.array([o.action != "publish" for o in told], bool)
    precision, recall, f1 = holding(np.arange(len(told)) >= len(of["ham"]), held)
    spam, score = scored(outcomes)
    shares = {
        f"{label.replace('-', '_')}_{name}": counted(sum(o.action in actions for o in of[label]), len(of[label]))
        for label in LABELS
        for name, actions in (("held", ("hold", "reject")), ("rejected", ("reject",)))
    }
    return Figures(
        n=len(outcomes),
        ham=len(of["ham"]),
        spam=len(of["spam"]),
        off_topic=len(of["off-topic"]),
        precision=precision,
        recall=recall,
        f1=f1,
        roc_auc=_number(sklearn_metrics().roc_auc_score(spam, score)) if both(spam) else None,
        recall_at_fpr={name: recall_at(spam, score, rate) for name, rate in RATES.items()},
        calibration_error=calibration_error(spam, score),
        **shares,
    )


def scored(outcomes: Sequence[Outcome]) -> tuple[Mask, Floats]:
    """Return which of the comments that have a score and are no off-topic ones are spam, and the scores."""
    rows = [(o.case.sample.label == "spam", o.score) for o in outcomes if o.case.sample.label != "off-topic"]
    known = [(spam, score) for spam, score in rows if score is not None]
    return np.array([spam for spam, _ in known], bool), np.array([score for _, score in known], float)


def both(spam: Mask) -> bool:
    """Return whether there is spam and ham."""
    return bool(spam.any() and not spam.all())


def counted(hits: int, count: int) -> Share:
    """Return a share with its interval.

    >>> counted(0, 500).high
    0.007624
    """
    if not count:
        return Share(0, 0, None, None, None)
    low, high = wilson(hits, count)
    return Share(hits, count, round(hits / count, DIGITS), round(low, DIGITS), round(high, DIGITS))


def holding(spam: Mask, held: Mask) -> tuple[float | None, float | None, float | None]:
    """Return precision, recall and F1 of holding.

    >>> holding(np.array([False, True, True]), np.array([False, False, True]))
    (1.0, 0.5, 0.666667)
    """
    if not len(spam):
        return None, None, None
    found = sklearn_metrics().precision_recall_fscore_support(
        spam, held, pos_label=True, average="binary", zero_division=np.nan
    )
    precision, recall, f1 = (_number(value) for value in found[:3])
    return precision, recall, f1 if spam.any() else None


def recall_at(spam: Mask, score: Floats, rate: float) -> float | None:
    """Return the most spam that any threshold catches which at most `rate` of the ham reaches.

    None where there is too little ham for even one to be allowed.
    """
    if not both(spam) or rate * int((~spam).sum()) < 1.0:
        return None
    passed, caught, _ = sklearn_metrics().roc_curve(spam, score, drop_intermediate=False)
    return _number(caught[passed <= rate].max())


def calibration_error(spam: Mask, score: Floats) -> float | None:
    """Return how far scores are from the share of spam, on average over bins of equally many comments."""
    if not both(spam) or len(spam) < BINS * LEAST:
        return None
    gaps = [abs(p - y) * n for p, y, n in calibration(spam, score)]
    return _number(sum(gaps) / len(spam))


def calibration(spam: Mask, score: Floats) -> list[tuple[float, float, int]]:
    """Return mean score, share of spam and size of each bin; equal scores are alike wherever a bin ends."""
    _, value = np.unique(score, return_inverse=True)
    likely = np.bincount(value, spam) / np.bincount(value)
    order = np.argsort(score, kind="stable")
    bins = [part for part in np.array_split(order, BINS) if len(part)]
    return [(float(score[b].mean()), float(likely[value[b]].mean()), len(b)) for b in bins]


def _number(value: float) -> float | None:
    return None if math.isnan(value) else round(float(value), DIGITS)
