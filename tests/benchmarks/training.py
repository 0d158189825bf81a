"""What `moderator train` makes of public sets, beside scikit-learn in the same run; its time and memory.

    python tests/benchmarks/training.py --data ../shared/data [--only videos folds cost] [--samples 200000]

Every model of ours is trained as the command does it: rows are written to a file, a recipe names the file, the recipe
is read, and `moderator.train.train` writes a model that is loaded again. Nothing is set for a data set.

videos  YouTube Spam Collection (Alberto, Lochter, Almeida 2015): trained on the authors' training rows, judged on their
        test rows, one model for each video as theirs are, and one for all. `published` is their best accuracy.
        "shipped" is the model that comes with the package, "+ labels" what it becomes when the training rows are given
        to `moderator learn`.
folds   that set and the SMS Spam Collection together, five-fold cross-validation: stratified, and stratified with
        texts that differ in case and spaces only kept together. AUC and F1 are means over the folds.
cost    wall time and peak memory of the command itself on samples drawn with a seed, in one process, and whether two
        trainings give the same bytes. Rows that nobody labelled get the label that their status hints at.

Accuracy and F1 count what has a score of 0.5 or more as spam; "at hold" is the accuracy if what is held or rejected
does. R@1% is recall where at most 1 % of the ham passes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from sklearn.pipeline import make_pipeline, make_union

from moderator import Document, load, policy, store
from moderator.pipeline import Moderator
from moderator.samples import Sample, rows
from moderator.train import adapt, recipe, train

ROOT = Path(__file__).parents[2]
YOUTUBE = "dev/youtube_spam_uci_authors_split.jsonl.gz"
SMS = "train/sms_spam_uci.jsonl.gz"
PUBLISHED = {"Psy": 96.23, "KatyPerry": 92.45, "LMFAO": 97.73, "Eminem": 97.04, "Shakira": 96.43}
LABELS = {"ham": "ham", "spam": "spam", "ontopic": "ham", "ham_unverified": "ham", "lowquality": "ham"}
STATUS = {"approved": "ham", "pending": "spam", "unknown": "spam", "spam": "spam", "trash": "spam"}
RECIPE = """
[[source]]
name = "rows"
files = ["data:rows.jsonl"]
labels = { ham = "ham", spam = "spam" }
group = "text"
"""
PAGES = """
[compose]
sentences = ["rows"]
spam = ["rows"]
teach = { rows = 1.0 }
"""
SMALL = 5000  # samples that are trained on twice
# A process begins with the peak of the one that started it, so a small one stands between.
MEASURE = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, done.stdout.decode().strip())
sys.exit(done.returncode)
"""

Row = dict[str, Any]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


class Judged(NamedTuple):
    """What a model makes of rows: log-odds, and what it holds or rejects, if it has a threshold for that."""

    log_odds: Floats
    held: Mask | None


Judge = Callable[[Sequence[Row]], Judged]
System = Callable[[Sequence[Row]], Judge]  # rows to train on -> what judges others


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--only", nargs="*", choices=("videos", "folds", "cost"), default=("videos", "folds", "cost"))
    parser.add_argument("--samples", type=int, default=200_000)
    options = parser.parse_args()
    youtube = [row for _, row in rows(options.data / YOUTUBE)]
    if "videos" in options.only:
        videos(youtube)
    if "folds" in options.only:
        folds([*youtube, *(row for _, row in rows(options.data / SMS))])
    if "cost" in options.only:
        cost(options.data, options.samples)


def product(given: Sequence[Row]) -> Judge:
    """Train a model from nothing, as `moderator train` does."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, given, RECIPE)
        plan = recipe.load(folder / "recipe.toml", folder, folder)
        path = train(recipe.samples(plan), recipe.samples(plan, bodies=True), plan, folder / "models", lambda _: None)
        return judge_of(load(path))


def shipped(given: Sequence[Row]) -> Judge:
    """Return the model that ships, whatever is given."""
    return judge_of(load())


def labelled(given: Sequence[Row]) -> Judge:
    """Give labels to the model that ships, as `moderator learn` does."""
    labels = [Sample(Document(row["text"]), row["label"], source="site", group="site") for row in given]
    with tempfile.TemporaryDirectory() as folder:
        base = store.read(store.current(store.models_directory()))
        return judge_of(load(adapt.adapt(base, labels, Path(folder))))


def tfidf(given: Sequence[Row]) -> Judge:
    """Train the usual pipeline of scikit-learn."""
    model = make_pipeline(
        make_union(TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5)), TfidfVectorizer(ngram_range=(1, 2))),
        LogisticRegression(C=10.0, max_iter=300),
    )
    model.fit([row["text"] for row in given], spam_of(given))
    return lambda asked: Judged(model.decision_function([row["text"] for row in asked]), None)


SYSTEMS: dict[str, System] = {
    "moderator train": product,
    "TF-IDF + LR": tfidf,
    "shipped": shipped,
    "shipped + labels": labelled,
}


def judge_of(moderator: Moderator) -> Judge:
    """Return what a moderator makes of rows."""

    def judge(asked: Sequence[Row]) -> Judged:
        verdicts = list(moderator.scan(Document(row["text"]) for row in asked))
        log_odds = np.array([policy.log_odds_of(verdict) for verdict in verdicts])
        return Judged(log_odds, np.array([verdict.action != "publish" for verdict in verdicts]))

    return judge


def write(folder: Path, given: Iterable[Row], text: str) -> None:
    """Write rows and a recipe that names them."""
    with (folder / "rows.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in given)
    (folder / "recipe.toml").write_text(text, encoding="utf-8")


def spam_of(given: Sequence[Row]) -> Mask:
    """Return which rows are spam."""
    return np.array([row["label"] == "spam" for row in given], bool)


def videos(given: Sequence[Row]) -> None:
    """Print what models make of the authors' test rows."""
    learnt = [row for row in given if row["split"] == "train"]
    asked = [row for row in given if row["split"] == "test"]
    known = {folded(row) for row in learnt}
    print(f"YOUTUBE SPAM COLLECTION: {len(learnt):,} rows to train on, {len(asked)} to judge, ", end="")
    print(f"{sum(folded(row) in known for row in asked)} of them with the text of a training row")
    print(f"{'model':18}{'trained on':12}{'video':12}{'n':>5}{'published':>11}{'accuracy':>10}", end="")
    print(f"{'at hold':>9}{'AUC':>8}{'R@1%':>8}{'F1':>7}")
    tests = {video: [row for row in asked if row["group"] == video] for video in PUBLISHED}
    for name, system in SYSTEMS.items():
        everything = system(learnt)
        if system is not shipped:
            alone = {video: system([row for row in learnt if row["group"] == video]) for video in PUBLISHED}
            by_video(name, "own video", tests, {video: alone[video](test) for video, test in tests.items()})
        by_video(
            name,
            "-" if system is shipped else "all videos",
            tests,
            {video: everything(test) for video, test in tests.items()},
        )


def by_video(name: str, learnt: str, tests: dict[str, list[Row]], found: dict[str, Judged]) -> None:
    """Print a line for each video and one for all."""
    every = list(found.values())
    held = None if every[0].held is None else np.concatenate([j.held for j in every if j.held is not None])
    both = Judged(np.concatenate([j.log_odds for j in every]), held)
    total = sum(PUBLISHED[video] * len(test) for video, test in tests.items()) / sum(map(len, tests.values()))
    lines = [*((video, tests[video], found[video], PUBLISHED[video]) for video in tests)]
    for video, test, judged, published in (*lines, ("all", [row for t in tests.values() for row in t], both, total)):
        spam = spam_of(test)
        hold = "-" if judged.held is None else f"{100 * (judged.held == spam).mean():.2f}"
        print(
            f"{name:18}{learnt:12}{video:12}{len(test):5}{published:11.2f}"
            f"{100 * ((judged.log_odds >= 0) == spam).mean():10.2f}{hold:>9}{roc_auc_score(spam, judged.log_odds):8.4f}"
            f"{recall_at(spam, judged.log_odds, 0.01):8.3f}{f1_score(spam, judged.log_odds >= 0):7.3f}",
            flush=True,
        )


def folds(given: Sequence[Row]) -> None:
    """Print what models make of rows in five folds."""
    spam = spam_of(given)
    splits: dict[str, Iterable[tuple[Any, Any]]] = {
        "plain": StratifiedKFold(5, shuffle=True, random_state=0).split(given, spam),
        "grouped": StratifiedGroupKFold(5, shuffle=True, random_state=0).split(
            given, spam, [folded(row) for row in given]
        ),
    }
    print(f"\nYOUTUBE AND SMS, FIVE FOLDS: {spam.sum():,} spam, {(~spam).sum():,} ham; aim: AUC 0.9951, F1 0.954")
    print(f"{'split':10}{'model':18}{'AUC':>9}{'F1':>8}{'accuracy':>10}{'R@1%':>8}{'AUC pooled':>12}{'F1 pooled':>11}")
    for split, parts in splits.items():
        numbered = list(parts)
        for name in ("moderator train", "TF-IDF + LR"):
            score, figures = np.zeros(len(given)), []
            for rest, own in numbered:
                judge = SYSTEMS[name]([given[i] for i in rest])
                score[own] = judge([given[i] for i in own]).log_odds
                figures.append((roc_auc_score(spam[own], score[own]), f1_score(spam[own], score[own] >= 0)))
            auc, f1 = np.mean(figures, axis=0)
            pooled = roc_auc_score(spam, score), f1_score(spam, score >= 0)
            print(
                f"{split:10}{name:18}{auc:9.5f}{f1:8.4f}{100 * ((score >= 0) == spam).mean():10.2f}"
                f"{recall_at(spam, score, 0.01):8.3f}{pooled[0]:12.5f}{pooled[1]:11.4f}",
                flush=True,
            )


def folded(row: Row) -> str:
    """Return a row's text without case and spaces."""
    return "".join(row["text"].casefold().split())


def recall_at(spam: Mask, score: Floats, rate: float) -> float:
    """Return the share of spam above the highest score that lets at most `rate` of the ham pass it."""
    ham = np.sort(score[~spam])[::-1]
    return float((score[spam] > ham[int(rate * len(ham))]).mean())


def cost(data: Path, count: int) -> None:
    """Print what training takes, and whether it can be repeated."""
    drawn = draw(data)
    print(f"\nCOST: {len(drawn):,} different rows to draw from", flush=True)
    print(f"{'samples':>9}{'pages':>8}{'wall':>9}{'peak':>10}  model         files (SHA-256)")
    for size, pages in ((SMALL, True), (SMALL, True), (count, False), (count, True)):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write(folder, islice(drawn, size), PAGES + RECIPE if pages else RECIPE)
            seconds, peak, path = run(folder)
            manifest = store.read(path).manifest
            samples = sum(sum(labels.values()) for labels in manifest["samples"]["counts"].values())
            files = hashlib.sha256(b"".join(file.read_bytes() for file in sorted(path.iterdir()))).hexdigest()
        kind = "yes" if pages else "no"
        print(f"{samples:9,}{kind:>8}{seconds:7.0f} s{peak / 1e6:7.0f} MB  {path.name}  {files[:16]}", flush=True)


def run(folder: Path) -> tuple[float, int, Path]:
    """Train with the command in a new process; return its seconds, its peak in bytes, and the model."""
    command = [sys.executable, "-m", "moderator", "train", "--recipe", str(folder / "recipe.toml")]
    command += ["--data", str(folder), "--models", str(folder / "models")]
    begin = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, *command],
        env={**os.environ, "LOKY_MAX_CPU_COUNT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(done.stderr)
    peak, path = done.stdout.split()
    return time.perf_counter() - begin, int(peak) * (1 if sys.platform == "darwin" else 1024), Path(path)


def draw(data: Path) -> list[Row]:
    """Return all rows of DATA/train, DATA/blog and DATA/unlabelled in an order drawn with a seed, each text once."""
    paths = [path for folder in ("train", "blog", "unlabelled") for path in sorted((data / folder).glob("*.jsonl.gz"))]
    found = {key(row): row for path in paths for row in weakly(path)}
    drawn = list(found.values())
    random.Random(0).shuffle(drawn)
    return drawn


def weakly(path: Path) -> Iterator[Row]:
    """Yield the rows of a file with a label: their own, or what their status hints at; ham if nothing does."""
    for _, row in rows(path):
        label = LABELS.get(str(row.get("label"))) or STATUS.get(str(row.get("status")), "ham")
        kept = {name: row.get(name) for name in ("text", "author", "url", "title", "context", "lang")}
        if row["text"]:
            yield {**kept, "label": label}


def key(row: Row) -> tuple[str, str]:
    """Return what tells rows apart: the letters they begin with, and the author."""
    plain = "".join("0" if char.isdigit() else char for char in " ".join(row["text"].casefold().split()))
    return plain[:400], row["author"] or ""


if __name__ == "__main__":
    main()
