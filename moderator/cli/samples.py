"""`moderator samples`: labelled samples imported, checked, counted, thinned out, split, doubted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from moderator.cli import common
from moderator.errors import DependencyError, InputError
from moderator.records import KINDS, LABELS

if TYPE_CHECKING:
    from moderator.samples import Line, Sample

FORMS = ("csv", "jsonl", "json", "lines", "text")
SHOWN = 100  # problems of an import that are printed
WIDTH = 100  # characters of a text that are shown
OUT = click.Path(dir_okay=False, path_type=Path)


@click.group(epilog="Example: moderator samples validate samples/comments")
def samples() -> None:
    """Import labelled samples, check them, split them.

    A sample is a line of JSON Lines with text, label (ham, spam or off-topic) and, if there are,
    id, kind, context, author, url, site_url, language, source, group. A folder stands for all
    .jsonl files in it.
    """


def _inputs(command: Any) -> Any:
    return click.argument("names", nargs=-1, required=True, metavar="FILE|FOLDER...")(command)


def _columns(command: Any) -> Any:
    for name in reversed(("text", "label", "author", "url", "site-url", "context", "language", "id")):
        option = click.option(f"--{name}-column", metavar="NAME", help=f"The column or key with the {name}.")
        command = option(command)
    return command


@samples.command("import", epilog="Example: moderator samples import comments.csv --map bad=spam -o mine.jsonl")
@_inputs
@click.option("--label", type=click.Choice(LABELS), help="What all of it is, whatever the files say.")
@_columns
@click.option("--map", "pairs", multiple=True, metavar="WORD=LABEL", help="What a label word means; skip leaves out.")
@click.option("--format", "form", type=click.Choice(FORMS), help="How files are read.")
@click.option("--source", metavar="NAME", default="", help="Where it comes from; the file's name if not given.")
@click.option("--language", metavar="CODE", default="", help="The language of all texts (BCP 47).")
@click.option("--kind", type=click.Choice(KINDS), help="What all texts are; comments if the files do not say.")
@click.option("--encoding", metavar="NAME", help="The encoding of files that are not UTF-8.")
@click.option("--output", "-o", type=OUT, required=True, help="The JSON Lines to write, .gz to pack it.")
def import_(names: tuple[str, ...], pairs: tuple[str, ...], output: Path, **given: Any) -> int:
    """Make samples of tables, JSON, mail, folders and lines.

    CSV and TSV have a header; JSON is an array or JSON Lines; in folders called spam and ham, each
    file is a text or a mail; any other file has one text a line and needs --label. Tables and JSON
    may be packed (.gz). Words like approved, junk, "not spam", 0 and 1 are understood; what nobody
    has decided yet is left out.
    """
    from moderator.readers import exports, words
    from moderator.report import printable, to_line
    from moderator.samples import writing

    columns = {key.removesuffix("_column"): given.pop(key) for key in list(given) if key.endswith("_column")}
    columns = {key: name for key, name in columns.items() if name}
    options = exports.Options(columns=columns, meanings=words.meanings(pairs), output=output.resolve(), **given)
    count: Counter[str] = Counter()
    progress = common.Progress("texts")
    with writing(output) as file:
        for one in exports.read([Path(name) for name in names], options):
            if one.error:
                count["problems"] += 1
                if count["problems"] <= SHOWN:
                    progress.clear()
                    click.echo(printable(f"{one.path}:{one.line}: {one.error}"), err=True)
            elif one.row is None:
                count["undecided"] += 1
            else:
                count[one.row["label"]] += 1
                file.write(f"{to_line(one.row)}\n".encode("utf-8", "backslashreplace"))
            progress.show(count.total(), 0)
        progress.clear()
        if not any(count[label] for label in LABELS):
            raise InputError("no samples in it: nothing was written; see moderator samples import --help")
    return _imported(count, output)


def _imported(count: Counter[str], output: Path) -> int:
    if count["problems"] > SHOWN:
        click.echo(f"and {count['problems'] - SHOWN:,} more problems", err=True)
    total = sum(count[label] for label in LABELS)
    parts = [f"{count[label]:,} {label}" for label in LABELS if count[label]]
    click.echo(f"{output}: {total:,} samples, {', '.join(parts)}", err=True)
    if count["undecided"]:
        click.echo(f"{count['undecided']:,} texts left out that nobody has decided on", err=True)
    if count["problems"]:
        click.echo(f"{count['problems']:,} texts not imported", err=True)
    click.echo(f"check them: moderator samples validate {output}", err=True)
    return int(count["problems"] > 0)


@samples.command(epilog="Example: moderator samples validate samples/comments mine.jsonl")
@_inputs
def validate(names: tuple[str, ...]) -> int:
    """Say everything that is wrong with samples, and where.

    Errors make the exit code 1: lines that cannot be read, the same text with two labels, one label
    only. Warnings do not: nearly the same text with two labels, a label or a language with too
    little, texts that look inserted. All files are looked at as one set.
    """
    from moderator import curation, samples
    from moderator.duplicates import clusters
    from moderator.report import printable

    lines = [line for path in samples.files(names) for line in samples.lines(path)]
    found = [curation.Problem("error", "format", _place(line), line.error) for line in lines if line.sample is None]
    good = [line for line in lines if line.sample]
    known = [line.sample for line in good if line.sample]
    order = {_place(line): number for number, line in enumerate(lines)}
    if known:
        cluster = clusters([sample.document.text for sample in known])
        found += curation.problems(known, [_place(line) for line in good], cluster)
    elif not found:
        found.append(curation.Problem("error", "format", "", "no samples"))
    whole = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
    for problem in sorted(found, key=lambda p: order.get(p.place, len(lines))):
        common.write(printable(f"{problem.place or whole}: {problem.level}: {problem.code}: {problem.message}"))
    count = Counter(problem.level for problem in found)
    click.echo(f"{len(known):,} samples, {count['error']:,} errors, {count['warning']:,} warnings", err=True)
    return int(count["error"] > 0)


def _place(line: Line) -> str:
    return f"{line.path}:{line.number}"


def _read(names: Sequence[str]) -> tuple[list[Line], list[Sample]]:
    """Return all lines and their samples; raises InputError for the first that is wrong."""
    from moderator import samples

    lines, found = [], []
    for path in samples.files(names):
        for line in samples.lines(path):
            if line.sample is None:
                message = f"{line.error}; all problems: moderator samples validate {line.path}"
                raise InputError(message, path=line.path, line=line.number)
            lines.append(line)
            found.append(line.sample)
    if not lines:
        raise InputError("no samples in it: make some with moderator samples import", path=names[0])
    return lines, found


@samples.command(epilog="Example: moderator samples stats samples/comments")
@_inputs
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def stats(names: tuple[str, ...], as_json: bool) -> int:
    """Count samples by source, language, kind and label."""
    from moderator.curation import languages
    from moderator.report import to_line

    _, found = _read(names)
    count = Counter(
        (s.source, language, s.document.kind, s.label) for s, language in zip(found, languages(found), strict=True)
    )
    if as_json:
        keys = ("source", "language", "kind", "label", "count")
        rows = [dict(zip(keys, (*key, number), strict=True)) for key, number in sorted(count.items())]
        labels = dict(sorted(Counter(s.label for s in found).items()))
        common.write(to_line({"samples": len(found), "labels": labels, "rows": rows}))
        return 0
    table: dict[tuple[str, ...], Counter[str]] = {}
    for (*key, label), number in count.items():
        table.setdefault(tuple(key), Counter())[label] = number
    rows_ = [(*key, *(str(c[label]) for label in LABELS), str(c.total())) for key, c in sorted(table.items())]
    total = Counter(s.label for s in found)
    last = ("all", "", "", *(str(total[label]) for label in LABELS), str(len(found)))
    common.write(_table([("source", "language", "kind", *LABELS, "total"), *rows_, last]))
    return 0


def _table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as text in columns, numbers to the right."""
    from moderator.report import printable

    cells = [[printable(cell) for cell in row] for row in rows]
    width = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(c.rjust(w) if i > 2 else c.ljust(w) for i, (c, w) in enumerate(zip(row, width, strict=True)))
        for row in cells
    )


@samples.command(epilog="Example: moderator samples dedupe samples/comments -o distinct.jsonl --list")
@_inputs
@click.option("--output", "-o", type=OUT, required=True, help="The JSON Lines to write.")
@click.option("--list", "listed", is_flag=True, help="Print the lines that were dropped, and what was kept instead.")
def dedupe(names: tuple[str, ...], output: Path, listed: bool) -> int:
    """Keep one of the samples that are nearly the same: the longest of each label."""
    from moderator.curation import representatives
    from moderator.duplicates import clusters

    lines, found = _read(names)
    kept = representatives(found, clusters([sample.document.text for sample in found])).tolist()
    _write(output, [lines[i] for i, best in enumerate(kept) if i == best])
    dropped = [(i, best) for i, best in enumerate(kept) if i != best]
    if listed:
        for i, best in dropped:
            common.write(f"{_place(lines[i])}: like {_place(lines[best])}")
    click.echo(f"{output}: {len(found) - len(dropped):,} samples, {len(dropped):,} dropped", err=True)
    return 0


def _write(path: Path, lines: Sequence[Line]) -> None:
    """Write lines as they stand."""
    from moderator.samples import writing

    with writing(path) as file:
        for line in lines:
            file.write(line.data.rstrip(b"\r\n") + b"\n")


@samples.command(epilog="Example: moderator samples split mine.jsonl --by site --parts 80/20 -o mine")
@_inputs
@click.option("--by", type=click.Choice(("group", "site", "source")), default="site", show_default=True)
@click.option("--parts", default="80/20", show_default=True, help="The shares of the parts.")
@click.option("--output", "-o", "prefix", required=True, metavar="PREFIX", help="Parts are PREFIX-1.jsonl and so on.")
def split(names: tuple[str, ...], by: Any, parts: str, prefix: str) -> int:
    """Split samples so that a model is measured on what it has not seen.

    Near-duplicates stay together, and so do all samples of a group, of a site (site_url, or the
    post if no site is named) or of a source. The same samples give the same parts.
    """
    from moderator import curation
    from moderator.duplicates import clusters

    shares = _shares(parts)
    lines, found = _read(names)
    cluster = clusters([sample.document.text for sample in found])
    part = curation.split(found, cluster, by, shares).tolist()
    for number in range(len(shares)):
        path = Path(f"{prefix}-{number + 1}.jsonl")
        mine = [i for i, p in enumerate(part) if p == number]
        _write(path, [lines[i] for i in mine])
        count = Counter(found[i].label for i in mine)
        shown = ", ".join(f"{count[label]:,} {label}" for label in LABELS if count[label])
        click.echo(f"{path}: {len(mine):,} samples ({len(mine) / len(found):.0%}), {shown}", err=True)
    return 0


def _shares(parts: str) -> list[float]:
    """Read shares like 80/20.

    >>> _shares("80/10/10")
    [80.0, 10.0, 10.0]
    """
    try:
        shares = [float(part) for part in parts.split("/")]
    except ValueError:
        shares = []
    if len(shares) < 2 or not all(0 < share < float("inf") for share in shares):
        raise click.BadParameter(f"{parts!r} is not two or more shares like 80/20", param_hint="--parts")
    return shares


@samples.command(epilog="Example: moderator samples suspect mine.jsonl --top 20")
@_inputs
@click.option("--top", type=click.IntRange(1), default=100, show_default=True, help="How many to print.")
def suspect(names: tuple[str, ...], top: int) -> int:
    """List samples whose label is likely wrong, the surest first.

    A model that saw neither a sample nor its near-duplicates judges it. Printed are the place, the
    label, the one it should perhaps have, how sure that is, and the text. A person decides: honest
    texts about spam are on the list too. Whether a text fits its post is not looked at.
    """
    from moderator.duplicates import clusters
    from moderator.report import printable

    try:
        from moderator.train import suspects
    except ImportError as error:
        raise DependencyError(f"suspects need {error.name}: pip install 'moderator[train]'") from error
    lines, found = _read(names)
    listed = suspects.find(found, clusters([sample.document.text for sample in found]))
    for one in listed[:top]:
        sample = found[one.index]
        text = " ".join(sample.document.text.split())
        text = text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"
        place = f"{_place(lines[one.index])}  {sample.label} -> {one.suggested}  {one.score:.2f}"
        common.write(printable(f"{place}  {text}"))
    how = "cleanlab" if suspects.with_cleanlab() else "the rule in short; pip install 'moderator[suspect]' for cleanlab"
    click.echo(f"{len(listed):,} of {len(found):,} labels are suspect ({how})", err=True)
    return 0
