"""How well spam is told from ham on sites that were never seen: leave sites out, train, predict.

    python tests/benchmarks/sites.py --data ../shared/data [--out predictions.jsonl] [--recipe models/recipe.toml]

For each of five folds of sites (those of tools/score_sites.py), everything is trained anew without the fold's sites:
tables, curves, rarity of terms. The hand-labelled rows of the fold are then judged by that model. Prints
ROC-AUC and recall at 0.5, 1 and 2 % false positives, pooled and by fold; writes the predictions that
tools/score_sites.py scores.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from moderator.train import COMMENT_FIELDS, Lessons, lessons, recipe, unseen

ROOT = Path(__file__).parents[2]


def recall_at(spam: np.ndarray, score: np.ndarray, rate: float) -> float:
    """Return the share of spam above the highest score that lets at most `rate` of the ham pass it."""
    ham = np.sort(score[~spam])[::-1]
    return float((score[spam] > ham[int(rate * len(ham))]).mean())


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--recipe", type=Path, default=ROOT / "models/recipe.toml")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    began = time.monotonic()
    plan = recipe.load(options.recipe, ROOT, options.data)
    samples = [s for s in recipe.samples(plan) if s.document.kind == "comment"]
    truth = np.array([s.source == "blog" and s.weight == 1.0 and s.label in ("spam", "ham") for s in samples])
    size = Counter(s.group for s, t in zip(samples, truth, strict=True) if t)
    ranked = sorted(size.items(), key=lambda pair: (-pair[1], pair[0]))
    fold_of = {group: i % 5 for i, (group, _) in enumerate(ranked)}
    fold = np.array([fold_of.get(s.group, -1) for s in samples])
    material: Lessons = lessons(samples, {})
    seconds = time.monotonic() - began
    print(f"{len(samples):,} samples, {truth.sum()} judged, {', '.join(COMMENT_FIELDS)}; {seconds:.0f} s", flush=True)
    score = unseen(samples, material, fold, truth)
    spam = np.array([s.label == "spam" for s in samples])

    def show(name: str, rows: np.ndarray) -> None:
        y, p = spam[rows], score[rows]
        figures = [roc_auc_score(y, p), *(recall_at(y, p, r) for r in (0.005, 0.01, 0.02))]
        print(f"{name:10} {y.sum():6} {(~y).sum():6} " + " ".join(f"{f:8.4f}" for f in figures))

    print(f"{'':10} {'spam':>6} {'ham':>6} {'AUC':>8} {'R@.5%':>8} {'R@1%':>8} {'R@2%':>8}")
    show("pooled", np.flatnonzero(truth))
    for k in range(5):
        show(f"fold {k}", np.flatnonzero(truth & (fold == k)))
    if options.out:
        with options.out.open("w", encoding="utf-8") as file:
            for i in np.flatnonzero(truth):
                file.write(json.dumps({"id": samples[i].document.id, "score": float(score[i])}) + "\n")


if __name__ == "__main__":
    main()
