"""Where a classifier is worse than elsewhere, by more than luck and in spite of much looking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from reelfeel.errors import DataError
from reelfeel.metrics.checks import check_labels, import_extra
from reelfeel.metrics.intervals.proportions import Interval, wilson_interval

# The chance of calling any slice worse where none is, over all slices together.
FAMILY_ERROR = 0.05


@dataclass(frozen=True, slots=True)
class SliceScore:
    """How well one part of the reviews was judged, beside all the others.

    Attributes:
        name: of the slice.
        count: reviews in it.
        accuracy: share of right verdicts among them; None in an empty slice.
        interval: 95 % Wilson interval of the accuracy; None in an empty slice.
        others_accuracy: share of right verdicts outside; None where there is no outside.
        p_value: how often so many mistakes would fall into this slice by chance (Fisher's exact
            test, one-sided); None for a slice of no review or of all.
        adjusted_p_value: the same after Holm's correction for all slices tested.
        is_worse: whether that is below 5 %.
    """

    name: str
    count: int
    accuracy: float | None
    interval: Interval | None
    others_accuracy: float | None
    p_value: float | None
    adjusted_p_value: float | None = None
    is_worse: bool = False


def measure_slices(
    right: npt.ArrayLike, slices: Mapping[str, npt.NDArray[np.bool_]]
) -> list[SliceScore]:
    """Judges parts of the reviews, and says which are worse than the rest.

    Slices may overlap. The chance of calling any of them worse where none is stays at 5 % for all
    of them together, however many they are: Holm's correction holds under any dependence.

    Args:
        right: bool array of shape `(num_reviews,)`, whether each verdict was right.
        slices: for each name a bool array of the same shape, true inside.

    Returns:
        One SliceScore for each, in the order given. A slice of no review, or of all, is counted
        but not tested.

    Raises:
        DataError: if `right` is empty or holds anything but truth values, or a slice has another
            shape or type.
        MissingExtraError: if scikit-learn, and SciPy with it, is not installed.

    Example:

    >>> right = np.arange(400) % 4 > 0
    >>> right[:100] = np.arange(100) % 2 > 0
    >>> worse, even = measure_slices(right, {"first": np.arange(400) < 100,
    ...                                    "even": np.arange(400) % 8 < 4})
    >>> worse.accuracy, worse.others_accuracy, worse.is_worse, even.is_worse
    (0.5, 0.75, True, False)

    Source:
        Fisher, 1935, Journal of the Royal Statistical Society 98. Holm, 1979, Scandinavian Journal
        of Statistics 6.
    """
    verdicts = check_labels(right, "right").astype(bool)
    scores = [_measure(name, _check(name, mask, verdicts), verdicts)
              for name, mask in slices.items()]  # fmt: skip
    tested = [score.p_value for score in scores if score.p_value is not None]
    corrected = iter(correct_p_values(tested))
    return [score if score.p_value is None else _decide(score, next(corrected)) for score in scores]


def correct_p_values(p_values: Sequence[float]) -> list[float]:
    """Returns p-values after Holm's correction for their number, in the order given.

    >>> [round(value, 3) for value in correct_p_values([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    values = np.asarray(p_values, np.float64)
    order = np.argsort(values, kind="stable")
    factors = len(values) - np.arange(len(values))
    corrected = np.empty_like(values)
    # No hypothesis gets a smaller value than a stronger one.
    corrected[order] = np.minimum(np.maximum.accumulate(values[order] * factors), 1.0)
    return [float(value) for value in corrected]


def list_worse(scores: Sequence[SliceScore]) -> list[SliceScore]:
    """Returns the slices called worse, the furthest below the rest first."""
    worse = [score for score in scores if score.is_worse]
    return sorted(worse, key=lambda score: (score.accuracy or 0) - (score.others_accuracy or 0))


def _measure(name: str, mask: npt.NDArray[np.bool_], right: npt.NDArray[np.bool_]) -> SliceScore:
    count, hits = int(mask.sum()), int(right[mask].sum())
    outside, outside_hits = len(right) - count, int(right.sum()) - hits
    return SliceScore(
        name=name,
        count=count,
        accuracy=hits / count if count else None,
        interval=wilson_interval(hits, count) if count else None,
        others_accuracy=outside_hits / outside if outside else None,
        p_value=_fisher(count - hits, count, outside - outside_hits, outside),
    )


def _fisher(wrong: int, count: int, outside_wrong: int, outside: int) -> float | None:
    if not count or not outside:
        return None
    # So many mistakes or more in the slice, where all mistakes fell at random.
    tail = import_extra("scipy.stats").hypergeom.sf
    value = float(tail(wrong - 1, count + outside, wrong + outside_wrong, count))
    return min(max(value, 0.0), 1.0)


def _decide(score: SliceScore, adjusted: float) -> SliceScore:
    return replace(score, adjusted_p_value=adjusted, is_worse=adjusted < FAMILY_ERROR)


def _check(
    name: str, mask: npt.NDArray[np.bool_], right: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    array = np.asarray(mask)
    if array.shape != right.shape or array.dtype != np.bool_:
        raise DataError(
            f"The slice {name!r} does not fit the reviews. Expected a bool array of shape "
            f"{right.shape}, true inside the slice; received {array.dtype} of shape {array.shape}."
        )
    return array
