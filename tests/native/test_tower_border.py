"""The kernels of inference check what Python hands to them, and no exception leaves them."""

import ctypes

import numpy as np
import pytest
from border import ADDRESS, BUFFER, GUARD, ID, INT32, INT64, OFFSETS, SIZE, address, reason

from reelfeel.errors import UsageError
from reelfeel.native.inference import LayerWeights, NativeTower, _Description
from reelfeel.native.library import bound_threads, load_library, raise_unless_done

pytestmark = pytest.mark.skipif(load_library() is None, reason="the library is not compiled")

WORDS, FEATURES, UNITS = 5, 4, 16


def draw_weights(seed=0):
    rng = np.random.default_rng(seed)
    shapes = (FEATURES, 4 * UNITS), (UNITS, 4 * UNITS), (4 * UNITS,)
    layer = LayerWeights(*(rng.normal(0, 1, shape).astype(np.float32) for shape in shapes))
    return rng.normal(0, 1, (WORDS, FEATURES)).astype(np.float32), [layer]


def make_tower(embeddings=None, *, pooling="last"):
    own, layers = draw_weights()
    return NativeTower(
        own if embeddings is None else embeddings,
        layers,
        pooling=pooling,
        is_reversed=False,
        precision="float32",
    )


def describe(**changed):
    """A description of a tower, one part of it changed; and what its addresses point into."""
    sizes = {"vocabulary_size": WORDS, "features": FEATURES, "num_layers": 1, "units": UNITS}
    sizes |= {"reversed": 0, "pooling": 0, "bf16": 0} | changed
    units = np.full(128, sizes.pop("units"), np.int32)
    arrays = [np.zeros((128, 4 * UNITS), np.float32) for _ in range(4)]
    lists = [(ctypes.c_void_p * 128)(*[a.ctypes.data] * 128) for a in arrays[1:]]
    addresses = {"units": units.ctypes.data, "embeddings": arrays[0].ctypes.data}
    for name, group in zip(("kernels", "recurrent_kernels", "biases"), lists, strict=True):
        addresses[name] = ctypes.addressof(group)
    return _Description(**(sizes | addresses)), (units, arrays, lists)


def create(description):
    handle = ctypes.c_void_p()
    outcome = load_library().reelfeel_tower_create(description, ctypes.byref(handle))
    if handle:
        load_library().reelfeel_tower_free(handle)
    assert bool(handle) == (outcome == 0)
    return reason(outcome)


def test_a_tower_within_its_bounds_is_made():
    description, _kept = describe()
    assert create(ctypes.byref(description)) is None


TOO_SMALL, TOO_LARGE = (-(2**31), -1, 0), (2**16 + 16, 2**30, INT32)


@pytest.mark.parametrize(
    ("part", "size"),
    [
        *((part, size) for part in ("features", "num_layers", "units") for size in TOO_LARGE),
        *((part, size) for part in ("features", "num_layers", "units") for size in TOO_SMALL),
        *(("vocabulary_size", size) for size in TOO_SMALL),
        *(("pooling", kind) for kind in (-1, 2, INT32)),
        *(("units", size) for size in (8, 17, 24)),
    ],
)
def test_a_tower_of_impossible_sizes_is_refused(part, size):
    description, _kept = describe(**{part: size})
    assert create(ctypes.byref(description)) == SIZE


@pytest.mark.parametrize(
    "part", ["units", "embeddings", "kernels", "recurrent_kernels", "biases", None]
)
def test_a_tower_without_an_array_is_refused(part):
    description, _kept = describe()
    if part:
        setattr(description, part, None)
    assert create(ctypes.byref(description) if part else None) == ADDRESS


def run_by_address(token_ids, offsets, *, count=None, num_ids=None, threads=1, size=UNITS * 2):
    tower = make_tower()
    token_ids, offsets = np.array(token_ids, np.int32), np.array(offsets, np.int64)
    outputs = np.full(UNITS * 4, GUARD, np.float32)
    outcome = load_library().reelfeel_tower_run(
        ctypes.c_void_p(tower._handle),
        address(token_ids),
        ctypes.c_int64(len(token_ids) if num_ids is None else num_ids),
        address(offsets),
        ctypes.c_int64(len(offsets) - 1 if count is None else count),
        ctypes.c_int(threads),
        address(outputs),
        ctypes.c_int64(size),
    )
    if outcome:
        assert (outputs == GUARD).all()
    assert (outputs[max(size, 0) :] == GUARD).all()
    return reason(outcome)


@pytest.mark.parametrize("threads", [-(2**31), -1, 0, 1, INT32])
def test_texts_within_their_bounds_are_run_in_any_number_of_threads(threads):
    assert run_by_address([1, 2, 3], [0, 1, 3], threads=threads) is None


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"token_ids": [1, 2, WORDS]}, ID),
        ({"token_ids": [1, 2, INT32]}, ID),
        ({"token_ids": [-1, 2, 3]}, ID),
        ({"token_ids": [1, -(2**31), 3]}, ID),
        ({"offsets": [0, 1, 4]}, OFFSETS),
        ({"offsets": [0, 1, 2]}, OFFSETS),
        ({"offsets": [1, 2, 3]}, OFFSETS),
        ({"offsets": [0, 0, 3]}, OFFSETS),
        ({"offsets": [0, 3, 3]}, OFFSETS),
        ({"offsets": [0, -1, 3]}, OFFSETS),
        ({"offsets": [0, INT64, 3]}, OFFSETS),
        ({"offsets": [-(2**63), 1, 3]}, OFFSETS),
        ({"count": -1}, SIZE),
        ({"num_ids": -1}, SIZE),
        ({"size": UNITS * 2 - 1}, BUFFER),
        ({"size": -1}, BUFFER),
    ],
)
def test_texts_out_of_bounds_are_not_run(arguments, expected):
    arguments = {"token_ids": [1, 2, 3], "offsets": [0, 1, 3]} | arguments
    assert run_by_address(**arguments) == expected


def test_a_tower_that_is_missing_is_refused():
    run = load_library().reelfeel_tower_run
    nothing = ctypes.c_void_p(None)
    number = ctypes.c_int64(0)
    outcome = run(nothing, nothing, number, nothing, number, ctypes.c_int(1), nothing, number)
    assert reason(outcome) == ADDRESS


@pytest.mark.parametrize("bad", [2**32, 2**40 + 1, -(2**40), 2**62, WORDS, -1])
def test_an_id_beyond_the_vocabulary_never_becomes_another_one(bad):
    with pytest.raises(ValueError, match=f"Received ids from.*{bad}"):
        make_tower().run(np.array([1, bad]), np.array([0, 2]), 1)


@pytest.mark.parametrize("pooling", ["last", "last_max_mean"])
@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_weights_that_are_no_numbers_reach_their_own_texts_only(odd, pooling):
    texts = np.array([1, 2, 3, 4]), np.array([0, 2, 4])
    expected = make_tower(pooling=pooling).run(*texts, 1)
    embeddings, _ = draw_weights()
    embeddings[1] = odd
    found = make_tower(embeddings, pooling=pooling).run(*texts, 1)
    assert np.isnan(found[0]).any()
    np.testing.assert_array_equal(found[1], expected[1])


def test_threads_are_bounded_before_they_wrap():
    assert [bound_threads(number) for number in (1, 8, 2**31, 2**40)] == [1, 8, 1024, 1024]
    for bad in (0, -1, -(2**40)):
        with pytest.raises(UsageError, match=f"received {bad}"):
            bound_threads(bad)


def test_each_outcome_has_its_error():
    raise_unless_done(0, "read texts", "nothing")
    with pytest.raises(MemoryError, match="Received: 3 texts"):
        raise_unless_done(1, "read texts", "3 texts")
    words = {reason(outcome) for outcome in range(1, 11)}
    assert len(words) == 10
    for outcome in range(2, 12):
        with pytest.raises(UsageError, match=r"cannot read texts: .*\. Received: 3 texts"):
            raise_unless_done(outcome, "read texts", "3 texts")
