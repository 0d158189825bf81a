"""A recipe: which data sets a model is trained on, what their labels mean and how much they count."""

from __future__ import annotations

import hashlib
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from moderator.errors import InputError
from moderator.records import Document, Label
from moderator.samples import DOCUMENT_KEYS, Sample, rows

SOURCE_KEYS = {
    "name", "files", "licence", "labels", "where", "cap", "weight", "group", "per", "weak", "fields", "body",
    "shortest", "judged", "together_with",
}  # fmt: skip
WEAK_KEYS = {"where", "label", "weight", "cap"}


def load(path: Path, root: Path, data: Path | None) -> dict[str, Any]:
    """Read a recipe; file names become paths, those that begin with "data:" below `data`."""
    recipe = tomllib.loads(path.read_text(encoding="utf-8"))
    for source in recipe["source"]:
        _known(source, SOURCE_KEYS, path)
        for rule in source.get("weak", ()):
            _known(rule, WEAK_KEYS, path)
        source["paths"] = [_path(name, root, data) for name in source["files"]]
    return recipe


def _known(table: Mapping[str, Any], keys: set[str], path: Path) -> None:
    unknown = table.keys() - keys
    if unknown:
        raise InputError(f"unknown key {sorted(unknown)[0]!r}; known are {', '.join(sorted(keys))}", path=str(path))


def _path(name: str, root: Path, data: Path | None) -> Path:
    if not name.startswith("data:"):
        return root / name
    if data is None:
        raise InputError(f"{name} is asked for: say where the data sets are with --data DIR")
    return data / name.removeprefix("data:")


def samples(recipe: Mapping[str, Any], *, bodies: bool = False) -> list[Sample]:
    """Return the samples of all sources, or the bodies of pages to compose.

    Texts that differ in case, spacing or digits only are taken once.
    """
    found: list[Sample] = []
    seen: set[tuple[str, bytes]] = set()
    for source in recipe["source"]:
        for sample in _of_source(source) if source.get("body", False) == bodies else ():
            key = (sample.label, _digest(sample))
            if key not in seen:
                seen.add(key)
                found.append(sample)
    return found


def _digest(sample: Sample) -> bytes:
    text = " ".join(sample.document.text.casefold().split())
    plain = "".join("0" if char.isdigit() else char for char in text)
    return hashlib.sha1(f"{plain[:400]}\0{sample.document.author}".encode("utf-8", "surrogatepass")).digest()


def _of_source(source: Mapping[str, Any]) -> list[Sample]:
    """Return the samples of one source, at most as many of each label as the caps allow."""
    chosen: dict[tuple[str, str], list[tuple[bytes, Sample]]] = {}
    caps: dict[tuple[str, str], int] = {}
    for path in source["paths"]:
        for file in sorted(path.glob("*.jsonl")) if path.is_dir() else [path]:
            for _, row in rows(file):
                if not _matches(row, source.get("where", {})) or not _field(source, row, "text"):
                    continue
                for rule, label, weight, cap in _labels(source, row):
                    sample = _sample(source, row, label, weight)
                    if len(sample.document.text) < source.get("shortest", 1):
                        break
                    chosen.setdefault((rule, label), []).append((_digest(sample), sample))
                    caps[rule, label] = cap
                    break
    kept = []
    for key, ranked in chosen.items():
        # The order of digests is as good as random, and the same on every machine.
        ranked.sort(key=lambda pair: pair[0])
        kept += _spread(ranked, caps[key], source.get("per"))
    return kept


def _spread(ranked: list[tuple[bytes, Sample]], cap: int, per: str | None) -> list[Sample]:
    """Return at most `cap` samples; as many of each language as of any other, if asked to."""
    if per is None:
        return [sample for _, sample in ranked[:cap]]
    share = max(1, cap // max(1, len({s.document.language for _, s in ranked})))
    count: Counter[str | None] = Counter()
    kept = []
    for _, sample in ranked:
        count[sample.document.language] += 1
        if count[sample.document.language] <= share:
            kept.append(sample)
    return kept


def _labels(source: Mapping[str, Any], row: Mapping[str, Any]) -> Iterator[tuple[str, Label, float, int]]:
    """Yield what a row is labelled: rule, label, weight, cap; the first one stands."""
    labels, own = source["labels"], row.get("label")
    label = labels.get(own, labels.get("*")) if isinstance(own, str) else labels.get("*")
    if label:
        yield "label", label, source.get("weight", 1.0), source.get("cap", {}).get(label, 10**9)
    if own is None:
        for number, rule in enumerate(source.get("weak", ())):
            if _matches(row, rule["where"]):
                yield f"weak{number}", rule["label"], rule["weight"], rule["cap"]


def _matches(row: Mapping[str, Any], where: Mapping[str, Any]) -> bool:
    for key, wanted in where.items():
        if key[-1] in "<>":
            value = row.get(key[:-1])
            if value is None or not (value < wanted if key[-1] == "<" else value > wanted):
                return False
        elif row.get(key) != wanted:
            return False
    return True


def _sample(source: Mapping[str, Any], row: Mapping[str, Any], label: Label, weight: float) -> Sample:
    known = {key: row[key] for key in DOCUMENT_KEYS if isinstance(row.get(key), str)}
    for key in source.get("fields", {}):
        known[key] = _field(source, row, key)
    known["language"] = row.get("language") or row.get("lang")
    known["kind"] = "page" if source.get("body") or row.get("kind") == "page" else "comment"
    if source.get("body"):
        known = {key: known[key] for key in ("text", "kind", "language")}
        return Sample(Document(**known), label, source["name"], _group(source, row), weight)
    title, context = row.get("title") or "", row.get("context") or ""
    if not context.startswith(title):
        context = f"{title}\n\n{context}"
    known["context"] = context.strip() or None
    if row.get("author_known") is False:
        known.pop("author", None)
    judged = source.get("judged", True)
    return Sample(Document(**known), label, source["name"], _group(source, row), weight, judged=judged)


def _field(source: Mapping[str, Any], row: Mapping[str, Any], key: str) -> Any:
    """Return what a row holds for a key; a row that lacks all that the recipe reads it from holds nothing."""
    return next((row[name] for name in source.get("fields", {}).get(key, [key]) if row.get(name)), None)


def _group(source: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    if "together_with" in source:
        return str(source["together_with"])
    return f"{source['name']}:{row[source['group']]}" if source.get("group") else str(source["name"])
