"""The training kernels check what Python hands to them, and no exception leaves them."""

import ctypes

import numpy as np
import pytest
from border import ADDRESS, BUFFER, ID, INT32, LENGTH, SIZE, reason

from reelfeel.native import lstm, softmax
from reelfeel.native.library import load_library

pytestmark = pytest.mark.usefixtures("bfloat16_kernel")

STEPS, ROWS, FEATURES, UNITS = 3, 32, 8, 16
TOKENS, DIM, WORDS, NEGATIVES = 5, 32, 9, 4
TOO_SMALL = (-(2**31), -1)
LSTM_FUNCTIONS = {"forward": lstm.LstmForward, "backward": lstm.LstmBackward}
LSTM_FUNCTIONS |= {"gradients": lstm.LstmGradients}


def fill(kind, kept, **sizes):
    """Returns arguments with every address set, to zeros that are enough for the right sizes."""
    names = [name for name, field, *_ in kind._fields_ if field is ctypes.c_void_p]
    kept += [np.zeros(1 << 16, np.int64) for _ in names]
    addresses = [array.ctypes.data for array in kept[-len(names) :]]
    return kind(**sizes, **dict(zip(names, addresses, strict=True)))


def call(name, arguments, *numbers):
    function = load_library()[f"reelfeel_{name}"]
    return reason(function(ctypes.byref(arguments), *map(ctypes.c_int, (*numbers, 1))))


def run_lstm(name, lengths=None, without=None, **changed):
    kept = []
    sizes = {"steps": STEPS, "rows": ROWS, "features": FEATURES, "units": UNITS} | changed
    arguments = fill(LSTM_FUNCTIONS[name], kept, **sizes)
    if lengths is not None:
        kept.append(np.array(lengths, np.int32))
        arguments.lengths = kept[-1].ctypes.data
    if without:
        setattr(arguments, without, None)
    return call(f"lstm_{name}", arguments)


@pytest.mark.parametrize("name", LSTM_FUNCTIONS)
def test_an_lstm_of_possible_sizes_runs(name):
    assert run_lstm(name) is None
    assert run_lstm(name, steps=0) is None
    assert run_lstm(name, rows=0) is None


@pytest.mark.parametrize("name", LSTM_FUNCTIONS)
@pytest.mark.parametrize(
    ("part", "size"),
    [
        *((part, size) for part in ("steps", "rows", "features", "units") for size in TOO_SMALL),
        *((part, INT32) for part in ("steps", "rows", "features", "units")),
        *[("rows", 8), ("rows", 2**30), ("units", 8), ("units", 2**17), ("units", 0)],
        *[("features", 0), ("features", 2**17), ("steps", 2**24)],
    ],
)
def test_an_lstm_of_impossible_sizes_is_refused(name, part, size):
    assert run_lstm(name, **{part: size}) == SIZE


@pytest.mark.parametrize("name", ["forward", "backward"])
@pytest.mark.parametrize("bad", [-1, STEPS + 1, INT32, -(2**31)])
def test_a_row_longer_than_the_steps_is_refused(name, bad):
    lengths = [STEPS] * ROWS
    assert run_lstm(name, lengths) is None
    assert run_lstm(name, [*lengths[1:], bad]) == LENGTH


@pytest.mark.parametrize("name", LSTM_FUNCTIONS)
def test_an_lstm_without_an_array_is_refused(name):
    optional = {"d_outputs", "d_last"}
    for part, kind, *_ in LSTM_FUNCTIONS[name]._fields_:
        if kind is ctypes.c_void_p:
            expected = None if part in optional else ADDRESS
            assert run_lstm(name, without=part) == expected, part


def test_weights_of_impossible_sizes_are_not_packed():
    arrays = [np.zeros(1 << 16, np.float32) for _ in range(4)]
    first, second, third, fourth = (ctypes.c_void_p(array.ctypes.data) for array in arrays)
    pack = load_library().reelfeel_lstm_pack
    for features, units in [(0, 16), (-1, 16), (8, 0), (8, 24), (8, -16), (2**17, 16), (8, INT32)]:
        assert reason(pack(first, second, features, units, 1, third, fourth)) == SIZE
    assert reason(pack(first, second, 8, 16, 1, third, None)) is None
    assert reason(pack(first, None, 8, 16, 1, third, None)) == ADDRESS


def arrange(into_blocks, **changed):
    sizes = {"batch": 20, "steps": STEPS, "width": 40, "rows": 32}
    sizes |= {"num_blocks": 2, "block_width": 32} | changed
    kept = []
    return call("arrange", fill(lstm.Arrangement, kept, **sizes), into_blocks)


@pytest.mark.parametrize("into_blocks", [0, 1])
def test_a_batch_of_impossible_sizes_is_not_arranged(into_blocks):
    assert arrange(into_blocks) is None
    for part in ("batch", "steps", "width", "rows", "num_blocks", "block_width"):
        for size in TOO_SMALL:
            assert arrange(into_blocks, **{part: size}) == SIZE
    for changed in ({"rows": 16}, {"rows": 24}, {"block_width": 24}, {"block_width": INT32}):
        assert arrange(into_blocks, **changed) == SIZE
    for changed in ({"num_blocks": 1}, {"width": 65}):
        assert arrange(into_blocks, **changed) == BUFFER


def run_softmax(ids=None, **changed):
    kept = []
    sizes = {"num_tokens": TOKENS, "dim": DIM, "num_words": WORDS, "num_negatives": NEGATIVES}
    arguments = fill(softmax.SoftmaxArguments, kept, **(sizes | changed))
    kept.append(np.array(ids or [0, 1, 2, 3, 4], np.int64))
    arguments.target_ids = arguments.negative_ids = kept[-1].ctypes.data
    return call("softmax", arguments)


@pytest.mark.parametrize(
    ("part", "size"),
    [
        *((part, size) for part in ("num_tokens", "num_words", "dim") for size in TOO_SMALL),
        *[("num_negatives", -1), ("num_tokens", 0), ("num_negatives", 0), ("num_words", 0)],
        *[("dim", 0), ("dim", 16), ("dim", 48), ("dim", 2**17), ("dim", INT32)],
        *((part, INT32) for part in ("num_tokens", "num_words", "num_negatives")),
    ],
)
def test_a_softmax_of_impossible_sizes_is_refused(part, size):
    assert run_softmax() is None
    assert run_softmax(**{part: size}) == SIZE


@pytest.mark.parametrize("bad", [-1, WORDS, 2**40, -(2**63), 2**63 - 1])
def test_a_word_outside_the_table_is_refused(bad):
    assert run_softmax([0, 1, 2, bad, 4]) == ID
