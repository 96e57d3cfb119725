"""Gradients of the network against finite differences, its logits against the runtime."""

import numpy as np
import pytest

from reelfeel.config.sections import DataConfig, ModelConfig
from reelfeel.explanation.gradients import integrate_gradients
from reelfeel.inference.classifier import load
from reelfeel.models.classifier import assign_weights, build_classifier, named_weights
from reelfeel.models.differentiation import DifferentiableClassifier
from reelfeel.text.batching import pad

SIZE = 12
IDS = np.array([3, 7, 1, 11, 2, 2, 9], np.int32)
NETWORKS = {
    "one layer": (ModelConfig(embedding_dim=5, units=(4,)), DataConfig(max_tokens=10)),
    "two layers and a dense one": (
        ModelConfig(embedding_dim=5, units=(4, 3), dense_units=6),
        DataConfig(max_tokens=10),
    ),
    "from both ends, pooled": (
        ModelConfig(embedding_dim=3, units=(4,), direction="both", pooling="last_max_mean"),
        DataConfig(max_tokens=10),
    ),
    "backward": (
        ModelConfig(embedding_dim=5, units=(4,), direction="backward"),
        DataConfig(max_tokens=10),
    ),
    "padded without a mask": (
        ModelConfig(embedding_dim=5, units=(4,), masking=False),
        DataConfig(max_tokens=8, fixed_timesteps=True),
    ),
}


def make_network(name, **options):
    model, data = NETWORKS[name]
    built = build_classifier(model, SIZE, seed=1, precision="float32")
    rng = np.random.default_rng(2)
    weights = {
        key: rng.normal(size=value.shape, scale=0.7).astype("float32")
        for key, value in named_weights(built).items()
    }
    return DifferentiableClassifier(model, data, SIZE, weights, **options), weights


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_are_finite_differences(name):
    network, _ = make_network(name)
    embeddings = network.embed(IDS).astype(np.float64)
    _, gradients = network.differentiate(embeddings[None])
    step = 1e-2
    moves = step * np.eye(embeddings.size).reshape(-1, *embeddings.shape)
    up, _ = network.differentiate(embeddings + moves)
    down, _ = network.differentiate(embeddings - moves)
    expected = ((up - down) / (2 * step)).reshape(embeddings.shape)
    np.testing.assert_allclose(gradients[0], expected, atol=2e-3)
    assert np.abs(expected).max() > 0.01


@pytest.mark.parametrize("name", NETWORKS)
def test_the_logit_is_that_of_the_whole_network(name):
    network, weights = make_network(name)
    model, data = NETWORKS[name]
    whole = build_classifier(model, SIZE, seed=3, precision="float32")
    assign_weights(whole, weights)
    expected = whole(pad([IDS], data.max_tokens if data.fixed_timesteps else None))
    received, _ = network.differentiate(network.embed(IDS)[None])
    assert received[0] == pytest.approx(expected.item(), abs=1e-5)


@pytest.mark.parametrize("name", NETWORKS)
def test_scores_add_up_to_the_difference_of_the_logits(name):
    network, _ = make_network(name)
    found = integrate_gradients(network, IDS, tolerance=1e-3)
    ends = np.stack([0 * network.embed(IDS), network.embed(IDS)])
    logits, _ = network.differentiate(ends)
    assert found.scores.sum() == pytest.approx(logits[1] - logits[0], abs=1e-3)
    assert abs(logits[1] - logits[0]) > 0.01


@pytest.mark.parametrize("name", NETWORKS)
def test_embeddings_stand_in_the_order_of_the_text(name):
    network, _ = make_network(name)
    for embedding, token_id in zip(network.embed(IDS), IDS, strict=True):
        np.testing.assert_array_equal(embedding, network.embed(np.array([token_id]))[0])


def test_large_batches_are_cut_without_a_trace(monkeypatch):
    network, _ = make_network("one layer")
    embeddings = np.random.default_rng(0).normal(size=(7, 6, 5))
    whole = network.differentiate(embeddings)
    monkeypatch.setattr("reelfeel.models.differentiation._CELLS", 65)
    for first, second in zip(whole, network.differentiate(embeddings), strict=True):
        np.testing.assert_allclose(first, second, atol=1e-6)


def test_the_network_differentiated_is_the_one_that_answers(trained):
    classifier = load(trained)
    bundle = classifier.bundle
    network = DifferentiableClassifier(
        bundle.config.model, bundle.config.data, bundle.vocabulary.size, bundle.weights(),
        temperature=2.0,
    )  # fmt: skip
    for text in ("", "A slow start, but what an ending.", "zxqv " * 300):
        (ids,) = next(classifier.encode([text])).token_ids
        logits, _ = network.differentiate(network.embed(ids)[None])
        served = classifier.score_token_ids([ids])[0]
        assert 1 / (1 + np.exp(-2 * logits[0])) == pytest.approx(served, abs=2e-3)
