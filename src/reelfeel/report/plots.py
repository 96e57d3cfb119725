"""The pictures of numbers: each takes what it shows and gives a Picture.

This module, `clouds` and `figures` are the only ones that touch matplotlib; `clouds` alone touches
wordcloud.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from reelfeel.metrics.calibration import ReliabilityBin
from reelfeel.metrics.curves import Curve, LengthBin, exponential_moving_average
from reelfeel.metrics.intervals.proportions import Interval
from reelfeel.metrics.table import Confusion
from reelfeel.report.figures import (
    INK,
    MUTED,
    NEGATIVE,
    POSITIVE,
    SURFACE,
    Picture,
    draw,
    drawable_name,
    label_axes,
    use_unit_square,
)
from reelfeel.report.report_data import Epoch

# As the tutorial smooths.
SPAN = 5
NUM_SCORE_BINS = 20


def plot_roc(curve: Curve) -> Picture:
    """Draws the ROC curve beside the diagonal of a coin."""

    def paint(figure: Figure) -> None:
        axes = figure.add_subplot()
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (4, 3)), label="a coin")
        axes.fill_between(curve.x, curve.y, color=POSITIVE, alpha=0.1, linewidth=0)
        axes.plot(curve.x, curve.y, color=POSITIVE, label="the model")
        use_unit_square(axes)
        label_axes(axes, "share of negatives called positive", "share of positives found")
        axes.legend(loc="lower right")

    return draw(paint)


def plot_precision_recall(curve: Curve, share_positive: float) -> Picture:
    """Draws precision over recall in steps, beside what no skill would get."""

    def paint(figure: Figure) -> None:
        axes = figure.add_subplot()
        axes.axhline(
            share_positive, color=MUTED, linewidth=1, linestyle=(0, (4, 3)), label="no skill"
        )
        # A point's precision holds for the recall added up to it, hence steps before the point.
        axes.fill_between(curve.x, curve.y, step="pre", color=POSITIVE, alpha=0.1, linewidth=0)
        axes.step(curve.x, curve.y, where="pre", color=POSITIVE, label="the model")
        use_unit_square(axes)
        label_axes(axes, "recall: share of positives found", "precision: share of them right")
        axes.legend(loc="lower left")

    return draw(paint)


def plot_learning(history: Sequence[Epoch], best_epoch: int | None) -> Picture:
    """Draws loss and accuracy by epoch: raw as thin lines, smoothed (EMA) as thick ones."""

    def paint(figure: Figure) -> None:
        loss, accuracy = figure.subplots(2, 1, sharex=True)
        _plot_epochs(loss, [(epoch.train_loss, epoch.validation_loss) for epoch in history])
        _plot_epochs(
            accuracy, [(epoch.train_accuracy, epoch.validation_accuracy) for epoch in history]
        )
        loss.set_ylabel("loss (nats)")
        label_axes(accuracy, "epoch", "accuracy")
        accuracy.set_xlim(0.6, len(history) + 0.4)
        accuracy.xaxis.set_major_locator(MaxNLocator(integer=True))
        for axes in (loss, accuracy):
            if best_epoch is not None:
                axes.axvline(best_epoch, color=MUTED, linewidth=1, linestyle=(0, (1, 2)))
        figure.legend(*loss.get_legend_handles_labels(), loc="outside upper center", ncols=2)

    return draw(paint, height=4.6)


def plot_confusion(confusion: Confusion, label_names: tuple[str, str]) -> Picture:
    """Draws the four counts as a square of cells, each row in shares of its class."""
    cells = np.array(
        [
            [confusion.true_negatives, confusion.false_positives],
            [confusion.false_negatives, confusion.true_positives],
        ]
    )
    names = [drawable_name(name, label) for label, name in enumerate(label_names)]

    def paint(figure: Figure) -> None:
        axes = figure.add_subplot()
        shares = cells / np.maximum(cells.sum(axis=1, keepdims=True), 1)
        for row, column in np.ndindex(2, 2):
            colour = POSITIVE if row == column else NEGATIVE
            opacity = 0.06 + 0.5 * shares[row, column]
            axes.fill_between([column, column + 1], row, row + 1, color=colour, alpha=opacity)
            place = (column + 0.5, row + 0.5)
            axes.annotate(
                f"{cells[row, column]:,}", place, ha="center", va="bottom", fontsize=14, color=INK
            )
            axes.annotate(
                f"{shares[row, column]:.1%} of the row", place, (0, -5), ha="center", va="top",
                textcoords="offset points", color=INK,
            )  # fmt: skip
        axes.set(xlim=(0, 2), ylim=(2, 0), xticks=[0.5, 1.5], yticks=[0.5, 1.5])
        axes.set_xticklabels(names)
        axes.set_yticklabels(names, rotation=90, va="center")
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
        axes.axhline(1, color=SURFACE, linewidth=3)
        axes.axvline(1, color=SURFACE, linewidth=3)
        label_axes(axes, "the model said", "the label is")

    return draw(paint)


def plot_reliability(bins: Sequence[ReliabilityBin]) -> Picture:
    """Draws how often each probability came true, with 95 % intervals."""
    full = [bin_ for bin_ in bins if bin_.count]
    said = np.array([bin_.mean_probability for bin_ in full], np.float64)
    true = np.array([bin_.observed_share for bin_ in full], np.float64)

    def paint(figure: Figure) -> None:
        axes = figure.add_subplot()
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (4, 3)), label="honest")
        axes.errorbar(
            said,
            true,
            yerr=_reach(true, [bin_.interval for bin_ in full]),
            color=POSITIVE, ecolor=POSITIVE, elinewidth=1, capsize=2,
            marker="o", markersize=4, linestyle="none", label="the model, 95 % interval",
        )  # fmt: skip
        use_unit_square(axes)
        label_axes(axes, "mean probability said", "share that is positive")
        figure.legend(loc="outside upper center", ncols=2, columnspacing=1.2, handlelength=1.6)

    return draw(paint)


def plot_scores(
    y_true: npt.NDArray[np.int64],
    y_prob: npt.NDArray[np.float64],
    threshold: float,
    label_names: tuple[str, str],
) -> Picture:
    """Draws how many reviews of either class got which probability."""
    edges = np.linspace(0, 1, NUM_SCORE_BINS + 1)

    def paint(figure: Figure) -> None:
        axes = figure.add_subplot()
        for label, colour, line in ((0, NEGATIVE, (0, (4, 2))), (1, POSITIVE, "-")):
            counts, _ = np.histogram(y_prob[y_true == label], bins=edges)
            name = f"are {drawable_name(label_names[label], label)}"
            axes.stairs(counts, edges, fill=True, color=colour, alpha=0.2)
            axes.stairs(counts, edges, color=colour, linestyle=line, linewidth=1.6, label=name)
        axes.axvline(threshold, color=MUTED, linewidth=1, linestyle=(0, (1, 2)), label="threshold")
        axes.set_xlim(-0.02, 1.02)
        axes.yaxis.set_major_formatter("{x:,.0f}")
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        label_axes(axes, "probability of the positive class", "reviews")
        figure.legend(loc="outside upper center", ncols=3, columnspacing=1.2, handlelength=1.6)

    return draw(paint)


def plot_lengths(bins: Sequence[LengthBin], overall: float) -> Picture:
    """Draws the accuracy of short to long reviews, with 95 % intervals."""
    full = [(place, bin_) for place, bin_ in enumerate(bins) if bin_.count]
    right = np.array([bin_.accuracy for _, bin_ in full], np.float64)

    def paint(figure: Figure) -> None:
        axes = figure.add_subplot()
        axes.axhline(overall, color=MUTED, linewidth=1, linestyle=(0, (4, 3)), label="all reviews")
        axes.errorbar(
            [place for place, _ in full],
            right,
            yerr=_reach(right, [bin_.interval for _, bin_ in full]),
            color=POSITIVE, elinewidth=1.2, capsize=3, marker="o", markersize=5,
            linestyle="none", label="95 % interval",
        )  # fmt: skip
        axes.set(xlim=(-0.5, len(bins) - 0.5), xticks=range(len(bins)))
        axes.set_xticklabels([f"{_shorten(bin_)}\nn = {bin_.count:,}" for bin_ in bins])
        label_axes(axes, "tokens in the review", "accuracy")
        axes.legend(loc="best")

    return draw(paint)


def plot_accuracies(rows: Sequence[tuple[str, float, Interval | None]]) -> Picture:
    """Draws the accuracy of the model (first) and of the baselines, with 95 % intervals."""
    values = np.array([accuracy for _, accuracy, _ in rows])
    reach = _reach(values, [interval for _, _, interval in rows])

    def paint(figure: Figure) -> None:
        axes = figure.add_subplot()
        for place, (name, accuracy, _) in enumerate(rows):
            colour = MUTED if place else POSITIVE
            axes.errorbar(
                accuracy, place, xerr=reach[:, place : place + 1], color=colour,
                marker="s" if place else "o", markersize=6, elinewidth=1.6, capsize=3,
            )  # fmt: skip
            weight = "normal" if place else "bold"
            for text, side, align in ((name, 0, "left"), (f"{accuracy:.1%}", 1, "right")):
                axes.annotate(
                    text, (side, place), (0, 8), ha=align, xycoords=axes.get_yaxis_transform(),
                    textcoords="offset points", color=INK, fontweight=weight,
                )  # fmt: skip
        low, high = float((values - reach[0]).min()), float((values + reach[1]).max())
        air = max(0.08 * (high - low), 0.02)
        axes.set(xlim=(low - air, high + air), ylim=(len(rows) - 0.6, -0.6), yticks=[])
        axes.xaxis.set_major_formatter("{x:.0%}")
        axes.spines["left"].set_visible(False)
        axes.grid(axis="y", visible=False)
        axes.set_xlabel("accuracy, 95 % interval")

    return draw(paint, height=0.9 + 0.5 * len(rows))


def _plot_epochs(axes: Axes, values: Sequence[tuple[float, float]]) -> None:
    epochs = np.arange(1, len(values) + 1)
    train, validation = np.array(values, np.float64).T
    for name, series, colour, line in (
        ("train", train, NEGATIVE, (0, (4, 2))),
        ("validation", validation, POSITIVE, "-"),
    ):
        axes.plot(
            epochs, series, color=colour, linewidth=0.8, alpha=0.6, marker="o", markersize=2.5,
            label=f"{name}, raw",
        )  # fmt: skip
        smoothed = exponential_moving_average(series, span=SPAN)
        axes.plot(epochs, smoothed, color=colour, linestyle=line, label=f"{name}, smoothed")


def _reach(
    values: npt.NDArray[np.float64], intervals: Sequence[Interval | None]
) -> npt.NDArray[np.float64]:
    ends = [interval or (value, value) for value, interval in zip(values, intervals, strict=True)]
    lower, upper = np.array(ends, np.float64).reshape(-1, 2).T
    return np.array([values - lower, upper - values])


def _shorten(bin_: LengthBin) -> str:
    if bin_.up_to is None:
        return f"> {bin_.longer_than}"
    return f"{bin_.longer_than + 1}-{bin_.up_to}" if bin_.longer_than else f"≤ {bin_.up_to}"
