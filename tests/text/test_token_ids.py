import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reelfeel.config.sections import DataConfig
from reelfeel.errors import UsageError
from reelfeel.native.library import load_library
from reelfeel.text.batching import pad, pad_batch
from reelfeel.text.token_ids import TokenIds

lists_of_ids = st.lists(st.lists(st.integers(1, 99), max_size=7), min_size=1, max_size=9)


@pytest.fixture(params=["compiled", "python"], autouse=True)
def engine(request, monkeypatch):
    if request.param == "python":
        monkeypatch.setenv("REELFEEL_NATIVE", "off")
    elif load_library() is None:
        pytest.skip("the library is not compiled")


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lists_of_ids, st.data())
def test_padding_some_texts_writes_their_ids_and_then_zeros(lists, data):
    rows = data.draw(st.lists(st.integers(-len(lists), len(lists) - 1), max_size=12))
    padded = TokenIds.of(lists).pad(np.array(rows, np.intp), 8)
    assert padded.dtype == np.int32
    assert padded.tolist() == [lists[row] + [0] * (8 - len(lists[row])) for row in rows]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lists_of_ids)
def test_token_ids_are_a_sequence_of_arrays(lists):
    token_ids = TokenIds.of(lists)
    assert len(token_ids) == len(lists)
    assert [ids.tolist() for ids in token_ids] == lists
    assert [token_ids[row].tolist() for row in range(-len(lists), 0)] == lists
    assert [ids.tolist() for ids in token_ids[1:]] == lists[1:]
    assert TokenIds.of(token_ids) is token_ids
    assert {ids.dtype for ids in token_ids} == {np.dtype(np.int32)}


def test_a_text_that_is_not_there_is_refused():
    token_ids = TokenIds.of([[1], [2]])
    with pytest.raises(IndexError):
        token_ids[2]
    with pytest.raises(IndexError):
        token_ids.pad(np.array([0, 2]), 4)


def test_a_text_too_long_for_the_rectangle_is_refused():
    with pytest.raises(ValueError, match="does not fit into 2"):
        pad(TokenIds.of([[1, 2, 3]]), 2)
    with pytest.raises(ValueError, match="does not fit"):
        TokenIds.of([[1, 2, 3]]).pad(np.array([0]), 2)


def test_a_batch_is_the_same_from_a_list_and_from_one_array():
    rng = np.random.default_rng(0)
    lists = [rng.integers(1, 99, size).astype(np.int32) for size in (3, 90, 17, 1)]
    rows = np.array([2, 0, 3])
    for fixed, timesteps in ((False, 32), (True, 90)):
        config = DataConfig(max_tokens=90, fixed_timesteps=fixed)
        expected = pad([lists[row] for row in rows], timesteps)
        for token_ids in (lists, TokenIds.of(lists)):
            np.testing.assert_array_equal(pad_batch(token_ids, rows, config), expected)


@pytest.mark.parametrize(
    "ids",
    [
        np.array([1, 2**32]), np.array([2**40]), np.array([-(2**31) - 1]), [2**31], [2**63],
        [2**70], np.array([2**32 + 5], np.uint64), np.array([2**31], np.uint32), [1.5], [1.0],
        ["5"], [True], 5, [[1, 2]], [None],
    ],
)  # fmt: skip
def test_an_id_that_would_become_another_one_is_refused(ids):
    with pytest.raises(UsageError, match=r"whole numbers of 32 bits.*Received"):
        TokenIds.of([[1, 2], ids])


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.int32, np.int64, np.uint64])
def test_whole_numbers_of_any_width_are_ids(dtype):
    token_ids = TokenIds.of([np.array([5, 6], dtype), np.array([], dtype), []])
    assert token_ids.flat.dtype == np.int32
    assert token_ids.flat.tolist() == [5, 6]
    assert token_ids.lengths.tolist() == [2, 0, 0]
