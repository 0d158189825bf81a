"""`moderator model`: which models there are, and which one is used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from moderator import store
from moderator.cli import common
from moderator.errors import InputError, ModelError


@click.group(epilog="Example: moderator model list --models models")
def model() -> None:
    """List, show, verify, promote and compare models."""


@model.command("list", epilog="Example: moderator model list")
@common.models_option
def list_models(models: Path) -> int:
    """List the models in a folder; a star marks the one in use."""
    used = store.current(models).name if (models / store.CURRENT).exists() else ""
    for name in store.names(models):
        manifest = store.read(models / name).manifest
        labels = manifest.get("site", {}).get("labels", 0)
        origin = f"{labels} labels added to {manifest['parent']}" if labels else "trained from samples"
        rules = manifest["policy"]["comment"]
        click.echo(f"{'*' if name == used else ' '} {name}  hold {rules['hold']}  reject {rules['reject']}  {origin}")
    return 0


@model.command(epilog="Example: moderator model show")
@click.argument("name", required=False)
@common.models_option
def show(name: str | None, models: Path) -> int:
    """Show the card of a model, of the one in use if no NAME is given."""
    artefact = store.read(_path(models, name))
    card = artefact.path / "card.md"
    if card.exists():
        common.write(card.read_text(encoding="utf-8").rstrip("\n"))
    else:
        policy = artefact.manifest["policy"]
        shown = {key: artefact.manifest.get(key) for key in ("id", "parent", "site")}
        shown["thresholds"] = {kind: {k: policy[kind][k] for k in ("hold", "reject")} for kind in ("comment", "page")}
        common.write(json.dumps(shown, indent=1, ensure_ascii=False))
    return 0


@model.command(epilog="Example: moderator model verify")
@click.argument("names", nargs=-1)
@common.models_option
def verify(names: tuple[str, ...], models: Path) -> int:
    """Verify models: that each is whole, unchanged and of a format that is known."""
    failed = 0
    for name in names or store.names(models):
        try:
            store.read(models / name)
            click.echo(f"{name}  sound")
        except ModelError as error:
            failed += 1
            click.echo(f"{name}  {error}")
    return 3 if failed else 0


@model.command(epilog="Example: moderator model promote 1a2b3c4d5e6f --why 'fewer false alarms'")
@click.argument("name")
@click.option("--why", default="", help="A reason, for the history.")
@click.option("--lower-floors", is_flag=True, help="Promote it although it is below the floors; noted in the history.")
@common.models_option
def promote(name: str, why: str, lower_floors: bool, models: Path) -> int:
    """Use a model from now on, if it passes the gate."""
    from moderator.gate import failures as below

    failures = below(store.read(models / name), models)
    for failure in failures:
        click.echo(f"below the floor: {failure}", err=True)
    if failures and not lower_floors:
        raise ModelError(f"{name} is not promoted (--lower-floors does it nevertheless)")
    store.promote(models, name, f"{why} (below the floors: {'; '.join(failures)})" if failures else why)
    return 0


@model.command(epilog="Example: moderator model rollback")
@common.models_option
def rollback(models: Path) -> int:
    """Use the model again that was used before."""
    click.echo(store.rollback(models))
    return 0


@model.command(epilog="Example: moderator model history")
@common.models_option
def history(models: Path) -> int:
    """Show which models were used, when and why."""
    for row in store.history(models):
        common.write(f"{row['at']}  {row['was'] or '-'} -> {row['id']}  {row['why']}".rstrip())
    return 0


@model.command(epilog="Example: moderator model diff 1a2b3c4d5e6f")
@click.argument("one")
@click.argument("other", required=False)
@common.models_option
def diff(one: str, other: str | None, models: Path) -> int:
    """Show what sets model ONE apart from OTHER, or from the one in use."""
    a, b = store.read(_path(models, one)), store.read(_path(models, other))
    for kind in ("comment", "page"):
        left, right = (x.manifest["policy"][kind] for x in (a, b))
        for key in ("bias", "hold", "reject"):
            if left[key] != right[key]:
                click.echo(f"{kind} {key}: {left[key]} | {right[key]}")
        for code in sorted({*left["curves"], *right["curves"]}):
            worth = [_worth(x["curves"].get(code)) for x in (left, right)]
            if worth[0] != worth[1]:
                click.echo(f"{kind} {code} at full strength: {worth[0]} | {worth[1]}")
    for name in sorted({*a.arrays, *b.arrays}):
        changed = _changed(a.arrays.get(name), b.arrays.get(name))
        if changed:
            click.echo(f"table {name}: {changed}")
    return 0


@model.command(epilog="Example: moderator model export -o model.zip")
@click.argument("name", required=False)
@click.option("-o", "target", type=click.Path(dir_okay=False, path_type=Path), required=True)
@common.models_option
def export(name: str | None, target: Path, models: Path) -> int:
    """Write a model, the one in use if no NAME is given, as one zip file."""
    store.export(_path(models, name), target)
    return 0


@model.command("import", epilog="Example: moderator model import model.zip")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@common.models_option
def import_model(file: Path, models: Path) -> int:
    """Take a model in from a zip file; it is verified, and not yet used."""
    path = store.unpack(file, models)
    click.echo(f"{path.name}  (use it: moderator model promote {path.name} --models {models})")
    return 0


@model.command(epilog="Example: moderator model calibrate --ham approved.jsonl --budget 0.1%")
@click.option("--ham", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=True)
@click.option("--budget", metavar="SHARE", default="0.5%", show_default=True, help="Of honest comments to hold.")
@click.option("--reject-budget", metavar="SHARE", default="0.01%", show_default=True, help="Of those to reject.")
@common.models_option
def calibrate(ham: Path, budget: str, reject_budget: str, models: Path) -> int:
    """Set the thresholds by comments that are known to be honest, one JSON object a line."""
    from moderator.calibrate import calibrate as fit
    from moderator.readers import files

    documents = [r.document for r in files.read(str(ham), files.Options(kind="comment")) if r and r.document]
    if not documents:
        raise InputError("no comment could be read", path=str(ham))
    found = fit(store.read(_path(models, None)), documents, (_share(budget), _share(reject_budget)), models)
    store.adopt(models, found, f"calibrated on {len(documents)} comments")
    rules = store.read(found).manifest["policy"]["comment"]
    click.echo(f"{found.name}  hold {rules['hold']}  reject {rules['reject']}  ({len(documents)} comments)")
    return 0


def _path(models: Path, name: str | None) -> Path:
    if name:
        return models / name
    return store.current(models if (models / store.CURRENT).exists() else store.models_directory())


def _worth(curve: Any) -> Any:
    return curve[-1][1] if curve else "-"


def _changed(one: Any, other: Any) -> str:
    if one is None or other is None:
        return "only in one of them"
    if one.shape != other.shape:
        return f"{one.shape} | {other.shape}"
    count = int((one != other).sum())
    return f"{count:,} of {one.size:,} numbers differ" if count else ""


def _share(value: str) -> float:
    """Read a share such as "0.1%" or "0.001"."""
    try:
        share = float(value.removesuffix("%")) / (100.0 if value.endswith("%") else 1.0)
    except ValueError:
        share = -1.0
    if not 0.0 < share < 1.0:
        raise click.UsageError(f"{value!r} is not a share such as 0.1%")
    return share
