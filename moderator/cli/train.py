"""`moderator train`: labelled samples in, a model out."""

from __future__ import annotations

import time
from pathlib import Path

import click

from moderator.errors import DependencyError


@click.command(epilog="Example: moderator train --recipe models/recipe.toml --data ../data --models models")
@click.option("--recipe", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=True)
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), help='Where "data:" files are.')
@click.option("--models", type=click.Path(file_okay=False, path_type=Path), default=Path("models"), show_default=True)
@click.option("--promote", is_flag=True, help="Use the new model from now on.")
def train(recipe: Path, data: Path | None, models: Path, promote: bool) -> int:
    """Train a model on the samples that a recipe names, and write it below the models folder."""
    try:
        from moderator.train import recipe as recipes
        from moderator.train import train as fit
    except ImportError as error:
        raise DependencyError(f"training needs {error.name}: pip install 'moderator[train]'") from error
    began = time.monotonic()

    def progress(message: str) -> None:
        click.echo(f"{time.monotonic() - began:6.0f} s  {message}", err=True)

    plan = recipes.load(recipe, Path.cwd(), data)
    progress("reading samples")
    samples, bodies = recipes.samples(plan), recipes.samples(plan, bodies=True)
    progress(f"{len(samples):,} samples, {len(bodies):,} pages")
    path = fit(samples, bodies, plan, models, progress)
    if promote:
        from moderator.store import promote as use

        use(models, path.name)
    click.echo(path)
    return 0
