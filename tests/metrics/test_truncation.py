from __future__ import annotations

import numpy as np
import pytest

from reelfeel.errors import DataError
from reelfeel.metrics.truncation import count_truncation


def test_what_was_cut_is_counted_review_by_review() -> None:
    rng = np.random.default_rng(0)
    lengths, right = rng.integers(0, 40, 200), rng.random(200) < 0.8
    truncation = count_truncation(right, lengths, max_tokens=25, keep="tail")
    cut = [n for n in lengths if n > 25]
    assert (truncation.num_cut, truncation.num_tokens) == (len(cut), sum(lengths))
    assert truncation.num_tokens_cut == sum(n - 25 for n in cut)
    hits = [r for n, r in zip(lengths, right, strict=True) if n > 25]
    assert truncation.accuracy_cut == pytest.approx(sum(hits) / len(hits))
    assert truncation.interval_cut.lower < truncation.accuracy_cut < truncation.interval_cut.upper


def test_nothing_cut_and_all_cut_are_defined() -> None:
    whole = count_truncation([1, 0], [3, 4], max_tokens=4, keep="head")
    assert (whole.num_cut, whole.accuracy_cut, whole.interval_cut) == (0, None, None)
    cut = count_truncation([1, 0], [5, 6], max_tokens=4, keep="head")
    assert (cut.num_cut, cut.accuracy_whole) == (2, None)


def test_lengths_of_other_reviews_are_refused() -> None:
    with pytest.raises(DataError, match="one shape"):
        count_truncation([1, 0], [5], max_tokens=4, keep="head")
