"""Learning: labelled samples in, a model out."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from moderator import policy, store, topics
from moderator.detectors import Table
from moderator.policy import Policy, Rules
from moderator.records import Document
from moderator.samples import Sample
from moderator.topics import Rarity
from moderator.train import card, compose, evidence, fit, monotone
from moderator.train.evidence import Evidence, Progress

COMMENT_FIELDS = ("text", "author", "host")
Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

FOLDS = 5
PAGES = 4800  # composed pages in each fold: their bodies have some 60,000 lines, of which three may be held
READ = 0.4  # least weight of a sample that the policy is fitted and measured on
# The shares of honest texts that may be held and rejected: of comments, where a recipe says nothing else; of the
# segments of pages, whose body is one text or unrelated sentences, of paragraphs with a link to the site of someone
# who commented somewhere, and of honest blocks that look foreign to their page. A page has some 40 segments and one
# such block: of 500 honest pages, one or two are held.
COMMENTS: monotone.Budgets = {"*": (0.005, 0.0001)}
SEGMENTS: monotone.Budgets = {
    "body": (0.00005, 0.000005),
    "sentences": (0.0005, 0.00005),
    "linked": (0.002, 0.0001),
    "honest": (0.001, 0.0001),
}


@dataclass(frozen=True, slots=True)
class Lessons:
    """What tables are fitted on: the features of all samples, what these are, and how much they count."""

    designs: tuple[fit.Design, ...]
    spam: Mask
    weight: Mapping[str, Floats]  # by field

    def tables(self, chosen: Mask) -> dict[str, Table]:
        """Fit all tables on the chosen samples; without pages, these are judged as comments are."""
        found = {d.field: fit.fit_table(d, self.spam, self.weight[d.field] * chosen) for d in self.designs}
        return {"page": found["text"], **found}


def lessons(samples: Sequence[Sample], teach: Mapping[str, Any]) -> Lessons:
    """Return what tables are fitted on; whole pages teach nothing but the table of pages."""
    comment = np.array([sample.weight * (sample.document.kind == "comment") for sample in samples])
    page = np.array(compose.teaching(samples, teach) if teach else [0.0] * len(samples))
    documents = [sample.document for sample in samples]
    blank = Document("")
    designs = [fit.design([d if d.kind == "comment" else blank for d in documents], f) for f in COMMENT_FIELDS]
    if page.any():
        pages = [compose.as_page(d) if w else blank for d, w in zip(documents, page, strict=True)]
        designs.append(fit.design(pages, "page"))
    named = np.array([bool(document.author) for document in documents])
    weight = {"text": comment, "author": comment * named, "host": comment, "page": page}
    return Lessons(tuple(designs), np.array([sample.label == "spam" for sample in samples]), weight)


def train(
    samples: Sequence[Sample], bodies: Sequence[Sample], recipe: Mapping[str, Any], models: Path, progress: Progress
) -> Path:
    """Train a model and write it below `models`; the same samples and seed give the same bytes.

    The policy is fitted on signals of samples whose group the tables were not trained on. A recipe that does
    not say what pages are composed of gives a model that judges the segments of pages as comments.
    """
    pool = [*samples, *bodies]
    rarity = term_rarity(pool)
    progress("reading features")
    material = lessons(pool, recipe["compose"]["teach"] if "compose" in recipe else {})
    fold = np.r_[evidence.folds(samples, FOLDS), evidence.folds(bodies, FOLDS)]
    comments, pages = _evidence(pool, len(samples), fold, material, recipe, rarity, progress)
    own = monotone.fit_rules(comments, budgets_of(recipe))
    rules = {"comment": own, "page": monotone.fit_rules(pages, SEGMENTS) if pages else own}
    progress("fitting the tables on all samples")
    tables = material.tables(np.ones(len(pool), bool))
    arrays = {**{name: table.weights for name, table in tables.items()}, **rarity._asdict()}
    content = policy.to_json(Policy("", rules))
    fields = {key: {"scale": table.scale, "bias": table.bias} for key, table in tables.items()}
    rest = {
        "parent": None,
        "samples": {
            "sha256": samples_digest(pool),
            "counts": counts(pool),
            "licences": {source["name"]: source.get("licence", "") for source in recipe["source"]},
            "languages": languages(samples),
        },
        "seed": recipe.get("seed", 0),
        "versions": versions(),
    }
    metrics = {
        "comment": monotone.sweep(own, comments, comments.source),
        "language": monotone.sweep(own, comments, comments.language),
    }
    if pages:
        metrics["page"] = monotone.sweep(rules["page"], pages, pages.source)

    def texts(manifest: Mapping[str, Any]) -> dict[str, str]:
        return {
            "metrics.json": json.dumps(metrics, indent=1, sort_keys=True) + "\n",
            "card.md": card.render(manifest, metrics),
        }

    return store.keep(models, arrays, fields, content, rest, texts)


def _evidence(
    pool: Sequence[Sample],
    bodies_from: int,
    fold: npt.NDArray[np.int64],
    material: Lessons,
    recipe: Mapping[str, Any],
    rarity: Rarity,
    progress: Progress,
) -> tuple[Evidence, Evidence | None]:
    """Return what detectors see in samples and composed pages that their tables were not fitted on."""
    from joblib import Parallel, delayed

    jobs = []
    for k in range(FOLDS):
        mine = [i for i in np.flatnonzero(fold == k).tolist() if i < bodies_from]
        own = [i for i in np.flatnonzero(fold == k).tolist() if i >= bodies_from]
        jobs.append(
            delayed(_fold)([pool[i] for i in mine], [pool[i] for i in own], material, fold != k, recipe, rarity, k)
        )
    comments, pages = [], []
    for number, (seen, composed) in enumerate(Parallel(n_jobs=-1, return_as="generator")(jobs), 1):
        progress(f"{number} of {FOLDS} folds")
        comments.append(seen)
        pages += [composed] if composed else []
    return evidence.join(comments), evidence.join(pages) if pages else None


def _fold(
    mine: Sequence[Sample],
    own_bodies: Sequence[Sample],
    material: Lessons,
    others: Mask,
    recipe: Mapping[str, Any],
    rarity: Rarity,
    k: int,
) -> tuple[Evidence, Evidence | None]:
    """Fit tables on the samples of all folds but one, and return what they see in that one."""
    tables = material.tables(others)
    judged = [s for s in mine if is_judged(s) and s.document.kind == "comment"]
    seen = evidence.of_comments(judged, tables, rarity)
    if "compose" not in recipe:
        return seen, None
    parts = compose.Parts.of(mine, own_bodies, recipe["compose"])
    composed = list(compose.pages(parts, PAGES, recipe.get("seed", 0) + k))
    return seen, evidence.of_pages(composed, tables, rarity)


def is_judged(sample: Sample) -> bool:
    """Return whether the policy is fitted and measured on a sample: not on what was labelled by rule."""
    return sample.judged and sample.weight >= READ


def budgets_of(recipe: Mapping[str, Any]) -> monotone.Budgets:
    """Return the shares of honest comments, by source, that a recipe lets be held and rejected."""
    return {source: (held, rejected) for source, (held, rejected) in recipe.get("budgets", COMMENTS).items()}


class Unseen(NamedTuple):
    """What models make of samples that they did not see; NaN and -1 for those that were not judged."""

    log_odds: Floats
    action: npt.NDArray[np.int64]  # index in records.ACTIONS


def unseen(
    samples: Sequence[Sample],
    material: Lessons,
    fold: npt.NDArray[np.int64],
    judged: Mask,
    budgets: monotone.Budgets = COMMENTS,
) -> Unseen:
    """Return what a model makes of the judged samples of each fold if it saw none of the fold.

    Samples in fold -1 are trained on always. Tables, rarity, curves and thresholds are fitted anew for each fold.
    """
    from joblib import Parallel, delayed

    found = Unseen(np.full(len(samples), np.nan), np.full(len(samples), -1))
    folds = sorted({int(k) for k in fold if k >= 0})
    jobs = []
    for k in folds:
        mine = np.flatnonzero((fold == k) & judged)
        jobs.append(delayed(_unseen)(samples, material, fold != k, [samples[i] for i in mine.tolist()], budgets))
    for k, (log_odds, action) in zip(folds, Parallel(n_jobs=-1)(jobs), strict=True):
        found.log_odds[(fold == k) & judged] = log_odds
        found.action[(fold == k) & judged] = action
    return found


def _unseen(
    samples: Sequence[Sample], material: Lessons, chosen: Mask, judged: Sequence[Sample], budgets: monotone.Budgets
) -> Unseen:
    """Return what a model that was trained on the chosen samples makes of others."""
    tables, rules, rarity = comment_model(samples, material, chosen, budgets)
    seen = evidence.of_comments(judged, tables, rarity)
    log_odds = monotone.scores(rules, seen.codes, seen.strengths)
    score = monotone.probability(log_odds)
    return Unseen(log_odds, (score >= rules.hold).astype(np.int64) + (score >= rules.reject))


def comment_model(
    samples: Sequence[Sample], material: Lessons, chosen: Mask, budgets: monotone.Budgets = COMMENTS
) -> tuple[dict[str, Table], Rules, Rarity]:
    """Return tables, rules and rarity of a model for comments, trained on the chosen samples."""
    known = [s for s, c in zip(samples, chosen, strict=True) if c]
    rarity = term_rarity(known)
    inner = np.full(len(samples), -1)
    inner[chosen] = evidence.folds(known, FOLDS)
    parts = []
    for k in range(FOLDS):
        tables = material.tables(chosen & (inner != k))
        mine = [s for s, i in zip(samples, inner, strict=True) if i == k and is_judged(s)]
        parts.append(evidence.of_comments(mine, tables, rarity))
    return material.tables(chosen), monotone.fit_rules(evidence.join(parts), budgets), rarity


def term_rarity(samples: Sequence[Sample]) -> Rarity:
    """Return how rare terms are in posts and texts."""
    return topics.rarity_of(sorted({s.document.context or s.document.text for s in samples}))


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
