"""How well spam inside pages is found: composed pages, and pages that somebody put spam into in life.

    python tests/benchmarks/trailers.py --data ../shared/data [--model DIR] [--count 100] [--seed 0] [--show 40]

Pages of DATA/pages and the posts of DATA/blog, with spam of sources that models/recipe.toml does not compose pages of
(some of which its tables learned words from: marked `words seen`), and the project's own blocks (`seen`); as
`moderator evaluate trailers` does. `blog_posts_en` and the posts are in the recipe, so they are reported apart.
Then DATA/injected: the share of sites, each counted as one, on which at least half of what was put in is flagged, how
much of what is flagged was put in, and how many honest look-alikes are held; each miss and false flag by its name,
its kind and why. No text is printed.
"""

from __future__ import annotations

import argparse
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from moderator import Document, Span, Verdict, load, policy
from moderator.evaluate import render_trailers, tables, trailers
from moderator.evaluate.figures import counted
from moderator.evaluate.material import Material
from moderator.evaluate.spans import common, overlap, size
from moderator.evaluate.trailers import Insertion, Trailers
from moderator.pipeline import Moderator
from moderator.samples import Sample, read, rows

ROOT = Path(__file__).parents[2]
BLOCKS = ROOT / "samples" / "blocks"
POSTS = 600  # of the blogs
SHORTEST = 600  # characters of a post
MOST = 1500  # samples of a source of spam
OWN = 0.7  # share of a segment that must be put in for it to be a segment of its own
SETS = {"guide_29_languages": "", "web_pages": "", "blog_posts_en": "in the recipe", "posts": "in the recipe"}


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, help="a folder of models; the model that ships if not given")
    parser.add_argument("--count", type=int, default=100, help="insertions of each source of spam in each set of pages")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--show", type=int, default=40, help="clean pages that are held, of each set")
    options = parser.parse_args()
    moderator = load(options.model)
    rules = moderator.policy.rules["page"]
    print(f"model {moderator.model}: a part of a page is held at {rules.hold}, rejected at {rules.reject}")
    spam = dict(spam_of(options.data))
    honest = [*read(BLOCKS / "furniture.jsonl"), *read(BLOCKS / "short-furniture.jsonl")]
    found = {}
    for name, note in SETS.items():
        material = Material(list(pages_of(options.data, name)), spam, honest)
        label = f"{name} ({note})" if note else name
        found[label] = trailers.measure(moderator, material, count=options.count, seed=options.seed)
    print_composed(found, options.show)
    cases = [Case.of(row) for _, row in rows(options.data / "injected" / "cases.jsonl.gz")]
    print_injected(moderator, cases)


def pages_of(data: Path, name: str) -> Iterator[Document]:
    """Yield the clean pages of a set."""
    if name == "posts":
        yield from posts(data)
        return
    for number, row in rows(data / "pages" / f"{name}.jsonl.gz"):
        label = str(row.get("file") or row.get("doc") or row.get("title") or number)
        yield Document(row["text"], f"{name}:{number} {label[:30]}", "page", language=row.get("lang"))


def posts(data: Path) -> Iterator[Document]:
    """Yield some of the posts that comments stand under, each once."""
    found = {row["context"]: row["site"] for _, row in rows(data / "blog" / "comments.jsonl.gz") if row.get("context")}
    long = sorted(context for context in found if len(context) >= SHORTEST)
    for number, context in enumerate(random.Random(0).sample(long, min(POSTS, len(long)))):
        yield Document(context, f"{found[context]}:{number}", "page")


def spam_of(data: Path) -> Iterator[tuple[str, list[Sample]]]:
    """Yield the sources of spam: nothing of the first four was ever seen in training."""
    wanted = {
        "form_spam_wild": ("dev/form_spam_wild", {}, False),
        "telegram_spam_zh": ("train/telegram_spam_zh", {"split": "test"}, False),
        "youtube_gambling_id": ("train/youtube_gambling_id_other", {}, False),
        "stackexchange_testcases": ("dev/stackexchange_spam_testcases", {}, False),
        "telegram_tgspam (words seen)": ("train/telegram_tgspam_multi", {}, False),
        "review_form (words seen)": ("train/review_form_multi", {}, True),
    }
    for name, (file, where, linked) in wanted.items():
        own = [row for _, row in rows(data / f"{file}.jsonl.gz") if row["label"] == "spam"]
        own = [row for row in own if all(row.get(key) == value for key, value in where.items())]
        texts = {row["text"]: row.get("lang") for row in own if row["text"].strip() and (_linked(row) or not linked)}
        chosen = sorted(texts) if len(texts) <= MOST else random.Random(0).sample(sorted(texts), MOST)
        yield name, [sample(name, number, text, texts[text]) for number, text in enumerate(chosen)]
    for name in ("trailers", "short-trailers"):
        own = [Sample(s.document, s.label, source=f"own {name} (seen)") for s in read(BLOCKS / f"{name}.jsonl")]
        yield f"own {name} (seen)", own


def _linked(row: dict[str, Any]) -> bool:
    return "http" in row["text"] or "www." in row["text"]


def sample(source: str, number: int, text: str, language: str | None) -> Sample:
    """Return spam as a sample."""
    return Sample(
        Document(text, f"{source}:{number}", language=None if language == "und" else language), "spam", source
    )


def print_composed(found: dict[str, Trailers], show: int) -> None:
    """Print what is found on composed pages, by set of pages, and for sets that are not in the recipe by all else."""
    rows_of = [(name, *render_trailers.row(of.overall), tables.percent(of.beside.share)) for name, of in found.items()]
    clean = [
        (f"{name}, {kind}", *render_trailers.clean_row("", part)[1:])
        for name, of in found.items()
        for kind, part in (("as given", of.given), ("with look-alikes", of.composed))
    ]
    new = [insertion for name, of in found.items() if "(" not in name for insertion in of.insertions]
    unseen = [insertion for insertion in new if "seen)" not in insertion.is_["spam"]]
    shown = [
        tables.Table("Insertions by pages", "", (*render_trailers.HEAD, "beside %"), rows_of),
        tables.Table("Clean pages", "Of 10,000, so many held and rejected.", ("", "pages", "held", "rejected"), clean),
        *by_all("all spam", new),
        *by_all("spam never seen", unseen),
    ]
    print("\n" + "\n".join(f"{name}: benchmark {of.digest}" for name, of in found.items()))
    for line in tables.as_text(shown):
        print(line)
    for name, of in found.items():
        for kind, part in (("as given", of.given), ("with look-alikes", of.composed)):
            if part.where:
                print(f"\n{name}, {kind}: {len(part.where)} parts of clean pages held")
            for held in part.where[:show]:
                print(f"  {held.score:.3f} {held.action:7} {held.page}:{held.line} {held.language} {held.what}")
                print(f"        {', '.join(held.codes)}")


def by_all(what: str, insertions: Sequence[Insertion]) -> Iterator[tables.Table]:
    """Yield the tables of insertions in each respect."""
    for name in insertions[0].is_:
        yield render_trailers.by(f"{name}, {what} in pages not in the recipe", trailers.parts(insertions, name))


class Case(NamedTuple):
    """An excerpt of a page of life, and what was put into it: nothing where it is clean."""

    document: Document
    spans: tuple[Span, ...]
    site: str
    kind: str

    @classmethod
    def of(cls, row: dict[str, Any]) -> Case:
        """Read a case."""
        spans = tuple(Span(*span) for span in row["spans"]) if row["label"] == "injected" else ()
        return cls(Document(row["text"], row["id"], "page", row["media"]), spans, row["site"], row["kind"])


def print_injected(moderator: Moderator, cases: Sequence[Case]) -> None:
    """Print what is found of what was put into pages in life."""
    judged = list(zip(cases, moderator.scan(case.document for case in cases), strict=True))
    put_in = [(case, verdict) for case, verdict in judged if case.spans]
    clean = [(case, verdict) for case, verdict in judged if not case.spans]
    half = [(case, verdict, 2 * overlap(case.spans, verdict.findings) >= size(case.spans)) for case, verdict in put_in]
    sites: defaultdict[str, list[bool]] = defaultdict(list)
    kinds: defaultdict[str, list[bool]] = defaultdict(list)
    for case, _, hit in half:
        sites[case.site].append(hit)
        kinds[case.kind].append(hit)
    share = sum(sum(hits) / len(hits) for hits in sites.values()) / len(sites)
    flagged = [(case, finding) for case, verdict in judged for finding in verdict.findings]
    length, inside = size([f.span for _, f in flagged]), sum(overlap(c.spans, [f]) for c, f in flagged)
    held = [(case, verdict) for case, verdict in clean if verdict.action != "publish"]
    cases_hit = tables.ranged(counted(sum(hit for *_, hit in half), len(half)))
    print(
        f"\ninjected: {len(put_in)} cases on {len(sites)} sites; at least half of it flagged on "
        f"{100 * share:.1f} % of the sites ({cases_hit} % of the cases)\n"
        f"  {100 * inside / max(1, length):.1f} % of the characters that are flagged were put in; "
        f"honest look-alikes held: {len(held)} of {len(clean)}"
    )
    print("  " + ", ".join(f"{kind} {sum(hits)}/{len(hits)}" for kind, hits in sorted(kinds.items())))
    for case, verdict, hit in half:
        if not hit:
            print(f"  missed: {case.document.id} ({case.kind}): {cause(moderator, case, verdict)}")
    for case, finding in flagged:
        if not overlap(case.spans, [finding]):
            print(f"  false: {case.document.id} ({case.kind}): {finding.score:.3f} {', '.join(finding.codes)}")


def cause(moderator: Moderator, case: Case, verdict: Verdict) -> str:
    """Return why an insertion is missed: how it lies in the segments, and what spoke for it."""
    batch, signals, _ = moderator.observe([case.document])
    rules = moderator.policy.rules["page"]
    touched = [i for i in range(len(signals)) if any(common(span, batch.span(i)) for span in case.spans)]
    if not touched:
        return "in no segment"
    weighed = {i: policy.weigh(rules, signals[i]) for i in touched}
    best = max(touched, key=lambda i: policy.score(rules, weighed[i]))
    own = batch.span(best)
    part = sum(common(span, own) for span in case.spans) / (own.end - own.start)
    told = [f"{c.signal.code} {c.log_odds:+.1f}" for c in weighed[best]]
    covered = overlap(case.spans, verdict.findings) / size(case.spans)
    words = "in a paragraph of the page" if part < OWN else "seen, but not sure enough"
    return (
        f"{words}; {100 * covered:.0f} % found, {len(touched)} segments, {100 * part:.0f} % of the best put in, "
        f"{policy.score(rules, weighed[best]):.3f}: {', '.join(told) or 'no signal'}"
    )


if __name__ == "__main__":
    main()
