"""Reads texts and labels from what Python programs pass: lists, arrays, series, columns."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from reelfeel.errors import UsageError
from reelfeel.given_texts import check_texts

_LABELS = (-1, 0, 1)


def list_texts(values: Any) -> list[str]:
    """Returns the texts of a list, tuple, array, series or other iterable of str, by position.

    Raises:
        UsageError: if it is no such iterable, as `check_texts` says.
        DataError: if it holds anything but str.

    Example:

    >>> list_texts(["A bore.", None])
    Traceback (most recent call last):
    ...
    reelfeel.errors.DataError: Text 1 (counted from 0) is no string. Expected str everywhere; ...
    """
    # Plain str, also of what is one by inheritance, such as numpy.str_.
    return [text if type(text) is str else str(text) for text in check_texts(values)]


def list_labels(values: Any) -> npt.NDArray[np.int8]:
    """Returns labels as an int8 array: 1 positive, 0 negative, -1 unlabelled.

    Raises:
        UsageError: if one of them is neither, or it is no column of labels.

    Example:

    >>> list_labels([True, 0, 1.0]).tolist()
    [1, 0, 1]
    """
    if isinstance(values, np.ndarray) and values.dtype == np.int8 and values.ndim == 1:
        labels = values
    else:
        labels = np.array(
            [
                _read_label(value, place)
                for place, value in enumerate(list_values(values, "labels"))
            ],
            np.int8,
        )
    wrong = np.flatnonzero(~np.isin(labels, _LABELS))
    if len(wrong):
        _refuse_label(labels[wrong[0]].item(), int(wrong[0]))
    return labels


def list_values(values: Any, name: str) -> list[Any]:
    """Returns the values of one column by position, whatever index it has.

    Args:
        values: a list, tuple, one-dimensional array, series, Arrow array or other iterable.
        name: what it holds, for messages.

    Raises:
        UsageError: if it is anything else.
    """
    wrong = _describe_wrong(values)
    if wrong:
        raise UsageError(
            f"These {name} are {wrong}. Expected a list, an array of one dimension, a series or "
            f"another iterable with one value a review. Received {type(values).__name__}."
        )
    for method in ("to_pylist", "to_list", "tolist"):  # Arrow, Polars and pandas, NumPy
        if callable(getattr(values, method, None)):
            return list(getattr(values, method)())
    return list(values)


def _describe_wrong(values: Any) -> str | None:
    if isinstance(values, (str, bytes)):
        return "one value; put it into a list"
    # Frames of pandas, Polars and Arrow, and data sets; one column of them is a series.
    if not hasattr(values, "dtype") and any(
        hasattr(values, name) for name in ("collect_schema", "columns", "column_names")
    ):
        return "a whole table; pass one column of it, such as df['text']"
    if isinstance(values, Mapping):
        return "a mapping; pass its values as a list"
    if isinstance(values, (set, frozenset)):
        return "a set, which has no order; pass a list"
    if hasattr(values, "readlines"):
        return "an open file; pass its path to train or evaluate, or its lines as a list"
    if getattr(values, "ndim", 1) != 1:
        return f"an array of {values.ndim} dimensions; pass one of its columns"
    return None if isinstance(values, Iterable) else "no column of values"


def _read_label(value: Any, place: int) -> int:
    try:
        number = math.nan if isinstance(value, (str, bytes)) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if number not in _LABELS:
        _refuse_label(value, place)
    return int(number)


def _refuse_label(value: Any, place: int) -> None:
    raise UsageError(
        f"Label {place + 1:,} is neither 1 (positive) nor 0 (negative), nor -1 (unlabelled). Turn "
        "your labels into these numbers, or pass a table of words instead of Reviews, such as "
        "{'text': texts, 'label': labels}, to train or evaluate, which take positive=. "
        f"Received {str(value)[:40]!r}."
    )
