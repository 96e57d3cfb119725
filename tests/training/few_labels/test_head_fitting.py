import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from reelfeel.training.few_labels import head_fitting
from reelfeel.training.few_labels.head_fitting import fit_head
from reelfeel.training.few_labels.linear_head import Head, Scale

WIDTH = 20


def make_clouds(num_texts, seed, *, gap=1.5, share=0.5):
    """Two clouds in a space whose first unit says nothing and moves most."""
    rng = np.random.default_rng(seed)
    labels = (rng.random(num_texts) < share).astype(np.int8)
    labels[:4] = 0, 1, 0, 1
    features = rng.normal(size=(num_texts, WIDTH)) * np.linspace(1, 3, WIDTH)
    features[:, 1] += gap * 2 * (2 * labels - 1)
    return features.astype(np.float32), labels


def right(head, features, labels):
    return float(((head.logits(features) > 0) == (labels == 1)).mean())


def test_a_strength_alone_is_logistic_regression_on_standardised_features(monkeypatch):
    monkeypatch.setattr(head_fitting, "STRENGTHS", (1.0,))
    features, labels = make_clouds(80, seed=0)
    found = fit_head(features, labels, np.arange(80), seed=0)
    witness = make_pipeline(StandardScaler(), LogisticRegression(C=1.0 / WIDTH, max_iter=1000))
    expected = witness.fit(features, labels).decision_function(features)
    logits = found.head.logits(features)
    # But for how sure it is, which the folds decide.
    factor = float(logits @ expected / (expected @ expected))
    np.testing.assert_allclose(logits, factor * expected, atol=2e-2 * np.abs(logits).max())


def test_no_review_is_judged_by_a_head_that_has_met_it():
    rng = np.random.default_rng(1)
    features = rng.normal(size=(60, 200)).astype(np.float32)
    labels = rng.permutation(np.arange(60) % 2).astype(np.int8)
    found = fit_head(features, labels, np.arange(60), seed=0)
    # Labels by chance, and more units than reviews: learned by heart, and worth nothing.
    assert right(found.head, features, labels) > 0.9
    assert ((found.logits > 0) == (labels == 1)).mean() < 0.7


def test_copies_of_a_review_are_on_one_side_of_a_fold():
    rng = np.random.default_rng(2)
    once = rng.normal(size=(30, 200)).astype(np.float32)
    labels = np.tile(rng.permutation(np.arange(30) % 2), 2).astype(np.int8)
    features, copies = np.concatenate([once, once]), np.tile(np.arange(30), 2)
    apart = fit_head(features, labels, np.arange(60), seed=0)
    together = fit_head(features, labels, copies, seed=0)
    assert ((apart.logits > 0) == (labels == 1)).mean() > 0.8
    assert ((together.logits > 0) == (labels == 1)).mean() < 0.7


@pytest.mark.parametrize("share", [0.5, 0.25])
def test_texts_without_labels_help_where_they_fall_into_two_groups(share):
    features, labels = make_clouds(16, seed=3, share=share)
    others, truth = make_clouds(3_000, seed=4, share=share)
    alone = fit_head(features, labels, np.arange(16), seed=0)
    led = fit_head(features, labels, np.arange(16), others, seed=0)
    assert "its own answers" in led.description
    assert right(led.head, others, truth) > right(alone.head, others, truth) + 0.03
    assert right(led.head, others, truth) > 0.85


def test_texts_without_labels_are_left_alone_where_they_mislead():
    features, labels = make_clouds(200, seed=5, gap=0.5)
    others, _ = make_clouds(2_000, seed=6, gap=0.0)
    # Two groups that have nothing to do with the labels.
    others[:, 0] += 12 * np.sign(others[:, 2])
    found = fit_head(features, labels, np.arange(200), others, seed=0)
    assert "its own answers" not in found.description


def test_few_texts_without_labels_are_not_read():
    features, labels = make_clouds(40, seed=7)
    others, _ = make_clouds(head_fitting.FEWEST_UNLABELLED - 1, seed=8)
    assert (
        "own answers" not in fit_head(features, labels, np.arange(40), others, seed=0).description
    )


def test_a_head_that_came_with_the_network_is_kept_where_it_is_best():
    features, labels = make_clouds(12, seed=9, gap=0.6)
    kernel = np.zeros(WIDTH)
    kernel[1] = 1.0
    good = fit_head(features, labels, np.arange(12), known=Head(kernel, 0.0), seed=0)
    assert "came with" in good.description
    np.testing.assert_allclose(good.head.kernel[0], 0.0, atol=1e-9)
    bad = fit_head(features, labels, np.arange(12), known=Head(-kernel, 0.0), seed=0)
    assert "regression" in bad.description


def test_the_same_seed_gives_the_same_folds_and_another_others():
    features, labels = make_clouds(40, seed=10, gap=0.5)
    first, same, other = (fit_head(features, labels, np.arange(40), seed=s) for s in (0, 0, 1))
    np.testing.assert_array_equal(first.logits, same.logits)
    assert (first.logits != other.logits).any()


def test_two_reviews_of_each_class_are_enough():
    features, labels = make_clouds(4, seed=11)
    found = fit_head(features, labels, np.arange(4), seed=0)
    assert np.isfinite(found.head.kernel).all()
    assert np.isfinite(found.logits).all()


def test_a_unit_that_never_moves_harms_nothing():
    features, labels = make_clouds(40, seed=12)
    features[:, 5] = 0.25
    scale = Scale.of(features)
    assert np.isfinite(scale.apply(features)).all()
    found = fit_head(features, labels, np.arange(40), seed=0)
    assert abs(found.head.kernel[5]) < 1e3
    assert np.isfinite(found.head.bias)
