import numpy as np
import pytest

from reelfeel.inference.bundle import Decision
from reelfeel.metrics.temperature import fit_temperature
from reelfeel.training.classifier.save import FEWEST_REVIEWS, fit_validation_decision
from reelfeel.values import Reviews


def simulate(num_reviews):
    rng = np.random.default_rng(0)
    logits = 1.5 * rng.normal(size=num_reviews)
    labels = (rng.random(num_reviews) < 1 / (1 + np.exp(-logits))).astype(np.int8)
    texts = [f"review {row}" for row in range(num_reviews)]
    # Twice as sure as it may be.
    return Reviews(texts, labels, texts, source="here"), 1 / (1 + np.exp(-2 * logits))


def test_a_sure_model_is_saved_with_the_temperature_that_its_validation_asks_for():
    reviews, y_prob = simulate(2_000)
    decision = fit_validation_decision(reviews, y_prob)
    assert decision.temperature == fit_temperature(reviews.labels, y_prob)
    assert decision.temperature == pytest.approx(2, rel=0.15)
    assert (decision.threshold, decision.abstain_lower) == (0.5, None)
    assert decision.calibration["sha256"] == reviews.fingerprint()
    assert decision.calibration["num_reviews"] == 2_000


def test_few_reviews_and_one_class_leave_the_temperature_alone():
    reviews, y_prob = simulate(FEWEST_REVIEWS - 1)
    assert fit_validation_decision(reviews, y_prob) == Decision()
    reviews, y_prob = simulate(2_000)
    rows = np.flatnonzero(reviews.labels == 1)
    assert fit_validation_decision(reviews.take(rows), y_prob[rows]) == Decision()
