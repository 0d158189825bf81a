"""`moderator learn` and `moderator unlearn`: the labels of a site's own people."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import click

from moderator.cli import common
from moderator.errors import DependencyError, InputError
from moderator.readers import files
from moderator.records import LABELS, Label

if TYPE_CHECKING:
    from moderator.samples import Sample

EXTRA = "learning needs {}: pip install 'moderator[train]'"


@click.command(epilog="Example: moderator learn spam missed.jsonl; echo 'Lovely, thanks' | moderator learn ham -")
@click.argument("label", type=click.Choice(LABELS))
@click.argument("paths", nargs=-1, required=True, metavar="FILE|-...")
@common.models_option
def learn(label: Label, paths: tuple[str, ...], models: Path) -> int:
    """Learn that comments are ham, spam or off-topic, and use what was learned.

    A FILE is a comment as text or as a JSON object, or JSON Lines of them; one that says another
    label itself is refused. The labels are kept in the models folder; a comment that was labelled
    before gets the new label.
    """
    labels = _labels()
    for path in paths:
        _refuse_other_labels(path, label)
    given = [sample for path in paths for sample in _read(path, label)]
    known = labels.with_labels(labels.load(models), given)
    return _adapt(models, known, f"{len(given)} given")


@click.command(epilog="Example: moderator unlearn missed.jsonl")
@click.argument("paths", nargs=-1, required=True, metavar="FILE|-...")
@common.models_option
def unlearn(paths: tuple[str, ...], models: Path) -> int:
    """Take labels back, as if they had never been given."""
    labels = _labels()
    before = labels.load(models)
    known = labels.without(before, [sample for path in paths for sample in _read(path, "ham")])
    if len(known) == len(before):
        raise InputError("no label was given to any of these comments", path=str(models / labels.LABELS))
    return _adapt(models, known, f"{len(before) - len(known)} taken back")


def _labels() -> ModuleType:
    """Return the module that keeps labels; what it needs is not always installed."""
    try:
        from moderator.train import labels
    except ImportError as error:
        raise DependencyError(EXTRA.format(error.name)) from error
    return labels


def _refuse_other_labels(path: str, label: Label) -> None:
    """Raise InputError where a file of labelled comments says that one of them is something else."""
    from moderator import samples

    if not path.endswith((".jsonl", ".jsonl.gz")):
        return
    for number, row in samples.rows(Path(path)):
        own = row.get("label")
        if own in LABELS and own != label:
            raise InputError(f"is labelled {own}: give it to moderator learn {own}", path=path, line=number)


def _read(path: str, label: Label) -> list[Sample]:
    """Return the comments in a file as samples; raises InputError for the first that cannot be read."""
    from moderator.samples import Sample

    options = files.Options(kind="comment")
    found = []
    for record in files.read(path, options):
        if record is None:
            continue
        if record.document is None:
            raise InputError(record.error, path=record.path, line=record.line)
        found.append(Sample(record.document, label, source="site", group="site"))
    return found


def _adapt(models: Path, known: Sequence[Sample], what: str) -> int:
    from moderator import store
    from moderator.train import adapt, labels

    base = store.base(models)
    path = adapt.adapt(base, known, models)
    labels.save(models, known)
    store.adopt(models, path)
    spam = sum(sample.label == "spam" for sample in known)
    click.echo(f"{what}; {len(known)} labels now, {spam} of them spam; model {path.name}", err=True)
    click.echo(f"use it: moderator scan --model {models} ...", err=True)
    return 0
