"""What was measured on pages with trailers, as text, as Markdown and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from moderator.evaluate.tables import Table, as_markdown, as_text, decimal, named, of_thousands, percent, ranged
from moderator.evaluate.trailers import Clean, Found, Held, Trailers
from moderator.report import printable

MOST = 20  # rows of a table; JSON has all
HEAD = ("", "pages", "found %", "half %", "exact %", "recall %", "precision %", "F1")


def to_json(found: Trailers) -> dict[str, Any]:
    """Return the JSON form: all figures, and each insertion without its text."""
    data = asdict(found)
    rules = data.pop("rules")
    data["thresholds"] = {"hold": rules["hold"], "reject": rules["reject"]}
    data["insertions"] = [{"is" if key == "is_" else key: v for key, v in i.items()} for i in data["insertions"]]
    return data


def text(found: Trailers) -> Iterator[str]:
    """Yield the lines of the text form."""
    yield summary(found)
    yield about(found)
    yield from as_text(tables(found))


def markdown(found: Trailers) -> Iterator[str]:
    """Yield the lines of the Markdown form."""
    yield f"# Trailers found by model {found.model}\n"
    yield f"{summary(found)}\n\n{about(found)}"
    yield from as_markdown(tables(found))


def summary(found: Trailers) -> str:
    """Return in words what would become of pages with spam in them, and of clean ones."""
    held, rejected = (of_thousands(share, 10) for share in (found.given.held, found.given.rejected))
    return (
        f"Of 1,000 pages with spam put into them, it would be found on {of_thousands(found.overall.found)}; "
        f"of 10,000 clean pages {held} would be held, {rejected} of them rejected."
    )


def about(found: Trailers) -> str:
    """Return what was measured, and how its numbers are to be read."""
    f, rules = found.overall, found.rules
    return (
        f"Model {printable(found.model)}, which holds parts of pages from {rules.hold} and rejects from "
        f"{rules.reject}, on {f.n:,} pages with an\ninsertion and {found.composed.held.count:,} without, composed with "
        f"seed {found.seed} (benchmark {found.digest}), and {found.given.held.count:,} clean pages as they are.\n"
        "In brackets: where the true number lies, 19 times of 20, for pages like these (Wilson intervals). Pages and "
        "spam that the\nmodel was trained on flatter it."
    )


def tables(found: Trailers) -> Iterator[Table]:
    """Yield the tables."""
    yield _overall(found)
    for name, parts in found.by.items():
        if len(parts) > 1:
            yield by(name, parts)
    yield Table(
        "Clean pages",
        "Of 10,000 pages, so many are held, and so many of them rejected.",
        ("", "pages", "held", "rejected"),
        [clean_row("as they were given", found.given), clean_row("with honest look-alikes", found.composed)],
    )
    yield _held("Clean pages that are held, as they were given", found.given)
    yield _held("Clean pages that are held, with honest look-alikes", found.composed)


def _overall(found: Trailers) -> Table:
    f = found.overall
    rows = [
        ("found", ranged(f.found), "of the pages with an insertion, something of it is flagged"),
        ("half", ranged(f.half), "of these pages, at least half of it is"),
        ("exact", ranged(f.exact), "of those found, one finding begins and ends with it, markup aside"),
        ("recall", ranged(f.recall), "of the segments that were put in, so many are flagged"),
        (
            "precision",
            ranged(f.precision),
            "of the segments that are flagged, on clean pages too, so many were put in",
        ),
        ("F1", "-" if f.f1 is None else percent(f.f1), "precision and recall in one number"),
        ("beside", ranged(found.beside), "of the pages with an insertion, something else is flagged"),
    ]
    return Table("All insertions", "", ("", "%", "meaning"), rows)


def by(name: str, parts: Mapping[str, Found]) -> Table:
    """Return the table of the figures of parts."""
    rows = [(named(key), *row(f)) for key, f in list(parts.items())[:MOST]]
    note = f"The {MOST} largest of {len(parts)}; --format json has all." if len(parts) > MOST else ""
    return Table(f"By {name}", note, HEAD, rows)


def row(f: Found) -> tuple[str, ...]:
    """Return the cells of figures in a table."""
    shares = (f.half, f.exact, f.recall, f.precision)
    return f"{f.n:,}", ranged(f.found), *(percent(share.share) for share in shares), decimal(f.f1)


def clean_row(name: str, clean: Clean) -> tuple[str, ...]:
    """Return the row of clean pages in a table."""
    return name, f"{clean.held.count:,}", *(of_thousands(share, 10) for share in (clean.held, clean.rejected))


def _held(title: str, clean: Clean) -> Table:
    return Table(title, "", ("where", "what", "action", "score", "reason"), [_place(held) for held in clean.where])


def _place(held: Held) -> tuple[str, ...]:
    return f"{held.page}:{held.line}", held.what, held.action, decimal(held.score), held.reason
