"""`moderator serve`: an HTTP server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from moderator import load
from moderator.cli import common, settings
from moderator.errors import DependencyError

if TYPE_CHECKING:
    from moderator.pipeline import Moderator


@click.command(cls=settings.Configured, epilog="Example: moderator serve --store comments.sqlite")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8500, show_default=True, type=click.IntRange(0, 65535))
@click.option(
    "--store",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="MODERATOR_STORE",
    default=Path("moderator.sqlite"),
    show_default=True,
    help="The file that labels and keys are kept in.",
)
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes.")
@click.option("--batch", default=256, show_default=True, type=click.IntRange(1, 2000), help="Texts judged together.")
@click.option(
    "--linger",
    "linger_ms",
    default=1.0,
    show_default=True,
    type=click.FloatRange(0, 100),
    metavar="MS",
    help="Wait so long for more texts before a batch is judged.",
)
@click.option("--waiting", default=4096, show_default=True, type=click.IntRange(1), help="Texts that may wait.")
@click.option("--max-body", default=1 << 21, show_default=True, type=click.IntRange(1024), metavar="BYTES")
@click.option("--timeout", default=10.0, show_default=True, type=click.FloatRange(0.1), metavar="SECONDS")
@click.option(
    "--remember",
    default=100_000,
    show_default=True,
    type=click.IntRange(0),
    metavar="N",
    help="Keep the last N comments that were checked, so that their guid is enough to label them.",
)
@click.option(
    "--recheck-after",
    default=0,
    show_default=True,
    type=click.IntRange(0),
    metavar="SECONDS",
    help="Ask Akismet clients to check comments that were close to being held again after this time.",
)
@click.option(
    "--coral-secrets",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="MODERATOR_CORAL_SECRETS",
    help="The file with the signing secrets of Coral's moderation phases, one a line.",
)
@click.option(
    "--coral-timeout",
    default=150.0,
    show_default=True,
    type=click.FloatRange(1, 10_000),
    metavar="MS",
    help="Answer Coral in this time, and have a comment withheld that was not judged by then.",
)
@click.option("--log-text", is_flag=True, help="Write the texts into the log, too.")
@common.judging_options
@settings.options
def serve(
    linger_ms: float,
    coral_secrets: Path | None,
    coral_timeout: float,
    on_error: Any,
    profile: str | None,
    plan: settings.Plan,
    **how: Any,
) -> int:
    """Serve a JSON API and one that Akismet clients understand.

    Listens on this machine only, unless --host says otherwise. SIGTERM ends it when all that was
    asked is answered; SIGHUP loads the model and the profile again, as does promoting another
    model. The configuration is that of the current folder, and is read once; what it says about
    some paths only does not count here.
    """
    try:
        from moderator.server import coral
        from moderator.server import serve as server
    except ImportError as error:
        raise DependencyError(f"serving needs {error.name}: pip install 'moderator[server]'") from error

    def make(path: str | None) -> Moderator:
        from moderator.house import House
        from moderator.readers.files import Options

        moderator = load(path, on_error=on_error, profile=profile)
        return House(moderator, Options(), plan.config, plan.given).moderator_elsewhere()

    config = str(plan.config.path) if plan.config else None
    agreed = coral.Coral(coral.read_secrets(coral_secrets), coral_timeout / 1000)
    return server.run(server.Options(linger=linger_ms / 1000, make=make, config=config, coral=agreed, **how))
