"""Workflow commands: annotations that GitHub Actions shows beside the lines they are about."""

from __future__ import annotations

from collections.abc import Iterator

from moderator.formats.items import Item, items
from moderator.report import printable
from moderator.scan import Judged

_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_VALUE = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


class GitHub:
    """One command for each finding, as soon as it is there."""

    def lines(self, judged: Judged) -> Iterator[str]:
        """Yield the commands for a record."""
        yield from map(_command, items(judged))

    def end(self) -> Iterator[str]:
        """Yield nothing: all is written."""
        yield from ()


def _command(item: Item) -> str:
    level = "warning" if item.action == "hold" else "error"
    title = f"{item.kind}: {item.code}" if item.action else "could not be judged"
    values: dict[str, object] = {"title": f"moderator ({title})", "file": item.path, "line": item.line}
    if item.place:
        values["endLine"] = item.place.end_line
        if item.place.line == item.place.end_line:  # columns of an annotation over several lines are refused
            values |= {"col": item.place.column, "endColumn": item.place.end_column + 1}
    properties = ",".join(f"{name}={_value(value)}" for name, value in values.items())
    # The log shows the message alone, so it says where, too.
    return f"::{level} {properties}::" + printable(f"{item.where}  {item.message}", newlines=True).translate(_DATA)


def _value(value: object) -> str:
    return str(value).translate(_VALUE)
