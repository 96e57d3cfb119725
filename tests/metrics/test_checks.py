from __future__ import annotations

import math

import numpy as np
import pytest

from reelfeel.errors import DataError, UsageError
from reelfeel.metrics.checks import check_binary, check_positive_integer


@pytest.mark.parametrize(
    ("y_true", "y_prob", "message"),
    [
        ([], [], "is empty"),
        ([0, 1], [0.5], "2 labels and 1 probabilities"),
        ([0, 2], [0.5, 0.5], r"neither 0 nor 1: 1 of 2 rows.* received 2\.0 in row 1"),
        ([0, -1], [0.5, 0.5], "leave unlabelled rows out"),
        ([0.5, 1], [0.5, 0.5], "neither 0 nor 1"),
        ([0, math.nan], [0.5, 0.5], "neither 0 nor 1"),
        ([0, 1], [0.5, math.nan], r"outside \[0, 1\].* received nan in row 1"),
        ([0, 1], [-0.1, 0.5], r"received -0\.1 in row 0"),
        ([0, 1], [0.5, 7.3], "turn logits into it"),
        ([0, 1], [[0.5, 0.5], [0.4, 0.6]], r"pass the one of class 1.* the shape \(2, 2\)"),
        ([[0], [1]], [0.5, 0.5], r"y_true to have the shape \(num_reviews,\)"),
        (["pos", "neg"], [0.5, 0.5], "map labels in words"),
        ([0, 1], [0.5, None], "y_prob to hold numbers"),
        ([0, 1], [[0.5], [0.5, 0.5]], "flat list of numbers"),
        (1, 0.5, r"received the shape \(\)"),
    ],
)
def test_a_refusal_says_what_is_wrong_and_where(
    y_true: object, y_prob: object, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        check_binary(y_true, y_prob)


def test_the_callers_arrays_stay_as_they_were() -> None:
    y_true, y_prob = np.array([0, 1]), np.array([0.2, 0.8])
    labels, probabilities = check_binary(y_true, y_prob)
    labels[0], probabilities[0] = 1, 1.0
    assert y_true.tolist() == [0, 1]
    assert y_prob.tolist() == [0.2, 0.8]


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "3"])
def test_only_integers_from_one_on_are_counts(value: object) -> None:
    with pytest.raises(UsageError, match="num_bins to be an integer of at least 1"):
        check_positive_integer(value, "num_bins")
