from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelfeel.errors import UsageError
from reelfeel.metrics.intervals.proportions import NORMAL_95, wilson_interval


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_at_both_ends_the_share_is_just_compatible(case: tuple[int, int]) -> None:
    # Wilson's definition: the shares from which the one seen is 1.96 standard errors away.
    successes, count = case
    lower, upper = wilson_interval(successes, count)
    assert 0 <= lower <= successes / count <= upper <= 1
    assert lower < upper
    for end in (lower, upper):
        if 0 < end < 1:
            distance = abs(successes / count - end)
            assert distance == pytest.approx(
                NORMAL_95 * math.sqrt(end * (1 - end) / count), abs=1e-9
            )


def test_a_published_example_is_met() -> None:
    # Newcombe, 1998, Statistics in Medicine 17, table I: 81 of 263, method 3.
    assert [round(end, 4) for end in wilson_interval(81, 263)] == [0.2553, 0.3662]


@pytest.mark.parametrize(("successes", "count"), [(1, 0), (0, 0), (-1, 5), (6, 5), (math.nan, 5)])
def test_impossible_counts_are_refused(successes: float, count: float) -> None:
    with pytest.raises(UsageError, match="A share needs"):
        wilson_interval(successes, count)
