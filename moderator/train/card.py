"""The card of a model: what it was trained on, what it was measured to do, and where it ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from moderator.train.intervals import wilson

INTRODUCTION = """\
The model judges comments, and the segments of pages, for `moderator`. It holds whole numbers for hashed
n-grams and the curves of a policy: no text, no word list, nothing that a sentence could be read back from.
Scores are probabilities that a text should not be published; the thresholds below turn them into actions.
"""
MEASURED = """\
Measured on samples whose group (site, author, near-duplicates) the tables were not trained on, in five folds;
the curves, some dozens of numbers, were fitted on the same samples. In brackets: 95 % Wilson intervals.
"""
LEAST = 30  # comments of a language that has a line of its own
LANGUAGES = """\
The same comments by the language that samples are marked with (`und`: with none), where there are 30 or more.
"""
PAGES = """\
Lines of composed pages: clean pages (`body`: one text, `sentences`: unrelated ones) with spam put into half of
them, beside paragraphs that link to honest sites (`linked`) and honest blocks that look foreign to their page
(`honest`: credits, tags, notices, quotations).
"""
LIMITS = """\
- It has seen little text of languages that the table above does not name. There it relies on links, disguise,
  script and language, not on wording.
- Labels come from the owners of the data and are wrong now and then; some come from rules, and weigh less.
- What spammers write changes. A model that is not trained again catches less every year.
- It tells adverts and text that does not belong; it is no judge of insults, hate or facts.
"""


def render(manifest: Mapping[str, Any], metrics: Mapping[str, Any]) -> str:
    """Return the card as Markdown."""
    return "\n".join(_lines(manifest, metrics)).rstrip("\n") + "\n"


def _lines(manifest: Mapping[str, Any], metrics: Mapping[str, Any]) -> Iterator[str]:
    yield f"# Model {manifest['id']}\n"
    yield INTRODUCTION
    yield "## Thresholds\n"
    yield "| kind | hold from | reject from |\n|---|---|---|"
    for kind in ("comment", "page"):
        rules = manifest["policy"][kind]
        yield f"| {kind} | {rules['hold']} | {rules['reject']} |"
    yield "\n## Figures\n"
    yield MEASURED
    yield from _figures("comments", metrics["comment"])
    yield LANGUAGES
    yield from _figures("comments in", _most(metrics["language"]))
    if "page" in metrics:
        yield PAGES
        yield from _figures("lines of pages", metrics["page"])
    yield "## Samples\n"
    yield "| source | licence | ham | spam | off-topic |\n|---|---|---|---|---|"
    for name, counts in manifest["samples"]["counts"].items():
        row = (counts.get(label, 0) for label in ("ham", "spam", "off-topic"))
        yield f"| {name} | {manifest['samples']['licences'].get(name, '')} | " + " | ".join(map(str, row)) + " |"
    yield f"\nDigest of the samples (SHA-256): `{manifest['samples']['sha256']}`\n"
    languages = ", ".join(f"{name} {count}" for name, count in manifest["samples"]["languages"].items())
    yield f"Languages that samples are marked with: {languages}.\n"
    yield "## Limits\n"
    yield LIMITS
    versions = ", ".join(f"{name} {version}" for name, version in manifest["versions"].items())
    yield f"Fitted with seed {manifest['seed']} and {versions}."


def _most(metrics: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row for name, row in metrics.items() if row["ham"] + row["spam"] >= LEAST and name != "all"}


def _figures(what: str, metrics: Mapping[str, Any]) -> Iterator[str]:
    yield f"| {what} | ham | ham held | ham rejected | spam | spam held | spam rejected |"
    yield "|---|---|---|---|---|---|---|"
    for source, row in metrics.items():
        cells = [str(row["ham"]), *(_share(row, "ham", action) for action in ("held", "rejected"))]
        cells += [str(row["spam"]), *(_share(row, "spam", action) for action in ("held", "rejected"))]
        yield f"| {source} | " + " | ".join(cells) + " |"
    yield ""


def _share(row: Mapping[str, Any], label: str, action: str) -> str:
    """Return a share in per cent with its interval."""
    count, share = row[label], row[f"{label} {action}"]
    if not count:
        return "-"
    low, high = wilson(round(share * count), count)
    return f"{100 * share:.2f} % ({100 * low:.2f}-{100 * high:.2f})"
