"""Labelled samples looked at as a set: what is wrong with it, what to keep, how to split it."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from moderator import language, text
from moderator.addresses import host_of
from moderator.duplicates import joined, normal_forms
from moderator.errors import InputError
from moderator.samples import Sample

Level = Literal["error", "warning"]
By = Literal["group", "site", "source"]
Numbers = npt.NDArray[np.int64]

LOPSIDED = 0.05  # a label with a smaller share than this is hardly learned
IDENTICAL, IDENTICAL_SHARE = 10, 0.02  # copies of one text, and their share of a label, that look inserted
LANGUAGE = 20  # samples of a language from which on it should have more than one label
CHUNK = 2000


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong with samples (error) or may be (warning), and where; no place means all of them."""

    level: Level
    code: str
    place: str
    message: str


def problems(samples: Sequence[Sample], places: Sequence[str], cluster: Numbers) -> list[Problem]:
    """Return what is wrong with samples that can all be read; `cluster` is that of near-duplicates."""
    forms = normal_forms([sample.document.text for sample in samples])
    opposed = contradictions(samples, forms)
    found = [
        Problem(
            "error",
            "contradiction",
            places[i],
            f"{samples[i].label} here, {samples[j].label} in {places[j]}, for the same text by the same author: "
            "keep the one that is right",
        )
        for i, j in opposed.items()
    ]
    for i, j in across_labels(samples, cluster).items():
        if i not in opposed and opposed.get(j) != i:
            message = f"{samples[i].label} here, {samples[j].label} in {places[j]}, for nearly the same text"
            found.append(Problem("warning", "near-duplicate", places[i], message))
    found += _balance(samples)
    found += _copies(samples, places, forms, cluster)
    found += _languages(samples)
    return found


def contradictions(samples: Sequence[Sample], forms: Sequence[bytes]) -> dict[int, int]:
    """Return samples whose text and author have another label before, and where.

    Whether a text is off topic depends on the post, so "ham" there and "off-topic" under another post agree.
    """
    seen: dict[Hashable, dict[str, int]] = defaultdict(dict)
    under: dict[Hashable, dict[str, int]] = defaultdict(dict)
    found = {}
    for i, (sample, form) in enumerate(zip(samples, forms, strict=True)):
        document = sample.document
        author = " ".join((document.author or "").casefold().split())
        key = (form, author, host_of(document.url or ""))
        post = (key, document.context or "")
        rivals = {label: j for label, j in seen[key].items() if "spam" in (label, sample.label)} | under[post]
        rivals.pop(sample.label, None)
        if rivals:
            found[i] = min(rivals.values())
        seen[key].setdefault(sample.label, i)
        under[post].setdefault(sample.label, i)
    return found


def across_labels(samples: Sequence[Sample], cluster: Numbers) -> dict[int, int]:
    """Return samples that most of their near-duplicates contradict on being spam, and the first that does."""
    members = _members(cluster)
    found = {}
    for group in members.values():
        spam = [i for i in group if samples[i].label == "spam"]
        other = [i for i in group if samples[i].label != "spam"]
        if spam and other:
            few, many = sorted((spam, other), key=len)
            found.update(dict.fromkeys(few, many[0]))
    return dict(sorted(found.items()))


def _members(cluster: Numbers) -> dict[int, list[int]]:
    members: dict[int, list[int]] = defaultdict(list)
    for i, first in enumerate(cluster.tolist()):
        members[first].append(i)
    return members


def _balance(samples: Sequence[Sample]) -> Iterator[Problem]:
    """Yield a problem if there is one label only, or hardly anything of one."""
    count = Counter(sample.label for sample in samples)
    if len(count) == 1:
        message = f"all {len(samples)} samples are {samples[0].label}: nothing can be learned without the other labels"
        yield Problem("error", "one-class", "", message)
        return
    for label, number in sorted(count.items()):
        share = number / len(samples)
        if share < LOPSIDED:
            message = f"{number} of {len(samples)} samples are {label} ({share:.1%}): collect more of them"
            yield Problem("warning", "lopsided", "", message)


def _copies(
    samples: Sequence[Sample], places: Sequence[str], forms: Sequence[bytes], cluster: Numbers
) -> Iterator[Problem]:
    """Yield a problem for texts that look as if somebody put them in to teach the model something."""
    total = Counter(sample.label for sample in samples)
    copies: dict[tuple[str, bytes], list[int]] = defaultdict(list)
    near: dict[tuple[str, int], list[int]] = defaultdict(list)
    for i, sample in enumerate(samples):
        copies[sample.label, forms[i]].append(i)
        near[sample.label, int(cluster[i])].append(i)
    for (label, form), group in copies.items():
        if form and len(group) >= max(IDENTICAL, IDENTICAL_SHARE * total[label]):  # type: ignore[index]
            message = f"the same text stands here and in {len(group) - 1} other samples that are {label}: "
            yield Problem("warning", "copies", places[group[0]], message + "look where they come from")
    for (label, _), group in near.items():
        if len(group) >= IDENTICAL and 2 * len(group) > total[label]:  # type: ignore[index]
            message = f"most samples that are {label} are nearly this text: {len(group)} of {total[label]}"  # type: ignore[index]
            yield Problem("warning", "one-cluster", places[group[0]], message)


def _languages(samples: Sequence[Sample]) -> Iterator[Problem]:
    """Yield a problem for each language that has one label, so that the language would pass for the reason."""
    labels: dict[str, Counter[str]] = defaultdict(Counter)
    for sample, name in zip(samples, languages(samples), strict=True):
        labels[name][sample.label] += 1
    if len(labels) < 2 or len({sample.label for sample in samples}) < 2:
        return
    for name, count in sorted(labels.items()):
        if len(count) == 1 and count.total() >= LANGUAGE and name != "und":
            label = next(iter(count))
            message = f"all {count.total()} samples in {name} are {label}: the language would pass for a sign of it"
            yield Problem("warning", "language", "", message)


def languages(samples: Sequence[Sample]) -> list[str]:
    """Return the language of each sample: the one it names, or the one its text is likely in."""
    found: list[str] = []
    for low in range(0, len(samples), CHUNK):
        chunk = [sample.document for sample in samples[low : low + CHUNK]]
        seen = language.identify(text.columns(*text.encode([document.text for document in chunk]))).likely
        names = language.names()
        found += [
            _without_region(d.language) if d.language else names[i] for d, i in zip(chunk, seen.tolist(), strict=True)
        ]
    return found


def _without_region(name: str) -> str:
    """Return a language without the country it is written in: "pt-BR" is "pt", "zh-Hant" stays.

    >>> _without_region("pt-BR"), _without_region("zh-Hant-TW"), _without_region("hi-Latn")
    ('pt', 'zh-Hant', 'hi-Latn')
    """
    first, *rest = name.replace("_", "-").split("-")
    return "-".join((first.lower(), *(part.title() for part in rest if len(part) == 4)))


def representatives(samples: Sequence[Sample], cluster: Numbers) -> Numbers:
    """Return for each sample the one that is kept for it: the longest of its cluster and label, the first of those.

    Near-duplicates in different labels are both kept: which of the labels is right is not for a program to say.
    """
    best: dict[tuple[int, str], int] = {}
    keys = [(first, sample.label) for first, sample in zip(cluster.tolist(), samples, strict=True)]
    for i, key in enumerate(keys):
        if key not in best or len(samples[i].document.text) > len(samples[best[key]].document.text):
            best[key] = i
    return np.array([best[key] for key in keys], np.int64)


def bound(samples: Sequence[Sample], cluster: Numbers, by: By) -> Numbers:
    """Return for each sample the first one of those it must stay with: near-duplicates, and all of its group."""
    first: dict[str, int] = {}
    pairs = list(enumerate(cluster.tolist()))
    for i, sample in enumerate(samples):
        if key := _key(sample, by):
            pairs.append((first.setdefault(key, i), i))
    return joined(len(samples), pairs)


def _key(sample: Sample, by: By) -> str:
    """Return what a sample shares with those it must stay with; where no site is named, the post stands for it."""
    if by == "site":
        return host_of(sample.document.site_url or "") or sample.document.context or ""
    return sample.group if by == "group" else sample.source


def deal(together: Numbers, labels: Sequence[str], shares: Sequence[float]) -> Numbers:
    """Return the part of each sample: parts have their shares of each label as far as whole groups allow.

    The largest groups go first, each to where it fits best; equal ones in the order of `together`.

    >>> deal(np.array([0, 0, 2, 3, 4]), ["ham"] * 5, [3, 2]).tolist()
    [0, 0, 1, 0, 1]
    """
    total = Counter(labels)
    load = [Counter[str]() for _ in shares]
    part = np.zeros(len(together), np.int64)
    for _, group in sorted(_members(together).items(), key=lambda item: (-len(item[1]), item[0])):
        count = Counter(labels[i] for i in group)

        def crowded(k: int, count: Counter[str] = count) -> tuple[float, int]:
            return sum(n * (load[k][label] + n) / (shares[k] * total[label]) for label, n in count.items()), k

        best = min(range(len(shares)), key=crowded)
        load[best] += count
        part[group] = best
    return part


def split(samples: Sequence[Sample], cluster: Numbers, by: By, shares: Sequence[float]) -> Numbers:
    """Return the part of each sample, whatever the order of the samples; raises InputError if one would be empty."""
    digests = [_digest(sample) for sample in samples]
    order = sorted(range(len(samples)), key=lambda i: (digests[i], i))
    # Dealt out in the order of digests: as good as random, and the same on every machine.
    rank = np.empty(len(samples), np.int64)
    rank[order] = np.arange(len(samples))
    together = bound(samples, cluster, by)
    least = np.full(len(samples), len(samples), np.int64)
    np.minimum.at(least, together, rank)
    part = deal(least[together], [sample.label for sample in samples], shares)
    if len(np.unique(part)) < len(shares):
        groups = len(np.unique(together))
        advice = "ask for fewer parts, or import more samples" if by == "site" else "try --by site"
        raise InputError(
            f"{len(samples)} samples make {groups} sets that must stay together, a part is empty: {advice}"
        )
    return part


def _digest(sample: Sample) -> bytes:
    document = sample.document
    content = "\0".join(
        (document.text, document.author or "", document.url or "", document.context or "", sample.label)
    )
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).digest()
