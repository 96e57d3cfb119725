import numpy as np
import pytest
import torch

from reelfeel.config.sections import ModelConfig, TrainingConfig
from reelfeel.models.classifier import build_classifier, named_weights
from reelfeel.training.classifier.optimizer import Optimizer

MODEL = ModelConfig(embedding_dim=4, units=(3, 3), dense_units=2)
ALL_ONE = torch.tensor([[1, 2, 3]])


def make(num_steps=4, **settings):
    model = build_classifier(MODEL, 8, seed=0, precision="float32")
    return model, Optimizer(model, TrainingConfig(**settings), num_steps)


def take_step(model, optimizer, steps_done=0):
    """Adam's first step has the size of the learning rate wherever there is a gradient."""
    before = named_weights(model)
    for parameter in optimizer.parameters:
        parameter.grad = torch.ones_like(parameter)
    optimizer.step(steps_done)
    after = named_weights(model)
    return {name: float(np.abs(after[name] - before[name]).max()) for name in before}


def test_lower_layers_learn_more_slowly():
    model, optimizer = make(learning_rate=0.01, rate_factor_per_layer=0.5)
    steps = take_step(model, optimizer)
    expected = {"logit": 1, "dense": 1, "lstm_1": 0.5, "lstm_0": 0.25, "embedding": 0.125}
    for name, size in steps.items():
        assert size == pytest.approx(0.01 * expected[name.split("/")[0]], rel=1e-3), name


def test_a_linear_decay_ends_in_nothing():
    sizes = []
    for steps_done in range(4):
        model, optimizer = make(learning_rate=0.01, learning_rate_decay="linear")
        sizes.append(take_step(model, optimizer, steps_done)["logit/bias"])
    assert sizes == pytest.approx([0.01, 0.0075, 0.005, 0.0025], rel=1e-3)


def test_without_a_decay_the_rate_stays():
    model, optimizer = make(learning_rate=0.01)
    assert take_step(model, optimizer, 3)["logit/bias"] == pytest.approx(0.01, rel=1e-3)


def test_one_rate_for_all_is_plain_adam():
    model, optimizer = make(learning_rate=0.01)
    witness = build_classifier(MODEL, 8, seed=0, precision="float32")
    parameters = [v.value for v in witness.trainable_variables]
    adam = torch.optim.Adam(parameters, lr=0.01, eps=1e-7)
    for steps_done in range(3):
        model(ALL_ONE, training=False).sum().backward()
        optimizer.step(steps_done)
        witness(ALL_ONE, training=False).sum().backward()
        adam.step()
        adam.zero_grad()
    for name, array in named_weights(witness).items():
        np.testing.assert_allclose(named_weights(model)[name], array, atol=1e-6, err_msg=name)


def test_the_state_survives_a_checkpoint():
    model, optimizer = make(learning_rate=0.01, rate_factor_per_layer=0.5)
    take_step(model, optimizer)
    twin_model, twin = make(learning_rate=0.01, rate_factor_per_layer=0.5)
    take_step(twin_model, twin)
    _, fresh = make(learning_rate=0.01, rate_factor_per_layer=0.5)
    fresh.restore(optimizer.to_arrays())
    received, expected = fresh.to_arrays(), twin.to_arrays()
    assert received.keys() == expected.keys()
    assert all(np.array_equal(received[name], expected[name]) for name in expected)
