import keras
import numpy as np
import pytest
import torch

from reelfeel.config.presets import PRESETS
from reelfeel.config.sections import ModelConfig
from reelfeel.models.classifier import (
    assign_weights,
    build_classifier,
    named_weights,
)
from reelfeel.models.stock import build_stock_classifier, export_keras

TOKEN_IDS = torch.tensor([[5, 9, 3, 0, 0], [7, 0, 0, 0, 0], [1, 2, 3, 4, 8]])


def build(config, **kwargs):
    model = build_classifier(config, 10, precision="float32", **{"seed": 0, **kwargs})
    rng = np.random.default_rng(1)
    weights = {
        name: rng.normal(size=array.shape, scale=0.3).astype("float32")
        for name, array in named_weights(model).items()
    }
    assign_weights(model, weights)
    return model, weights


@pytest.mark.parametrize("name", PRESETS)
def test_the_stock_network_predicts_the_same(name):
    config = PRESETS[name].model
    model, weights = build(config)
    stock = build_stock_classifier(config, 10, weights)
    expected = torch.sigmoid(model(TOKEN_IDS, training=False))
    torch.testing.assert_close(stock(TOKEN_IDS)[:, 0], expected, atol=1e-5, rtol=0)
    own = {type(layer).__module__.split(".")[0] for layer in stock.layers}
    assert own == {"keras"}


# Keras saves by NumPy's old protocol.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("direction", ["forward", "backward", "both"])
@pytest.mark.parametrize("pooling", ["last", "last_max_mean"])
def test_the_stock_network_pools_and_turns_around_as_well(tmp_path, pooling, direction):
    config = ModelConfig(embedding_dim=6, units=(7, 5), pooling=pooling, direction=direction)
    model, weights = build(config)
    weights = {name: 3 * array for name, array in weights.items()}  # so that a wrong step shows
    assign_weights(model, weights)
    export_keras(config, 10, weights, tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    expected = torch.sigmoid(model(TOKEN_IDS, training=False))
    for padded in (TOKEN_IDS, torch.nn.functional.pad(TOKEN_IDS, (0, 9))):
        torch.testing.assert_close(loaded(padded)[:, 0], expected, atol=1e-5, rtol=0)
    assert np.ptp(expected.detach().numpy()) > 0.02


def test_padding_length_does_not_change_the_logit():
    model, _ = build(ModelConfig())
    longer = torch.nn.functional.pad(TOKEN_IDS, (0, 30))
    torch.testing.assert_close(model(longer), model(TOKEN_IDS), atol=1e-6, rtol=0)


def test_without_masking_padding_changes_the_logit():
    model, _ = build(ModelConfig(masking=False))
    longer = torch.nn.functional.pad(TOKEN_IDS, (0, 30))
    assert (model(longer) - model(TOKEN_IDS)).abs().max() > 1e-3


def test_the_seed_decides_the_initial_weights():
    first, same, other = (
        named_weights(build_classifier(ModelConfig(), 10, seed=seed)) for seed in (3, 3, 4)
    )
    name = "lstm_0/lstm_cell/kernel"
    assert np.array_equal(first[name], same[name])
    assert not np.array_equal(first[name], other[name])


def test_the_seed_decides_the_dropout():
    first, same, other = (
        build_classifier(ModelConfig(), 10, seed=seed)(TOKEN_IDS, training=True).tolist()
        for seed in (3, 3, 4)
    )
    assert first == same
    assert first != other


def test_wrongly_named_weights_are_refused():
    model, weights = build(ModelConfig())
    with pytest.raises(ValueError, match="must be named"):
        assign_weights(model, {**weights, "extra": np.zeros(1, "float32")})


def test_the_layers_are_those_of_the_tutorial():
    model = build_classifier(PRESETS["seed"].model, 10_000, seed=0)
    kinds = [type(layer).__name__ for layer in model.layers]
    expected = ["InputLayer", "Embedding", "FusedLSTM", "Dropout", "Dense"]
    assert kinds == expected
    assert isinstance(model.get_layer("lstm_0"), keras.layers.LSTM)
