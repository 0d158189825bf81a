"""`moderator config`: what commands go by, and where each value comes from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from moderator.cli import common, settings
from moderator.cli.scan import scan
from moderator.config import DEFAULTS, Config, Value, combined, layers_of, sections_of
from moderator.report import printable, to_line

SHOWN = {key.replace("-", "_") for key in DEFAULTS} | {"config_file", "no_config"}


@click.group(epilog="Example: moderator config show content/post.md")
def config() -> None:
    """Show what is configured, and where."""


def _show(paths: tuple[str, ...], form: str, plan: settings.Plan, **_: Any) -> int:
    """Print every setting as it is for a file, a folder or the current folder, and where it comes from.

    With the options of moderator scan, as it would be with them.
    """
    path = paths[0] if paths else None
    sections = sections_of(plan.config, path) if plan.config and path and not Path(path).is_dir() else ()
    values = combined(layers_of(plan.config, sections), plan.given)
    lines = _json(plan.config, values) if form == "json" else _text(plan.config, values)
    common.write(lines)
    return 0


def _text(found: Config | None, values: dict[str, Value]) -> str:
    rows = [(key, json.dumps(value.value, ensure_ascii=False), value.origin) for key, value in sorted(values.items())]
    wide = [max(len(row[i]) for row in rows) for i in (0, 1)]
    head = f"# {printable(str(found.path))}" if found else "# no configuration file"
    body = (
        f"{key:{wide[0]}}  {printable(value):{min(wide[1], 40)}}  {printable(origin)}" for key, value, origin in rows
    )
    return "\n".join((head, *body))


def _json(found: Config | None, values: dict[str, Value]) -> str:
    rows = {key: {"value": value.value, "from": value.origin} for key, value in sorted(values.items())}
    return to_line({"config": str(found.path) if found else None, "values": rows})


# The options are those of scan, whatever they are.
config.add_command(
    settings.Configured(
        "show",
        callback=_show,
        params=[
            click.Argument(("paths",), nargs=-1, metavar="[PATH]"),
            click.Option(("--format", "form"), type=click.Choice(("text", "json")), default="text", show_default=True),
            *(param for param in scan.params if param.name in SHOWN),
        ],
        help=_show.__doc__,
        epilog="Example: moderator config show content/post.md --hold-at 0.9",
    )
)
