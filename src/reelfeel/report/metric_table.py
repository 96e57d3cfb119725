"""The table of the report: every metric with its interval, the model beside the baselines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from reelfeel.metrics.table import LOSSES, METRICS
from reelfeel.report.report_data import Costs, MetricsWithIntervals, ReportData, ReportRow
from reelfeel.report.wording import NBSP, count, duration, number_range, size

Number = TypeVar("Number", int, float)

METRIC_TITLES = {
    "accuracy": "Accuracy",
    "precision": "Precision",
    "recall": "Recall",
    "specificity": "Specificity",
    "f1": "F1",
    "matthews": "Matthews",
    "roc_auc": "ROC AUC",
    "pr_auc": "PR AUC",
    "log_loss": "Log loss",
    "brier": "Brier",
    "ece": "ECE",
}
MEANINGS = {
    "accuracy": "share of reviews judged rightly.",
    "precision": "share of right ones among the reviews called positive.",
    "recall": "share of the positive reviews that are found.",
    "specificity": "share of the negative reviews that are found.",
    "f1": "harmonic mean of precision and recall.",
    "matthews": "correlation of verdicts and labels, from -1 to 1; 0 for a constant answer.",
    "roc_auc": "chance that a positive review gets a higher probability than a negative one.",
    "pr_auc": "average precision over all thresholds.",
    "log_loss": "mean of -ln(probability given to the true class), in nats; a coin gets 0.693.",
    "brier": "mean squared distance of probability and label; a coin gets 0.25.",
    "ece": "how far probabilities are from what happens, on average, in 15 bins.",
}


@dataclass(frozen=True)
class Cell:
    """One number of the table.

    Attributes:
        value: as written.
        remark: its interval, or why there is no value or no interval.
        is_best: whether no other classifier of the row is better.
        is_range: whether the remark is an interval.
    """

    value: str
    remark: str = ""
    is_best: bool = False
    is_range: bool = False


@dataclass(frozen=True)
class MetricRow:
    """One line of the table."""

    title: str
    remark: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class MetricTable:
    """Columns of classifiers, rows of metrics and costs."""

    columns: tuple[tuple[str, str], ...]
    rows: tuple[MetricRow, ...]


def make_table(data: ReportData) -> MetricTable:
    """Lays out the table of metrics.

    Args:
        data: of the report.

    Returns:
        MetricTable whose first column is the model; the second, where there is one, the model on other
        reviews; then the baselines, the best first.
    """
    baselines = rank_baselines(data)
    entries: list[tuple[str, str, MetricsWithIntervals, Costs | None]] = []
    for one in (data.model, *baselines):
        metrics = one.measured.metrics
        entries.append((one.title, count(metrics.num_reviews), one.measured, one.costs))
    if data.subset:
        entries.insert(1, (data.model.title, data.subset.title, data.subset.measured, None))
    rivals = [data.model, *baselines]
    rows = [_measure(name, [entry[2] for entry in entries], rivals) for name in METRICS]
    rows += _count_costs([entry[3] for entry in entries])
    return MetricTable(tuple((title, remark) for title, remark, _, _ in entries), tuple(rows))


def rank_baselines(data: ReportData) -> list[ReportRow]:
    """Returns the baselines by falling accuracy."""
    return sorted(data.baselines, key=lambda rival: -rival.measured.metrics.accuracy)


def _measure(
    name: str, measurements: Sequence[MetricsWithIntervals], rivals: Sequence[ReportRow]
) -> MetricRow:
    choose = min if name in LOSSES else max
    # Among those judged on all reviews: the others are no fair comparison.
    values = [getattr(one.measured.metrics, name) for one in rivals]
    known = [round(value, 3) for value in values if value is not None]
    best = choose(known) if len(known) > 1 else None
    judged = {id(one.measured) for one in rivals}
    cells = tuple(
        _write_cell(name, measured, best if id(measured) in judged else None)
        for measured in measurements
    )
    return MetricRow(
        METRIC_TITLES[name], "lower is better" if name in LOSSES else "higher is better", cells
    )


def _write_cell(name: str, measured: MetricsWithIntervals, best: float | None) -> Cell:
    value, interval = getattr(measured.metrics, name), measured.intervals[name]
    if value is None:
        return Cell("undefined", measured.metrics.undefined[name])
    remark = number_range(interval) if interval else "no spread"
    is_best = best is not None and round(value, 3) == best
    return Cell(f"{value:.3f}", remark, is_best, is_range=interval is not None)


def _count_costs(costs: Sequence[Costs | None]) -> list[MetricRow]:
    known = [cost or Costs() for cost in costs]
    rows = {
        ("Training", "wall time"): [_format(cost.train_s, duration) for cost in known],
        ("Scoring", "one process"): [_format(cost.reviews_per_s, _format_speed) for cost in known],
        ("Size", "numbers and words"): [_format(cost.size_bytes, size) for cost in known],
    }
    return [
        MetricRow(title, remark, tuple(Cell(value) for value in values))
        for (title, remark), values in rows.items()
    ]


def _format_speed(reviews_per_s: float) -> str:
    return f"{reviews_per_s:,.0f}{NBSP}reviews/s"


def _format(value: Number | None, write: Callable[[Number], str]) -> str:
    return "" if value is None else write(value)
