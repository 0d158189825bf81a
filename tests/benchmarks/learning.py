"""What a site's own labels add: a base model that never saw the site, and 10, 50 and 200 labels of it.

    python tests/benchmarks/learning.py --data ../shared/data [--sites 5] [--draws 3]

For each of the sites with the most hand-labelled comments, a model is trained without it; labels of the site are
drawn at random and learned from as `moderator learn` does; the comments that were not drawn are judged. Prints ROC-AUC,
recall at 1 % false positives, and the shares of spam and ham that are held, as means over the draws.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from moderator import pipeline, policy, store
from moderator.policy import Policy
from moderator.samples import Sample
from moderator.store import Artefact
from moderator.train import Lessons, adapt, budgets_of, comment_model, lessons, recipe
from moderator.train.monotone import Budgets

ROOT = Path(__file__).parents[2]
STEPS = (0, 10, 50, 200)


def base_model(
    samples: list[Sample], material: Lessons, chosen: np.ndarray, budgets: Budgets, models: Path
) -> Artefact:
    """Train a model on the chosen samples and write it."""
    tables, rules, rarity = comment_model(samples, material, chosen, budgets)
    arrays = {**{name: table.weights for name, table in tables.items()}, **rarity._asdict()}
    fields = {name: {"scale": table.scale, "bias": table.bias} for name, table in tables.items()}
    content = policy.to_json(Policy("", {"comment": rules, "page": rules}))
    return store.read(store.keep(models, arrays, fields, content, {"parent": None}))


def judge(artefact: Artefact, samples: list[Sample]) -> list[float]:
    """Return ROC-AUC, recall at 1 % false positives, and the shares of spam and ham that are held."""
    verdicts = list(pipeline.build(artefact).scan(sample.document for sample in samples))
    spam = np.array([sample.label == "spam" for sample in samples])
    score = np.array([policy.log_odds_of(verdict) for verdict in verdicts])
    held = np.array([verdict.action != "publish" for verdict in verdicts])
    ham = np.sort(score[~spam])[::-1]
    recall = (score[spam] > ham[int(0.01 * len(ham))]).mean()
    return [roc_auc_score(spam, score), recall, held[spam].mean(), held[~spam].mean()]


def main() -> None:
    """Print the learning curves."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--recipe", type=Path, default=ROOT / "models/recipe.toml")
    parser.add_argument("--sites", type=int, default=5)
    parser.add_argument("--draws", type=int, default=3)
    options = parser.parse_args()
    plan = recipe.load(options.recipe, ROOT, options.data)
    samples = [s for s in recipe.samples(plan) if s.document.kind == "comment"]
    truth = [s.source == "blog" and s.weight == 1.0 and s.label in ("spam", "ham") for s in samples]
    size = Counter(s.group for s, t in zip(samples, truth, strict=True) if t)
    material = lessons(samples, {})
    print(f"{'site':20} {'labels':>6} {'AUC':>7} {'R@1%':>7} {'spam held':>10} {'ham held':>9}", flush=True)
    for site, _ in size.most_common(options.sites):
        own = [s for s, t in zip(samples, truth, strict=True) if t and s.group == site]
        with tempfile.TemporaryDirectory() as folder:
            base = base_model(
                samples, material, np.array([s.group != site for s in samples]), budgets_of(plan), Path(folder)
            )
            rows: dict[int, list[list[float]]] = {step: [] for step in STEPS}
            for draw in range(options.draws):
                order = random.Random(draw).sample(own, len(own))
                for step in STEPS:
                    if len(own) - step < max(STEPS) // 4:
                        continue
                    path = adapt.adapt(base, order[:step], Path(folder))
                    rows[step].append(judge(store.read(path), order[max(STEPS) if len(own) > 300 else step :]))
        for step, found in rows.items():
            if found:
                auc, recall, spam, ham = np.mean(found, axis=0)
                print(f"{site:20} {step:6} {auc:7.3f} {recall:7.3f} {spam:10.3f} {ham:9.4f}", flush=True)


if __name__ == "__main__":
    main()
