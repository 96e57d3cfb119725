from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import metrics_witness as witness
from reelfeel.metrics.intervals.resampling import Resampler, draw_weights

RESAMPLED = ("matthews", "roc_auc", "pr_auc", "log_loss", "brier", "ece")


@given(
    st.lists(
        st.tuples(
            st.integers(0, 1), st.sampled_from([0.0, 0.1, 0.4, 0.5, 0.8, 1.0]), st.integers(0, 3)
        ),
        min_size=1,
        max_size=25,
    ).filter(lambda rows: any(weight for _, _, weight in rows)),
    st.sampled_from([0.0, 0.5, 1.0]),
)
@settings(max_examples=200, deadline=None)
def test_weights_are_the_same_as_rows_written_several_times(
    rows: list[tuple[int, float, int]], threshold: float
) -> None:
    labels, probabilities, weights = (np.array(column) for column in zip(*rows, strict=True))
    in_order = weights[np.argsort(probabilities, kind="stable")]
    found = Resampler(labels, probabilities, threshold).measure(in_order[None, :].astype(float))
    repeated = np.repeat(labels, weights), np.repeat(probabilities, weights)
    expected = witness.all_metrics(repeated[0].tolist(), repeated[1].tolist(), threshold)
    for name in RESAMPLED:
        value = float(found[name][0])
        assert math.isnan(value) == math.isnan(expected[name]), name
        assert math.isnan(value) or value == pytest.approx(expected[name], abs=1e-9), name


def test_the_standard_error_of_a_mean_is_its_textbook_value() -> None:
    labels, probabilities = np.array([0, 1, 1, 0]), np.array([0.1, 0.4, 0.7, 0.9])
    measured = Resampler(labels, probabilities, 0.5).measure(np.ones((1, 4)))
    losses = (probabilities - labels) ** 2
    assert measured["brier_error"][0] == pytest.approx(losses.std() / 2, abs=1e-12)


def test_the_distance_of_a_sample_from_itself_is_0() -> None:
    resampler = Resampler(np.array([0, 1, 1]), np.array([0.1, 0.4, 0.7]), 0.5)
    distances = resampler.measure(np.array([[1.0, 1, 1], [3, 0, 0]]))["ece_distance"]
    assert distances[0] == 0
    assert distances[1] > 0


@pytest.mark.parametrize("num_reviews", [1, 3, 150_000])
def test_every_resample_is_as_large_as_the_sample(num_reviews: int) -> None:
    pieces = list(draw_weights(num_reviews, 5, np.random.default_rng(0)))
    weights = np.concatenate(pieces)
    assert weights.shape == (5, num_reviews)
    assert (weights.sum(axis=1) == num_reviews).all()


def test_all_reviews_are_drawn_equally_often() -> None:
    [weights] = draw_weights(4, 20_000, np.random.default_rng(0))
    # The mean of 20,000 counts of variance 3/4 is within four of its standard errors.
    assert np.abs(weights.mean(axis=0) - 1).max() < 4 * math.sqrt(0.75 / 20_000)
