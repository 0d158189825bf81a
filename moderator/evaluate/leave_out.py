"""How a model does on sources or sites that it has never seen: trained anew without each, and asked about it."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from moderator.addresses import host_of
from moderator.errors import InputError
from moderator.evaluate.figures import sklearn_metrics
from moderator.evaluate.outcomes import Case, Outcome
from moderator.records import ACTIONS
from moderator.samples import Sample
from moderator.train import FOLDS, evidence, lessons, monotone, unseen

Ints = npt.NDArray[np.int64]
Part = Callable[[Case], str]

MOST = 12  # models that are trained; where there are more parts, some are left out together
LEAST = 100  # honest comments, and spam, that a model is trained on


def source_of(case: Case) -> str:
    """Return where a sample comes from: what it says, else the name of its file."""
    return case.sample.source or Path(case.path).name


def group_of(case: Case) -> str:
    """Return what a sample must not be parted from: its group, else its site, post or source."""
    document, group = case.sample.document, case.sample.group
    if group and group != case.sample.source:
        return group
    site = host_of(document.site_url) if document.site_url else ""
    return site or document.context or source_of(case)


PARTS: dict[str, Part] = {"source": source_of, "group": group_of}


def left_out(cases: Sequence[Case], by: str, share: float = 1.0) -> list[Outcome]:
    """Return what models that did not see the part of a comment make of it; they learn from a share of the rest."""
    sklearn_metrics()  # says how to get what training needs
    names = [PARTS[by](case) for case in cases]
    fold = _folds(cases, names, by)
    taught = set(random.Random(0).sample(range(len(cases)), round(share * len(cases))))
    samples = [
        replace(case.sample, group=group, weight=float(i in taught))
        for i, (case, group) in enumerate(zip(cases, _groups(cases, fold), strict=True))
    ]
    found = unseen(samples, lessons(samples, {}), fold, np.ones(len(samples), bool))
    score = monotone.probability(found.log_odds)
    return [
        Outcome(case, ACTIONS[action], round(s, 6))
        for case, action, s in zip(cases, found.action.tolist(), score.tolist(), strict=True)
    ]


def _folds(cases: Sequence[Case], names: Sequence[str], by: str) -> Ints:
    """Return which model must not see each case; raises InputError where too little would be left to train on."""
    if len(set(names)) < 2:
        other = "--leave-out group" if by == "source" else "no --leave-out"
        raise InputError(f"all comments are of one {by}: nothing is left to train on; give more files, or {other}")
    samples = [replace(case.sample, group=name) for case, name in zip(cases, names, strict=True)]
    fold = evidence.folds(samples, min(len(set(names)), MOST))
    for label in ("ham", "spam"):
        own = [(f, s.group) for f, s in zip(fold.tolist(), samples, strict=True) if s.label == label]
        # The part with the most of a label is the one whose absence is felt.
        most, group = max(((sum(f == k for f, _ in own), g) for k, g in dict(own).items()), default=(0, ""))
        if len(own) - most < LEAST:
            raise InputError(
                f"{len(own) - most} {label} would be left without {by} {_line(group)!r}, and training needs {LEAST}: "
                "give more files"
            )
    return fold


def _line(name: str) -> str:
    return " ".join(name.split())[:60]


def _groups(cases: Sequence[Case], fold: Ints) -> list[str]:
    """Return what must stay together when the policy is fitted: the largest parts that fill all of its folds."""
    finer: list[list[str]] = [[source_of(c) for c in cases], [group_of(c) for c in cases]]
    for names in finer:
        rest = [{n for n, f in zip(names, fold.tolist(), strict=True) if f != k} for k in range(int(fold.max()) + 1)]
        if min(map(len, rest)) >= FOLDS:
            return names
    return [_text_of(case.sample) for case in cases]


def _text_of(sample: Sample) -> str:
    return " ".join(sample.document.text.casefold().split())
