"""Our training kernels against the equations, written the long way in float32."""

import pytest
import torch

from reelfeel.models import lstm
from reelfeel.models.lstm import FusedLSTM
from reelfeel.models.matrix_lstm import matrix_lstm

# bfloat16 has 8 bits of significand: 2^-9 is its relative rounding.
TOLERANCES = {torch.bfloat16: 0.02, torch.float32: 1e-5}
# Batch, timesteps, features, units: whole tiles and not, one token, one row, many rows. Not one
# feature: a gradient of one number may cancel out, and has no bounded relative error in bfloat16.
SIZES = [
    (5, 7, 10, 16),
    (64, 30, 128, 64),
    (37, 20, 100, 48),
    (33, 9, 256, 512),
    (1, 1, 8, 32),
]


def run_long_way(sequences, states, weights):
    """The witness."""
    (hidden, cell), (kernel, recurrent_kernel, bias) = states, weights
    outputs, cells = [], []
    for step in range(sequences.shape[1]):
        sums = sequences[:, step] @ kernel + hidden @ recurrent_kernel + bias
        i, f, c, o = sums.chunk(4, dim=1)
        cell = torch.sigmoid(f) * cell + torch.sigmoid(i) * torch.tanh(c)
        hidden = torch.sigmoid(o) * torch.tanh(cell)
        outputs.append(hidden)
        cells.append(cell)
    return torch.stack(outputs, 1), cells[-1]


def make_arguments(batch, steps, features, units):
    generator = torch.Generator().manual_seed(0)

    def normal(*shape, scale=1.0):
        return (torch.randn(*shape, generator=generator) * scale).requires_grad_()

    weights = (
        normal(features, 4 * units, scale=features**-0.5),
        normal(units, 4 * units, scale=units**-0.5),
        normal(4 * units, scale=0.1),
    )
    states = (normal(batch, units, scale=0.3), normal(batch, units, scale=0.3))
    lengths = torch.randint(1, steps + 1, (batch,), generator=generator)
    return normal(batch, steps, features), states, weights, lengths


def relative_error(received, expected):
    return ((received - expected).norm() / expected.norm()).item()


@pytest.mark.parametrize("sizes", SIZES)
def test_full_rows_and_their_gradients_are_those_of_the_equations(sizes, kernel_dtype):
    sequences, states, weights, _ = make_arguments(*sizes)
    arguments = (sequences, *states, *weights)
    outputs, last, cell = matrix_lstm(sequences, states, weights, None, dtype=kernel_dtype)
    expected, expected_cell = run_long_way(sequences, states, weights)
    torch.testing.assert_close(outputs, expected, atol=TOLERANCES[kernel_dtype], rtol=0)
    torch.testing.assert_close(last, outputs[:, -1])
    torch.testing.assert_close(cell, expected_cell, atol=TOLERANCES[kernel_dtype], rtol=0)
    direction = torch.randn(expected.shape)
    received = torch.autograd.grad((outputs * direction).sum() + cell.sum(), arguments)
    wanted = torch.autograd.grad((expected * direction).sum() + expected_cell.sum(), arguments)
    for one, other in zip(received, wanted, strict=True):
        assert one.shape == other.shape
        assert relative_error(one, other) < TOLERANCES[kernel_dtype]


@pytest.mark.parametrize("sizes", SIZES)
def test_rows_of_any_length_end_where_they_end(sizes, kernel_dtype):
    sequences, states, weights, lengths = make_arguments(*sizes)
    arguments = (sequences, *weights)
    outputs, last, _ = matrix_lstm(
        sequences, states, weights, lengths, dtype=kernel_dtype, return_outputs=False
    )
    assert outputs is None
    expected, _ = run_long_way(sequences, states, weights)
    expected = expected[torch.arange(len(lengths)), lengths - 1]
    torch.testing.assert_close(last, expected, atol=TOLERANCES[kernel_dtype], rtol=0)
    direction = torch.randn(expected.shape)
    received = torch.autograd.grad((last * direction).sum(), arguments)
    wanted = torch.autograd.grad((expected * direction).sum(), arguments)
    for one, other in zip(received, wanted, strict=True):
        assert relative_error(one, other) < TOLERANCES[kernel_dtype]
    behind = torch.arange(sequences.shape[1]) >= lengths[:, None]
    assert (received[0][behind] == 0).all()


def test_what_stands_in_the_padding_changes_nothing(kernel_dtype):
    sequences, states, weights, lengths = make_arguments(20, 12, 40, 32)
    behind = (torch.arange(12) >= lengths[:, None])[:, :, None]
    with torch.no_grad():
        _, last, _ = matrix_lstm(sequences, states, weights, lengths, dtype=kernel_dtype)
        _, other, _ = matrix_lstm(
            torch.where(behind, 1e4, sequences), states, weights, lengths, dtype=kernel_dtype
        )
    assert torch.equal(last, other)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_the_number_of_threads_changes_no_output(threads, kernel_dtype):
    sequences, states, weights, lengths = make_arguments(64, 10, 64, 64)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(threads)
        _, last, _ = matrix_lstm(sequences, states, weights, lengths, dtype=kernel_dtype)
        (gradient,) = torch.autograd.grad(last.sum(), weights[1])
    finally:
        torch.set_num_threads(before)
    _, expected, _ = matrix_lstm(sequences, states, weights, lengths, dtype=kernel_dtype)
    assert torch.equal(last, expected)
    assert torch.equal(gradient, torch.autograd.grad(expected.sum(), weights[1])[0])


def test_the_gates_saturate_without_overflow_and_nan_stays_nan(kernel_dtype):
    sequences, states, weights, _ = make_arguments(16, 4, 32, 16)
    with torch.no_grad():
        outputs, _, _ = matrix_lstm(sequences * 1e6, states, weights, None, dtype=kernel_dtype)
        assert outputs.isfinite().all()
        sequences[3, 1] = float("nan")
        outputs, _, _ = matrix_lstm(sequences, states, weights, None, dtype=kernel_dtype)
    assert outputs[3, 1:].isnan().all()
    assert outputs[[0, 1, 2, *range(4, 16)]].isfinite().all()


@pytest.mark.parametrize(("units", "takes"), [(16, True), (20, False)])
def test_the_layer_takes_the_kernel_for_whole_tiles(units, takes, kernel_dtype, monkeypatch):
    ran = []
    monkeypatch.setattr(
        lstm,
        "matrix_lstm",
        lambda *a, dtype, **k: ran.append(dtype) or matrix_lstm(*a, dtype=dtype, **k),
    )
    precision = str(kernel_dtype).removeprefix("torch.")
    layer = FusedLSTM(units, precision=precision)
    assert layer(torch.randn(9, 5, 8)).shape == (9, units)
    assert ran == ([kernel_dtype] if takes else [])
