"""The table of the report: every metric with its interval, the model beside the baselines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from reelfeel.metrics.table import LOSSES, METRICS
from reelfeel.report.contents import Contents, Contestant, Costs, Judgement
from reelfeel.report.wording import NBSP, count, duration, number_range, size

Number = TypeVar("Number", int, float)

TITLES = {
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
class Row:
    """One line of the table."""

    title: str
    remark: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    """Columns of classifiers, rows of metrics and costs."""

    columns: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]


def make_table(contents: Contents) -> Table:
    """Lays out the table of metrics.

    Args:
        contents: of the report.

    Returns:
        Table whose first column is the model; the second, where there is one, the model on other
        reviews; then the baselines, the best first.
    """
    baselines = rank_baselines(contents)
    entries: list[tuple[str, str, Judgement, Costs | None]] = []
    for one in (contents.model, *baselines):
        metrics = one.judgement.metrics
        entries.append((one.title, count(metrics.num_reviews), one.judgement, one.costs))
    if contents.aside:
        entries.insert(
            1, (contents.model.title, contents.aside.title, contents.aside.judgement, None)
        )
    contestants = [contents.model, *baselines]
    rows = [_measure(name, [entry[2] for entry in entries], contestants) for name in METRICS]
    rows += _count_costs([entry[3] for entry in entries])
    return Table(tuple((title, remark) for title, remark, _, _ in entries), tuple(rows))


def rank_baselines(contents: Contents) -> list[Contestant]:
    """Returns the baselines by falling accuracy."""
    return sorted(contents.baselines, key=lambda rival: -rival.judgement.metrics.accuracy)


def _measure(name: str, judgements: Sequence[Judgement], contestants: Sequence[Contestant]) -> Row:
    choose = min if name in LOSSES else max
    # Among those judged on all reviews: the others are no fair comparison.
    values = [getattr(one.judgement.metrics, name) for one in contestants]
    known = [round(value, 3) for value in values if value is not None]
    best = choose(known) if len(known) > 1 else None
    judged = {id(one.judgement) for one in contestants}
    cells = tuple(
        _write_cell(name, judgement, best if id(judgement) in judged else None)
        for judgement in judgements
    )
    return Row(TITLES[name], "lower is better" if name in LOSSES else "higher is better", cells)


def _write_cell(name: str, judgement: Judgement, best: float | None) -> Cell:
    value, interval = getattr(judgement.metrics, name), judgement.intervals[name]
    if value is None:
        return Cell("undefined", judgement.metrics.undefined[name])
    remark = number_range(interval) if interval else "no spread"
    is_best = best is not None and round(value, 3) == best
    return Cell(f"{value:.3f}", remark, is_best, is_range=interval is not None)


def _count_costs(costs: Sequence[Costs | None]) -> list[Row]:
    known = [cost or Costs() for cost in costs]
    rows = {
        ("Training", "wall time"): [_spell(cost.train_s, duration) for cost in known],
        ("Scoring", "one process"): [_spell(cost.reviews_per_s, _spell_speed) for cost in known],
        ("Size", "numbers and words"): [_spell(cost.size_bytes, size) for cost in known],
    }
    return [
        Row(title, remark, tuple(Cell(value) for value in values))
        for (title, remark), values in rows.items()
    ]


def _spell_speed(reviews_per_s: float) -> str:
    return f"{reviews_per_s:,.0f}{NBSP}reviews/s"


def _spell(value: Number | None, write: Callable[[Number], str]) -> str:
    return "" if value is None else write(value)
