"""The truncation report: what a classifier did not read, and how it does on cut and whole texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reelfeel.errors import DataError
from reelfeel.metrics.checks import check_labels
from reelfeel.metrics.intervals.comparison import McNemarTest
from reelfeel.metrics.intervals.proportions import Interval, wilson_interval


@dataclass(frozen=True, slots=True)
class PolicyScore:
    """One way to read texts that are too long, on the reviews that are.

    Attributes:
        policy: "head", "tail", "head_tail", or "windows": all of a text in pieces, averaged.
        is_own: whether the model reads so by itself.
        accuracy: share of right verdicts among the cut reviews.
        interval: its 95 % Wilson interval.
        against_own: this policy (A) against the model's own (B) on the same reviews; None for it.
    """

    policy: str
    is_own: bool
    accuracy: float
    interval: Interval
    against_own: McNemarTest | None


@dataclass(frozen=True, slots=True)
class TruncationReport:
    """What was cut.

    Attributes:
        max_tokens: how many tokens of a text the model reads.
        keep: which ones of a longer text.
        num_reviews: all reviews.
        num_cut: those that were read in part.
        num_tokens: tokens of all reviews.
        num_tokens_cut: tokens among them that were not read.
        accuracy_cut: share of right verdicts among cut reviews; None where none was cut.
        interval_cut: its 95 % Wilson interval.
        accuracy_whole: share of right verdicts among the others; None where all were cut.
        interval_whole: its 95 % Wilson interval.
        policies: other ways to read the cut ones; empty where not asked for or none was cut.
    """

    max_tokens: int
    keep: str
    num_reviews: int
    num_cut: int
    num_tokens: int
    num_tokens_cut: int
    accuracy_cut: float | None
    interval_cut: Interval | None
    accuracy_whole: float | None
    interval_whole: Interval | None
    policies: tuple[PolicyScore, ...] = ()


def count_truncation(
    right: npt.ArrayLike,
    num_tokens: npt.ArrayLike,
    *,
    max_tokens: int,
    keep: str,
    policies: Sequence[PolicyScore] = (),
) -> TruncationReport:
    """Counts what was cut, and judges cut and whole reviews apart.

    Args:
        right: bool array of shape `(num_reviews,)`, whether each verdict was right.
        num_tokens: int array of that shape, tokens before cutting.
        max_tokens: longer texts were cut to so many.
        keep: which tokens of them were read.
        policies: what other ways to read them gave.

    Raises:
        DataError: if an array is empty or the shapes differ.

    Example:

    >>> truncation = count_truncation([1, 0, 1], [5, 30, 10], max_tokens=10, keep="tail")
    >>> truncation.num_cut, truncation.num_tokens_cut, truncation.accuracy_cut, truncation.accuracy_whole
    (1, 20, 0.0, 1.0)
    """
    verdicts, lengths = check_labels(right, "right").astype(bool), np.asarray(num_tokens)
    if lengths.shape != verdicts.shape:
        raise DataError(
            "Every review has a length and a verdict. Expected two arrays of one shape; received "
            f"{lengths.shape} lengths and {verdicts.shape} verdicts."
        )
    cut = lengths > max_tokens
    of_cut, of_whole = _measure(verdicts[cut]), _measure(verdicts[~cut])
    return TruncationReport(
        max_tokens=max_tokens,
        keep=keep,
        num_reviews=len(verdicts),
        num_cut=int(cut.sum()),
        num_tokens=int(lengths.sum()),
        num_tokens_cut=int((lengths[cut] - max_tokens).sum()),
        accuracy_cut=of_cut[0],
        interval_cut=of_cut[1],
        accuracy_whole=of_whole[0],
        interval_whole=of_whole[1],
        policies=tuple(policies),
    )


def _measure(right: npt.NDArray[np.bool_]) -> tuple[float | None, Interval | None]:
    if not len(right):
        return None, None
    return float(right.mean()), wilson_interval(int(right.sum()), len(right))
