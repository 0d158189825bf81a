"""Counters in the text format of Prometheus. They stand in memory that all workers share, one row each.

So no package is needed, and a scrape that any worker answers shows all of them.
"""

from __future__ import annotations

import mmap
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence

STATUSES = (200, 204, 400, 401, 403, 404, 405, 408, 413, 415, 429, 500, 503)
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
HELP = {
    "requests_total": "Requests, by path and status.",
    "request_seconds": "Time from the head of a request to its answer, by path.",
    "batch_documents": "Documents that were judged together.",
    "verdicts_total": "Documents that were judged, by action.",
    "failures_total": "Documents that could not be judged in full.",
    "labels_total": "Labels that were given.",
    "reloads_total": "Models that were loaded while serving, by outcome.",
    "log_lines_lost_total": "Lines of the log that nobody read in time.",
}
HISTOGRAMS = {"request_seconds": SECONDS, "batch_documents": SIZES}


class Metrics:
    """Numbers that only grow, at places that are known from the start."""

    def __init__(self, paths: Sequence[str], workers: int = 1) -> None:
        self._slots: dict[tuple[str, ...], int] = {}
        for path in paths:
            for status in STATUSES:
                self._slot("requests_total", "path", path, "status", str(status))
            self._histogram("request_seconds", "path", path)
        self._histogram("batch_documents")
        for name, label, values in (
            ("verdicts_total", "action", ("publish", "hold", "reject")),
            ("labels_total", "label", ("ham", "spam", "off-topic")),
            ("reloads_total", "outcome", ("done", "failed")),
        ):
            for value in values:
                self._slot(name, label, value)
        self._slot("failures_total")
        self._slot("log_lines_lost_total")
        self._all = memoryview(mmap.mmap(-1, 8 * len(self._slots) * workers)).cast("d")
        self._workers = workers
        self.use(0)

    def use(self, worker: int) -> None:
        """Write into the row of a worker."""
        self._row = self._all[worker * len(self._slots) : (worker + 1) * len(self._slots)]

    def _slot(self, *key: str) -> None:
        self._slots[key] = len(self._slots)

    def _histogram(self, name: str, *labels: str) -> None:
        for bound in (*map(str, HISTOGRAMS[name]), "+Inf", "sum"):
            self._slot(name, *labels, "le", bound)

    def add(self, *key: str) -> None:
        """Count one."""
        self._row[self._slots[key]] += 1

    def observe(self, name: str, value: float, *labels: str) -> None:
        """Put a value into a histogram."""
        bounds = HISTOGRAMS[name]
        first = self._slots[(name, *labels, "le", str(bounds[0]))]
        self._row[first + bisect_left(bounds, value)] += 1
        self._row[first + len(bounds) + 1] += value

    def text(self, gauges: Mapping[str, tuple[str, str, float]]) -> str:
        """Return all numbers; `gauges` maps a name to its help, labels and value."""
        size = len(self._slots)
        sums = {key: sum(self._all[slot + n * size] for n in range(self._workers)) for key, slot in self._slots.items()}
        lines = []
        for name, text in HELP.items():
            kind = "histogram" if name in HISTOGRAMS else "counter"
            lines += [f"# HELP moderator_{name} {text}", f"# TYPE moderator_{name} {kind}"]
            own = {key[1:]: value for key, value in sums.items() if key[0] == name}
            lines += _buckets(name, own) if name in HISTOGRAMS else _counters(name, own)
        for name, (text, labels, value) in gauges.items():
            lines += [f"# HELP moderator_{name} {text}", f"# TYPE moderator_{name} gauge"]
            lines.append(f"moderator_{name}{labels} {value:g}")
        return "\n".join(lines) + "\n"


def _counters(name: str, values: Mapping[tuple[str, ...], float]) -> Iterator[str]:
    for key, value in values.items():
        if value or len(key) < 4:  # of paths and statuses only the pairs that occurred
            yield f"moderator_{name}{_labels(key)} {value:.0f}"


def _buckets(name: str, values: Mapping[tuple[str, ...], float]) -> Iterator[str]:
    total = 0.0
    for key, value in values.items():
        if key[-1] != "sum":
            total += value
            yield f"moderator_{name}_bucket{_labels(key)} {total:.0f}"
            continue
        yield f"moderator_{name}_sum{_labels(key[:-2])} {value:.6f}"
        yield f"moderator_{name}_count{_labels(key[:-2])} {total:.0f}"
        total = 0.0


def _labels(key: Sequence[str]) -> str:
    pairs = ",".join(f'{name}="{value}"' for name, value in zip(key[::2], key[1::2], strict=True))
    return f"{{{pairs}}}" if pairs else ""
