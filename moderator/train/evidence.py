"""Signals as numbers: what detectors see in samples that their model was not trained on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from moderator.detectors import Table, built_in
from moderator.pipeline import Moderator, batches
from moderator.policy import Policy
from moderator.records import UNDETERMINED, Document, Span
from moderator.samples import Sample
from moderator.topics import Rarity
from moderator.train.compose import Page

Progress = Callable[[str], None]
# How much a segment counts by what it is. The less of a kind may be held, the more: the curves are to be right where
# the thresholds will be, and those are where the highest lines of honest bodies are.
WEIGHT = {"spam": 1.0, "body": 20.0, "sentences": 2.0, "linked": 4.0, "honest": 8.0}
NO_POLICY = Policy("none", {})


@dataclass(frozen=True, slots=True)
class Evidence:
    """The strengths of all codes in N texts, and what each text is: spam, here, is what does not belong."""

    codes: tuple[str, ...]
    strengths: npt.NDArray[np.float32]  # N x codes
    spam: npt.NDArray[np.bool_]  # N
    weight: npt.NDArray[np.float64]  # N
    source: npt.NDArray[np.str_]  # N
    language: npt.NDArray[np.str_]  # N; as the sample is marked


def folds(samples: Sequence[Sample], count: int) -> npt.NDArray[np.int64]:
    """Deal out whole groups to folds, the largest first, each to the fold that is smallest so far.

    Where there are fewer groups than folds, as in a single source without groups, equal texts are the groups.
    """
    group = [sample.group for sample in samples]
    if len(set(group)) < count:
        group = [sample.document.text for sample in samples]
    size = Counter(group)
    load, fold = [0] * count, {}
    for name, number in sorted(size.items(), key=lambda pair: (-pair[1], pair[0])):
        fold[name] = min(range(count), key=lambda k: (load[k], k))
        load[fold[name]] += number
    return np.array([fold[name] for name in group])


def codes_of(tables: Mapping[str, Table]) -> tuple[str, ...]:
    """Return the codes of all built-in detectors."""
    return tuple(code for detector in built_in(tables) for code in detector.codes)


def observe(
    documents: Sequence[Document], tables: Mapping[str, Table], rarity: Rarity
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64], list[tuple[int, int]]]:
    """Return the strengths of each segment (segments x codes), its document, and its place in it."""
    moderator = Moderator(built_in(tables), NO_POLICY, "training", rarity)
    column = {code: i for i, code in enumerate(codes_of(tables))}
    strengths, owners, places = [], [], []
    offset = 0
    for chunk in batches(documents):
        batch, signals, failures = moderator.observe(chunk)
        if failures:
            raise RuntimeError(f"a detector failed: {next(iter(failures.values()))}")
        table = np.zeros((len(signals), len(column)), np.float32)
        for row, found in enumerate(signals):
            for signal in found:
                place = column[signal.code]
                table[row, place] = max(table[row, place], signal.strength)
        strengths.append(table)
        owners.append(batch.document + offset)
        places += list(zip(batch.start.tolist(), batch.end.tolist(), strict=True))
        offset += len(chunk)
    return np.concatenate(strengths), np.concatenate(owners), places


def of_comments(samples: Sequence[Sample], tables: Mapping[str, Table], rarity: Rarity) -> Evidence:
    """Return what is seen in comments; a comment off topic should not be published either."""
    documents = [sample.document for sample in samples]
    seen, owner, _ = observe(documents, tables, rarity)
    strengths = np.zeros((len(samples), seen.shape[1]), np.float32)
    strengths[owner] = seen
    return Evidence(
        codes_of(tables),
        strengths,
        np.array([sample.label != "ham" for sample in samples], bool),
        np.array([sample.weight for sample in samples]),
        np.array([sample.source for sample in samples], np.str_),
        np.array([sample.document.language or UNDETERMINED for sample in samples], np.str_),
    )


def of_pages(pages: Sequence[Page], tables: Mapping[str, Table], rarity: Rarity) -> Evidence:
    """Return what is seen in the segments of composed pages; their source is what they were made of."""
    seen, owner, places = observe([page.document for page in pages], tables, rarity)
    source = []
    for number, (start, end) in zip(owner.tolist(), places, strict=True):
        page = pages[number]
        roles = [role for role, spans in page.roles if _touches(spans, start, end)]
        source.append(roles[0] if roles else "body" if page.body else "sentences")
    role = np.array(source, np.str_)
    spam = role == "spam"
    lines = np.bincount(owner, spam, len(pages))  # a long insertion counts as much as a short one
    weight = np.array([WEIGHT[name] for name in source]) / np.where(spam, np.maximum(lines[owner], 1), 1)
    language = np.array([page.document.language or UNDETERMINED for page in pages], np.str_)[owner]
    return Evidence(codes_of(tables), seen, spam, weight, role, language)


def _touches(spans: Sequence[Span], start: int, end: int) -> bool:
    return any(start < span.end and end > span.start for span in spans)


def join(parts: Sequence[Evidence]) -> Evidence:
    """Return the evidence of several folds as one."""
    return Evidence(
        parts[0].codes,
        np.concatenate([part.strengths for part in parts]),
        np.concatenate([part.spam for part in parts]),
        np.concatenate([part.weight for part in parts]),
        np.concatenate([part.source for part in parts]),
        np.concatenate([part.language for part in parts]),
    )
