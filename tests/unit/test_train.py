"""Training: the same samples give the same bytes, and what is fitted keeps to the laws."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from moderator import load, store
from moderator.records import Document
from moderator.samples import Sample
from moderator.train import compose, evidence, fit, lessons, monotone, recipe, samples_digest, term_rarity, train
from moderator.train.intervals import wilson

TRADES = ("roofs", "loans", "watches", "slots", "essays", "pills")
CRAFTS = ("bread", "kites", "clocks", "looms", "boats", "bees")


def sample(text: str, label: str, number: int) -> Sample:
    return Sample(Document(text), label, source="made", group=f"g{number}")  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def made() -> list[Sample]:
    spam = [sample(f"Best {t} offer number {n}, order now", "spam", n) for n in range(40) for t in TRADES]
    ham = [sample(f"I built {c} like these in year {n}, thank you", "ham", n) for n in range(40) for c in CRAFTS]
    return spam + ham


def test_tables_tell_what_they_were_taught(made: list[Sample]) -> None:
    material = lessons(made, {})
    one, two = (material.tables(np.ones(len(made), bool)) for _ in range(2))
    assert all(np.array_equal(one[name].weights, two[name].weights) for name in one)
    seen = evidence.of_comments(made, one, term_rarity(made))
    text = seen.strengths[:, seen.codes.index("model/text")]
    assert text[seen.spam].min() > text[~seen.spam].max()


def test_a_table_without_two_kinds_says_nothing(made: list[Sample]) -> None:
    material = lessons([s for s in made if s.label == "ham"], {})
    assert not material.tables(np.ones(240, bool))["text"].weights.any()


def test_groups_stay_in_one_fold(made: list[Sample]) -> None:
    fold = evidence.folds(made, 5)
    found: dict[str, set[int]] = {}
    for s, f in zip(made, fold.tolist(), strict=True):
        found.setdefault(s.group, set()).add(f)
    assert all(len(folds) == 1 for folds in found.values())
    assert set(fold.tolist()) == set(range(5))


def test_a_single_group_is_dealt_out_by_text(made: list[Sample]) -> None:
    fold = evidence.folds([replace(s, group="all") for s in (*made, *made)], 5)
    assert set(fold.tolist()) == set(range(5))
    assert fold[: len(made)].tolist() == fold[len(made) :].tolist()


def test_n_grams_of_one_kind_alone_say_the_most(made: list[Sample]) -> None:
    chosen = fit.design([Document(text) for text in ("order now", "order now", "thank you", "you order")], "text")
    ratio = fit.log_ratio(chosen.matrix, np.array([True, True, False, False]), np.ones(4))
    assert ratio.min() == 0.0
    assert ratio.max() == pytest.approx(np.log(3))  # "now": in both of the spam, in none of the ham
    assert len(set(ratio.round(6).tolist())) > 2


def test_a_recipe_may_be_one_file_of_comments(made: list[Sample], tmp_path: Path) -> None:
    plan = {"source": [{"name": "made"}]}
    one, two = (train(made, [], plan, tmp_path / name, lambda message: None) for name in ("one", "two"))
    assert one.name == two.name
    found = store.read(one).manifest["policy"]
    assert found["page"] == found["comment"]
    moderator = load(one)
    assert moderator.check("Best pills offer, order now").action != "publish"
    assert moderator.check("I built clocks like these, thank you").action == "publish"


def test_what_is_not_judged_teaches_words_alone(made: list[Sample], tmp_path: Path) -> None:
    plan = {"source": [{"name": "made"}]}
    taught = [replace(sample(f"Zeppelin rides for cheap {n}", "spam", n), judged=False) for n in range(60)]
    with_it, without = (train(s, [], plan, tmp_path / "models", lambda m: None) for s in ([*made, *taught], made))
    assert json.loads((with_it / "metrics.json").read_text(encoding="utf-8"))["comment"]["all"]["spam"] == 240
    score = [load(folder).check("Zeppelin rides").score for folder in (with_it, without)]
    assert score[0] > 0.9 > 0.6 > score[1]


def test_curves_never_turn_back_and_budgets_are_kept(made: list[Sample]) -> None:
    chance = np.random.default_rng(0)
    codes = ("model/text", "model/honest", "links/count")
    spam = chance.random(4000) < 0.5
    strengths = np.clip(np.c_[spam * 0.5, ~spam * 0.5, spam * 0.2] + chance.normal(0, 0.2, (4000, 3)), 0, 1)
    seen = evidence.Evidence(
        codes, strengths.astype(np.float32), spam, np.ones(4000), np.full(4000, "made"), np.full(4000, "en")
    )
    rules = monotone.fit_rules(seen, {"*": (0.01, 0.001)})
    for code, (_, worth) in rules.curves.items():
        steps = np.diff(worth)
        assert (steps <= 0).all() if code == "model/honest" else (steps >= 0).all()
    score = 1 / (1 + np.exp(-monotone.scores(rules, codes, seen.strengths)))
    assert (score[~spam] >= rules.hold).mean() <= 0.01
    assert (score[spam] >= rules.hold).mean() > 0.5


def test_composed_pages_say_where_the_spam_is(made: list[Sample]) -> None:
    body = Sample(Document("\n\n".join(f"Paragraph {n} about bees." for n in range(9)), kind="page"), "ham")
    trailer = Sample(Document("Best pills offer", kind="page"), "spam")
    parts = compose.Parts.of([*made, trailer], [body], {"sentences": [], "spam": ["made"]})
    pages = list(compose.pages(parts, 20, seed=0))
    assert [bool(page.spam) for page in pages] == [True, False] * 10
    for page in pages[::2]:
        assert "offer" in page.document.text[page.spam[0].start : page.spam[0].end]
    again = list(compose.pages(parts, 20, seed=0))
    assert [page.document.text for page in again] == [page.document.text for page in pages]


def test_a_body_without_blank_lines_has_paragraphs() -> None:
    wrapped = "We took the bus to\nthe sea.\nIt was cold (very!)\nand we swam\nanyway.\nThe next morning it was sti"
    assert compose.paragraphs(wrapped) == [
        "We took the bus to\nthe sea.",
        "It was cold (very!)",
        "and we swam\nanyway.",
    ]
    assert compose.paragraphs(f"At the sea\n\n{wrapped}")[0] == "At the sea"
    assert compose.paragraphs("Two lines\nof a poem\n\nAnd a last one.") == ["Two lines\nof a poem", "And a last one."]
    assert compose.paragraphs("cut off and al") == ["cut off and al"]


def test_some_pages_are_short_and_some_insertions_long(made: list[Sample]) -> None:
    body = Sample(Document("\n\n".join(f"Paragraph {n} about bees." for n in range(9)), kind="page"), "ham")
    trailers = [Sample(Document(f"Best pills {n}", kind="page", language="en"), "spam") for n in range(9)]
    parts = compose.Parts.of([*made, *trailers], [body], {"sentences": [], "spam": ["made"]})
    pages = list(compose.pages(parts, 200, seed=0))
    assert {1, 2, 3} <= {page.document.text.count("about bees") for page in pages}
    assert {1, 2, 4} <= {len(page.spam) for page in pages}
    for page in pages:
        assert len({*page.spam_of}) == len(page.spam_of)


def test_a_source_may_share_a_group_with_another(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "One post", "site": "s"}\n', encoding="utf-8")
    (tmp_path / "b.jsonl").write_text('{"text": "The same post, whole"}\n', encoding="utf-8")
    plan = """
        [[source]]
        name = "a"
        files = ["a.jsonl"]
        labels = { "*" = "ham" }
        group = "site"
        [[source]]
        name = "b"
        files = ["b.jsonl"]
        labels = { "*" = "ham" }
        together_with = "a:s"
    """
    (tmp_path / "recipe.toml").write_text(plan, encoding="utf-8")
    found = recipe.samples(recipe.load(tmp_path / "recipe.toml", tmp_path, None))
    assert [sample.group for sample in found] == ["a:s", "a:s"]


def test_the_digest_of_samples_is_that_of_the_set(made: list[Sample]) -> None:
    assert samples_digest(made) == samples_digest(made[::-1])
    assert samples_digest(made) != samples_digest(made[1:])


def test_quantised_weights_keep_their_order() -> None:
    table = fit.quantise(np.array([0.0, -1.0, 0.5, 2.0] * 1000), 0.25)
    assert table.weights.dtype == np.int8
    assert (np.argsort(table.weights[:4], kind="stable") == [1, 0, 2, 3]).all()
    assert table.bias == 0.25


def test_the_card_that_ships_has_its_figures() -> None:
    path = store.current(store.models_directory())
    card = (path / "card.md").read_text(encoding="utf-8")
    manifest = store.read(path).manifest
    assert str(manifest["policy"]["comment"]["hold"]) in card
    assert all(name in card for name in manifest["samples"]["counts"])
    assert wilson(0, 10)[1] > 0.2
    assert Path(path / "metrics.json").exists()
