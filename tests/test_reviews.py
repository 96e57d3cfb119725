"""Reviews that a program hands over: every column by position, checked, or refused in words."""

from collections import deque

import numpy as np
import polars as pl
import pytest

from reelfeel.errors import DataError, UsageError
from reelfeel.values import Reviews

TEXTS = ["A gem.", "A bore.", "Fun!"]
LABELS = [1, 0, 1]

GOOD_TEXTS = [
    TEXTS, tuple(TEXTS), np.array(TEXTS), np.array(TEXTS, dtype=object), deque(TEXTS),
    pl.Series(TEXTS), (text for text in TEXTS), dict(zip(TEXTS, LABELS, strict=True)).keys(),
    np.array(TEXTS, dtype=np.dtypes.StringDType()),
]  # fmt: skip
BAD_TEXTS = {
    "one text": "A gem.",
    "bytes": b"A gem.",
    "None": None,
    "a number": 5,
    "a set": set(TEXTS),
    "a mapping": {"a": "b"},
    "a frame": pl.DataFrame({"text": TEXTS}),
    "a lazy frame": pl.LazyFrame({"text": TEXTS}),
    "two dimensions": np.array([TEXTS]),
    "no dimension": np.array("A gem."),
    "None inside": ["A gem.", None, "Fun!"],
    "NaN inside": ["A gem.", float("nan"), "Fun!"],
    "bytes inside": [b"A gem.", "A bore.", "Fun!"],
    "lists inside": [["A gem."], ["A bore."], ["Fun!"]],
}
BAD_LABELS = {
    "fewer": [1, 0],
    "more": [1, 0, 1, 0],
    "a half": [1, 0.5, 1],
    "1 and 2": [1, 2, 1],
    "words": ["pos", "neg", "pos"],
    "None": [1, None, 1],
    "NaN": [1.0, float("nan"), 1.0],
    "a column": np.array([LABELS]).T,
    "one": 1,
    "int8 out of range": np.array([1, 2, 1], np.int8),
}


@pytest.mark.parametrize("texts", GOOD_TEXTS, ids=lambda one: type(one).__name__)
def test_any_column_of_str_is_taken_by_position(texts):
    reviews = Reviews(texts, LABELS)
    assert reviews.texts == TEXTS
    assert all(type(text) is str for text in reviews.texts)
    assert reviews.ids == ["review 1", "review 2", "review 3"]


@pytest.mark.parametrize(
    "labels",
    [LABELS, tuple(LABELS), [True, False, True], [1.0, 0.0, 1.0], np.array(LABELS, np.int64),
     np.array(LABELS, bool), pl.Series(LABELS)],
)  # fmt: skip
def test_any_column_of_zeros_and_ones_is_taken(labels):
    reviews = Reviews(TEXTS, labels)
    assert (reviews.labels.dtype, reviews.labels.tolist()) == (np.int8, LABELS)


@pytest.mark.parametrize("name", BAD_TEXTS)
def test_what_is_no_column_of_texts_is_refused(name):
    with pytest.raises((UsageError, DataError), match=r"Expected (a list|str)"):
        Reviews(BAD_TEXTS[name], LABELS)


@pytest.mark.parametrize("name", BAD_LABELS)
def test_what_are_no_labels_is_refused(name):
    with pytest.raises(UsageError, match=r"label|Label"):
        Reviews(TEXTS, BAD_LABELS[name])


def test_other_columns_are_as_long_as_the_texts():
    for columns in ({"ids": ["a"]}, {"movies": ["a"]}, {"ratings": np.array([1], np.int8)},
                    {"columns": {"country": ["a"]}}):  # fmt: skip
        with pytest.raises(UsageError, match=r"for each of the 3 texts\. Received 1"):
            Reviews(TEXTS, LABELS, **columns)


def test_an_open_file_is_refused_with_what_to_pass(tmp_path):
    (tmp_path / "a.txt").write_text("\n".join(TEXTS))
    with (tmp_path / "a.txt").open() as file, pytest.raises(UsageError, match="an open file"):
        Reviews(file, LABELS)


def test_series_of_pandas_go_by_position_and_are_refused_where_their_rows_differ():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"text": TEXTS, "label": LABELS})
    shuffled = frame.sample(frac=1, random_state=1)
    reviews = Reviews(shuffled.text, shuffled.label)
    pairs = dict(zip(reviews.texts, reviews.labels.tolist(), strict=True))
    assert pairs == dict(zip(TEXTS, LABELS, strict=True))
    assert Reviews(shuffled.text.tolist(), shuffled.label).labels.tolist() == (
        shuffled.label.tolist()
    )
    with pytest.raises(UsageError, match="indices differ"):
        Reviews(frame.text, shuffled.label)
    with pytest.raises(UsageError, match="Received 2 labels"):
        Reviews(frame.text, frame.label[1:])
    with pytest.raises(UsageError, match="a table"):
        Reviews(frame, LABELS)
