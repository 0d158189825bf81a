"""How well comments are told from comments on another post: the evidence on the topic, beside TF-IDF.

    python tests/benchmarks/offtopic.py --data ../shared/data [--model DIR] [--seed 0] [--draws 1000]

Prints ROC-AUC with its 95 % bootstrap interval, and how many of those off topic are found where 5 % of those on topic
are taken for it. Each honest comment of 20 characters or more stands once under its own post and once under another
one of its site, at most 200 comments of a site of the blogs; comments on news in English and German were judged by
people. Sets that models/recipe.toml names are marked. `seen`: share of pairs that the product says anything about.
`signals`: topic/unrelated less topic/related, what the product sees; `cosine`: what they are worked out of, where
batches have it; `words`, `chars`: cosine of TF-IDF vectors of 1-2 words and of 3-5 characters, fitted on the posts of
the set.
"""

from __future__ import annotations

import argparse
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import roc_auc_score

from moderator import Document, load
from moderator.analysis import Batch
from moderator.evaluate.figures import recall_at
from moderator.pipeline import Moderator
from moderator.samples import rows

TRAINING = "site-33cd98"  # has most of the comments that models learn from
CAP = 200  # comments of a site
SURE = 0.5  # weak_spam_score of an approved comment that is taken for honest
KOREAN, ALL = 1500, 10**9
RATE = 0.05
CHUNK = 500
SHORTEST = 20  # characters of a comment


class Pair(NamedTuple):
    """A comment, a post, and whether they do not belong together."""

    text: str
    context: str
    off: bool


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, help="a folder of models; the model that ships if not given")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--draws", type=int, default=1000)
    options = parser.parse_args()
    moderator = load(options.model)
    print(f"model {moderator.model}; AUC with its interval, and recall at {100 * RATE:.0f} % false alarms")
    print(f"{'':28} {'on':>6} {'off':>6}  {'seen %':>6}  {'':8} AUC                     recall")
    for name, pairs in sets(options.data, random.Random(options.seed)):
        off = np.array([pair.off for pair in pairs])
        scores = scored(moderator, pairs)
        head = f"{name:28} {(~off).sum():6} {off.sum():6}  {100 * (scores['signals'] != 0).mean():6.1f}"
        for ranker, score in scores.items():
            low, high = interval(off, score, options.draws, options.seed)
            recall = recall_at(off, score, RATE) or 0.0
            print(f"{head:51} {ranker:8} {roc_auc_score(off, score):.3f} ({low:.3f}-{high:.3f})   {recall:.3f}")
            head = ""


def sets(data: Path, chance: random.Random) -> Iterator[tuple[str, list[Pair]]]:
    """Yield the sets of pairs."""
    blogs = list(honest(data / "blog" / "comments.jsonl.gz"))
    for name, languages in (
        ("blogs en (recipe)", ("en",)),
        ("blogs zh (recipe)", ("zh",)),
        ("blogs es pt pl (recipe)", ("es", "pt", "pl")),
    ):
        yield name, swapped((row for row in blogs if row["lang"] in languages), chance)
    for name, file in (("blog da", "dev/blog_jacobworsoe_da"), ("blog zh, titles only", "dev/blog_tanglei_zh")):
        yield name, swapped((row for _, row in rows(data / f"{file}.jsonl.gz")), chance, ALL)
    for name, file in (
        ("news en, by people", "dev/news_relatedness_wsj_en"),
        ("news de, by people", "dev/news_onemillionposts_de"),
    ):
        own = [row for _, row in rows(data / f"{file}.jsonl.gz") if row["label"] in ("ontopic", "offtopic")]
        yield name, [Pair(row["text"], row["context"], row["label"] == "offtopic") for row in own]
    korean = [row for _, row in rows(data / "train" / "news_comments_ko.jsonl.gz") if long(row)]
    yield "headlines ko (recipe)", swapped(chance.sample(korean, KOREAN), chance, ALL)


def honest(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the honest comments of blogs, but those of the site that models learned most from."""
    for _, row in rows(path):
        read = row["label"] == "ham"
        taken = row["label"] is None and row["status"] == "approved" and (row["weak_spam_score"] or 0.0) < SURE
        if (read or taken) and row["site"] != TRAINING and row.get("context"):
            title = row.get("title") or ""
            context = row["context"] if row["context"].startswith(title) else f"{title}\n\n{row['context']}"
            yield {**row, "context": context}


def swapped(own: Iterable[Mapping[str, Any]], chance: random.Random, cap: int = CAP) -> list[Pair]:
    """Return each comment under its own post and under another one of its site; of sites with one post, none."""
    of_site: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in own:
        if long(row):
            of_site[row.get("site") or ""].append(row)
    found = []
    for site in sorted(of_site):
        posts = sorted({row["context"] for row in of_site[site]})
        if len(posts) < 2:
            continue
        for row in chance.sample(of_site[site], min(cap, len(of_site[site]))):
            other = chance.choice([post for post in posts if post != row["context"]])
            found += [Pair(row["text"], row["context"], False), Pair(row["text"], other, True)]
    return found


def long(row: Mapping[str, Any]) -> bool:
    """Return whether a comment is long enough to be about something, and has a post."""
    return len(row["text"]) >= SHORTEST and bool(row.get("context"))


def scored(moderator: Moderator, pairs: Sequence[Pair]) -> dict[str, np.ndarray]:
    """Return how far off topic each comment is, by each way to tell."""
    found = {"signals": signals(moderator, pairs)}
    if (cosine := cosines(moderator, pairs)) is not None:
        found["cosine"] = -cosine
    found["words"] = -tfidf(pairs, analyzer="word", ngram_range=(1, 2), sublinear_tf=True)
    found["chars"] = -tfidf(pairs, analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True)
    return found


def batches(moderator: Moderator, pairs: Sequence[Pair]) -> Iterator[Batch]:
    """Yield the pairs, analysed."""
    for low in range(0, len(pairs), CHUNK):
        # Plain text is one segment, so that segments are comments.
        yield Batch(
            [Document(p.text, context=p.context, media="plain") for p in pairs[low : low + CHUNK]], moderator.rarity
        )


def signals(moderator: Moderator, pairs: Sequence[Pair]) -> np.ndarray:
    """Return topic/unrelated less topic/related of each comment; 0 where nothing is said."""
    detector = next(detector for detector in moderator.detectors if detector.name == "topic")
    found = []
    for batch in batches(moderator, pairs):
        value = np.zeros(len(batch))
        for segment, signal in detector(batch):
            value[batch.document[segment]] += signal.strength * (1 if signal.code == "topic/unrelated" else -1)
        found.append(value)
    return np.concatenate(found)


def cosines(moderator: Moderator, pairs: Sequence[Pair]) -> np.ndarray | None:
    """Return the cosine of each comment and its post, if batches know it."""
    if not hasattr(Batch, "relation"):
        return None
    found = []
    for batch in batches(moderator, pairs):
        value = np.zeros(len(batch))
        value[batch.document] = batch.relation.cosine
        found.append(value)
    return np.concatenate(found)


def tfidf(pairs: Sequence[Pair], **options: Any) -> np.ndarray:
    """Return the cosine of each comment and its post by TF-IDF, fitted on the posts."""
    posts = sorted({pair.context for pair in pairs})
    model = TfidfVectorizer(**options).fit(posts)
    vectors, place = model.transform(posts), {post: i for i, post in enumerate(posts)}
    own = model.transform([pair.text for pair in pairs])
    return np.asarray(own.multiply(vectors[[place[pair.context] for pair in pairs]]).sum(axis=1)).ravel()


def interval(off: np.ndarray, score: np.ndarray, draws: int, seed: int) -> tuple[float, float]:
    """Return where the AUC lies in 95 of 100 samples that are drawn anew."""
    chance = np.random.default_rng(seed)
    kinds = [np.flatnonzero(kind) for kind in (off, ~off)]
    found = []
    for _ in range(draws):
        drawn = np.concatenate([chance.choice(own, len(own)) for own in kinds])
        found.append(roc_auc_score(off[drawn], score[drawn]))
    return float(np.quantile(found, 0.025)), float(np.quantile(found, 0.975))


if __name__ == "__main__":
    main()
