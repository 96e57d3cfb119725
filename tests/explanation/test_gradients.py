"""Gradients against functions whose integral is known."""

import numpy as np
import pytest

from reelfeel.explanation.gradients import integrate_gradients, multiply_gradient

IDS = np.array([1, 4, 2, 3, 1], np.int32)
TABLE = np.random.default_rng(0).normal(size=(6, 3))
WEIGHTS = np.random.default_rng(1).normal(size=(5, 3))


class Network:
    """A weighted power of each embedding: its path integral is the function itself."""

    def __init__(self, power):
        self.power = power
        self.num_calls = 0

    def embed(self, token_ids):
        return TABLE[token_ids]

    def differentiate(self, embeddings):
        self.num_calls += 1
        logits = (WEIGHTS * embeddings**self.power).sum(axis=(1, 2))
        return logits, self.power * WEIGHTS * embeddings ** (self.power - 1)


@pytest.mark.parametrize("power", [1, 2, 3])
def test_integrated_gradients_are_exact_for_powers(power):
    found = integrate_gradients(Network(power), IDS)
    expected = (WEIGHTS * TABLE[IDS] ** power).sum(axis=1)
    np.testing.assert_allclose(found.scores, expected, rtol=5e-4, atol=2e-3)
    assert found.convergence_error < 5e-3


def test_the_error_is_the_gap_to_the_difference_of_the_logits():
    found = integrate_gradients(Network(4), IDS, tolerance=np.inf)
    total = float((WEIGHTS * TABLE[IDS] ** 4).sum())
    assert found.convergence_error == pytest.approx(abs(found.scores.sum() - total), abs=1e-12)
    assert found.convergence_error > 0


def test_steps_are_halved_until_the_error_is_small_or_patience_ends():
    wild, patient = Network(9), Network(9)
    rough = integrate_gradients(wild, IDS, tolerance=0, max_steps=32)
    fine = integrate_gradients(patient, IDS, tolerance=0, max_steps=256)
    assert (wild.num_calls, patient.num_calls) == (1, 4)
    # The error of the middle rule falls with the square of the steps: 8 times as many, 64.
    assert fine.convergence_error == pytest.approx(rough.convergence_error / 64, rel=0.05)


def test_the_plain_gradient_promises_a_straight_continuation():
    expected = (3 * WEIGHTS * TABLE[IDS] ** 3).sum(axis=1)
    np.testing.assert_allclose(multiply_gradient(Network(3), IDS), expected, atol=1e-12)
