from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from reelfeel.errors import DataError, UsageError
from reelfeel.metrics.calibration import expected_calibration_error
from reelfeel.metrics.scores import log_loss
from reelfeel.metrics.temperature import (
    COLDEST,
    HOTTEST,
    apply_temperature,
    fit_temperature,
)


def simulate(num_reviews: int, temperature: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels drawn from honest probabilities, and the same probabilities made surer."""
    rng = np.random.default_rng(seed)
    logits = 1.5 * rng.normal(size=num_reviews)
    labels = (rng.random(num_reviews) < 1 / (1 + np.exp(-logits))).astype(int)
    return labels, 1 / (1 + np.exp(-logits * temperature))


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_temperature_that_was_put_in_comes_out(temperature: float) -> None:
    labels, y_prob = simulate(50_000, temperature, seed=1)
    assert fit_temperature(labels, y_prob) == pytest.approx(temperature, rel=0.03)


def test_it_is_logistic_regression_of_the_label_on_the_logit() -> None:
    labels, y_prob = simulate(5_000, 2.0, seed=2)
    logits = np.log(y_prob / (1 - y_prob))
    model = LogisticRegression(C=np.inf, fit_intercept=False).fit(logits[:, None], labels)
    # Targets short of 0 and 1 pull a little towards doubt.
    assert fit_temperature(labels, y_prob) == pytest.approx(1 / model.coef_[0, 0], rel=5e-3)


def test_no_other_temperature_gives_a_lower_log_loss() -> None:
    labels, y_prob = simulate(3_000, 3.0, seed=3)
    fitted = fit_temperature(labels, y_prob)
    best = log_loss(labels, apply_temperature(y_prob, fitted))
    for factor in (0.5, 0.8, 1.3, 2.0):
        assert log_loss(labels, apply_temperature(y_prob, factor * fitted)) > best


def test_new_reviews_of_a_sure_model_become_honest() -> None:
    fitted = fit_temperature(*simulate(2_500, 2.0, seed=4))
    labels, y_prob = simulate(25_000, 2.0, seed=5)
    before = expected_calibration_error(labels, y_prob)
    after = expected_calibration_error(labels, apply_temperature(y_prob, fitted))
    assert before > 0.05
    assert after < 0.015


def test_order_and_verdicts_at_one_half_stay() -> None:
    y_prob = np.linspace(0, 1, 101)
    changed = apply_temperature(y_prob, 3.0)
    assert (np.diff(changed) > 0).all()
    assert ((changed >= 0.5) == (y_prob >= 0.5)).all()


def test_odd_input_has_a_defined_result() -> None:
    assert fit_temperature([0, 1], [0.5, 0.5]) == 1.0
    # Always wrong: the most doubt there is. Always right on 6 reviews: surer, but not certain.
    assert fit_temperature([0, 1] * 3, [0.9, 0.1] * 3) == HOTTEST
    sure = apply_temperature([0.9], fit_temperature([0, 1] * 3, [0.1, 0.9] * 3))[0]
    assert sure == pytest.approx(4 / 5)
    assert COLDEST <= fit_temperature([0, 1] * 500, [0.0, 1.0] * 500) <= HOTTEST


def test_what_cannot_be_fitted_is_refused() -> None:
    with pytest.raises(DataError, match="one class"):
        fit_temperature([1, 1, 1], [0.2, 0.5, 0.9])
    with pytest.raises(DataError, match="outside"):
        fit_temperature([0, 1], [0.2, np.nan])
    with pytest.raises(UsageError, match="above 0"):
        apply_temperature([0.2], 0.0)
