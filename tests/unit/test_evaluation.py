"""Figures, against values worked out by hand and against scikit-learn."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import metrics

from moderator import load
from moderator.errors import InputError
from moderator.evaluate import compare, evaluate, figures, leave_out, parts, render
from moderator.evaluate.figures import Share, calibration, calibration_error, counted, recall_at
from moderator.evaluate.leave_out import group_of, left_out, source_of
from moderator.evaluate.outcomes import Case, Outcome, judge, read, shown
from moderator.pipeline import Moderator
from moderator.policy import Rules
from moderator.records import Action, Document, Label
from moderator.report import to_line
from moderator.samples import Sample
from moderator.train import Unseen
from moderator.train.intervals import wilson

LINK = "See http://one.example/ now."
LINKS = "See http://one.example/ and http://two.example/ now."
MANY = " ".join(f"http://site{n}.example/" for n in range(9))


def outcome(label: Label, action: Action, score: float | None, text: str = "a", **keys: Any) -> Outcome:
    return Outcome(Case("a.jsonl", 1, Sample(Document(text), label, **keys)), action, score)


def case(label: Label, text: str, line: int = 1, source: str = "", **keys: Any) -> Case:
    return Case("a.jsonl", line, Sample(Document(text, **keys), label, source=source, group=source))


# Two ham are published and one is held; of four spam one is published, two are held and one is rejected.
SEVEN = [
    outcome("ham", "publish", 0.1),
    outcome("ham", "publish", 0.2),
    outcome("ham", "hold", 0.8),
    outcome("spam", "publish", 0.3),
    outcome("spam", "hold", 0.7),
    outcome("spam", "hold", 0.85),
    outcome("spam", "reject", 0.99),
    outcome("off-topic", "hold", 0.9),
]


def many(ham: Sequence[float], spam: Sequence[float]) -> list[Outcome]:
    scores: list[tuple[Label, float]] = [*(("ham", s) for s in ham), *(("spam", s) for s in spam)]
    return [outcome(label, "hold" if s >= 0.5 else "publish", s) for label, s in scores]


def test_figures_worked_out_by_hand() -> None:
    f = figures.measure(SEVEN)
    assert (f.n, f.ham, f.spam, f.off_topic) == (8, 3, 4, 1)
    assert (f.precision, f.recall, f.f1) == (0.75, 0.75, 0.75)
    # Of 3 x 4 pairs, the spam with 0.3 and that with 0.7 are below the ham with 0.8.
    assert f.roc_auc == round(10 / 12, 6)
    assert f.ham_held == Share(1, 3, round(1 / 3, 6), *(round(x, 6) for x in wilson(1, 3)))
    assert (f.spam_held.hits, f.spam_rejected.hits, f.ham_rejected.hits) == (3, 1, 0)
    assert (f.off_topic_held.share, f.off_topic_rejected.share) == (1.0, 0.0)
    assert set(f.recall_at_fpr.values()) == {None}
    assert f.calibration_error is None


def test_what_is_not_defined_is_none() -> None:
    ham = figures.measure([outcome("ham", "publish", 0.1)])
    assert (ham.precision, ham.recall, ham.f1, ham.roc_auc) == (None, None, None, None)
    assert ham.spam_held == Share(0, 0, None, None, None)
    spam = figures.measure([outcome("spam", "publish", 0.1)])
    assert (spam.precision, spam.recall, spam.f1, spam.roc_auc) == (None, 0.0, 0.0, None)
    none = figures.measure([outcome("off-topic", "hold", 0.9)])
    assert (none.n, none.precision, none.roc_auc) == (1, None, None)


def test_what_could_not_be_judged_has_an_action_but_no_rank() -> None:
    f = figures.measure([*SEVEN, outcome("ham", "hold", None)])
    assert f.ham_held.hits == 2
    assert f.roc_auc == round(10 / 12, 6)


def test_figures_are_those_of_scikit_learn() -> None:
    random = np.random.default_rng(3)
    found = many(np.round(random.beta(1, 4, 900), 3).tolist(), np.round(random.beta(3, 2, 400), 3).tolist())
    spam = [o.case.sample.label == "spam" for o in found]
    held, score = [o.action != "publish" for o in found], [o.score for o in found]
    f = figures.measure(found)
    assert f.precision == pytest.approx(metrics.precision_score(spam, held), abs=1e-6)
    assert f.recall == pytest.approx(metrics.recall_score(spam, held), abs=1e-6)
    assert f.f1 == pytest.approx(metrics.f1_score(spam, held), abs=1e-6)
    assert f.roc_auc == pytest.approx(metrics.roc_auc_score(spam, score), abs=1e-6)
    assert f.recall == f.spam_held.share


def test_recall_at_a_rate_of_false_positives() -> None:
    ham = np.linspace(0.0, 0.5, 1000)
    found = many(ham.tolist(), [0.4999, 0.5, 0.9])
    spam, score = figures.scored(found)
    assert recall_at(spam, score, 0.001) == 1.0  # one ham, that of 0.5, may be held
    found = many([*ham[:-2].tolist(), 0.95, 0.97], [0.4, 0.96, 0.99])
    spam, score = figures.scored(found)
    assert recall_at(spam, score, 0.001) == pytest.approx(2 / 3, abs=1e-6)
    assert recall_at(spam[1:], score[1:], 0.001) is None  # 999 ham: not even one may be


def test_equal_scores_are_passed_together() -> None:
    spam, score = figures.scored(many([0.0] * 98 + [0.9] * 2, [0.9, 0.95]))
    assert recall_at(spam, score, 0.01) == 0.5


def test_scores_that_are_probabilities_have_no_error_of_calibration() -> None:
    parts = [(0.0, 100, 0), (0.25, 75, 25), (1.0, 0, 100)]
    found = [o for s, h, p in parts for o in many([s] * h, [s] * p)]
    spam, score = figures.scored(found)
    assert calibration_error(spam, score) == 0.0
    assert [n for _, _, n in calibration(spam, score)] == [20] * 15
    assert calibration_error(spam, np.clip(score + 0.1, 0, 1)) == pytest.approx(0.2 / 3, abs=1e-6)


def test_calibration_does_not_depend_on_the_order() -> None:
    random = np.random.default_rng(0)
    score = np.round(random.random(500), 1)
    spam = random.random(500) < score
    order = random.permutation(500)
    assert calibration_error(spam, score) == calibration_error(spam[order], score[order])


def test_a_sweep_counts_what_reaches_a_threshold() -> None:
    steps = compare.sweep(SEVEN, Rules(0.0, 0.65, 0.9, {}))
    assert [s.threshold for s in steps] == sorted({*compare.THRESHOLDS, 0.65, 0.9})
    hold, reject = (next(s for s in steps if s.name == name) for name in ("hold", "reject"))
    assert (hold.ham.hits, hold.spam.hits, hold.precision) == (1, 3, 0.75)
    assert (reject.ham.hits, reject.spam.hits, reject.precision) == (0, 1, 1.0)
    assert steps[-1].precision is None


def test_flips_are_all_changes_of_the_action_the_worse_first() -> None:
    old = [outcome("spam", "publish", 0.1), outcome("ham", "publish", 0.2), outcome("off-topic", "hold", 0.9), SEVEN[0]]
    new = [outcome("spam", "hold", 0.6), outcome("ham", "reject", 0.9), outcome("off-topic", "publish", 0.1), SEVEN[0]]
    found = compare.flips(old, new)
    assert [(f.change, f.label, f.old, f.new) for f in found] == [
        ("worse", "ham", "publish", "reject"),
        ("other", "off-topic", "hold", "publish"),
        ("better", "spam", "publish", "hold"),
    ]
    assert (found[0].old_score, found[0].new_score, found[0].path, found[0].line) == (0.2, 0.9, "a.jsonl", 1)


def test_the_worst_are_ham_with_high_and_spam_with_low_scores() -> None:
    found = compare.worst([*SEVEN, outcome("ham", "hold", None)], 2)
    assert [e.score for e in found["ham"]] == [0.8, 0.2]
    assert [e.score for e in found["spam"]] == [0.3, 0.7]


def test_what_is_shown_of_a_text_is_short_and_harmless() -> None:
    text = shown(Document("a\n\x1b[31mb\u202e " + "long " * 100_000, author="x" * 500))
    assert text.startswith(r"a \x1b[31mb\u202e long")
    assert len(text) < 150


def test_parts_come_by_size() -> None:
    found = parts([*SEVEN, *SEVEN[:1]], lambda c: c.sample.label)
    assert [(name, f.n) for name, f in found.items()] == [("ham", 4), ("spam", 4), ("off-topic", 1)]


def test_a_source_is_named_or_the_file_is() -> None:
    assert source_of(case("ham", "a", source="mine")) == "mine"
    assert source_of(Case("in/a.jsonl", 1, Sample(Document("a"), "ham"))) == "a.jsonl"


def test_a_group_is_the_site_else_the_post_else_the_source() -> None:
    assert group_of(case("ham", "a", site_url="https://Bread.example/x", context="Rye")) == "bread.example"
    assert group_of(case("ham", "a", context="Rye", source="mine")) == "Rye"
    assert group_of(case("ham", "a", source="mine")) == "mine"
    assert group_of(Case("a", 1, Sample(Document("a", context="Rye"), "ham", source="mine", group="two"))) == "two"


def test_samples_are_read_with_their_places(tmp_path: Path) -> None:
    (tmp_path / "b.jsonl").write_text('\n{"text": "two", "label": "ham"}\n')
    (tmp_path / "a.jsonl").write_text('{"text": "one", "label": "spam"}\n')
    (tmp_path / "README.md").write_text("no samples")
    found = list(read([str(tmp_path)]))
    assert [(Path(c.path).name, c.line, c.sample.document.text) for c in found] == [
        ("a.jsonl", 1, "one"),
        ("b.jsonl", 2, "two"),
    ]


@pytest.fixture(scope="module")
def counts(counting: str) -> Moderator:
    return load(counting)


def test_an_evaluation_of_a_model_that_counts_links(counts: Moderator) -> None:
    cases = [case("ham", LINK, 1), case("ham", LINKS, 2), case("spam", MANY, 3), case("spam", "none", 4)]
    cases += [case("off-topic", LINKS, 5), case("spam", MANY, 6, kind="page")]
    found = evaluate(counts, cases, against=counts, worst=1, sweep=True)
    assert (found.pages, found.failed, found.overall.n) == (1, 0, 5)
    assert [o.action for o in found.outcomes] == ["publish", "hold", "reject", "publish", "hold"]
    assert found.overall.ham_held.share == 0.5
    assert found.by["label"]["spam"].spam_rejected.hits == 1
    assert found.against is not None
    assert found.against.flips == ()
    assert found.worst is not None
    assert [e.line for e in (*found.worst["ham"], *found.worst["spam"])] == [2, 4]


def test_an_evaluation_goes_into_json_and_back(counts: Moderator) -> None:
    found = evaluate(counts, [case("ham", LINK), case("spam", MANY)], against=counts, worst=1, sweep=True)
    data = json.loads(to_line(render.to_json(found)))
    assert data["overall"]["ham_held"] == {
        "hits": 0, "count": 1, "share": 0.0, "low": 0.0, "high": pytest.approx(0.793451),
    }  # fmt: skip
    assert data["thresholds"] == {"hold": 0.4, "reject": 0.9}
    assert (data["against"]["flips"], data["left_out"]) == ([], None)


def test_pages_alone_are_no_comments(counts: Moderator) -> None:
    with pytest.raises(InputError, match="no comments among the samples; moderator scan"):
        evaluate(counts, [case("spam", MANY, kind="page")])


def test_the_first_line_says_what_becomes_of_1000_comments() -> None:
    first = render.summary(figures.measure(many([0.0] * 995 + [0.9] * 5, [0.9] * 3 + [0.1])))
    assert first == (
        "Of 1,000 honest comments 5 (2.1-12) would be held, 0 (0-3.8) of them rejected; "
        "of 1,000 spam comments 750 (301-954) would be held, 0 (0-490) of them rejected."
    )
    assert render.summary(figures.measure([outcome("off-topic", "hold", 1.0)])).startswith("None of these comments")


def test_texts_cannot_break_a_table(counts: Moderator) -> None:
    cases = [case("spam", "a | b ` <script> \x1b[2J"), case("ham", MANY, source="in | out <b>\n## x"), case("ham", "b")]
    found = evaluate(counts, cases, worst=3)
    lines = "\n".join(render.markdown(found)).split("\n")
    assert "`a \\| b ' <script> \\x1b[2J`" in next(line for line in lines if "script" in line)
    row = next(line for line in lines if "in \\| out" in line)
    assert "&lt;b>" in row
    assert not any(line.startswith("## x") for line in lines)
    assert "\x1b" not in "\n".join(render.text(found))


def sold(number: int, source: str) -> Case:
    return case("spam", f"Cheap watches and pills {number}, visit http://shop{number}.example/ now", source=source)


def told(number: int, source: str) -> Case:
    return case("ham", f"Thank you, I baked loaf number {number} and the crust came out well", source=source)


def test_each_source_is_judged_by_a_model_that_did_not_see_it() -> None:
    cases = [make(n, f"source {n % 3}") for n in range(180) for make in (told, sold)]
    found = left_out(cases, "source")
    assert [o.case for o in found] == cases
    f = figures.measure(found)
    assert f.roc_auc == 1.0
    assert {o.action for o in found} <= {"publish", "hold", "reject"}


def test_a_source_is_not_learnt_from(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}

    def unseen(samples: Any, material: Any, fold: Any, judged: Any) -> Any:
        seen.update(fold=fold.tolist(), judged=judged.tolist(), groups={s.group for s in samples})
        spam = np.array([s.label == "spam" for s in samples])
        return Unseen(np.where(spam, 2.0, -2.0), spam.astype(np.int64))

    monkeypatch.setattr(leave_out, "unseen", unseen)
    monkeypatch.setattr(leave_out, "lessons", lambda samples, teach: None)
    cases = [make(n, f"source {n % 3}") for n in range(180) for make in (told, sold)]
    assert [o.action for o in left_out(cases, "source")] == ["publish", "hold"] * 180
    assert len(set(seen["fold"])) == 3
    assert all(seen["fold"][i] == seen["fold"][i % 6] for i in range(360))
    assert all(seen["judged"])
    assert len(seen["groups"]) == 360  # three sources cannot fill the folds of the policy: each text is its own


def test_models_may_learn_from_a_share(monkeypatch: pytest.MonkeyPatch) -> None:
    weights: list[float] = []

    def unseen(samples: Any, material: Any, fold: Any, judged: Any) -> Any:
        weights.extend(s.weight for s in samples)
        return Unseen(np.zeros(len(samples)), np.zeros(len(samples), np.int64))

    monkeypatch.setattr(leave_out, "unseen", unseen)
    monkeypatch.setattr(leave_out, "lessons", lambda samples, teach: None)
    cases = [make(n, f"source {n % 3}") for n in range(180) for make in (told, sold)]
    assert len(left_out(cases, "source", 0.25)) == 360  # all are judged
    assert sum(weights) == 90


def test_what_cannot_be_left_out_says_why() -> None:
    with pytest.raises(InputError, match=r"all comments are of one source: .* --leave-out group"):
        left_out([told(1, "a"), sold(1, "a")], "source")
    with pytest.raises(InputError, match=r"1 ham would be left without source '.', and training needs 100"):
        left_out([told(1, "a"), sold(1, "a"), told(2, "b"), sold(2, "b")], "source")


def test_judging_keeps_the_order_and_tells_how_far_it_is(counts: Moderator) -> None:
    shows: list[tuple[str, int]] = []
    found = judge(counts, [case("ham", LINK), case("spam", MANY)], lambda what, count: shows.append((what, count)))
    assert [o.action for o in found] == ["publish", "reject"]
    assert shows == [("comments", 1), ("comments", 2)]


def test_a_share_of_nothing() -> None:
    assert counted(0, 0) == Share(0, 0, None, None, None)
