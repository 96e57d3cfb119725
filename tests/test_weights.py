"""Weights go into a file and come back, whole, or are refused."""

import numpy as np
import pytest
from safetensors.numpy import load_file

from reelfeel.errors import BundleError
from reelfeel.weights import (
    read_layout,
    read_weights,
    round_weights,
    write_weights,
)


@pytest.fixture
def weights():
    rng = np.random.default_rng(0)
    return {
        "lstm_0/kernel": rng.normal(size=(5, 8)).astype(np.float32),
        "logit/bias": np.array([1e-9], np.float32),
        "turned/kernel": rng.normal(size=(4, 3)).astype(np.float32).T,
    }


@pytest.mark.parametrize("precision", ["float32", "float16"])
def test_what_is_read_is_what_rounding_promised(tmp_path, weights, precision):
    write_weights(tmp_path / "file", weights, precision)
    shapes = {name: array.shape for name, array in weights.items()}
    read = read_weights(tmp_path / "file", shapes, precision)
    promised = round_weights(weights, precision)
    assert read.keys() == weights.keys()
    for name, array in read.items():
        assert array.dtype == np.float32
        np.testing.assert_array_equal(array, promised[name])
        np.testing.assert_array_equal(array, weights[name].astype(precision))


def test_16_bits_take_half_the_room(tmp_path, weights):
    sizes = []
    for precision in ("float32", "float16"):
        write_weights(tmp_path / precision, {"kernel": weights["lstm_0/kernel"]}, precision)
        (array,) = load_file(tmp_path / precision).values()
        assert array.dtype == precision
        sizes.append(array.nbytes)
    assert sizes[0] == 2 * sizes[1]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("precision", ["float32", "float16"])
def test_what_is_no_number_is_refused_by_name(tmp_path, weights, precision, value):
    weights["lstm_0/kernel"][2, 3] = value
    with pytest.raises(BundleError, match=r"lstm_0/kernel .* 1 of 40"):
        write_weights(tmp_path / "file", weights, precision)
    assert not (tmp_path / "file").exists()


def test_what_16_bits_cannot_hold_is_refused_with_the_mend(weights):
    weights["logit/bias"][0] = 70_000
    with pytest.raises(BundleError, match=r"65504.*weight_precision=float32.*up to 70000"):
        round_weights(weights, "float16")
    assert round_weights(weights, "float32")["logit/bias"] == 70_000


@pytest.mark.parametrize("precision", ["float32", "float16"])
def test_the_layout_finds_every_array_in_the_file(tmp_path, weights, precision):
    write_weights(tmp_path / "file", weights, precision)
    content = (tmp_path / "file").read_bytes()
    layout = read_layout(tmp_path / "file")
    assert layout.keys() == weights.keys()
    for name, stored in layout.items():
        piece = content[stored.offset : stored.offset + stored.size_bytes]
        found = np.frombuffer(piece, stored.precision).reshape(stored.shape)
        np.testing.assert_array_equal(found, weights[name].astype(precision))
