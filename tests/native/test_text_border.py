"""The reader of texts checks what Python hands to it, and no exception leaves it."""

import ctypes

import numpy as np
import pytest
from border import ADDRESS, BUFFER, EARLY, GUARD, ID, INT32, INT64, OFFSETS, SIZE, address, reason

from reelfeel.errors import UsageError
from reelfeel.native.library import load_library
from reelfeel.native.text import NativeTextEngine, NativeTokenCounter, pad_rows
from reelfeel.text.characters import describe_page

pytestmark = pytest.mark.skipif(load_library() is None, reason="the library is not compiled")


def make_engine(*, has_page=True):
    engine = NativeTextEngine(["good", "bad"], ["br"], lowercase=True)
    if has_page:
        engine.define_page(0, describe_page(0))
    return engine


def encode(
    text=b"good bad film", ends=(4, 13), *, first=2, last=0, threads=1, size=None, engine=None
):
    """Calls the reader of texts by address; returns what it says and the ids, guards behind."""
    engine = engine or make_engine()
    ends = np.array(ends, np.int64)
    ids, numbers = np.full(64, GUARD, np.int32), np.zeros((3, len(ends)), np.int64)
    total = ctypes.c_int64()
    size = (2 + 2) if size is None else size
    outcome = engine._functions["encode"](
        engine._handle, text, len(text), address(ends), len(ends), first, last, threads,
        address(ids), size, *(address(row) for row in numbers), ctypes.byref(total),
    )  # fmt: skip
    assert (ids[max(size, 0) :] == GUARD).all()
    return reason(outcome), ids[: total.value].tolist()


def test_texts_within_their_bounds_are_read():
    assert encode() == (None, [2, 3, 1])


@pytest.mark.parametrize(
    ("first", "last"),
    [(INT64, 0), (INT64, INT64), (2**62, 2**62), (0, INT64), (INT64, 1), (2**63 - 2, 2)],
)
def test_more_ids_than_a_text_can_have_are_all_ids(first, last):
    text = b"good " * 20
    assert encode(text, [100], first=first, last=last, size=64)[0] == BUFFER
    ids = make_engine().encode([text], first=first, last=last, num_threads=1).ids
    assert ids.tolist() == [2] * 20


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"first": -1}, SIZE),
        ({"last": -(2**63)}, SIZE),
        ({"size": 3}, BUFFER),
        ({"size": -1}, BUFFER),
        ({"ends": (4, 14)}, OFFSETS),
        ({"ends": (13, 4)}, OFFSETS),
        ({"ends": (-1, 13)}, OFFSETS),
        ({"ends": (4, INT64)}, OFFSETS),
        ({"ends": (-(2**63), 13)}, OFFSETS),
    ],
)
def test_texts_out_of_bounds_are_refused_and_nothing_is_written(changed, expected):
    refusal, ids = encode(**changed)
    assert refusal == expected
    assert ids == []


@pytest.mark.parametrize("threads", [-(2**31), -1, 0, INT32])
def test_any_number_of_threads_reads_the_same_ids(threads):
    assert encode(threads=threads) == (None, [2, 3, 1])


def test_texts_wait_for_the_page_of_ascii_characters():
    engine = make_engine(has_page=False)
    assert encode(engine=engine)[0] == EARLY
    with pytest.raises(UsageError, match=EARLY):
        NativeTokenCounter(engine).add([b"good"], num_threads=1)


def test_an_engine_that_is_missing_is_refused():
    functions = make_engine()._functions
    assert reason(functions["encode"](*[None, b"", *[0] * 12])) == ADDRESS
    assert reason(functions["count"](None, b"", 0, None, 0, 1, None)) == ADDRESS
    assert reason(functions["create"](None, 0, b"", 0, 1, None)) == ADDRESS


@pytest.mark.parametrize(
    "text",
    [
        b"good \xff", b"good \xc3", b"\xe2\x82", b"\xf0\x9f\x98", b"\x80", b"good\xbf bad",
        b"\xc0\xaf", b"\xe0\x80\xaf", b"\xf0\x80\x80\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80",
        b"\xf8\x88\x80\x80\x80", b"\xc3good", b"\xf0\x9fgood", b"<b>\xe2\x82</b>", b"&#233;\xc3",
    ],
)  # fmt: skip
def test_what_is_no_utf_8_is_given_back(text):
    with pytest.raises(UnicodeDecodeError):
        text.decode()
    engine = make_engine()
    for page in (*range(9), 32):
        engine.define_page(page, describe_page(page))
    # Whole characters behind it, which must not become a part of it.
    found = engine.encode([text, "éé".encode(), b"good"], first=9, last=0, num_threads=1)
    assert found.num_tokens.tolist() == [-1, 1, 1]
    assert NativeTokenCounter(engine).add([text, b"good"], num_threads=1).tolist() == [-1, 1]


@pytest.mark.parametrize("page", [-1, 4352, 2**32, 2**63])
def test_a_page_that_unicode_lacks_is_refused(page):
    with pytest.raises(UsageError, match=f"page {page}"):
        make_engine().define_page(page, describe_page(0))
    if page < 2**32:
        raw = make_engine()._functions["define_page"]
        characters = describe_page(0)
        outcome = raw(make_engine()._handle, page & (2**32 - 1), characters.ctypes.data)
        assert reason(outcome) == SIZE


def test_half_a_page_is_refused():
    with pytest.raises(UsageError, match="256"):
        make_engine().define_page(1, describe_page(1)[:128])


@pytest.mark.parametrize("page_of", [0, 1])
def test_the_first_description_of_a_page_stays(page_of):
    engine = make_engine()
    engine.define_page(1, describe_page(1))
    engine.define_page(page_of, np.zeros(256, np.uint32))
    assert engine.encode(["good Ā".encode()], first=9, last=0, num_threads=1).num_tokens == [2]


@pytest.mark.parametrize(
    ("rows", "timesteps", "expected"),
    [([2], 9, ID), ([-1], 9, ID), ([2**62], 9, ID), ([1], 1, BUFFER)],
)
def test_texts_that_do_not_fit_are_not_padded(rows, timesteps, expected):
    ids = np.arange(3, dtype=np.int32)
    with pytest.raises(UsageError, match=expected):
        pad_rows(ids, np.array([1, 3]), np.array(rows), timesteps)
    assert pad_rows(ids, np.array([1, 3]), np.array([1]), 3).tolist() == [[1, 2, 0]]


@pytest.mark.parametrize("ends", [[1, 4], [2, 1], [-5, 3], [INT64, 3]])
def test_texts_beyond_their_ids_are_not_padded(ends):
    with pytest.raises(UsageError, match=OFFSETS):
        pad_rows(np.arange(3, dtype=np.int32), np.array(ends), np.array([1]), 9)


def test_counts_of_no_part_are_not_read():
    counter = NativeTokenCounter(make_engine())
    counter.add([b"good"], num_threads=1)
    for part in (-1, 1, INT64):
        with pytest.raises(UsageError, match=SIZE):
            counter._ask("part_size", part)
    buffers = np.zeros(64, np.uint8), np.zeros(8, np.int64)
    for sizes in [(0, 64), (8, 4), (-1, 64), (8, -1)]:
        outcome = counter._functions["read_part"](
            counter._handle, 0, *sizes, *(address(buffer) for buffer in buffers)
        )
        assert reason(outcome) == BUFFER
