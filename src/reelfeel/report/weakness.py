"""Where a model is weaker than elsewhere, and by more than luck."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reelfeel.evaluation.checks import import_extra
from reelfeel.evaluation.curves import LENGTH_EDGES
from reelfeel.evaluation.proportions import Interval, wilson_interval
from reelfeel.report.contents import Contents
from reelfeel.report.wording import quoted

# The chance of naming any weak spot where there is none, over all slices together.
FAMILY_ERROR = 0.05


@dataclass(frozen=True)
class Slice:
    """Some of the reviews and how well they were judged.

    Attributes:
        description: which ones, to follow "on".
        count: how many, at least 1.
        accuracy: share of right verdicts among them.
        others_accuracy: share of right verdicts among all others.
        p_value: how often so many mistakes would fall into this slice by chance.
    """

    description: str
    count: int
    accuracy: float
    others_accuracy: float
    p_value: float

    @property
    def interval(self) -> Interval:
        """The 95 % interval of the accuracy."""
        return wilson_interval(self.accuracy * self.count, self.count)


def find_weak_slices(contents: Contents) -> list[Slice]:
    """Returns the slices that are worse than the rest after correction for looking at many.

    Looked at are lengths, both classes, and the reviews that were cut. A slice is weak where
    Fisher's exact test, one-sided, says so at 5 % over the number of slices (Bonferroni).

    Args:
        contents: of the report.

    Returns:
        Weak slices, the furthest below the rest first; empty where none is.
    """
    slices = [_measure(name, mask, contents.right()) for name, mask in _list_slices(contents)]
    weak = [slice_ for slice_ in slices if slice_.p_value < FAMILY_ERROR / len(slices)]
    return sorted(weak, key=lambda slice_: slice_.accuracy - slice_.others_accuracy)


def describe_lengths(longer_than: int, up_to: int | None) -> str:
    """Names a range of lengths.

    >>> describe_lengths(0, 64), describe_lengths(64, 128), describe_lengths(512, None)
    ('up to 64 tokens', '65 to 128 tokens', 'more than 512 tokens')
    """
    if up_to is None:
        return f"more than {longer_than} tokens"
    return f"{longer_than + 1} to {up_to} tokens" if longer_than else f"up to {up_to} tokens"


def _list_slices(contents: Contents) -> Iterator[tuple[str, npt.NDArray[np.bool_]]]:
    """Yields slices that hold some of the reviews, but not all: only those can be compared."""
    candidates = [
        (f"{quoted(name)} reviews", contents.y_true == label)
        for label, name in enumerate(contents.label_names)
    ]
    candidates.append(("reviews too long to be read whole", contents.truncated))
    ends = zip((-1, *LENGTH_EDGES), (*LENGTH_EDGES, None), strict=True)
    for longer_than, up_to in ends:
        above = contents.num_tokens > longer_than
        mask = above if up_to is None else above & (contents.num_tokens <= up_to)
        candidates.append((f"reviews of {describe_lengths(max(longer_than, 0), up_to)}", mask))
    for description, mask in candidates:
        if mask.any() and not mask.all():
            yield description, mask


def _measure(description: str, mask: npt.NDArray[np.bool_], right: npt.NDArray[np.bool_]) -> Slice:
    inside, outside = right[mask], right[~mask]
    table = [
        [int((~inside).sum()), int(inside.sum())],
        [int((~outside).sum()), int(outside.sum())],
    ]
    p_value = import_extra("scipy.stats").fisher_exact(table, alternative="greater")[1]
    return Slice(
        description, len(inside), float(inside.mean()), float(outside.mean()), float(p_value)
    )
