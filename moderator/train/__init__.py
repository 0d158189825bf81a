"""Learning: labelled samples in, a model out."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from moderator import kernel, policy, store, text, topics
from moderator.detectors import Table
from moderator.policy import Policy
from moderator.samples import Sample
from moderator.topics import TERM_BITS, Rarity
from moderator.train import card, compose, evidence, fit, monotone
from moderator.train.evidence import Evidence, Progress

FOLDS = 5
PAGES = 2400  # composed pages in each fold
READ = 0.4  # least weight of a sample that the policy is fitted and measured on
# The shares of honest texts that may be held and rejected: of comments; of the segments of pages, whose body is one
# text or unrelated sentences, and of honest blocks that look foreign to their page. A page has some 40 segments.
COMMENTS: monotone.Budgets = {"*": (0.005, 0.0001)}
SEGMENTS: monotone.Budgets = {
    "body": (0.00005, 0.000005),
    "sentences": (0.0005, 0.00005),
    "honest": (0.02, 0.001),
}


def train(
    samples: Sequence[Sample], bodies: Sequence[Sample], recipe: Mapping[str, Any], models: Path, progress: Progress
) -> Path:
    """Train a model and write it below `models`; the same samples and seed give the same bytes.

    The policy is fitted on signals of samples whose group the tables were not trained on.
    """
    rarity = term_rarity(samples, bodies)
    comments, pages = _evidence(samples, bodies, recipe, rarity, progress)
    rules = {
        "comment": monotone.fit_rules(comments, COMMENTS),
        "page": monotone.fit_rules(pages, SEGMENTS),
    }
    progress("fitting the tables on all samples")
    tables = fit.fit_tables(samples, compose.teaching(samples, bodies, recipe["compose"]))
    arrays = {**{name: table.weights for name, table in tables.items()}, "rarity": rarity}
    content = policy.to_json(Policy("", rules))
    fields = {key: {"scale": table.scale, "bias": table.bias} for key, table in tables.items()}
    name = store.digest(arrays, {"fields": fields, "policy": content})[:12]
    if (models / name).exists():
        return models / name
    manifest = {
        "id": name,
        "parent": None,
        "fields": fields,
        "policy": {**content, "id": name},
        "samples": {
            "sha256": samples_digest(samples),
            "counts": counts((*samples, *bodies)),
            "licences": {source["name"]: source.get("licence", "") for source in recipe["source"]},
            "languages": languages(samples),
        },
        "seed": recipe.get("seed", 0),
        "versions": versions(),
    }
    metrics = {"comment": monotone.sweep(rules["comment"], comments), "page": monotone.sweep(rules["page"], pages)}
    texts = {
        "metrics.json": json.dumps(metrics, indent=1, sort_keys=True) + "\n",
        "card.md": card.render(manifest, metrics),
    }
    return store.write(models, manifest, arrays, texts)


def _evidence(
    samples: Sequence[Sample],
    bodies: Sequence[Sample],
    recipe: Mapping[str, Any],
    rarity: Rarity,
    progress: Progress,
) -> tuple[Evidence, Evidence]:
    """Return what detectors see in samples and composed pages that their tables were not fitted on."""
    from joblib import Parallel, delayed

    fold, body_fold = evidence.folds(samples, FOLDS), evidence.folds(bodies, FOLDS)
    comments, pages = [], []
    jobs = (delayed(_fold)(k, samples, fold, bodies, body_fold, recipe, rarity) for k in range(FOLDS))
    for number, (seen, composed) in enumerate(Parallel(n_jobs=-1, return_as="generator")(jobs), 1):
        progress(f"{number} of {FOLDS} folds")
        comments.append(seen)
        pages.append(composed)
    return evidence.join(comments), evidence.join(pages)


def _fold(
    k: int,
    samples: Sequence[Sample],
    fold: npt.NDArray[np.int64],
    bodies: Sequence[Sample],
    body_fold: npt.NDArray[np.int64],
    recipe: Mapping[str, Any],
    rarity: Rarity,
) -> tuple[Evidence, Evidence]:
    """Fit tables on all folds but one, and return what they see in that one."""
    mine, others = split(samples, fold, k)
    own_bodies, other_bodies = split(bodies, body_fold, k)
    tables = fit.fit_tables(others, compose.teaching(others, other_bodies, recipe["compose"]))
    judged = [s for s in mine if s.weight >= READ and s.document.kind == "comment"]
    parts = compose.Parts.of(mine, own_bodies, recipe["compose"])
    composed = list(compose.pages(parts, PAGES, recipe.get("seed", 0) + k))
    return evidence.of_comments(judged, tables, rarity), evidence.of_pages(composed, tables, rarity)


def split(samples: Sequence[Sample], fold: npt.NDArray[np.int64], k: int) -> tuple[list[Sample], list[Sample]]:
    """Return the samples of fold `k`, and all others."""
    return (
        [s for s, f in zip(samples, fold, strict=True) if f == k],
        [s for s, f in zip(samples, fold, strict=True) if f != k],
    )


def term_rarity(samples: Sequence[Sample], bodies: Sequence[Sample]) -> Rarity:
    """Return how rare terms are in posts and texts."""
    texts = sorted({s.document.context or s.document.text for s in (*samples, *bodies)})
    count = np.zeros(1 << TERM_BITS, np.int64)
    for low in range(0, len(texts), 2000):
        found = topics.terms(text.columns(*text.encode(texts[low : low + 2000])))
        bucket = kernel.slots(found.term, 0, TERM_BITS)
        once = np.unique((found.unit << TERM_BITS) | bucket)
        count += np.bincount(once & ((1 << TERM_BITS) - 1), minlength=1 << TERM_BITS)
    return topics.rarity_of(count, len(texts))


def samples_digest(samples: Sequence[Sample]) -> str:
    """Return a digest of all samples, in whatever order they come."""
    rows = sorted(
        json.dumps(
            [s.document.text, s.document.author, s.document.url, s.document.context, s.label, s.weight],
            ensure_ascii=True,
        )
        for s in samples
    )
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def counts(samples: Sequence[Sample]) -> dict[str, dict[str, int]]:
    """Return how many samples of each label each source gave."""
    found: dict[str, Counter[str]] = {}
    for sample in samples:
        found.setdefault(sample.source, Counter())[sample.label] += 1
    return {source: dict(sorted(labels.items())) for source, labels in sorted(found.items())}


def languages(samples: Sequence[Sample]) -> dict[str, int]:
    """Return how many samples are marked with each language, the most frequent first."""
    found = Counter(sample.document.language for sample in samples if sample.document.language)
    return {str(name): count for name, count in sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))}


def versions() -> dict[str, str]:
    """Return the versions of what a model depends on."""
    from importlib.metadata import version

    return {name: version(name) for name in ("numpy", "scipy", "scikit-learn")}


__all__ = ["Table", "train"]
