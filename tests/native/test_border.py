"""Nothing goes to the compiled code that does not fit: it reads where it is told."""

import ctypes

import numpy as np
import pytest

from reelfeel.native.arrays import as_integers, check_arguments
from reelfeel.native.inference import LayerWeights, NativeTower, has_kernel
from reelfeel.native.library import load_library
from reelfeel.native.lstm import LstmForward, run_forward
from reelfeel.native.text import NativeTextEngine, pad_rows

pytestmark = pytest.mark.skipif(load_library() is None, reason="there is no native library")


def make_layer(features=4, units=3, **others):
    parts = {
        "kernel": np.zeros((features, 4 * units), np.float32),
        "recurrent_kernel": np.zeros((units, 4 * units), np.float32),
        "bias": np.zeros(4 * units, np.float32),
    }
    return LayerWeights(**parts | others)


def make_tower(embeddings=None, layers=None, pooling="last"):
    embeddings = np.zeros((5, 4), np.float32) if embeddings is None else embeddings
    layers = [make_layer()] if layers is None else layers
    return NativeTower(embeddings, layers, pooling=pooling, is_reversed=False, precision="float32")


@pytest.mark.skipif(not has_kernel("float32"), reason="there is no kernel")
@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"embeddings": np.zeros((5, 5), np.float32)}, "kernel of layer 0"),
        ({"embeddings": np.zeros((5, 3), np.float32)}, "kernel of layer 0"),
        ({"embeddings": np.zeros(20, np.float32)}, "of two dimensions"),
        ({"embeddings": np.zeros((0, 4), np.float32)}, "of sizes from 1"),
        ({"layers": []}, "at least one"),
        ({"layers": [make_layer(), make_layer()]}, "kernel of layer 1"),
        ({"layers": [make_layer(bias=np.zeros(8, np.float32))]}, "bias of layer 0"),
        ({"layers": [make_layer(recurrent_kernel=np.zeros(9, np.float32))]}, "layer 0"),
        ({"layers": [make_layer(recurrent_kernel=np.zeros((0, 12), np.float32))]}, "units"),
        ({"pooling": "max"}, "pooling"),
    ],
)
def test_weights_that_do_not_fit_each_other_are_refused(wrong, named):
    with pytest.raises(ValueError, match=named):
        make_tower(**wrong)


@pytest.mark.skipif(not has_kernel("float32"), reason="there is no kernel")
@pytest.mark.parametrize(
    ("ids", "offsets", "threads"),
    [
        ([5], [0, 1], 1), ([-1], [0, 1], 1), ([2**32], [0, 1], 1), ([1], [0, 2], 1),
        ([1], [1, 1], 1), ([1, 1], [0, 2, 1], 1), ([1], [], 1), ([1], [0, 1], 0),
        ([1], [0, 1], -3), ([[1]], [0, 1], 1), ([1.5], [0, 1], 1), ([1], [0.0, 1.0], 1),
    ],
)  # fmt: skip
def test_ids_and_places_beyond_the_table_are_refused(ids, offsets, threads):
    with pytest.raises(ValueError, match=r"must|no text may be empty"):
        make_tower().run(np.array(ids), np.array(offsets), threads)


@pytest.mark.skipif(not has_kernel("float32"), reason="there is no kernel")
def test_more_threads_than_the_system_gives_change_nothing():
    tower, ids = make_tower(), np.ones(5_000, np.int32)
    offsets = np.arange(5_001)
    many, one = tower.run(ids, offsets, 2**40), tower.run(ids, offsets, 1)
    np.testing.assert_array_equal(many, one)


@pytest.mark.parametrize(
    ("first", "last", "threads"),
    [(-1, 2, 1), (2**63, 0, 1), (2**64 + 5, 0, 1), (0, 2**40, 1), (0, 0, 1), (1, 1, 0)],
)
def test_a_cut_that_is_none_is_refused(first, last, threads):
    engine = NativeTextEngine(["good"], ["br"], lowercase=True)
    with pytest.raises(ValueError, match="must be"):
        engine.encode([b"good"] * 3, first=first, last=last, num_threads=threads)


def test_a_word_with_a_line_feed_would_shift_all_ids_and_is_refused():
    with pytest.raises(ValueError, match="line feeds"):
        NativeTextEngine(["good", "a\nb"], ["br"], lowercase=True)


@pytest.mark.parametrize("page", [-1, 4352, 2**32])
def test_a_page_that_does_not_exist_is_refused(page):
    engine = NativeTextEngine(["good"], ["br"], lowercase=True)
    with pytest.raises(ValueError, match="page"):
        engine.define_page(page, np.zeros(256, np.uint32))
    with pytest.raises(ValueError, match="characters"):
        engine.define_page(0, np.zeros(255, np.uint32))


@pytest.mark.parametrize(
    ("ends", "rows", "timesteps"),
    [([2, 9], [0], 9), ([2, 1], [0], 9), ([2, 3], [2], 9), ([2, 3], [-1], 9), ([2, 3], [0], 1)],
)
def test_rows_that_lie_outside_are_refused(ends, rows, timesteps):
    ids = np.arange(3, dtype=np.int32)
    with pytest.raises(ValueError, match="must be"):
        pad_rows(ids, np.array(ends), np.array(rows), timesteps)


def test_numbers_that_would_wrap_are_refused():
    assert as_integers([1, 2], np.int32, "ids").dtype == np.int32
    assert as_integers([], np.int32, "ids").shape == (0,)
    for wrong in ([2**31], [-(2**31) - 1], [2**64 - 1]):
        with pytest.raises(ValueError, match="whole numbers from"):
            as_integers(np.array(wrong), np.int32, "ids")


def test_arguments_that_were_forgotten_are_refused():
    with pytest.raises(ValueError, match="steps must be at least 1"):
        run_forward(LstmForward(), 1)
    arguments = LstmForward(steps=1, rows=16, features=4, units=16)
    with pytest.raises(ValueError, match="inputs must be an address"):
        run_forward(arguments, 1)
    # A number too large for C has become another one on its way.
    with pytest.raises(ValueError, match="steps"):
        check_arguments(LstmForward(steps=ctypes.c_int(2**31)), 1, ("steps",))
    with pytest.raises(ValueError, match="num_threads"):
        run_forward(arguments, 0)
