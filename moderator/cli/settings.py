"""What commands take from a configuration file: options they were not given, rules by path, a baseline."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from moderator.cli import common
from moderator.errors import ConfigError
from moderator.readers.files import STDIN

if TYPE_CHECKING:
    from moderator.baseline import Ledger
    from moderator.config import Config, Value
    from moderator.pipeline import Moderator
    from moderator.readers.files import Options
    from moderator.scan import Judged

OWN = ("config_file", "no_config", "hold_at", "reject_at", "baseline", "write_baseline")
PROBABILITY = click.FloatRange(0, 1)


@dataclass(frozen=True, slots=True)
class Plan:
    """The configuration that was found, what the command line says itself, and where findings are accepted."""

    config: Config | None
    given: Mapping[str, Value]
    baseline: Path | None = None
    write_baseline: Path | None = None


FILE = click.Path(dir_okay=False)


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of configuration; the command gets what comes of them as `plan`."""
    for option in (
        click.option("--no-config", is_flag=True, help="Use no configuration file."),
        click.option(
            "--config", "config_file", metavar="FILE", type=FILE, help="Use this one, not the nearest .moderator.toml."
        ),
        click.option("--reject-at", type=PROBABILITY, metavar="SCORE", help="Reject from this score on (0 to 1)."),
        click.option("--hold-at", type=PROBABILITY, metavar="SCORE", help="Hold from this score on (0 to 1)."),
    ):
        command = option(command)
    return command


def baseline_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option that names findings that were accepted before."""
    return click.option(
        "--baseline", metavar="FILE", type=FILE, help="Report only what was not accepted in this file."
    )(command)


class Configured(click.Command):
    """A command whose options may stand in a configuration file as well."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take from the configuration what the command line does not say."""
        rest = super().parse_args(ctx, args)
        if not ctx.resilient_parsing:
            with _as_usage():
                fill(ctx)
        return rest

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; settings of one path may contradict each other."""
        with _as_usage():
            return super().invoke(ctx)


@contextmanager
def _as_usage() -> Iterator[None]:
    """Make wrong usage of what is wrong in a configuration."""
    try:
        yield
    except ConfigError as error:
        from moderator.report import printable

        raise click.ClickException(printable(str(error))) from error


def fill(ctx: click.Context) -> None:
    """Find the configuration and put its values where no others were given; the rest becomes the plan.

    A file is for all commands: what one of them has no option for does not concern it.
    """
    given = _given(ctx)
    config = _config(ctx)
    known = {param.name for param in ctx.command.params}
    for key, value in config.values.items() if config else ():
        name = key.replace("-", "_")
        if name in known and key not in given:
            _check(key, value)
            ctx.params[name] = value.value
    own = {name: ctx.params.pop(name, None) for name in OWN}
    paths = (Path(own[name]) if own[name] else None for name in ("baseline", "write_baseline"))
    ctx.params["plan"] = Plan(config, given, *paths)


def _given(ctx: click.Context) -> dict[str, Value]:
    """Return the settings that the command line or the environment says, and which of them does."""
    from moderator.config import DEFAULTS, Value

    found = {}
    for param in ctx.command.params:
        name = str(param.name)
        key, source = name.replace("_", "-"), ctx.get_parameter_source(name)
        if key in DEFAULTS and source not in (None, ParameterSource.DEFAULT):
            where = f"environment {param.envvar}" if source is ParameterSource.ENVIRONMENT else "command line"
            found[key] = Value(ctx.params[name], where)
    return found


def _config(ctx: click.Context) -> Config | None:
    file, none = ctx.params["config_file"], ctx.params["no_config"]
    if file and none:
        raise click.UsageError("--config and --no-config exclude each other")
    if none:
        return None
    from moderator import config

    if file:
        return config.read(file)
    return config.find(ctx.params.get("paths") or [ctx.params.get("file", STDIN)])


def _check(key: str, value: Value) -> None:
    """Raise for a path that is not there; a baseline may still be to be written."""
    path = Path(value.value) if key in ("model", "profile") else None
    if path and not (path.is_dir() if key == "model" else path.is_file()):
        what = "folder" if key == "model" else "file"
        raise ConfigError(f"{value.origin}: {key}: there is no {what} {path}")


class Rules:
    """What is done by configuration, directives and baseline, apart from judging."""

    def __init__(self, moderator: Moderator, plan: Plan, options: Options, *, from_git: bool = False) -> None:
        from moderator.house import House

        self.house = House(moderator, options, plan.config, plan.given, from_git=from_git)
        self._plan, self._moderator = plan, moderator
        self._tally: Counter[str] = Counter()
        self._ledger = _ledger(plan)
        self.counts = self._ledger is not None  # findings are told apart by how many there are in a whole file

    def kept(self, names: Iterable[str]) -> list[str]:
        """Return the files that are to be judged; those that are left out are counted."""
        kept = []
        for name in names:
            if self.house.leaves_out(name):
                self._tally["left out"] += 1
            else:
                kept.append(name)
            self.house.settings(name)  # what is wrong with them is said before anything is judged
        return kept

    def settled(self, batch: Sequence[Judged]) -> list[Judged]:
        """Return what was judged without the findings that were accepted before."""
        judged = [self._settle(one) for one in batch] if self._ledger else list(batch)
        for one in judged:
            for allowed in one.verdict.allowed:
                self._tally["accepted" if allowed.rule == "baseline" else "allowed"] += bool(allowed.finding)
        return judged

    def _settle(self, one: Judged) -> Judged:
        record = one.record
        if not self._ledger or not record.document:
            return one
        verdict = self._ledger.settle(one.verdict, record.path, record.document.text, self._moderator.on_error)
        return replace(one, verdict=verdict)

    def warn(self, judged: Iterable[Judged]) -> None:
        """Print on standard error what is wrong with directives."""
        for one in judged:
            if one.verdict.notes and one.record.document:
                from moderator.report import note_lines

                text, style = one.record.document.text, common.style(sys.stderr)
                for line in note_lines(one.verdict, text, one.record.path, style):
                    click.echo(line, err=True)

    def close(self, *, quiet: bool) -> bool:
        """Say what was allowed and what is stale; write the baseline, and return whether that was asked for."""
        lines = list(self._said())
        file = self._plan.write_baseline
        if file and self._ledger:
            from moderator import baseline

            accepted = self._ledger.accepted()
            baseline.write(file, accepted)
            count = accepted.total()
            lines.append(f"{count:,} finding{'s' * (count != 1)} accepted now, in {file}")
        for line in lines if not quiet else ():
            from moderator.report import printable

            click.echo(printable(line), err=True)
        return file is not None

    def _said(self) -> Iterator[str]:
        for key, noun, what in (
            ("left out", "file", "left out by the configuration"),
            ("allowed", "finding", "allowed"),
            ("accepted", "finding", f"accepted before, in {self._plan.baseline or self._plan.write_baseline}"),
        ):
            if count := self._tally[key]:
                yield f"{count:,} {noun}{'s' * (count != 1)} {what}"
        gone: Counter[str] = Counter()
        for (name, _), count in self._ledger.stale().items() if self._ledger else ():
            gone[name] += count
        for name in sorted(gone):
            yield f"{name}: {gone[name]:,} accepted before and found no more; --write-baseline takes that out"


def _ledger(plan: Plan) -> Ledger | None:
    """Return the findings that were accepted before; none for a file that is yet to be written."""
    file, new = plan.baseline or plan.write_baseline, plan.write_baseline
    if file is None:
        return None
    if new and os.path.realpath(new.parent) != os.path.realpath(file.parent):
        raise click.UsageError("--baseline and --write-baseline must be in one folder: from there paths are named")
    from moderator import baseline

    to_be_made = new is not None and os.path.realpath(new) == os.path.realpath(file) and not new.exists()
    return baseline.Ledger(file, Counter() if to_be_made else baseline.read(file))
