"""Adapting a model to a site: its own labels add to what the model knows, and can be taken back.

What is learned is one more table, beside the tables of the base model, which stay as they are. It is a
function of the base and of the set of labels, whatever their order: to take a label back is to learn from
the others, and gives the same bytes as if it had never been there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from moderator import features, pipeline, policy, store, text
from moderator.analysis import Batch
from moderator.detectors import Table
from moderator.detectors.site import CODES
from moderator.pipeline import Moderator
from moderator.policy import Policy, Rules
from moderator.records import Document
from moderator.samples import Sample
from moderator.store import Artefact
from moderator.train import fit, samples_digest
from moderator.train.monotone import KNOTS

Floats = npt.NDArray[np.float64]

BITS = 18
RIDGE = 2.0
FOLDS = 5
MARGIN = 2.0  # log-odds that thresholds rise by at most, over the square root of the number of honest labels
LARGEST = 6.0  # log-odds that a site's labels can add or take
FEWEST = 5  # labels of each kind; with fewer nothing can be measured, and only honest text is learned from


def adapt(base: Artefact, samples: Sequence[Sample], models: Path) -> Path:
    """Write the model that a base model becomes with a site's labels; the base itself if there are none.

    Thresholds rise where the labels would hold more of the site's own honest comments than the base does.
    """
    known = _each_once(samples)
    if not known:
        return base.path
    moderator = pipeline.build(base)
    offset = totals(moderator, [s.document for s in known])
    matrix, spam = design([s.document for s in known]), np.array([s.label == "spam" for s in known])
    table = fit_table(matrix, spam, offset)
    rules = dict(moderator.policy.rules)
    unseen = offset + _out_of_fold(matrix, spam, offset)
    lifted = float(np.max(matrix @ table.weights.astype(float), initial=0.0)) * table.scale
    margin = min(lifted, MARGIN / np.sqrt(max(1, int((~spam).sum()))))
    rules["comment"] = _with_curves(_cautious(rules["comment"], offset[~spam], unseen[~spam], margin))
    return _write(base, known, table, rules, models)


def _each_once(samples: Sequence[Sample]) -> list[Sample]:
    """Return the samples in an order of their own; of one document the last label stands."""
    found = {_key(sample): sample for sample in samples if sample.document.kind == "comment"}
    return [found[key] for key in sorted(found)]


def _key(sample: Sample) -> tuple[str, str, str]:
    document = sample.document
    return document.text, document.author or "", document.url or ""


def totals(moderator: Moderator, documents: Sequence[Document]) -> Floats:
    """Return the log-odds that a moderator gives to documents, before they become a score."""
    return np.array([policy.log_odds_of(verdict) for verdict in moderator.scan(documents)])


def design(documents: Sequence[Document]) -> Any:
    """Return the features that a site's labels are learned from: documents x table rows."""
    from scipy import sparse

    batch = Batch(documents)
    shape = (len(documents), 1 << BITS)
    total = sparse.csr_matrix(shape, dtype=np.float64)
    for field in ("text", "author", "host"):
        if field == "text":
            columns, owner = batch.columns, batch.document
        else:
            columns = text.columns(*text.encode([features.value(d, field) for d in documents]))
            owner = np.arange(len(documents))
        unit, slot, amount = features.rows(columns, field, BITS)
        total += sparse.csr_matrix((amount.astype(np.float64), (owner[unit], slot)), shape=shape)
    return total.tocsr()


def fit_table(matrix: Any, spam: npt.NDArray[np.bool_], offset: Floats) -> Table:
    """Fit what labels add to log-odds that are there already: penalised logistic regression with an offset."""
    from scipy.optimize import minimize

    used = np.unique(matrix.indices)
    x = matrix[:, used]
    y = spam.astype(float)

    def loss(beta: Floats) -> tuple[float, Floats]:
        z = offset + x @ beta
        value = float((np.logaddexp(0.0, z) - y * z).sum() + 0.5 * RIDGE * (beta**2).sum())
        return value, x.T @ (1.0 / (1.0 + np.exp(-np.clip(z, -500, 500))) - y) + RIDGE * beta

    found = minimize(loss, np.zeros(len(used)), jac=True, method="L-BFGS-B", options={"maxiter": 200, "ftol": 1e-10})
    weights = np.zeros(1 << BITS)
    weights[used] = found.x
    return fit.quantise(weights, 0.0)


def _out_of_fold(matrix: Any, spam: npt.NDArray[np.bool_], offset: Floats) -> Floats:
    """Return what labels would add to each document if its own label were not known."""
    added = np.zeros(len(spam))
    if min(spam.sum(), (~spam).sum()) < FEWEST:
        return added
    fold = np.zeros(len(spam), np.int64)
    for kind in (spam, ~spam):
        fold[kind] = np.arange(kind.sum()) % FOLDS
    for k in range(FOLDS):
        rest = fold != k
        table = fit_table(matrix[rest], spam[rest], offset[rest])
        added[~rest] = matrix[~rest] @ table.weights.astype(float) * table.scale
    return np.clip(added, -LARGEST, LARGEST)


def _cautious(rules: Rules, before: Floats, after: Floats, margin: float) -> Rules:
    """Return the rules with thresholds so high that no more honest text reaches them than did before.

    The margin is for the honest texts that were not labelled: the fewer were, the less is known of the others. It is
    never more than what the labels lift any labelled text by.
    """
    found = {}
    for action, threshold in (("hold", rules.hold), ("reject", rules.reject)):
        limit = float(np.log(threshold / (1.0 - threshold)))
        allowed = int((before >= limit).sum())
        limit += margin
        ham = np.sort(after)[::-1]
        if len(ham) > allowed and ham[allowed] >= limit:
            limit = float(ham[allowed]) + 0.1
        found[action] = float(np.clip(np.ceil(1e4 / (1.0 + np.exp(-limit))) / 1e4, threshold, 0.9999))
    return replace(rules, hold=found["hold"], reject=max(found["hold"], found["reject"]))


def _with_curves(rules: Rules) -> Rules:
    """Return the rules with the curves that turn the strength of a site's labels back into log-odds."""
    up = tuple(round(min(LARGEST, s / (1.0 - s)), 3) if s < 1.0 else LARGEST for s in KNOTS)
    down = tuple(-value for value in up)
    return replace(rules, curves={**rules.curves, CODES[0]: (KNOTS, up), CODES[1]: (KNOTS, down)})


def _write(base: Artefact, known: Sequence[Sample], table: Table, rules: Mapping[str, Rules], models: Path) -> Path:
    arrays = {**base.arrays, "site": table.weights}
    fields = {**base.manifest["fields"], "site": {"scale": table.scale, "bias": table.bias}}
    rest = {**store.inherited(base), "site": {"sha256": samples_digest(known), "labels": len(known)}}
    return store.keep(models, arrays, fields, policy.to_json(Policy("", rules)), rest)
