"""What every judge in this room asks of its input, and the words in which it refuses."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import numpy.typing as npt

from reelfeel.errors import DataError, UsageError
from reelfeel.extras import require_extra

Labels = npt.NDArray[np.int64]
Probabilities = npt.NDArray[np.float64]


def check_binary(y_true: npt.ArrayLike, y_prob: npt.ArrayLike) -> tuple[Labels, Probabilities]:
    """Returns labels and probabilities as clean arrays, or says what is wrong with them.

    Args:
        y_true: array of shape `(num_reviews,)`, 1 positive, 0 negative; integers, booleans, or
            floats equal to them.
        y_prob: array of shape `(num_reviews,)`, the probability of class 1.

    Returns:
        An int64 array and a float64 array, both of shape `(num_reviews,)`, at least one row.

    Raises:
        DataError: if an array is empty, not one-dimensional or not numeric, the lengths differ, a
            label is not 0 or 1, or a probability is outside [0, 1] or NaN.

    Example:

    >>> check_binary([True, False], [0.7, 0.25])
    (array([1, 0]), array([0.7 , 0.25]))
    """
    labels, probabilities = check_labels(y_true), _column(y_prob, "y_prob")
    if len(labels) != len(probabilities):
        raise DataError(
            "Labels and probabilities do not belong together. Expected one probability for each "
            f"label; received {len(labels)} labels and {len(probabilities)} probabilities."
        )
    # NaN fails every comparison, so it is refused here too.
    outside = ~((probabilities >= 0) & (probabilities <= 1))
    if outside.any():
        raise _refuse_values(
            "A probability is outside [0, 1]",
            "the probability of class 1; turn logits into it with 1 / (1 + exp(-logit))",
            probabilities,
            outside,
        )
    return labels, probabilities


def check_labels(y_true: npt.ArrayLike, name: str = "y_true") -> Labels:
    """Returns labels as an int64 array of shape `(num_reviews,)`, or raises DataError.

    >>> check_labels([1.0, 0.0])
    array([1, 0])
    """
    labels = _column(y_true, name)
    unknown = (labels != 0) & (labels != 1)
    if unknown.any():
        raise _refuse_values(
            f"A label in {name} is neither 0 nor 1",
            "1 for positive and 0 for negative; map your labels, and leave unlabelled rows out",
            labels,
            unknown,
        )
    return labels.astype(np.int64)


def check_threshold(threshold: float) -> float:
    """Returns `threshold` as a float in [0, 1], or raises UsageError."""
    if not 0 <= threshold <= 1:
        raise UsageError(
            "The threshold is not a probability. Expected a number from 0 to 1, 0.5 unless you "
            f"chose another; received {threshold!r}."
        )
    return float(threshold)


def check_positive_integer(value: int, name: str) -> int:
    """Returns `value` when it is an integer of at least 1, or raises UsageError.

    >>> check_positive_integer(15, "num_bins")
    15
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise UsageError(f"Expected {name} to be an integer of at least 1; received {value!r}.")
    return int(value)


def import_extra(module: str) -> Any:
    """Imports a module of a package that the extra `report` brings.

    Raises:
        MissingExtraError: if the package is not installed; the message has the `pip install`.

    Example:

    >>> import_extra("surely_absent.part")
    Traceback (most recent call last):
        ...
    reelfeel.errors.MissingExtraError: This needs the package surely_absent, which is not installed.
    Install it with: pip install "reelfeel[report]"
    """
    require_extra("report", module.partition(".")[0])
    return importlib.import_module(module)


def _column(values: npt.ArrayLike, name: str) -> Probabilities:
    try:
        array = np.asarray(values)
    except ValueError as error:  # rows of different lengths
        raise DataError(f"Expected {name} to be a flat list of numbers; {error}.") from error
    if array.ndim != 1:
        raise DataError(
            f"Expected {name} to have the shape (num_reviews,): one number for each review. Where "
            "it has a column for each class, pass the one of class 1, `[:, 1]`; received the shape "
            f"{array.shape}."
        )
    if not array.size:
        raise DataError(
            f"There is nothing to evaluate: {name} is empty. Expected at least one review; check "
            "the filter or the slice that led here. Received 0 rows."
        )
    if array.dtype.kind not in "biuf":
        raise DataError(
            f"Expected {name} to hold numbers; map labels in words to 0 and 1 first. Received "
            f"values such as {array[0]!r}."
        )
    return array.astype(np.float64)


def _refuse_values(
    problem: str, expected: str, values: Probabilities, wrong: npt.NDArray[np.bool_]
) -> DataError:
    first = int(np.argmax(wrong))
    return DataError(
        f"{problem}: {int(wrong.sum())} of {len(values)} rows. Expected {expected}; received "
        f"{values[first]} in row {first} (counted from 0)."
    )
