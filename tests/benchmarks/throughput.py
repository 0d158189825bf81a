"""Comments and page text per second, beside peers on the same texts in the same run.

    python tests/benchmarks/throughput.py [--comments 100000] [--data ../shared/data]

`scan` is the whole command: JSON Lines in, JSON Lines out. Rates are per CPU second of one core.
Without --data the texts are recombined from the project's own samples.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import json
import os
import random
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

ROOT = Path(__file__).parents[2]


def comments(count: int, data: Path | None) -> list[str]:
    """Return real comments of about 100 characters, or sentences of the samples put together anew."""
    chance = random.Random(0)
    if data:
        pool = []
        for name, key in (
            ("unlabelled/youtube_2014", "text"),
            ("train/tweets_ham_8lang", "text"),
            ("blog/comments", "text"),
        ):
            with gzip.open(data / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
                pool += [json.loads(line)[key] for line in file]
        pool = [text for text in pool if 5 < len(text) < 400]
        chance.shuffle(pool)
        return (pool * (count // len(pool) + 1))[:count]
    words = [
        w
        for f in sorted((ROOT / "samples/comments").glob("*.jsonl"))
        for line in f.open(encoding="utf-8")
        for w in json.loads(line)["text"].split()
    ]
    return [" ".join(chance.choices(words, k=chance.randint(4, 30))) for _ in range(count)]


def rate(name: str, texts: Sequence[str], job: Callable[[], object]) -> float:
    """Run a job and print how many of the texts it did in a second of CPU time."""
    size = sum(len(text.encode("utf-8", "replace")) for text in texts)
    before, wall = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    job()
    after, wall = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter() - wall
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(
        f"{name:44} {len(texts) / seconds:12,.0f} /s {size / seconds / 1e6:9.2f} MB/s   ({wall:.1f} s wall)", flush=True
    )
    return len(texts) / seconds


def scan(path: Path) -> Callable[[], object]:
    """Return the job of scanning a file with the command line, its output thrown away."""
    from moderator.cli.main import _run

    def job() -> None:
        with open(os.devnull, "w", encoding="utf-8") as nowhere, contextlib.redirect_stdout(nowhere):
            _run(["scan", str(path), "--format", "jsonl", "--quiet", "--fail-on", "never"])

    return job


def peers(texts: list[str]) -> None:
    """Print the rates of the usual scikit-learn pipelines and of langdetect."""
    from langdetect import DetectorFactory, LangDetectException, detect
    from sklearn.feature_extraction.text import HashingVectorizer, TfidfVectorizer
    from sklearn.linear_model import LogisticRegression, SGDClassifier
    from sklearn.pipeline import make_pipeline, make_union

    some, labels = texts[:5000], [i % 2 for i in range(5000)]
    tfidf = make_pipeline(
        make_union(TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5)), TfidfVectorizer(ngram_range=(1, 2))),
        LogisticRegression(max_iter=100),
    ).fit(some, labels)
    hashing = make_pipeline(
        make_union(
            HashingVectorizer(analyzer="char_wb", ngram_range=(2, 5), n_features=2**20),
            HashingVectorizer(ngram_range=(1, 2), n_features=2**20),
        ),
        SGDClassifier(loss="log_loss"),
    ).fit(some, labels)
    rate("scikit-learn TF-IDF (char_wb 2-5, word 1-2)", texts[:10000], lambda: tfidf.predict_proba(texts[:10000]))
    rate("scikit-learn hashing, same n-grams", texts[:10000], lambda: hashing.predict_proba(texts[:10000]))
    DetectorFactory.seed = 0

    def languages() -> None:
        for text in texts[:500]:
            with contextlib.suppress(LangDetectException):
                detect(text)

    languages()
    rate("langdetect", texts[:500], languages)


def main() -> None:
    """Print all rates."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--comments", type=int, default=100_000)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--no-peers", action="store_true")
    options = parser.parse_args()
    texts = comments(options.comments, options.data)
    print(f"{len(texts):,} comments, {sum(map(len, texts)) / len(texts):.0f} characters each on average")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "comments.jsonl"
        path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
        small = Path(folder) / "small.jsonl"
        small.write_text(json.dumps({"text": "warm"}) + "\n", encoding="utf-8")
        scan(small)()
        rate("moderator scan, JSON Lines to JSON Lines", texts, scan(path))
        context = "A post about bread.\n\n" + "Flour, water, salt and patience make a loaf that keeps for a week. " * 12
        rich = [
            json.dumps(
                {
                    "text": t,
                    "context": context,
                    "author": "Jonas Keller",
                    "url": "https://keller.example",
                    "site_url": "https://blog.example",
                }
            )
            for t in texts[: len(texts) // 2]
        ]
        path.write_text("\n".join(rich) + "\n", encoding="utf-8")
        rate("the same with author, site and post", texts[: len(texts) // 2], scan(path))
        pages(Path(folder), options.data)
    if not options.no_peers:
        peers(texts)


def pages(folder: Path, data: Path | None) -> None:
    """Print the rate on whole pages."""
    if data:
        files = ("pages/guide_29_languages", "pages/blog_posts_en", "pages/web_pages")
        texts = [
            json.loads(line)["text"]
            for f in files
            for line in gzip.decompress((data / f"{f}.jsonl.gz").read_bytes()).splitlines()
        ]
    else:
        rows = [
            json.loads(line)
            for f in sorted((ROOT / "samples/comments").glob("*.jsonl"))
            for line in f.open(encoding="utf-8")
        ]
        chance = random.Random(1)
        texts = ["\n\n".join(row["context"] for row in chance.sample(rows, 20) if "context" in row) for _ in range(400)]
    for media in ("markdown", "plain", "html"):
        kind = {"kind": "page", "media": media}
        bodies = (
            texts if media != "html" else ["".join(f"<p>{line}</p>\n" for line in t.split("\n") if line) for t in texts]
        )
        path = folder / f"{media}.jsonl"
        path.write_text("".join(json.dumps({"text": t, **kind}) + "\n" for t in bodies), encoding="utf-8")
        rate(f"pages of {media} text", bodies, scan(path))


if __name__ == "__main__":
    main()
