"""Pictures of an evaluation, as PNG files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from moderator.errors import DependencyError, InputError
from moderator.evaluate import Evaluation, LeftOut
from moderator.evaluate.figures import Floats, Mask, both, calibration, scored, sklearn_metrics
from moderator.evaluate.outcomes import Outcome
from moderator.policy import Rules

HAM, SPAM, MARK, GREY = "#0072b2", "#d55e00", "#222222", "#999999"  # told apart by the colour-blind too
LINES = ({"color": HAM}, {"color": SPAM, "linestyle": "--"}, {"color": "#009e73"})  # dashes let what is below be seen
BARS = 40


@dataclass(frozen=True, slots=True)
class Curve:
    """The scores that one model gives; without rules where they come without thresholds."""

    name: str
    spam: Mask
    score: Floats
    rules: Rules | None


def needs() -> None:
    """Raise DependencyError if there is nothing to draw with."""
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError as error:
        raise DependencyError(f"plots need {error.name}: pip install 'moderator[plots]'") from error


def draw(found: Evaluation, folder: Path) -> list[Path]:
    """Write the pictures into a folder and return their paths."""
    curves = curves_of(found)
    pictures: dict[str, Callable[[Any, Sequence[Curve]], None]] = {
        "precision-recall": precision_recall,
        "roc": roc,
        "calibration": reliability,
        "scores": histogram,
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if (left := found.left_out) and left.learning:
            pictures["learning"] = lambda axes, _: learning(axes, left)
        return [_save(folder / f"{name}.png", picture, curves) for name, picture in pictures.items()]
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", path=str(folder)) from error


def curves_of(found: Evaluation) -> list[Curve]:
    """Return what there is to draw: the model, the other one, and models that did not see what they judge."""
    curves = [_curve(f"model {found.model}", found.outcomes, found.rules)]
    if found.against:
        curves.append(_curve(f"model {found.against.model} (old)", found.against.outcomes, None))
    if found.left_out:
        curves.append(_curve(f"trained without each {found.left_out.by}", found.left_out.outcomes, None))
    if not both(curves[0].spam):
        raise InputError("plots need ham and spam: give samples of both labels, or no --plots")
    return curves


def _curve(name: str, outcomes: Sequence[Outcome], rules: Rules | None) -> Curve:
    return Curve(name, *scored(outcomes), rules)


def _save(path: Path, picture: Callable[[Any, Sequence[Curve]], None], curves: Sequence[Curve]) -> Path:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.0, 5.0), layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#e5e5e5", linewidth=0.8)
    axes.set_axisbelow(True)
    picture(axes, curves)
    figure.savefig(path, dpi=150, metadata={"Software": None})  # the version would make the bytes differ
    return path


def precision_recall(axes: Any, curves: Sequence[Curve]) -> None:
    """Draw how much of what is held is spam, for each share of the spam that is held."""
    for curve, look in zip(curves, LINES, strict=False):
        precision, recall, _ = sklearn_metrics().precision_recall_curve(curve.spam, curve.score)
        # The last point, precision 1 at recall 0, is none that was measured.
        axes.plot(100 * recall[:-1], 100 * precision[:-1], label=curve.name, **look, drawstyle="steps-post")
        for action, shape, held in _marks(curve):
            if held.any():
                at = (100 * held[curve.spam].mean(), 100 * curve.spam[held].mean())
                axes.plot(*at, shape, color=MARK, markersize=7, label=action, clip_on=False, zorder=3)
    low = min(_least(curve) for curve in curves)
    axes.set(xlim=(0, 100), ylim=(max(0.0, 100 - 1.25 * (100 - low)), 100.5))
    axes.set(xlabel="spam that is held (%)", ylabel="spam among what is held (%)", title="Precision and recall")
    axes.legend(frameon=False, loc="lower left")


def _least(curve: Curve) -> float:
    """Return the precision, in per cent, of holding almost all spam: the part of the picture that matters."""
    held = curve.score >= np.quantile(curve.score[curve.spam], 0.05)
    return float(100 * curve.spam[held].mean())


def roc(axes: Any, curves: Sequence[Curve]) -> None:
    """Draw how much spam is held, for each share of the honest comments that is; few are what matters."""
    left = 100.0 / max(int((~curve.spam).sum()) for curve in curves)
    for curve, look in zip(curves, LINES, strict=False):
        passed, caught, _ = sklearn_metrics().roc_curve(curve.spam, curve.score, drop_intermediate=False)
        area = sklearn_metrics().roc_auc_score(curve.spam, curve.score)
        # A logarithm knows no 0: what no honest comment reaches is drawn at half of one comment.
        x = np.maximum(100 * passed, left / 2)
        axes.plot(x, 100 * caught, label=f"{curve.name}, area {area:.3f}", **look, drawstyle="steps-post")
        for action, shape, held in _marks(curve):
            at = (max(100 * held[~curve.spam].mean(), left / 2), 100 * held[curve.spam].mean())
            axes.plot(*at, shape, color=MARK, markersize=7, label=action, clip_on=False, zorder=3)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set(xlim=(left / 2, 100), ylim=(0, 100.5))
    axes.set(
        xlabel="honest comments that are held (%); none at the left edge",
        ylabel="spam that is held (%)",
        title="Spam caught, and its price",
    )
    axes.legend(frameon=False, loc="lower right")


def reliability(axes: Any, curves: Sequence[Curve]) -> None:
    """Draw the share of spam among comments with about the same score."""
    axes.plot((0, 1), (0, 1), color=GREY, linestyle="--", linewidth=1, label="a score that is a probability")
    for curve, look in zip(curves, LINES, strict=False):
        points = calibration(curve.spam, curve.score)
        axes.plot(
            [p for p, _, _ in points], [y for _, y, _ in points], marker="o", markersize=5, label=curve.name, **look,
            clip_on=False,
        )  # fmt: skip
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="score (mean of a fifteenth of the comments)")
    axes.set(ylabel="share of spam among them", title="Are scores probabilities?")
    axes.legend(frameon=False, loc="upper left")


def histogram(axes: Any, curves: Sequence[Curve]) -> None:
    """Draw how many comments of each label have which score."""
    curve = curves[0]
    edges = np.linspace(0.0, 1.0, BARS + 1)
    for name, own, colour in (("ham", ~curve.spam, HAM), ("spam", curve.spam, SPAM)):
        axes.hist(curve.score[own], edges, color=colour, alpha=0.25)
        axes.hist(curve.score[own], edges, color=colour, histtype="step", linewidth=1.5, label=name)
    for action, style in (("hold", "--"), ("reject", ":")):
        if curve.rules:
            axes.axvline(
                getattr(curve.rules, action), color=MARK, linestyle=style, linewidth=1, label=f"{action} from here"
            )
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.set(xlim=(0, 1), xlabel="score", ylabel="comments", title=f"Scores, {curve.name}")
    axes.set_ylim(bottom=0.7)
    axes.legend(frameon=False, loc="upper center")


def learning(axes: Any, left_out: LeftOut) -> None:
    """Draw how well models do that learned from few comments and from many."""
    counts = list(left_out.learning)
    figures = list(left_out.learning.values())
    lines: dict[str, list[float | None]] = {"area under the ROC curve": [f.roc_auc for f in figures]}
    for rate in figures[-1].recall_at_fpr:
        lines[f"spam caught where {rate} of ham is held"] = [f.recall_at_fpr[rate] for f in figures]
    for (name, values), look in zip(lines.items(), (*LINES, {"color": GREY, "linestyle": ":"}), strict=False):
        points = [(n, 100 * value) for n, value in zip(counts, values, strict=True) if value is not None]
        axes.plot([n for n, _ in points], [value for _, value in points], marker="o", label=name, **look, clip_on=False)
    axes.set_xscale("log")
    axes.set_xticks(counts, [f"{n:,}" for n in counts])
    axes.minorticks_off()
    axes.set(ylim=(0, 100), xlabel="comments that were learned from", ylabel="%")
    axes.set_title(f"What more comments teach, trained without each {left_out.by}")
    axes.legend(frameon=False, loc="lower right")


def _marks(curve: Curve) -> list[tuple[str, str, Mask]]:
    """Return the thresholds as names, shapes, and what reaches them."""
    rules = curve.rules
    if rules is None:
        return []
    return [("what it holds", "o", curve.score >= rules.hold), ("what it rejects", "s", curve.score >= rules.reject)]
