"""How much spam is caught, and how much honest text is held, on the sets kept for measuring.

    python tests/benchmarks/accuracy.py --data ../shared/data [--no-peers] [--rows 3000]

Reads DATA/dev. Three tables: comments labelled spam or ham; honest comments alone; comments on and
off the topic of their post (labelled by people, or paired with another post of the same blog). In
each the model that ships with the package stands beside peers on the same rows of the same run:

* language only: what langdetect finds to be in another language than most of the source is flagged;
  --rows is the most rows of a source that it is asked for (langdetect does some 200 a second)
* TF-IDF (characters 2-5, words 1-2) and logistic regression of scikit-learn, text only
* fastText supervised (characters 2-5, word pairs), text only, if it is installed

The last two learn from the rows of models/recipe.toml; they flag what scores above a threshold that
0.5 % of the honest rows reach in out-of-fold predictions, as our policy is fitted. `seen` is how
many rows of a source are in the training rows as well (case, spaces and digits aside). Brackets are
Wilson 95 % intervals; R@ is recall where so much of this source's ham passes the threshold.
"""

from __future__ import annotations

import argparse
import math
import random
import re
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from moderator import Document, load
from moderator.samples import Sample, rows
from moderator.train import READ, evidence, recipe

ROOT = Path(__file__).parents[2]
BUDGET = 0.005
FOLDS = 3
FEATURES = 300_000  # of each vectorizer

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


class Source(NamedTuple):
    """Comments of one data set, and which of them should be flagged."""

    name: str
    documents: list[Document]
    wanted: Bools


class System(NamedTuple):
    """Something that scores comments, and what it flags."""

    name: str
    score: Callable[[list[Document]], tuple[Floats, Bools]]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--rows", type=int, default=3000)
    options = parser.parse_args()
    plan = recipe.load(ROOT / "models" / "recipe.toml", ROOT, options.data)
    samples = [s for s in recipe.samples(plan) if s.document.kind == "comment"]
    systems = [shipped()]
    if not options.no_peers:
        systems += [languages(options.rows), tfidf(samples), *fasttext(samples)]
    known = {folded(sample.document.text) for sample in samples}
    sets = read(options.data / "dev")
    for title, chosen in sets.items():
        print(
            f"\n{title.upper()}\n{'source':26}{'system':20}{'n':>6}{'pos.':>6}{'seen':>6}{'AUC':>7}{'precision':>20}{'recall':>20}",
            end="",
        )
        print(f"{'ham held':>20}{'R@1%':>7}{'R@.5%':>7}")
        for source in chosen:
            for system in systems:
                score, flagged = system.score(source.documents)
                line(source, system.name, score, flagged, known)


def document(row: dict[str, Any]) -> Document:
    """Return a row as a comment with all that is known of it, put together as the recipe does."""
    title, context = row.get("title") or "", row.get("context") or ""
    if not context.startswith(title):
        context = f"{title}\n\n{context}"
    return Document(
        row["text"],
        context=context.strip() or None,
        author=row.get("author"),
        url=row.get("url"),
        site_url=row.get("site_url"),
        language=row.get("lang"),
    )


def read(folder: Path) -> dict[str, list[Source]]:
    """Return the sources of each table."""
    found: dict[str, list[Source]] = {"spam": [], "honest comments": [], "off topic": []}
    for path in sorted(folder.glob("*.jsonl.gz")):
        name = path.name.removesuffix(".jsonl.gz")
        given = [row for _, row in rows(path)]
        labels = {row["label"] for row in given}
        if labels <= {"spam", "ham"}:
            found["spam"].append(source(name, given, "spam"))
            if any("split" in row for row in given):
                test = [row for row in given if row["split"] == "test"]
                found["spam"].append(source(f"{name[:17]} (test)", test, "spam"))
            continue
        honest = [row for row in given if row["label"] == "ontopic"]
        found["honest comments"].append(source(name, honest, "spam"))
        if "offtopic" in labels:
            labelled = [row for row in given if row["label"] in ("ontopic", "offtopic")]
            found["off topic"].append(source(name, labelled, "offtopic"))
        else:
            found["off topic"].append(source(f"{name[:17]} (pairs)", [*honest, *swapped(honest)], "offtopic"))
    return found


def source(name: str, given: Sequence[dict[str, Any]], wanted: str) -> Source:
    """Return rows as a source in which one label is to be flagged."""
    return Source(name, [document(row) for row in given], np.array([row["label"] == wanted for row in given], bool))


def swapped(given: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return each comment under another post of the same blog."""
    chance = random.Random(0)
    posts = {row["context"]: row for row in given}
    out = []
    for row in given:
        other = chance.choice([post for context, post in posts.items() if context != row["context"]])
        out.append({**row, "label": "offtopic", "title": other["title"], "context": other["context"]})
    return out


def shipped() -> System:
    """Return the model that ships with the package."""
    moderator = load()

    def score(documents: list[Document]) -> tuple[Floats, Bools]:
        verdicts = list(moderator.scan(documents))
        return np.array([v.score or 0.0 for v in verdicts]), np.array([v.action != "publish" for v in verdicts])

    print(f"model {moderator.model}: holds at {moderator.policy.rules['comment'].hold}")
    return System("moderator", score)


def languages(limit: int) -> System:
    """Return the rule that flags what is in another language than most of the source."""
    from langdetect import DetectorFactory, LangDetectException, detect_langs

    def chances(text: str) -> dict[str, float]:
        try:
            return {found.lang: found.prob for found in detect_langs(text)}
        except LangDetectException:
            return {}

    def score(documents: list[Document]) -> tuple[Floats, Bools]:
        DetectorFactory.seed = 0
        asked = sorted(random.Random(0).sample(range(len(documents)), min(limit, len(documents))))
        found = [chances(documents[i].text) for i in asked]
        most = Counter(max(f, key=f.__getitem__) for f in found if f).most_common(1)[0][0]
        values, flagged = np.full(len(documents), np.nan), np.zeros(len(documents), bool)
        values[asked] = [1.0 - f.get(most, 0.0) if f else 0.0 for f in found]
        flagged[asked] = [bool(f) and max(f, key=f.__getitem__) != most for f in found]
        return values, flagged

    return System("language only", score)


def tfidf(samples: list[Sample]) -> System:
    """Train the usual pipeline of scikit-learn."""
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    begin = time.perf_counter()
    vectorizers = [
        TfidfVectorizer(analyzer=analyzer, ngram_range=span, min_df=2, max_features=FEATURES, dtype=np.float32)
        for analyzer, span in (("char_wb", (2, 5)), ("word", (1, 2)))
    ]
    texts = [sample.document.text for sample in samples]
    table = hstack([v.fit_transform(texts) for v in vectorizers]).tocsr()
    spam = np.array([sample.label == "spam" for sample in samples])
    weight = np.array([sample.weight for sample in samples])

    def fit(chosen: Bools) -> LogisticRegression:
        model = LogisticRegression(C=10.0, max_iter=60, tol=1e-3)
        return model.fit(table[chosen], spam[chosen], sample_weight=weight[chosen])

    limit = threshold(samples, lambda used, asked: fit(used).predict_proba(table[asked])[:, 1])
    final = fit(np.ones(len(samples), bool))
    print(f"TF-IDF: {len(samples):,} rows, {table.shape[1]:,} features, {time.perf_counter() - begin:.0f} s")

    def score(documents: list[Document]) -> tuple[Floats, Bools]:
        features = hstack([v.transform([d.text for d in documents]) for v in vectorizers]).tocsr()
        values = final.predict_proba(features)[:, 1]
        return values, values >= limit

    return System("TF-IDF + LR", score)


def fasttext(samples: list[Sample]) -> list[System]:
    """Train fastText, if it is there; it knows no weights of rows."""
    try:
        from fasttext import train_supervised  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        print("fastText: not installed")
        return []
    begin = time.perf_counter()
    texts = [one_line(sample.document.text) for sample in samples]

    def fit(chosen: Bools) -> Any:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "train.txt"
            picked = zip(samples, texts, chosen, strict=True)
            lines = [f"__label__{'spam' if s.label == 'spam' else 'ham'} {text}\n" for s, text, used in picked if used]
            path.write_text("".join(lines), encoding="utf-8")
            how = {"dim": 16, "lr": 0.3, "epoch": 8, "minn": 2, "maxn": 5, "wordNgrams": 2, "bucket": 500_000}
            return train_supervised(input=str(path), verbose=0, thread=2, **how)

    def predict(model: Any, lines: Sequence[str]) -> Floats:
        # What `model.predict` calls; that itself does not work with NumPy 2.
        answers = [{name: p for p, name in model.f.predict(f"{text}\n", 2, 0.0, "strict")} for text in lines]
        return np.array([answer.get("__label__spam", 0.0) for answer in answers])

    limit = threshold(samples, lambda used, asked: predict(fit(used), [texts[i] for i in np.flatnonzero(asked)]))
    final = fit(np.ones(len(samples), bool))
    print(f"fastText: {len(samples):,} rows, {time.perf_counter() - begin:.0f} s")

    def score(documents: list[Document]) -> tuple[Floats, Bools]:
        values = predict(final, [one_line(document.text) for document in documents])
        return values, values >= limit

    return [System("fastText", score)]


def one_line(text: str) -> str:
    """Return a text as fastText reads one: in lower case, on one line."""
    return " ".join(text.lower().split()).encode("utf-8", "replace").decode("utf-8")


def threshold(samples: list[Sample], predict: Callable[[Bools, Bools], Floats]) -> float:
    """Return the score that 0.5 % of the honest rows reach where their group was not learnt from."""
    fold = evidence.folds(samples, FOLDS)
    sure = np.array([sample.label != "spam" and sample.weight >= READ for sample in samples])
    ham = np.concatenate([predict(fold != k, sure & (fold == k)) for k in range(FOLDS)])
    return float(np.quantile(ham, 1.0 - BUDGET))


def folded(text: str) -> str:
    """Return a text without case, spaces and digits."""
    return re.sub(r"[\s\d]+", "", text.casefold())


def line(source: Source, system: str, score: Floats, flagged: Bools, known: set[str]) -> None:
    """Print the figures of one system on one source."""
    asked = ~np.isnan(score)
    score, flagged, wanted = score[asked], flagged[asked], source.wanted[asked]
    spam, ham = int(wanted.sum()), int((~wanted).sum())
    caught, wrong = int((flagged & wanted).sum()), int((flagged & ~wanted).sum())
    seen = sum(folded(d.text) in known for d, used in zip(source.documents, asked, strict=True) if used)
    print(
        f"{source.name[:25]:26}{system:20}{len(score):6}{spam:6}{seen:6}{auc(score, wanted):>7}"
        f"{share(caught, caught + wrong):>20}{share(caught, spam):>20}{share(wrong, ham, 2):>20}"
        f"{recall(score, wanted, 0.01):>7}{recall(score, wanted, 0.005):>7}",
        flush=True,
    )


def auc(score: Floats, wanted: Bools) -> str:
    """Return the area under the ROC curve: how often a wanted one scores above another."""
    if wanted.all() or not wanted.any():
        return "-"
    from sklearn.metrics import roc_auc_score

    return f"{roc_auc_score(wanted, score):.3f}"


def recall(score: Floats, wanted: Bools, rate: float) -> str:
    """Return the share of what is wanted above the score that at most `rate` of the rest exceeds."""
    rest = np.sort(score[~wanted])[::-1]
    if rate * len(rest) < 1.0 or not wanted.any():
        return "-"
    return f"{(score[wanted] > rest[int(rate * len(rest))]).mean():.3f}"


def share(hits: int, of: int, digits: int = 1) -> str:
    """Return a share in percent, with its Wilson 95 % interval."""
    if not of:
        return "-"
    z, p = 1.96, hits / of
    middle, half = p + z * z / (2 * of), z * math.sqrt(p * (1 - p) / of + z * z / (4 * of * of))
    low, high = (max(0.0, (middle + side * half) / (1 + z * z / of)) for side in (-1, 1))
    return f"{100 * p:.{digits}f} [{100 * low:.{digits}f}-{100 * high:.{digits}f}]"


if __name__ == "__main__":
    main()
