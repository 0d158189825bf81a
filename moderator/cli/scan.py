"""`moderator scan`: files, folders, JSON Lines in; findings or verdicts out, and files without what was found."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import click

from moderator import formats, load, policy
from moderator.cli import common, cutting, picked, settings
from moderator.readers import files
from moderator.scan import FIX, Fixed, Fixing, Judged, scan_records


@dataclass(frozen=True, slots=True)
class Output:
    """What is asked for: the form of the output, and what is cut."""

    form: str
    diff: bool
    fixing: Fixing | None
    whole: formats.Format | None


@click.command(
    cls=settings.Configured, epilog="Example: moderator scan content/ comments.jsonl --format jsonl > verdicts.jsonl"
)
@click.argument("paths", nargs=-1, metavar="[PATH|-]...")
@click.option(
    "--format", "form", type=click.Choice(("text", "jsonl", *formats.NAMES)), default="text", show_default=True
)
@common.output_option
@picked.options
@common.fail_on
@cutting.options
@click.option("--ignored", is_flag=True, help="Read files that .gitignore leaves out, and hidden ones.")
@click.option("--quiet", "-q", is_flag=True, help="No summary and no progress.")
@common.input_options
@settings.options
@settings.baseline_option
@click.option(
    "--write-baseline", metavar="FILE", type=settings.FILE, help="Accept what is found: write it to this file."
)
def scan(
    paths: tuple[str, ...],
    form: str,
    changed: str | None,
    changed_lines: bool,
    fail_on: str,
    ignored: bool,
    quiet: bool,
    kind: Any,
    media: Any,
    encoding: str | None,
    on_error: Any,
    model: str | None,
    profile: str | None,
    plan: settings.Plan,
    **cuts: Any,
) -> int:
    """Moderate files, folders and JSON Lines.

    A folder is searched for Markdown, HTML, text and JSON Lines; "-" is standard input. A line of
    JSON Lines is an object with text and, if there are, id, kind, media, context, author, url,
    site_url, language. What --fix has cut does not count for --fail-on.
    """
    chosen = picked.selection(changed, changed_lines, paths, ignored)
    if not paths and not chosen:
        raise click.UsageError("say what to scan: moderator scan content/, or moderator scan - < comments.jsonl")
    whole = formats.make(form, partial(policy.fails, level=fail_on)) if form in formats.NAMES else None
    if whole and cuts["diff"]:
        raise click.UsageError(f"--diff is text for people: leave out --format {form}")
    output = Output(form, cuts["diff"], cutting.asked(paths, plan, **cuts), whole)
    moderator = load(model, on_error=on_error, profile=profile)
    rules = settings.Rules(moderator, plan, files.Options(kind, media, encoding), from_git=chosen is not None)
    names = rules.kept(chosen.paths if chosen else files.find(paths, ignored=ignored))
    if output.fixing and output.fixing.write:
        names = cutting.once(names)
    progress = common.Progress("documents", 0 if chosen else files.size(names))
    progress.shown &= not quiet
    options = rules.house.options
    records = chosen.records(names, options, whole=rules.counts) if chosen else files.read_all(names, options)
    tally: Counter[str] = Counter()
    try:
        for batch in scan_records(moderator, records, rules.house.moderator_of):
            judged = rules.settled(batch)  # of whole files, before it is cut down to lines of them
            judged = chosen.narrowed(judged) if chosen else judged
            if progress.shown:
                progress.clear()
            for one in judged:
                fixed = cutting.cut(rules.house, one, output.fixing) if output.fixing else None
                shown = fixed.judged if fixed else one
                _count(tally, shown, fixed, fail_on)
                if lines := list(_lines(shown, fixed, output)):
                    common.write("\n".join(lines))
            if form != "jsonl":
                rules.warn(judged)
            progress.show(tally["documents"], batch[-1].done)
        if whole and (rest := "\n".join(whole.end())):
            common.write(rest)
    finally:
        progress.clear()
    accepted = rules.close(quiet=quiet)
    if not quiet:
        click.echo(_summary(tally), err=True)
    return 3 if tally["failed"] or tally["not fixed"] else int(tally["flagged"] > 0 and not accepted)


def _count(tally: Counter[str], judged: Judged, fixed: Fixed | None, fail_on: str) -> None:
    done = fixed is not None and fixed.written
    remains = fixed.fix.verdict if fixed and fixed.written else judged.verdict
    tally["documents"] += 1
    tally[judged.verdict.action] += 1
    tally["fixed"] += done
    tally["failed"] += any(failure.detector != FIX for failure in judged.verdict.failures)
    tally["not fixed"] += any(failure.detector == FIX for failure in judged.verdict.failures)
    tally["flagged"] += policy.fails(remains.action, fail_on) and not judged.record.error


def _lines(judged: Judged, fixed: Fixed | None, output: Output) -> Iterator[str]:
    if output.form == "jsonl":
        yield _json(judged, fixed)
        return
    if output.whole:
        yield from output.whole.lines(judged)
        return
    from moderator.report import refusal_lines, text_lines

    record = judged.record
    name = record.path if record.line is None else f"{record.path}:{record.line}"
    text = record.document.text if record.document else ""
    style = common.style(sys.stdout)
    yield from text_lines(judged.verdict, text, name, style)
    if fixed:
        yield from refusal_lines(fixed.fix, text, name, style)
        yield from cutting.done(fixed, text, name, output.diff)


def _json(judged: Judged, fixed: Fixed | None) -> str:
    from moderator.report import fix_json, to_json, to_line

    record = judged.record
    place: dict[str, Any] = {"path": record.path}
    if record.line is not None:
        place["line"] = record.line
    text = record.document.text if record.document else ""
    done = {}
    if fixed:
        backup = str(fixed.backup) if fixed.backup else None
        done = {"fixed": fixed.written, "backup": backup, **fix_json(fixed.fix, text)}
    return to_line({**to_json(judged.verdict, text, **place), **done})


def _summary(tally: Counter[str]) -> str:
    total = tally["documents"]
    words = (
        ("reject", "to reject"),
        ("hold", "to hold"),
        ("fixed", "fixed"),
        ("failed", "could not be judged in full"),
        ("not fixed", "could not be fixed"),
    )
    parts = [f"{tally[name]:,} {word}" for name, word in words if tally[name]]
    noun = "document" if total == 1 else "documents"
    if not total:
        return "nothing to judge: no Markdown, HTML, text or JSON Lines was found"
    return f"{total:,} {noun}: {', '.join(parts) or 'nothing to object to'}"
