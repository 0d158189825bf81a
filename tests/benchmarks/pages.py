"""What is held on clean pages, and which insertions are found: by page, with text and reason.

    python tests/benchmarks/pages.py [--data ../shared/data] [--model DIR] [--width 90] [--show 25]

Prints, for DATA/pages (clean pages; `web_pages` was not checked by hand, and `blog_posts_en` is in
models/recipe.toml, so no page of it is new to the model) and the golden clean pages, how many pages
are held or rejected, the highest score of a page that is not, and each finding; for the golden pages with a trailer and
for DATA/injected (spam found in honest pages in life), how many insertions are found, how well the
findings cover them, and which are missed. `exact`: the findings begin and end where the insertion
does, white space and markup of up to 3 characters aside. `by site`: each site counts as one.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from moderator import Document, Span, Verdict, load
from moderator.evaluate.spans import common, is_exact, overlap, size
from moderator.pipeline import Moderator
from moderator.readers.files import MEDIA_OF, decode
from moderator.report import Lines, printable
from moderator.samples import rows

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "pages"
SLACK = 3  # characters


class Case(NamedTuple):
    """A page, what was put into it (nothing: it is clean), the site it is from, and what it is."""

    document: Document
    spans: tuple[Span, ...]
    site: str
    what: str
    complete: bool = True  # the insertion ends within the text


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", type=Path, help="a folder of models; the model that ships if not given")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--width", type=int, default=90, help="characters of a finding and of a reason that are shown")
    parser.add_argument("--show", type=int, default=25, help="findings of a set that are shown")
    options = parser.parse_args()
    moderator = load(options.model)
    rules = moderator.policy.rules["page"]
    print(f"model {moderator.model}: a part of a page is held at {rules.hold}, rejected at {rules.reject}")
    sets = {"golden/clean": list(golden("clean")), "golden/trailers": list(golden("trailers"))}
    if options.data:
        for path in sorted((options.data / "pages").glob("*.jsonl.gz")):
            sets[f"pages/{path.name.partition('.')[0]}"] = list(clean(path))
        if (options.data / "injected" / "cases.jsonl.gz").exists():
            sets["injected"] = list(injected(options.data / "injected" / "cases.jsonl.gz"))
    for name, cases in sets.items():
        verdicts = list(moderator.scan(case.document for case in cases))
        honest = [(case, verdict) for case, verdict in zip(cases, verdicts, strict=True) if not case.spans]
        put_in = [(case, verdict) for case, verdict in zip(cases, verdicts, strict=True) if case.spans]
        if honest:
            print_honest(name, honest, options.width, options.show)
        if put_in:
            print_found(name, put_in, options.show, moderator)


def golden(name: str) -> Iterator[Case]:
    """Yield the project's own pages of a kind."""
    for _, row in rows(GOLDEN / f"{name}.jsonl"):
        path = GOLDEN / name / row["file"]
        document = Document(decode(path.read_bytes()), path.name, "page", MEDIA_OF[path.suffix])
        what = f"{row['language']} + {row['trailer_language']} {row['kind']}" if "spans" in row else row["note"]
        yield Case(document, tuple(Span(*span) for span in row.get("spans", ())), path.name, what)


def clean(path: Path) -> Iterator[Case]:
    """Yield the pages of a clean set."""
    for number, row in rows(path):
        name = f"{row.get('lang', '')} {row.get('file') or row.get('doc') or row.get('title') or number}"
        yield Case(Document(row["text"], name, "page"), (), name, "")


def injected(path: Path) -> Iterator[Case]:
    """Yield the honest pages that somebody put something into, and their look-alikes."""
    for _, row in rows(path):
        document = Document(row["text"], row["id"], "page", row["media"])
        spans = tuple(Span(*span) for span in row["spans"]) if row["label"] == "injected" else ()
        yield Case(document, spans, row["site"], row["kind"], row["span_complete"])


def print_honest(name: str, judged: Sequence[tuple[Case, Verdict]], width: int, show: int) -> None:
    """Print how many clean pages are held, and what was found on them."""
    held = [(case, verdict) for case, verdict in judged if verdict.action != "publish"]
    rejected = sum(verdict.action == "reject" for _, verdict in held)
    share = by_site([(case.site, verdict.action != "publish") for case, verdict in judged])
    highest = max((verdict.score or 0.0 for _, verdict in judged if verdict.action == "publish"), default=0.0)
    print(
        f"\n{name}: {len(judged)} clean pages, {len(held)} held ({100 * len(held) / len(judged):.2f} %, "
        f"by site {100 * share:.2f} %), {rejected} of them rejected; highest score of the others {highest:.3f}"
    )
    findings = [(case, finding) for case, verdict in held for finding in verdict.findings]
    findings.sort(key=lambda pair: -pair[1].score)
    for case, finding in findings[:show]:
        line, _ = Lines(case.document.text).place(finding.span.start)
        title = f"{printable(case.document.id)[:50]}:{line}" + (f" ({case.what[:40]})" if case.what else "")
        print(f"  {finding.score:.3f} {finding.action:7} {title}")
        print(f"        {short(case.document.text[finding.span.start : finding.span.end], width)}")
        print(f"        {short(finding.reason, width)}")
    if len(findings) > show:
        print(f"  and {len(findings) - show} more findings")


def print_found(name: str, judged: Sequence[tuple[Case, Verdict]], show: int, moderator: Moderator) -> None:
    """Print how many insertions are found, how well they are covered, and which are missed."""
    found = [(case, verdict) for case, verdict in judged if overlap(case.spans, verdict.findings)]
    whole = [(c, v) for c, v in found if overlap(c.spans, v.findings) >= 0.9 * size(c.spans)]
    exact = sum(c.complete and all(is_exact(c.document.text, span, v.findings) for span in c.spans) for c, v in found)
    spans = sum(size(c.spans) for c, _ in judged)
    shown = sum(size([f.span for f in v.findings]) for _, v in judged)
    common = sum(overlap(c.spans, v.findings) for c, v in judged)
    share = by_site([(case.site, bool(overlap(case.spans, verdict.findings))) for case, verdict in judged])
    beside = sum(any(not overlap(c.spans, [f]) for f in v.findings) for c, v in judged)
    print(
        f"\n{name}: {len(judged)} pages with an insertion, {len(found)} found ({100 * len(found) / len(judged):.1f} %, "
        f"by site {100 * share:.1f} %)\n"
        f"  90 % of it covered on {len(whole)}, exact on {exact}; other text held on {beside} pages\n"
        f"  {100 * common / spans:.1f} % of the inserted characters are in findings, "
        f"{100 * common / max(1, shown):.1f} % of those in findings are inserted"
    )
    kinds: defaultdict[str, list[bool]] = defaultdict(list)
    for case, verdict in judged:
        kinds[case.what.split(" + ")[-1]].append(bool(overlap(case.spans, verdict.findings)))
    print("  " + ", ".join(f"{kind} {sum(hits)}/{len(hits)}" for kind, hits in sorted(kinds.items())))
    missed = [(case, verdict) for case, verdict in judged if not overlap(case.spans, verdict.findings)]
    for case, verdict in missed[:show]:
        score = best(moderator, case)
        print(f"  missed: {printable(case.document.id)} ({case.what}); page {verdict.score:.3f}, insertion {score:.3f}")


def best(moderator: Moderator, case: Case) -> float:
    """Return the highest score of a segment that the insertion touches."""
    from moderator import policy

    batch, signals, _ = moderator.observe([case.document])
    rules = moderator.policy.rules["page"]
    touched = [i for i in range(len(signals)) if any(common(span, batch.span(i)) for span in case.spans)]
    return max((policy.score(rules, policy.weigh(rules, signals[i])) for i in touched), default=0.0)


def by_site(hits: Sequence[tuple[str, bool]]) -> float:
    """Return the share of hits where each site counts as one."""
    sites: defaultdict[str, list[bool]] = defaultdict(list)
    for site, hit in hits:
        sites[site].append(hit)
    return sum(sum(of) / len(of) for of in sites.values()) / len(sites)


def short(text: str, width: int) -> str:
    """Return a text on one line, safe to print, its middle left out if it is long."""
    line = printable(" ".join(text.split()))
    return line if len(line) <= width else f"{line[: width * 2 // 3]} … {line[-width // 3 :]}"


if __name__ == "__main__":
    main()
