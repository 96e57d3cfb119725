"""What each picture shows: one sentence from the numbers, and one text for who cannot see it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from reelfeel.metrics.calibration import ReliabilityBin
from reelfeel.metrics.curves import Curve, LengthBin
from reelfeel.metrics.table import Confusion
from reelfeel.report.report_data import Epoch, MetricsWithIntervals, ReportData, ReportRow
from reelfeel.report.wording import (
    NBSP,
    count,
    describe_lengths,
    listed,
    number_range,
    percent,
    percent_range,
    quoted,
)

# A probability this near to 0 or 1 is "sure".
SURE = 0.9


class Caption(NamedTuple):
    """The sentence under a picture, and the text that stands for it."""

    sentence: str
    alternative: str


def caption_accuracies(rivals: Sequence[ReportRow]) -> Caption:
    """Says where the model, the first of the classifiers, stands among them."""
    model, *others = rivals
    own = model.measured.metrics.accuracy
    better = [rival.title for rival in others if rival.measured.metrics.accuracy > own]
    rank = len(better) + 1
    place = f"the model is number {rank} of {len(rivals)}"
    behind = f", behind {listed(better)}" if better else ", ahead of all baselines"
    values = [f"{rival.title} {percent(rival.measured.metrics.accuracy)}" for rival in rivals]
    return Caption(f"By accuracy {place}{behind}.", f"Accuracy of each: {listed(values)}.")


def caption_roc(curve: Curve, measured: MetricsWithIntervals) -> Caption:
    """Says how well the probabilities rank the reviews."""
    area = measured.metrics.roc_auc or 0.0
    interval = measured.intervals["roc_auc"]
    reach = f" (95{NBSP}% interval {percent_range(interval)})" if interval else ""
    alarms = float(np.interp(0.9, curve.y, curve.x))
    return Caption(
        f"Of a positive and a negative review, the positive one gets the higher probability in "
        f"{percent(area)} of all pairs{reach}; a coin would manage 50{NBSP}%.",
        f"ROC curve, area {area:.3f}: to find 90{NBSP}% of the positive reviews, "
        f"{percent(alarms)} of the negative ones are called positive too.",
    )


def caption_precision_recall(curve: Curve, measured: MetricsWithIntervals) -> Caption:
    """Says how pure the reviews ranked first are."""
    average = measured.metrics.pr_auc or 0.0
    half = int(np.argmax(curve.x >= 0.5))
    interval = measured.intervals["pr_auc"]
    reach = f" (95{NBSP}% interval {number_range(interval)})" if interval else ""
    share = measured.metrics.share_positive
    return Caption(
        f"Called by falling probability until half of the positive reviews are found, "
        f"{percent(float(curve.y[half]))} of those called are positive; average precision "
        f"{average:.3f}{reach}, {share:.3f} without any skill.",
        f"Precision-recall curve: precision is {percent(float(curve.y[half]))} at half of the "
        f"positives found and {percent(float(curve.y[-1]))} when all reviews are called positive.",
    )


def caption_confusion(confusion: Confusion, label_names: tuple[str, str]) -> Caption:
    """Says which mistakes are made, and to which side they lean."""
    alarms, misses = confusion.false_positives, confusion.false_negatives
    negatives, positives = confusion.true_negatives + alarms, confusion.true_positives + misses
    negative, positive = (quoted(name) for name in label_names)
    parts = [
        f"{wrong:,} of {total:,} {is_} reviews ({percent(wrong / total)}) are called {said}"
        for wrong, total, is_, said in (
            (alarms, negatives, negative, positive),
            (misses, positives, positive, negative),
        )
        if total
    ]
    lean = ""
    # Beyond two standard deviations of the difference of two counts.
    if abs(alarms - misses) > 2 * math.sqrt(alarms + misses):
        lean = f"; the mistakes lean towards {positive if alarms > misses else negative}"
    return Caption(
        f"{listed(parts)}{lean}.",
        f"Confusion matrix: {confusion.true_negatives:,} {negative} and "
        f"{confusion.true_positives:,} {positive} reviews judged rightly, {alarms:,} {negative} "
        f"called {positive}, {misses:,} {positive} called {negative}.",
    )


def caption_learning(history: Sequence[Epoch], best_epoch: int | None) -> Caption:
    """Says where the training was best and what came after."""
    losses = [epoch.validation_loss for epoch in history]
    best = best_epoch or int(np.argmin(losses)) + 1
    lowest, last = losses[best - 1], len(losses)
    start = f"Validation loss is lowest after epoch {best} ({lowest:.3f})"
    if best == last:
        rest = ", the last one: it was still falling, so more epochs may help"
    else:
        train = history[-1].train_loss
        rest = (
            f", and {losses[-1]:.3f} after epoch {last}, while training loss goes down to "
            f"{train:.3f}: the later epochs learn the training reviews by heart"
            if losses[-1] > lowest and train < history[best - 1].train_loss
            else f" and {losses[-1]:.3f} after epoch {last}: the later epochs bring nothing"
        )
    kept = "; that epoch was kept" if best_epoch else ""
    return Caption(
        f"{start}{rest}{kept}.",
        f"Learning curves over {count(last, 'epoch')}, raw and smoothed: training loss from "
        f"{history[0].train_loss:.3f} to {history[-1].train_loss:.3f}, validation loss from "
        f"{losses[0]:.3f} to {losses[-1]:.3f}; training accuracy from "
        f"{percent(history[0].train_accuracy)} to {percent(history[-1].train_accuracy)}, "
        f"validation accuracy from {percent(history[0].validation_accuracy)} to "
        f"{percent(history[-1].validation_accuracy)}.",
    )


def caption_reliability(bins: Sequence[ReliabilityBin], measured: MetricsWithIntervals) -> Caption:
    """Says how far probabilities are from what happens, and where most."""
    full = [
        (bin_.count, bin_.mean_probability or 0.0, bin_.observed_share or 0.0)
        for bin_ in bins
        if bin_.count
    ]
    number, said, true = max(full, key=lambda bin_: bin_[0] * abs(bin_[1] - bin_[2]))
    interval = measured.intervals["ece"]
    reach = f" (95{NBSP}% interval {percent_range(interval)})" if interval else ""
    ends = [f"{percent(bin_[1])} said, {percent(bin_[2])} true" for bin_ in (full[0], full[-1])]
    return Caption(
        f"On average a probability is {100 * measured.metrics.ece:.1f}{NBSP}points off{reach}; "
        f"most is lost on {count(number)} that got {percent(said)} on average, while "
        f"{percent(true)} of them are positive.",
        f"Reliability diagram with {len(full)} bins, from {ends[0]} to {ends[1]}.",
    )


def caption_scores(data: ReportData) -> Caption:
    """Says how sure the model is, and how right it is when it is sure."""
    y_prob, right = data.y_prob, data.right()
    sure = (y_prob >= SURE) | (y_prob <= 1 - SURE)
    alternative = (
        f"Histogram of probabilities: a quarter lies below {np.quantile(y_prob, 0.25):.2f}, half "
        f"below {np.quantile(y_prob, 0.5):.2f}, three quarters below "
        f"{np.quantile(y_prob, 0.75):.2f}."
    )
    if y_prob.min() == y_prob.max():
        return Caption(f"Every review gets the same probability, {y_prob[0]:.3f}.", alternative)
    extreme = f"a probability of at most {1 - SURE:.1f} or at least {SURE:.1f}"
    if not sure.any():
        return Caption(f"No review gets {extreme}: the model is never sure.", alternative)
    outcomes = [
        f"{percent(float(right[mask].mean()))} of {name}"
        for name, mask in (("these", sure), ("the others", ~sure))
        if mask.any()
    ]
    return Caption(
        f"{percent(float(sure.mean()))} of the reviews get {extreme}; right are "
        f"{listed(outcomes)}.",
        alternative,
    )


def caption_lengths(bins: Sequence[LengthBin]) -> Caption:
    """Says on which lengths the model does best and worst, and whether that may be luck."""
    full = [bin_ for bin_ in bins if bin_.count and bin_.interval]
    said = {bin_: describe_lengths(bin_.longer_than, bin_.up_to) for bin_ in full}
    values = [f"{said[bin_]} {percent(bin_.accuracy or 0.0)} of {bin_.count:,}" for bin_ in full]
    alternative = f"Accuracy by length: {listed(values)}."
    if len(full) == 1:
        return Caption(f"All reviews have {said[full[0]]}, so lengths tell nothing.", alternative)
    best = max(full, key=lambda bin_: bin_.accuracy or 0.0)
    worst = min(full, key=lambda bin_: bin_.accuracy or 0.0)
    apart = bool(best.interval and worst.interval and best.interval.lower > worst.interval.upper)
    return Caption(
        f"Best on reviews of {said[best]} ({percent(best.accuracy or 0.0)} of {best.count:,}), "
        f"worst on {said[worst]} ({percent(worst.accuracy or 0.0)} of {worst.count:,}); "
        f"the two intervals {'do not overlap' if apart else 'overlap, so that may be luck'}.",
        alternative,
    )


def caption_cloud(
    words: Sequence[str], others: Sequence[str], num_reviews: int, name: str, other: str
) -> Caption:
    """Says which words are frequent in one class, and how many of them are so in the other."""
    shared = len(set(words[:50]) & set(others[:50]))
    top = min(50, len(words))
    return Caption(
        f"Most frequent in {count(num_reviews)} labelled {name}, stop words left out: "
        f"{listed(words[:5])}; of the first {top} words {shared} are among the first "
        f"of {other} too.",
        f"Cloud of the words most frequent in {name} reviews; the largest of {len(words)}: "
        f"{listed(words[:10])}.",
    )


def caption_two_clouds(
    positive: Sequence[str], negative: Sequence[str], num_sure: int, label_names: tuple[str, str]
) -> Caption:
    """Says which words mark either class; `num_sure` of them do so beyond luck."""
    names = [quoted(name) for name in label_names]
    return Caption(
        f"What marks {names[1]} most: {listed(positive[:6])}; {names[0]}: {listed(negative[:6])}. "
        f"{num_sure} of the {len(positive) + len(negative)} strongest words score beyond 1.96 "
        "standard deviations, more than luck gives a single word in 95 of 100 cases.",
        f"Two clouds of words that tell the classes apart. For {names[1]}: "
        f"{listed(positive[:12]) or 'none'}. For {names[0]}: {listed(negative[:12]) or 'none'}.",
    )


def top_words(
    words: Sequence[str], weights: npt.NDArray[np.float64], most: int
) -> list[tuple[str, float]]:
    """Returns the words of the largest weights above 0, equal ones in alphabetical order.

    >>> top_words(("b", "a", "c"), np.array([1.0, 1.0, 0.0]), 5)
    [('a', 1.0), ('b', 1.0)]
    """
    rows = np.flatnonzero(weights > 0).tolist()
    order = sorted(rows, key=lambda row: (-weights[row], words[row]))
    return [(words[row], float(weights[row])) for row in order[:most]]
