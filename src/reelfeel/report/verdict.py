"""The top of the report: a headline and three sentences, all made from the numbers."""

from __future__ import annotations

from dataclasses import dataclass

from reelfeel.metrics.intervals.comparison import McNemarTest, difference_interval
from reelfeel.metrics.slices import SliceScore, list_worse
from reelfeel.report.report_data import ReportData, ReportRow
from reelfeel.report.wording import (
    NBSP,
    count,
    listed,
    p_value,
    percent,
    percent_range,
    points,
    quoted,
)

# The usual level; the p-value stands beside every claim, so a reader can set another.
SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Verdict:
    """What a person needs to know first.

    Attributes:
        headline: the verdict in a few words.
        is_good: True for better than the baselines, False for worse, None for cannot tell.
        sentences: three: how good and compared to what, how sure, where weak.
    """

    headline: str
    is_good: bool | None
    sentences: tuple[str, str, str]


def find_rival(data: ReportData) -> ReportRow | None:
    """Returns the baseline with the highest accuracy; None where there are no baselines."""
    baselines = data.baselines
    return max(baselines, key=lambda rival: rival.measured.metrics.accuracy, default=None)


def write_verdict(data: ReportData) -> Verdict:
    """Says whether the model is better than the baselines, how sure that is, and where it is weak.

    Args:
        data: of the report.

    Returns:
        Verdict. Where there are no baselines, the model is compared with the larger class; where
        all reviews are of one class, the sentences say what cannot be known.
    """
    weakness = _describe_weakness(data)
    rival = find_rival(data)
    if rival is None or rival.against_model is None:
        headline, is_good, first, second = _compare_with_guessing(data)
    else:
        headline, is_good, first, second = _compare(data, rival, rival.against_model)
    return Verdict(headline, is_good, (first, second, weakness))


def describe_accuracy(data: ReportData) -> str:
    """Begins a sentence with the accuracy and its conditions."""
    metrics, intervals = data.model.measured.metrics, data.model.measured.intervals
    interval = intervals["accuracy"]
    reach = f" (95{NBSP}% interval {percent_range(interval)})" if interval else ""
    return (
        f"The model judges {percent(metrics.accuracy)} of {count(metrics.num_reviews)} "
        f"rightly{reach}"
    )


def _compare(
    data: ReportData, rival: ReportRow, test: McNemarTest
) -> tuple[str, bool | None, str, str]:
    num_reviews = data.model.measured.metrics.num_reviews
    lead = (test.only_a_right - test.only_b_right) / num_reviews
    theirs = percent(rival.measured.metrics.accuracy)
    interval = difference_interval(test, num_reviews)
    if test.p_value >= SIGNIFICANT or interval.lower <= 0 <= interval.upper:
        headline, is_good = f"Not shown to be better than {rival.title}", None
        relation = (
            f"; these reviews cannot tell whether that is better or worse than the best baseline, "
            f"{rival.title} ({theirs})."
        )
    elif lead > 0:
        headline, is_good = "Better than every baseline", True
        relation = f", {points(lead)} more than the best baseline, {rival.title} ({theirs})."
    else:
        headline, is_good = f"Worse than {rival.title}", False
        relation = f", {points(-lead)} fewer than the best baseline, {rival.title} ({theirs})."
    first = describe_accuracy(data) + relation
    return headline, is_good, first, _describe_certainty(test, rival, num_reviews)


def _describe_certainty(test: McNemarTest, rival: ReportRow, num_reviews: int) -> str:
    lower, upper = difference_interval(test, num_reviews)
    chance = "fewer than 0.1" if test.p_value < 0.001 else f"{100 * test.p_value:.1f}"
    return (
        f"The true difference lies between {100 * lower:+.1f} and {100 * upper:+.1f}{NBSP}points "
        f"(95{NBSP}% interval). Only the model is right on {count(test.only_a_right)}, only "
        f"{rival.title} on {test.only_b_right:,}: two equally good classifiers would split at "
        f"least so unevenly in {chance} of 100 cases (McNemar, {p_value(test.p_value)})."
    )


def _compare_with_guessing(data: ReportData) -> tuple[str, bool | None, str, str]:
    metrics, intervals = data.model.measured.metrics, data.model.measured.intervals
    larger = int(metrics.share_positive >= 0.5)
    guess = max(metrics.share_positive, 1 - metrics.share_positive)
    name, interval = quoted(data.label_names[larger]), intervals["accuracy"]
    first = f"{describe_accuracy(data)}; always saying {name} would get {percent(guess)}."
    if guess == 1:
        second = (
            f"All are {name}, so these reviews cannot tell whether the model knows one class from "
            "the other."
        )
        return "Judged on one class only", None, first, second
    if interval and interval.lower > guess:
        second = "The whole interval lies above that, so the model has learned something."
        return "Better than guessing", True, first, f"{second} No baseline was asked for."
    if interval and interval.upper < guess:
        second = "The whole interval lies below that: the model is worse than a constant answer."
        return "Worse than guessing", False, first, f"{second} No baseline was asked for."
    second = "That lies within the interval: on so few reviews, luck can explain the difference."
    return "Not shown to be better than guessing", None, first, second


def _describe_weakness(data: ReportData) -> str:
    if not data.right().any():
        return "No verdict at all is right, so there is no weaker spot to name."
    weak = list_worse(data.slices)
    if not weak:
        return (
            f"No weak spot shows: in {len(data.slices)} slices, whatever differs is no more "
            "than luck can explain."
        )
    worst = weak[0]
    reach = f" (95{NBSP}% interval {percent_range(worst.interval)})" if worst.interval else ""
    sentence = (
        f"It is weakest on {worst.name}: {percent(worst.accuracy or 0.0)} of {worst.count:,} are "
        f"right{reach}, against {percent(worst.others_accuracy or 0.0)} of the others"
    )
    others = [_format_slice(one) for one in weak[1:3]]
    return f"{sentence}; weak too on {listed(others)}." if others else f"{sentence}."


def _format_slice(score: SliceScore) -> str:
    return f"{score.name} ({percent(score.accuracy or 0.0)})"
