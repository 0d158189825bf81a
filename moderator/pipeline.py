"""The moderator: analyse, detect, decide, in batches; a detector that fails takes nothing with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from moderator import policy as policies
from moderator.allow import Allow
from moderator.analysis import Batch
from moderator.detectors import Detector, Table, built_in, checked
from moderator.findings import merge
from moderator.permit import apart, permit
from moderator.policy import Policy, Rules
from moderator.profile import Familiar
from moderator.records import (
    ACTIONS,
    KINDS,
    MEDIA,
    UNDETERMINED,
    Action,
    Document,
    Explanation,
    Failure,
    Finding,
    Kind,
    Label,
    Media,
    Signal,
    Verdict,
    Weighed,
)
from moderator.store import Artefact
from moderator.topics import Rarity

OPTIONAL = (str, type(None))
FIELDS = (
    ("text", str), ("id", str), ("context", OPTIONAL), ("author", OPTIONAL), ("url", OPTIONAL),
    ("site_url", OPTIONAL), ("language", OPTIONAL),
)  # fmt: skip
BATCH_DOCUMENTS = 2000
BATCH_CHARACTERS = 200_000
FLUSH: Any = object()  # among items: nothing more is waiting, judge what there is
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Moderator:
    """Detectors, a policy and the names of both; judges documents.

    `on_error` is the least that is done with a document that could not be judged in full. `familiar`
    is what is familiar to the site, if its profile is known; `allow` is what its owner allows.
    """

    detectors: tuple[Detector, ...]
    policy: Policy
    model: str
    rarity: Rarity | None = None
    on_error: Action = "hold"
    familiar: Familiar | None = None
    allow: Allow | None = None

    def check(
        self,
        text: str,
        *,
        id: str = "",
        kind: Kind = "comment",
        media: Media = "auto",
        context: str | None = None,
        author: str | None = None,
        url: str | None = None,
        site_url: str | None = None,
        language: str | None = None,
    ) -> Verdict:
        """Judge one text."""
        document = Document(text, id, kind, media, context, author, url, site_url, language)
        return self.judge([document])[0]

    def scan(self, documents: Iterable[Document]) -> Iterator[Verdict]:
        """Judge documents one after the other, lazily and in order, in constant memory."""
        for batch in batches(documents):
            yield from self.judge(batch)

    def judge(self, documents: Sequence[Document]) -> list[Verdict]:
        """Judge a batch of documents together; the verdicts are those of each document alone."""
        faults = [wrong_with(document) for document in documents]
        sound = iter(self._judge([d for d, fault in zip(documents, faults, strict=True) if not fault]))
        return [
            self.unjudged(str(getattr(document, "id", "")), Failure("input", fault)) if fault else next(sound)
            for document, fault in zip(documents, faults, strict=True)
        ]

    def _judge(self, documents: Sequence[Document]) -> list[Verdict]:
        try:
            batch, signals, failures = self.observe(documents)
        except Exception as error:
            if len(documents) == 1:
                return [self.unjudged(documents[0].id, Failure("analysis", f"{type(error).__name__}: {error}"))]
            return [verdict for document in documents for verdict in self._judge([document])]
        first = batch.first.tolist()
        return [
            self._verdict(batch, number, range(first[number], first[number + 1]), signals, failures.get(number, ()))
            for number in range(len(documents))
        ]

    def explain(self, document: Document) -> Explanation:
        """Judge one document and keep what each of its segments looks like; raises ValueError if it is none."""
        if fault := wrong_with(document):
            raise ValueError(fault)
        rules = self.policy.rules[document.kind]
        try:
            batch, signals, failures = self.observe([document])
        except Exception:
            return Explanation(document, self.judge([document])[0], rules.hold, rules.reject)
        found = range(len(signals))
        verdict = self._verdict(batch, 0, found, signals, failures.get(0, ()))
        worst = next(iter(_worst(rules, found, signals)), None)
        return Explanation(document, verdict, rules.hold, rules.reject, _weighed(batch, rules, signals), worst)

    def unjudged(self, name: str, failure: Failure) -> Verdict:
        """Return the verdict on what could not be judged at all: no score, and never published unasked."""
        return Verdict(name, self.on_error, None, None, None, (), (), (failure,), self.model, self.policy.id)

    def observe(self, documents: Sequence[Document]) -> tuple[Batch, list[list[Signal]], dict[int, list[Failure]]]:
        """Return the analysed batch, the signals of each segment, and what failed in each document."""
        batch = self._batch(documents)
        signals: list[list[Signal]] = [[] for _ in range(len(batch.document))]
        failures: dict[int, list[Failure]] = {}
        for detector in self.detectors:
            try:
                seen = list(detector(batch))
            except Exception as error:
                seen = list(self._one_by_one(detector, batch, failures, error))
            for segment, signal in seen:
                signals[segment].append(signal)
        return batch, signals, failures

    def _batch(self, documents: Sequence[Document]) -> Batch:
        return Batch(documents, self.rarity, familiar=self.familiar, allowing=self.allow)

    def _one_by_one(
        self, detector: Detector, batch: Batch, failures: dict[int, list[Failure]], error: Exception
    ) -> Iterator[tuple[int, Signal]]:
        """Run a detector that failed on each document alone, so that only those it fails on lack it."""
        for number, document in enumerate(batch.documents):
            try:
                first = int(batch.first[number])
                alone = [(first + i, signal) for i, signal in detector(self._batch([document]))]
            except Exception as again:
                reason = f"{type(again).__name__}: {again}"
                failures.setdefault(number, []).append(Failure(detector.name, reason))
            else:
                yield from alone

    def _verdict(
        self, batch: Batch, number: int, segments: range, signals: list[list[Signal]], failures: Sequence[Failure]
    ) -> Verdict:
        document = batch.documents[number]
        rules = self.policy.rules[document.kind]
        contributions = [c for i in _worst(rules, segments, signals) for c in policies.weigh(rules, signals[i])]
        value = policies.score(rules, contributions)
        action = policies.decide(rules, value, contributions)
        label: Label = "ham"
        findings: tuple[Finding, ...] = ()
        if action != "publish":
            label = policies.label(contributions)
            said = batch.directives.get(number)
            parts = apart(batch, segments, said) if said else (segments,)
            findings = tuple(finding for part in parts for finding in merge(batch, rules, part, signals))
        if failures:
            action = max(action, self.on_error, key=ACTIONS.index)
        verdict = Verdict(
            document.id,
            action,
            label,
            value,
            rules.bias,
            findings,
            tuple(contributions),
            tuple(failures),
            self.model,
            self.policy.id,
        )
        return permit(self.allow, batch, number, verdict, self.on_error) if self.allow else verdict


def _worst(rules: Rules, segments: range, signals: Sequence[Sequence[Signal]]) -> Sequence[int]:
    """Return the segment that a document is judged by; none if it has no segments."""
    if len(segments) < 2:
        return segments
    return [max(segments, key=lambda i: policies.sum_of(rules, signals[i]))]


def _weighed(batch: Batch, rules: Rules, signals: Sequence[Sequence[Signal]]) -> tuple[Weighed, ...]:
    """Return the segments of the only document of a batch, each with its share and its score.

    A language that is only the best of several guesses is not named: nothing was concluded from it.
    """
    segments = batch.segments(0)
    posted = bool(batch.documents[0].context)
    alone = len(segments) == 1 and not posted
    topic = batch.under_post() if posted else batch.topic
    terms, shares, likely = topic.terms.tolist(), topic.share.tolist(), batch.languages.likely.tolist()
    return tuple(
        Weighed(
            segment if likely[i] else replace(segment, language=UNDETERMINED),
            None if alone or not terms[i] else shares[i],
            policies.score(rules, policies.weigh(rules, signals[i])),
        )
        for i, segment in enumerate(segments)
    )


def wrong_with(document: object) -> str:
    """Return what makes a document unfit to be judged; empty if nothing does."""
    if not isinstance(document, Document):
        return f"not a Document but {type(document).__name__}"
    for name, kind in FIELDS:
        if not isinstance(getattr(document, name), kind):
            return f"{name} is not a string"
    if document.kind not in KINDS:
        return f"kind must be one of {', '.join(KINDS)}, not {document.kind!r}"
    return "" if document.media in MEDIA else f"media must be one of {', '.join(MEDIA)}, not {document.media!r}"


def batches(items: Iterable[Item], document_of: Callable[[Item], object] = lambda item: item) -> Iterator[list[Item]]:
    """Group items so that a batch stays small in number and in characters; FLUSH ends one early.

    Comments on one post follow each other, and the post is analysed once: its length counts once.
    """
    batch: list[Item] = []
    size, context = 0, None
    for item in items:
        if item is not FLUSH:
            batch.append(item)
            document = document_of(item)
            if isinstance(document, Document):
                size += _length(document.text)
                size += _length(document.context) if document.context != context else 0
                context = document.context
        if batch and (item is FLUSH or len(batch) >= BATCH_DOCUMENTS or size >= BATCH_CHARACTERS):
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _length(text: object) -> int:
    return len(text) if isinstance(text, str) else 0


def build(
    artefact: Artefact,
    *,
    on_error: Action = "hold",
    extra: Sequence[Detector] = (),
    familiar: Familiar | None = None,
) -> Moderator:
    """Put a moderator together from a model; raises ValueError for an action that there is not."""
    if on_error not in ACTIONS:
        raise ValueError(f"on_error must be one of {', '.join(ACTIONS)}, not {on_error!r}")
    fields: Mapping[str, Mapping[str, float]] = artefact.manifest["fields"]
    tables = {name: Table(artefact.arrays[name], f["scale"], f["bias"]) for name, f in fields.items()}
    return Moderator(
        detectors=(*built_in(tables), *map(checked, extra)),
        policy=policies.from_json(artefact.manifest["policy"]),
        model=artefact.id,
        rarity=Rarity(*(artefact.arrays[name] for name in Rarity._fields)),
        on_error=on_error,
        familiar=familiar,
    )
