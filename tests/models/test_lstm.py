"""The fused layer against Keras' own loop, which is the witness."""

import itertools

import keras
import numpy as np
import pytest
import torch

from reelfeel.errors import ConfigError
from reelfeel.models import lstm
from reelfeel.models.lstm import FusedLSTM, reverse_rows, select_kernel
from reelfeel.models.matrix_lstm import matrix_lstm
from reelfeel.native.library import explain_missing

BATCH, TIMESTEPS, FEATURES, UNITS = 9, 23, 8, 16


def make_twins(**kwargs):
    stock = keras.layers.LSTM(UNITS, **kwargs)
    fused = FusedLSTM(UNITS, precision="float32", **kwargs)
    for layer in (stock, fused):
        layer.build((None, TIMESTEPS, FEATURES))
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=w.shape, scale=0.4).astype("float32") for w in stock.weights]
    stock.set_weights(weights)
    fused.set_weights(weights)
    return stock, fused


def make_mask(seed):
    lengths = torch.from_numpy(np.random.default_rng(seed).integers(0, TIMESTEPS + 1, BATCH))
    lengths[0], lengths[1], lengths[2] = TIMESTEPS, 1, 0
    return torch.arange(TIMESTEPS)[None] < lengths[:, None]


def run(layer, inputs, mask, output_weights):
    inputs = inputs.clone().requires_grad_()
    for variable in layer.trainable_variables:
        variable.value.grad = None
    outputs = layer(inputs, mask=mask)
    (outputs * output_weights).sum().backward()
    gradients = [variable.value.grad.clone() for variable in layer.trainable_variables]
    return [outputs.detach(), inputs.grad, *gradients]


@pytest.mark.usefixtures("float32_training")
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("go_backwards", "return_sequences", "masked"),
    list(itertools.product((False, True), repeat=3)),
)
def test_values_and_gradients_equal_those_of_keras(seed, go_backwards, return_sequences, masked):
    stock, fused = make_twins(go_backwards=go_backwards, return_sequences=return_sequences)
    rng = torch.Generator().manual_seed(seed)
    inputs = torch.randn(BATCH, TIMESTEPS, FEATURES, generator=rng)
    mask = make_mask(seed) if masked else None
    shape = (BATCH, TIMESTEPS, UNITS) if return_sequences else (BATCH, UNITS)
    output_weights = torch.randn(shape, generator=rng) / BATCH
    expected = run(stock, inputs, mask, output_weights)
    received = run(fused, inputs, mask, output_weights)
    for left, right in zip(expected, received, strict=True):
        torch.testing.assert_close(right, left, atol=1e-5, rtol=0)


def test_both_directions_equal_those_of_keras_in_its_own_wrapper():
    inputs, mask = torch.randn(BATCH, TIMESTEPS, FEATURES), make_mask(1)
    mask[2, 0] = True
    layers = [
        keras.layers.Bidirectional(cell(UNITS, return_sequences=True, **kwargs))
        for cell, kwargs in ((keras.layers.LSTM, {}), (FusedLSTM, {"precision": "float32"}))
    ]
    outputs = []
    for layer in layers:
        layer.build(inputs.shape)
        for variable, twin in zip(layer.weights, layers[0].weights, strict=True):
            variable.assign(twin)
        outputs.append(layer(inputs, mask=mask).detach())
    torch.testing.assert_close(outputs[1], outputs[0], atol=1e-5, rtol=0)


@pytest.mark.usefixtures("float32_training")
def test_what_stands_in_the_padding_does_not_matter():
    _, fused = make_twins()
    inputs, mask = torch.randn(BATCH, TIMESTEPS, FEATURES), make_mask(2)
    noisy = torch.where(mask[:, :, None], inputs, 1e3 * torch.randn_like(inputs))
    assert torch.equal(fused(inputs, mask=mask), fused(noisy, mask=mask))


@pytest.mark.usefixtures("float32_training")
def test_a_longer_padding_gives_the_same_state():
    _, fused = make_twins()
    inputs, mask = torch.randn(BATCH, TIMESTEPS, FEATURES), make_mask(2)
    longer = torch.cat([inputs, torch.randn(BATCH, 40, FEATURES)], dim=1)
    longer_mask = torch.cat([mask, torch.zeros(BATCH, 40, dtype=torch.bool)], dim=1)
    torch.testing.assert_close(
        fused(longer, mask=longer_mask), fused(inputs, mask=mask), atol=1e-6, rtol=0
    )


@pytest.mark.parametrize(
    "kwargs",
    [
        {"return_state": True},
        {"zero_output_for_mask": True},
        {"activation": "relu"},
        {"use_bias": False},
        {"recurrent_dropout": 0.3},
    ],
    ids=str,
)
def test_what_the_kernel_cannot_do_falls_back_to_keras(kwargs):
    stock, fused = make_twins(**kwargs)
    inputs, mask = torch.randn(BATCH, TIMESTEPS, FEATURES), make_mask(0)
    expected, received = stock(inputs, mask=mask), fused(inputs, mask=mask)
    for left, right in zip(
        expected if isinstance(expected, (list, tuple)) else [expected],
        received if isinstance(received, (list, tuple)) else [received],
        strict=True,
    ):
        torch.testing.assert_close(right, left, atol=1e-5, rtol=0)


def test_left_padding_is_exact_too():
    stock, fused = make_twins()
    inputs, mask = torch.randn(BATCH, TIMESTEPS, FEATURES), make_mask(0).flip(1)
    torch.testing.assert_close(
        fused(inputs, mask=mask), stock(inputs, mask=mask), atol=1e-5, rtol=0
    )


@pytest.mark.usefixtures("float32_training")
def test_states_without_a_mask_equal_those_of_keras():
    stock, fused = make_twins(return_state=True)
    inputs = torch.randn(BATCH, TIMESTEPS, FEATURES)
    for left, right in zip(stock(inputs), fused(inputs), strict=True):
        torch.testing.assert_close(right, left, atol=1e-5, rtol=0)


@pytest.mark.usefixtures("bfloat16_training")
def test_bfloat16_stays_near_float32():
    _, exact = make_twins()
    fast = FusedLSTM(UNITS, precision="bfloat16")
    fast.build((None, TIMESTEPS, FEATURES))
    for variable, twin in zip(fast.weights, exact.weights, strict=True):
        variable.assign(twin)
    inputs, mask = torch.randn(BATCH, TIMESTEPS, FEATURES), make_mask(0)
    received = fast(inputs, mask=mask)
    assert received.dtype == torch.float32
    torch.testing.assert_close(received, exact(inputs, mask=mask), atol=0.05, rtol=0)


def test_a_layer_is_rebuilt_from_its_config():
    layer = FusedLSTM(UNITS, precision="float32", go_backwards=True, name="reader")
    twin = FusedLSTM.from_config(layer.get_config())
    assert (twin.precision, twin.go_backwards, twin.name) == ("float32", True, "reader")
    assert "precision" not in layer.stock_config()


def test_rows_turn_around_by_their_own_length():
    rows = torch.arange(1, 11).reshape(2, 5, 1)
    turned = reverse_rows(rows, torch.tensor([5, 2]))
    assert turned[..., 0].tolist() == [[5, 4, 3, 2, 1], [7, 6, 8, 9, 10]]


def test_the_kernel_says_why_it_was_chosen():
    assert select_kernel("float32").dtype == torch.float32
    assert "float32 was asked for" in select_kernel("float32").reason
    assert select_kernel("auto").reason
    with pytest.raises(ValueError, match="float16"):
        select_kernel("float16")


def test_bfloat16_is_taken_where_it_is_asked_for(bfloat16_training):
    kernel = select_kernel("bfloat16")
    assert kernel.dtype == torch.bfloat16
    assert kernel.name.startswith("native bfloat16")


@pytest.mark.parametrize("level", ["SSE41", "AVX2", "AVX512_CORE"])
@pytest.mark.parametrize("native", ["on", "off"])
def test_a_processor_without_bfloat16_takes_float32_and_refuses_it(level, native, monkeypatch):
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", level)
    monkeypatch.setenv("REELFEEL_NATIVE", native)
    if native == "off":
        monkeypatch.setattr("torch.cpu._is_avx512_bf16_supported", lambda: False)
        monkeypatch.setattr("torch.cpu._is_amx_tile_supported", lambda: False)
    kernel = select_kernel("auto", "cpu")
    assert kernel.dtype == torch.float32
    assert "no bfloat16 arithmetic" in kernel.reason
    with pytest.raises(ConfigError, match=r"REELFEEL_BFLOAT16=emulate.*Received"):
        select_kernel("bfloat16", "cpu")


def test_bfloat16_is_emulated_only_where_that_is_asked_for(monkeypatch):
    if explain_missing():
        pytest.skip("the library was not compiled")
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    monkeypatch.setenv("REELFEEL_BFLOAT16", "emulate")
    kernel = select_kernel("bfloat16", "cpu")
    assert (kernel.name, kernel.is_emulated) == ("native bfloat16, emulated", True)
    assert select_kernel("auto", "cpu").dtype == torch.float32
    # What has no kernel of ours is float32 then: oneDNN has no emulation.
    layer = FusedLSTM(UNITS + 1, precision="bfloat16")
    assert layer(torch.randn(BATCH, 3, FEATURES)).shape == (BATCH, UNITS + 1)


def test_a_missing_library_cannot_emulate(monkeypatch):
    monkeypatch.setenv("REELFEEL_NATIVE", "off")
    monkeypatch.setenv("REELFEEL_BFLOAT16", "emulate")
    monkeypatch.setattr("torch.cpu._is_avx512_bf16_supported", lambda: False)
    monkeypatch.setattr("torch.cpu._is_amx_tile_supported", lambda: False)
    with pytest.raises(ConfigError, match="REELFEEL_NATIVE=off"):
        select_kernel("bfloat16", "cpu")


@pytest.mark.parametrize("name", ["dropout", "recurrent_dropout"])
def test_dropout_of_the_layer_itself_is_that_of_keras(name):
    # The same seed draws the same masks.
    stock, fused = make_twins(**{name: 0.5}, seed=3)
    inputs, mask = torch.randn(BATCH, TIMESTEPS, FEATURES), make_mask(0)
    expected, received = (
        layer(inputs, mask=mask, training=True).detach() for layer in (stock, fused)
    )
    torch.testing.assert_close(received, expected, atol=1e-5, rtol=0)
    assert (expected - stock(inputs, mask=mask)).abs().max() > 0.01


@pytest.mark.parametrize(("batch", "takes"), [(7, False), (8, True)])
def test_few_rows_go_to_onednn_in_float32(batch, takes, monkeypatch):
    if explain_missing():
        pytest.skip("the library was not compiled")
    ran = []
    monkeypatch.setattr(lstm, "matrix_lstm", lambda *a, **k: ran.append(1) or matrix_lstm(*a, **k))
    FusedLSTM(UNITS, precision="float32")(torch.randn(batch, 3, FEATURES))
    assert bool(ran) is takes
