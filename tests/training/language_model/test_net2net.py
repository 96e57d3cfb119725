"""A widened language model: what it predicts at first, and that its new units learn."""

import numpy as np
import pytest
import torch

from reelfeel.config.pretraining import PretrainingConfig
from reelfeel.errors import UsageError
from reelfeel.models.language_model import LanguageNetwork
from reelfeel.training.language_model.net2net import check_wider, widen
from reelfeel.training.language_model.step import LanguageModelStep

NARROW = PretrainingConfig(
    vocabulary_size=30, embedding_dim=6, units=(8, 5), batch_size=4, bptt_length=7,
    num_negatives=30, precision="float32",
)  # fmt: skip
WIDE = NARROW.updated({"units": [12, 9]})


def make_narrow():
    weights = LanguageNetwork(NARROW, 30, seed=3).named_weights()
    rng = np.random.default_rng(0)
    return {name: array + rng.normal(0, 0.3, array.shape).astype(np.float32)
            for name, array in weights.items()}  # fmt: skip


def predict(config, weights, ids):
    """The logits of the next word, written out with Keras' layers."""
    network = LanguageNetwork(config, 30, seed=0)
    network.assign(weights)
    with torch.no_grad():
        outputs = network.embedding(ids)
        for lstm in network.lstms:
            outputs, *_ = lstm(outputs)
        hidden = network.projection(outputs)
        logits = hidden @ network.embedding.embeddings.value.T + network.softmax_bias.value
    return logits.numpy()


def test_it_predicts_what_the_narrow_one_did():
    ids = np.random.default_rng(1).integers(0, 30, (4, 20))
    narrow = make_narrow()
    wide = widen(narrow, WIDE)
    assert wide["lstm_1/lstm_cell/kernel"].shape == (12, 36)
    expected = predict(NARROW, narrow, ids)
    np.testing.assert_allclose(predict(WIDE, wide, ids), expected, atol=1e-5)
    # Not because everything is zero.
    assert np.ptp(expected) > 1


def test_its_new_units_differ_from_each_other_and_learn():
    wide = widen(make_narrow(), WIDE)
    step = LanguageModelStep(np.full(30, 9), WIDE, wide)
    rng = np.random.default_rng(2)
    for number in range(3):
        ids = rng.integers(0, 30, (4, 8), dtype=np.int32)
        step.run(ids[:, :-1], ids[:, 1:], number, 100)
    learned = step.network.named_weights()
    fresh = learned["projection/kernel"][5:]
    assert np.abs(fresh).min(axis=1).min() > 0
    assert len(np.unique(fresh.round(6), axis=0)) == 4
    # The first layer's new units reach the output by way of the second's.
    assert np.abs(learned["lstm_1/lstm_cell/kernel"][8:, :5]).max() > 0


def test_the_seed_draws_what_is_new():
    narrow = make_narrow()
    first, again, other = (widen(narrow, WIDE.updated({"seed": seed})) for seed in (4, 4, 5))
    kernel = "lstm_0/lstm_cell/kernel"
    assert np.array_equal(first[kernel], again[kernel])
    assert not np.array_equal(first[kernel], other[kernel])


@pytest.mark.parametrize("units", [(12,), (12, 4), (12, 9, 9)])
def test_fewer_units_or_other_layers_are_refused(units):
    with pytest.raises(UsageError, match=r"\[8, 5\] units"):
        check_wider(units, NARROW.units)
