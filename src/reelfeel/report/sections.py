"""The parts of the report below its pictures: slices, what was cut, and when the model abstains."""

from __future__ import annotations

from dataclasses import dataclass

from reelfeel.metrics.slices import SliceScore, list_worse
from reelfeel.metrics.truncation import PolicyScore, TruncationReport
from reelfeel.report.highlights import grade
from reelfeel.report.report_data import Mistake, ReportData
from reelfeel.report.wording import (
    NBSP,
    count,
    listed,
    p_value,
    percent,
    percent_range,
    shortened,
)

POLICY_TITLES = {
    "head": "The beginning",
    "tail": "The end",
    "head_tail": "Beginning and end, half each",
    "windows": "All of it, in pieces, averaged",
}


@dataclass(frozen=True)
class Line:
    """A line of a table.

    Attributes:
        title: its first cell.
        cells: the others.
        is_marked: whether it stands out.
    """

    title: str
    cells: tuple[str, ...]
    is_marked: bool = False


@dataclass(frozen=True)
class Section:
    """A sentence and a table; either may be all there is."""

    sentence: str
    columns: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True)
class HighlightedText:
    """A piece of a highlighted passage: its words, and their step from -4 to 4."""

    text: str
    step: int


def describe_slices(data: ReportData) -> Section:
    """Lists every slice, the weakest first, with what may be luck and what may not."""
    scored = [score for score in data.slices if score.accuracy is not None]
    if not scored:
        return Section("No slices were looked at.")
    ordered = sorted(scored, key=lambda score: (not score.is_worse, score.accuracy or 0.0))
    return Section(
        _describe_worse(data.slices),
        ("Slice", "Reviews", "Accuracy", "95 % interval", "p, corrected"),
        tuple(_write_slice(score) for score in ordered),
    )


def describe_truncation(data: ReportData) -> Section:
    """Says what was cut, what that costs, and what other ways to read give."""
    truncation = data.truncation
    if truncation is None:
        return Section("How the reviews were read is not known.")
    if not truncation.num_cut:
        return Section(
            f"Nothing was cut: no review is longer than the {truncation.max_tokens:,} tokens that the "
            "model reads."
        )
    sentence = _describe_cut(truncation)
    if not truncation.policies:
        return Section(sentence)
    return Section(
        f"{sentence} {_describe_policies(truncation)}",
        ("What is read of a long review", "Accuracy", "95 % interval", "p against the model"),
        tuple(_write_policy(policy) for policy in truncation.policies),
    )


def describe_abstention(data: ReportData) -> str | None:
    """Says what the model gains by keeping silent where it is unsure; None where it never does."""
    one = data.abstention
    if one is None:
        return None
    band = f"between {one.lower:.3f} and {one.upper:.3f}"
    if one.accuracy is None or one.interval is None:
        return f"The model abstains {band}, which is on every one of these reviews."
    return (
        f"The model abstains {band}. It gives a verdict on {percent(one.coverage)} of these "
        f"reviews, and {percent(one.accuracy)} of these verdicts are right (95{NBSP}% interval "
        f"{percent_range(one.interval)}). All other numbers count its best guess on every review."
    )


def colour_words(mistake: Mistake, most: int = 600) -> list[HighlightedText]:
    """Returns the passage of a mistake in pieces with the steps of their colours."""
    pieces = zip(mistake.passage, grade(mistake.passage), strict=True)
    return [HighlightedText(span.text[:most], step) for span, step in pieces]


def name_drivers(mistake: Mistake, most: int = 4) -> tuple[str, str]:
    """Returns the strongest words for either class, for who cannot see colours.

    Returns:
        The words for the negative and for the positive class; "" where there are none.
    """
    ranked = sorted(mistake.passage, key=lambda span: -abs(span.score))
    sides = (
        [span for span in ranked if span.score < 0],
        [span for span in ranked if span.score > 0],
    )
    negative, positive = (
        listed(list(dict.fromkeys(shortened(span.text, 40) for span in side))[:most])
        for side in sides
    )
    return negative, positive


def _describe_worse(scores: tuple[SliceScore, ...]) -> str:
    worse = list_worse(scores)
    tested = sum(score.p_value is not None for score in scores)
    rule = (
        f"Worse than the rest is said only after correction for the {tested} slices looked at "
        "(Fisher, Holm): in 95 of 100 reports on a model without weak spots, of none."
    )
    if not worse:
        return f"No slice is worse than the rest beyond luck. {rule}"
    were = "slice is" if len(worse) == 1 else "slices are"
    return f"{len(worse)} {were} worse than the rest, marked with ▼. {rule}"


def _write_slice(score: SliceScore) -> Line:
    adjusted = score.adjusted_p_value
    return Line(
        f"{score.name[:1].upper()}{score.name[1:]}",
        (
            f"{score.count:,}",
            percent(score.accuracy or 0.0),
            percent_range(score.interval) if score.interval else "",
            "" if adjusted is None else p_value(adjusted),
        ),
        is_marked=score.is_worse,
    )


def _describe_cut(truncation: TruncationReport) -> str:
    share = percent(truncation.num_cut / truncation.num_reviews)
    lost = percent(truncation.num_tokens_cut / truncation.num_tokens)
    kept = {"head": "the beginning", "tail": "the end", "head_tail": "beginning and end"}
    sentence = (
        f"The model reads at most {truncation.max_tokens:,} tokens, {kept[truncation.keep]} of longer "
        f"reviews. It read {count(truncation.num_cut)} ({share}) in part, and never saw {lost} of all "
        "tokens."
    )
    if truncation.accuracy_cut is not None and truncation.interval_cut:
        sentence += (
            f" On these it is right in {percent(truncation.accuracy_cut)} (95{NBSP}% interval "
            f"{percent_range(truncation.interval_cut)})"
        )
        whole = truncation.accuracy_whole
        sentence += "." if whole is None else f", on those read whole in {percent(whole)}."
    return sentence


def _describe_policies(truncation: TruncationReport) -> str:
    better = [
        POLICY_TITLES[policy.policy].lower()
        for policy in truncation.policies
        if policy.against_own
        and policy.against_own.p_value < 0.05
        and policy.against_own.only_a_right > policy.against_own.only_b_right
    ]
    caution = "Whoever chooses by this table has to judge the choice on other reviews."
    if not better:
        return f"No other way to read them is better beyond luck. {caution}"
    return f"Better beyond luck: {listed(better)}. {caution}"


def _write_policy(policy: PolicyScore) -> Line:
    test = policy.against_own
    return Line(
        POLICY_TITLES[policy.policy],
        (
            percent(policy.accuracy),
            percent_range(policy.interval),
            p_value(test.p_value) if test else "as the model reads",
        ),
    )
