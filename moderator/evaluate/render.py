"""An evaluation as text, as Markdown and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from moderator.evaluate import Evaluation, LeftOut
from moderator.evaluate.compare import CHANGES, Flip
from moderator.evaluate.figures import RATES, Figures
from moderator.evaluate.tables import Table, as_markdown, as_text, decimal, named, of_thousands, percent, ranged
from moderator.report import printable

MOST = 20  # rows of a table; JSON has all


def to_json(found: Evaluation) -> dict[str, Any]:
    """Return the JSON form of an evaluation: all figures, and no comment but those asked for."""
    against, left = found.against, found.left_out
    return {
        "model": found.model,
        "policy": found.policy,
        "thresholds": {"hold": found.rules.hold, "reject": found.rules.reject},
        "pages_left_out": found.pages,
        "failed": found.failed,
        "overall": asdict(found.overall),
        "by": {name: {key: asdict(f) for key, f in of.items()} for name, of in found.by.items()},
        "sweep": None if found.sweep is None else [asdict(step) for step in found.sweep],
        "against": against
        and {"model": against.model, "overall": asdict(against.overall), "flips": [asdict(f) for f in against.flips]},
        "left_out": left
        and {
            "by": left.by,
            "overall": asdict(left.overall),
            "parts": {key: asdict(f) for key, f in left.parts.items()},
            "learning": {str(count): asdict(f) for count, f in left.learning.items()},
        },
        "worst": found.worst and {label: [asdict(e) for e in own] for label, own in found.worst.items()},
    }


def text(found: Evaluation) -> Iterator[str]:
    """Yield the lines of the text form."""
    yield summary(found.overall)
    yield about(found)
    yield from as_text(tables(found))


def markdown(found: Evaluation) -> Iterator[str]:
    """Yield the lines of the Markdown form."""
    yield f"# Evaluation of model {found.model}\n"
    yield f"{summary(found.overall)}\n\n{about(found)}"
    yield from as_markdown(tables(found))


def summary(f: Figures) -> str:
    """Return in words what would become of 1,000 comments of each sort."""
    parts = []
    if f.ham:
        held, rejected = of_thousands(f.ham_held), of_thousands(f.ham_rejected)
        parts.append(f"of 1,000 honest comments {held} would be held, {rejected} of them rejected")
    if f.spam:
        held, rejected = of_thousands(f.spam_held), of_thousands(f.spam_rejected)
        parts.append(f"of 1,000 spam comments {held} would be held, {rejected} of them rejected")
    if not parts:
        parts.append("none of these comments is labelled ham or spam")
    line = "; ".join(parts)
    return f"{line[0].upper()}{line[1:]}."


def about(found: Evaluation) -> str:
    """Return what was measured, and how its numbers are to be read."""
    f, rules = found.overall, found.rules
    left = f" {found.pages:,} pages were left out." if found.pages else ""
    return (
        f"Model {printable(found.model)}, which holds from {rules.hold} and rejects from {rules.reject}, on {f.n:,} "
        f"comments: {f.ham:,} ham, {f.spam:,} spam, {f.off_topic:,} off-topic.{left}\n"
        "In brackets: where the true number lies, 19 times of 20, for comments like these (Wilson intervals). "
        "What is held\nincludes what is rejected. Comments that the model was trained on flatter it: "
        "--leave-out source trains without them."
    )


def tables(found: Evaluation) -> Iterator[Table]:
    """Yield the tables of an evaluation."""
    yield _labels(found)
    yield _metrics(found.overall)
    for name, parts in found.by.items():
        if name != "label" and len(parts) > 1:
            yield _parts(f"By {name}", "", name, parts)
    if found.left_out:
        yield _without(found.left_out)
    if found.sweep is not None:
        yield _sweep(found)
    if found.against:
        yield from _against(found)
    if found.worst is not None:
        for label, title in (("ham", "Ham with the highest scores"), ("spam", "Spam with the lowest scores")):
            rows = [(f"{e.path}:{e.line}", e.action, decimal(e.score), e.text) for e in found.worst[label]]
            yield Table(title, "", ("where", "action", "score", "text"), rows)


def _labels(found: Evaluation) -> Table:
    rows = [
        (label, f"{held.count:,}", ranged(held), ranged(rejected))
        for label, held, rejected in (
            ("ham", found.overall.ham_held, found.overall.ham_rejected),
            ("spam", found.overall.spam_held, found.overall.spam_rejected),
            ("off-topic", found.overall.off_topic_held, found.overall.off_topic_rejected),
        )
        if held.count
    ]
    return Table("By label", "", ("label", "comments", "held %", "rejected %"), rows)


def _metrics(f: Figures) -> Table:
    rows = [
        ("precision", decimal(f.precision), "of what is held, so much is spam, if spam is as frequent as here"),
        ("recall", decimal(f.recall), "of the spam, so much is held"),
        ("F1", decimal(f.f1), "precision and recall in one number"),
        ("ROC-AUC", decimal(f.roc_auc), "how often a spam comment scores above an honest one"),
    ]
    for name, rate in RATES.items():
        words = f"of the spam, found by a threshold that {1000 * rate:.0f} in 1,000 honest comments reach"
        rows.append((f"recall at FPR {name}", decimal(f.recall_at_fpr[name]), words))
    words = "how far a score is from the share of spam among comments with such a score"
    rows.append(("calibration error", decimal(f.calibration_error), words))
    return Table("All comments", '"-": too few comments to say.', ("", "value", "meaning"), rows)


def _parts(title: str, note: str, name: str, parts: Mapping[str, Figures]) -> Table:
    head = (
        "", "ham", "held %", "rejected %", "spam", "held %", "rejected %", "precision", "F1", "AUC",
        *map("R@{}".format, RATES), "calibration",
    )  # fmt: skip
    rows = [(named(key), *_row(f)) for key, f in list(parts.items())[:MOST]]
    if len(parts) > MOST:
        more = f"The {MOST} largest of {len(parts)}; --format json has all."
        note = f"{note} {more}" if note else more
    # A column that says nothing of any row is left out.
    kept = [i for i in range(len(head)) if any(row[i] != "-" for row in rows)]
    return Table(title, note, tuple(head[i] for i in kept), [tuple(row[i] for i in kept) for row in rows])


def _row(f: Figures) -> tuple[str, ...]:
    ham = (f"{f.ham:,}", ranged(f.ham_held), percent(f.ham_rejected.share))
    spam = (f"{f.spam:,}", ranged(f.spam_held), percent(f.spam_rejected.share))
    ranks = (f.precision, f.f1, f.roc_auc, *f.recall_at_fpr.values(), f.calibration_error)
    return (*ham, *spam, *map(decimal, ranks))


def _without(left: LeftOut) -> Table:
    note = (
        f"Each {left.by} judged by a model that was trained on the others; it is held if it scores above what 0.5 % "
        "of\ntheir honest comments exceed."
    )
    parts = {"all": left.overall, **left.parts}
    return _parts(f"Never seen: without each {left.by}", note, left.by, parts)


def _sweep(found: Evaluation) -> Table:
    rows = [
        (f"{step.threshold:g}", step.name, ranged(step.ham), ranged(step.spam), decimal(step.precision))
        for step in found.sweep or ()
    ]
    head = ("from", "action", "ham %", "spam %", "precision")
    return Table("Thresholds", "What would be held if comments were held from this score on.", head, rows)


def _against(found: Evaluation) -> Iterator[Table]:
    against = found.against
    assert against is not None
    both = {f"{against.model} (old)": against.overall, f"{found.model} (new)": found.overall}
    yield _parts(f"Against model {against.model}", "", "model", both)
    count = {name: sum(flip.change == name for flip in against.flips) for name in CHANGES}
    note = f"{count['better']:,} for the better, {count['worse']:,} for the worse, {count['other']:,} off-topic."
    head = ("change", "label", "action", "score", "where", "text")
    yield Table(f"{len(against.flips):,} actions change", note, head, [_flip(flip) for flip in against.flips])


def _flip(flip: Flip) -> tuple[str, ...]:
    scores = f"{decimal(flip.old_score)} -> {decimal(flip.new_score)}"
    return flip.change, flip.label, f"{flip.old} -> {flip.new}", scores, f"{flip.path}:{flip.line}", flip.text
