"""How well spam is told from ham on sites that were never seen: leave sites out, train, predict.

    python tests/benchmarks/sites.py --data ../shared/data [--recipe models/recipe.toml] [--out FILE] [--worst 50]

For each of five folds of sites (those of tools/score_sites.py), everything is trained anew without the fold's sites:
tables, curves, thresholds, rarity of terms. The hand-labelled comments of the fold's sites are then judged by that
model, and so are those that the sites approved and the recipe takes for ham. Prints ROC-AUC and recall at 0.5, 1 and
2 % false positives, pooled and by fold, the calibration error, and what is held and rejected at the thresholds; names
the approved comments that are rejected. --out writes the predictions that tools/score_sites.py scores; --worst names
the labelled comments that are furthest on the wrong side.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from moderator.report import printable
from moderator.train import budgets_of, lessons, recipe, unseen
from moderator.train.intervals import wilson

ROOT = Path(__file__).parents[2]
APPROVED = 0.3  # the weight that the recipe gives to comments that sites approved
HEADS = ("AUC", "R@.5%", "R@1%", "R@2%", "spam held", "ham held")


def recall_at(spam: np.ndarray, score: np.ndarray, rate: float) -> float:
    """Return the share of spam above the highest score that lets at most `rate` of the ham pass it."""
    ham = np.sort(score[~spam])[::-1]
    return float((score[spam] > ham[int(rate * len(ham))]).mean())


def calibration_error(spam: np.ndarray, log_odds: np.ndarray) -> float:
    """Return how far scores are from the shares of spam among comments that have them, on average."""
    score = 1.0 / (1.0 + np.exp(-log_odds))
    bins = np.array_split(np.argsort(score, kind="stable"), 15)
    return float(sum(len(b) * abs(score[b].mean() - spam[b].mean()) for b in bins) / len(score))


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--recipe", type=Path, default=ROOT / "models/recipe.toml")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--worst", type=int, default=0)
    options = parser.parse_args()
    plan = recipe.load(options.recipe, ROOT, options.data)
    samples = [s for s in recipe.samples(plan) if s.document.kind == "comment"]
    blog = np.array([s.source == "blog" for s in samples])
    weight = np.array([s.weight for s in samples])
    spam = np.array([s.label == "spam" for s in samples])
    truth = blog & (weight == 1.0)
    approved = blog & (weight == APPROVED) & ~spam
    size = Counter(s.group for s, t in zip(samples, truth, strict=True) if t)
    ranked = sorted(size.items(), key=lambda pair: (-pair[1], pair[0]))
    fold_of = {group: i % 5 for i, (group, _) in enumerate(ranked)}
    fold = np.array([fold_of.get(s.group, -1) for s in samples])
    approved &= fold >= 0
    material = lessons(samples, {})
    found = unseen(samples, material, fold, truth | approved, budgets_of(plan))
    print(f"{len(samples):,} samples; {truth.sum():,} labelled and {approved.sum():,} approved ones judged")
    score = found.log_odds

    def show(name: str, rows: np.ndarray) -> None:
        y, p = spam[rows], score[rows]
        figures = [roc_auc_score(y, p), *(recall_at(y, p, r) for r in (0.005, 0.01, 0.02))]
        held = [(found.action[rows][kind] >= 1).mean() for kind in (y, ~y)]
        print(f"{name:10} {y.sum():6} {(~y).sum():6} " + " ".join(f"{f:9.4f}" for f in (*figures, *held)))

    heads = ("spam", "ham")
    print(f"{'':10} {heads[0]:>6} {heads[1]:>6} " + " ".join(f"{h:>9}" for h in HEADS))
    show("pooled", np.flatnonzero(truth))
    for k in range(5):
        show(f"fold {k}", np.flatnonzero(truth & (fold == k)))
    print(f"calibration error (15 bins): {calibration_error(spam[truth], score[truth]):.4f}")
    action = found.action[approved]
    for name, least in (("held", 1), ("rejected", 2)):
        hits = int((action >= least).sum())
        low, high = wilson(hits, len(action))
        share = hits / max(1, len(action))
        print(f"approved comments {name}: {hits} of {len(action):,}, {share:.3%} ({low:.3%}-{high:.3%})")
    for i in np.flatnonzero(approved & (found.action == 2)):
        document = samples[i].document
        print(f"  {document.author!r} {document.url!r} {printable(document.text[:150])!r}")
    rows = np.flatnonzero(truth)
    for i in rows[np.argsort(np.where(spam[rows], score[rows], -score[rows]))][: options.worst]:
        sample, document = samples[i], samples[i].document
        print(f"{sample.label:4} {score[i]:6.2f} {document.id} {sample.group} {document.language}", end=" ")
        print(f"{document.author!r} {document.url!r} {printable(document.text[:150])!r}")
    if options.out:
        with options.out.open("w", encoding="utf-8") as file:
            for i in np.flatnonzero(truth):
                file.write(json.dumps({"id": samples[i].document.id, "score": float(score[i])}) + "\n")


if __name__ == "__main__":
    main()
