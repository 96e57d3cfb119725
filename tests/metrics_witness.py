"""Every metric a second time, the long way: loops, pairs and the textbook, no library."""

from __future__ import annotations

import math
from collections.abc import Sequence

Numbers = Sequence[float]


def counts(y_true: Numbers, y_prob: Numbers, threshold: float) -> tuple[int, int, int, int]:
    hits = alarms = rejections = misses = 0
    for label, probability in zip(y_true, y_prob, strict=True):
        if probability >= threshold:
            hits, alarms = hits + (label == 1), alarms + (label == 0)
        else:
            misses, rejections = misses + (label == 1), rejections + (label == 0)
    return hits, alarms, rejections, misses


def ratio(part: float, whole: float) -> float:
    return part / whole if whole else math.nan


def matthews(y_true: Numbers, y_prob: Numbers, threshold: float) -> float:
    """Pearson's correlation of two columns of zeros and ones."""
    verdicts = [float(probability >= threshold) for probability in y_prob]
    size = len(y_true)
    mean_true, mean_verdict = sum(y_true) / size, sum(verdicts) / size
    pairs = list(zip(y_true, verdicts, strict=True))
    both = sum((t - mean_true) * (v - mean_verdict) for t, v in pairs)
    of_true = sum((t - mean_true) ** 2 for t in y_true)
    of_verdict = sum((v - mean_verdict) ** 2 for v in verdicts)
    if of_true == 0:
        return math.nan
    return both / math.sqrt(of_true * of_verdict) if of_verdict else 0.0


def roc_auc(y_true: Numbers, y_prob: Numbers) -> float:
    """All pairs of a positive and a negative review."""
    pairs = wins = 0.0
    for label_a, a in zip(y_true, y_prob, strict=True):
        for label_b, b in zip(y_true, y_prob, strict=True):
            if label_a == 1 and label_b == 0:
                pairs += 1
                wins += 1.0 if a > b else 0.5 if a == b else 0.0
    return ratio(wins, pairs)


def pr_auc(y_true: Numbers, y_prob: Numbers) -> float:
    """At every distinct probability, from the top: precision times the recall it adds."""
    area, recall = 0.0, 0.0
    positives = sum(y_true)
    if not positives:
        return math.nan
    for threshold in sorted(set(y_prob), reverse=True):
        hits, alarms, _, _ = counts(y_true, y_prob, threshold)
        area += hits / (hits + alarms) * (hits / positives - recall)
        recall = hits / positives
    return area


def log_loss(y_true: Numbers, y_prob: Numbers) -> float:
    losses = []
    for label, probability in zip(y_true, y_prob, strict=True):
        of_truth = probability if label == 1 else 1 - probability
        losses.append(-math.log(min(max(of_truth, 2.0**-52), 1 - 2.0**-52)))
    return math.fsum(losses) / len(losses)


def brier(y_true: Numbers, y_prob: Numbers) -> float:
    return math.fsum((p - t) ** 2 for t, p in zip(y_true, y_prob, strict=True)) / len(y_true)


def ece(y_true: Numbers, y_prob: Numbers, num_bins: int = 15) -> float:
    """Bin by bin, as the paper writes it: share of reviews times gap of two means."""
    error = 0.0
    for number in range(num_bins):
        inside = [
            (label, probability)
            for label, probability in zip(y_true, y_prob, strict=True)
            if min(math.floor(probability * num_bins), num_bins - 1) == number
        ]
        if inside:
            share = math.fsum(label for label, _ in inside) / len(inside)
            mean = math.fsum(probability for _, probability in inside) / len(inside)
            error += len(inside) / len(y_true) * abs(share - mean)
    return error


def all_metrics(y_true: Numbers, y_prob: Numbers, threshold: float = 0.5) -> dict[str, float]:
    hits, alarms, rejections, misses = counts(y_true, y_prob, threshold)
    return {
        "accuracy": (hits + rejections) / len(y_true),
        "precision": ratio(hits, hits + alarms),
        "recall": ratio(hits, hits + misses),
        "specificity": ratio(rejections, rejections + alarms),
        "f1": ratio(2 * hits, 2 * hits + alarms + misses),
        "matthews": matthews(y_true, y_prob, threshold),
        "roc_auc": roc_auc(y_true, y_prob),
        "pr_auc": pr_auc(y_true, y_prob),
        "log_loss": log_loss(y_true, y_prob),
        "brier": brier(y_true, y_prob),
        "ece": ece(y_true, y_prob),
    }
