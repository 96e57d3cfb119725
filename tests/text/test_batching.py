import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelfeel.errors import UsageError
from reelfeel.text.batching import (
    pad,
    plan_scoring_batches,
    plan_training_batches,
    round_timesteps,
)

lengths_of_reviews = st.lists(st.integers(1, 3000), max_size=200)


def padding_share(batches, lengths, most):
    """Counts padding the long way: every batch as wide as its longest review, rounded."""
    cells = sum(len(b) * round_timesteps(max(lengths[b]), most=most) for b in batches)
    return 1 - sum(lengths) / cells


def imdb_like_lengths(seed, num_reviews=4000):
    # Median 174 words, p90 458: a log-normal distribution, as reviews have; cut at 500.
    lengths = np.random.default_rng(seed).lognormal(np.log(200), 0.75, num_reviews)
    return np.clip(lengths.astype(int), 10, 500)


@given(st.lists(st.lists(st.integers(1, 99)), max_size=8), st.integers(1, 9))
def test_padding_is_zeros_on_the_right(rows, multiple):
    padded = pad(rows, multiple_of=multiple)
    assert padded.dtype == np.int32
    assert padded.shape[0] == len(rows)
    assert padded.shape[1] % multiple == 0
    for row, line in zip(rows, padded.tolist(), strict=True):
        assert line == row + [0] * (padded.shape[1] - len(row))


def test_the_width_is_the_longest_text_or_what_was_asked_for():
    assert pad([[1], [1, 2]]).shape == (2, 2)
    assert pad([np.array([1], np.int32)], 5).tolist() == [[1, 0, 0, 0, 0]]
    assert pad([[1]], 5, multiple_of=4).shape == (1, 8)
    assert pad([]).shape == (0, 0)
    assert pad([], 7).shape == (0, 7)


def test_padding_never_cuts():
    with pytest.raises(UsageError, match="3 tokens does not fit into 2"):
        pad([[1, 2, 3], [4]], 2)


@given(lengths_of_reviews, st.integers(1, 70), st.integers(1, 5), st.integers(0, 99))
def test_every_review_is_trained_on_exactly_once(lengths, batch_size, pool_batches, seed):
    rng = np.random.default_rng(seed)
    batches = plan_training_batches(lengths, batch_size, rng, pool_batches=pool_batches)
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    assert all(1 <= len(batch) <= batch_size for batch in batches)


@given(lengths_of_reviews, st.integers(1, 5000), st.integers(1, 64))
def test_every_text_is_scored_exactly_once_within_the_bounds(lengths, max_tokens, max_size):
    batches = plan_scoring_batches(lengths, max_tokens, max_size)
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    for batch in batches:
        assert 1 <= len(batch) <= max_size
        width = round_timesteps(max(lengths[i] for i in batch))
        assert len(batch) == 1 or len(batch) * width <= max_tokens


def test_scoring_meets_the_longest_first():
    longest = [max(batch) for batch in plan_scoring_batches(range(1, 400), 4096, 16)]
    assert longest == sorted(longest, reverse=True)


def test_the_seed_decides_the_order_of_training():
    lengths = imdb_like_lengths(0)

    def plan(seed):
        return [b.tolist() for b in plan_training_batches(lengths, 64, np.random.default_rng(seed))]

    assert plan(1) == plan(1)
    assert plan(1) != plan(2)
    rng = np.random.default_rng(1)
    first, second = (plan_training_batches(lengths, 64, rng) for _ in range(2))
    assert not np.array_equal(first[0], second[0])


def test_short_and_long_batches_come_in_any_order():
    lengths = imdb_like_lengths(0)
    batches = plan_training_batches(lengths, 64, np.random.default_rng(0))
    means = [lengths[batch].mean() for batch in batches]
    assert abs(np.corrcoef(means, np.arange(len(means)))[0, 1]) < 0.3


def test_pools_save_most_of_the_padding_and_one_batch_a_pool_none():
    lengths = imdb_like_lengths(0)
    sorted_pools = plan_training_batches(lengths, 64, np.random.default_rng(0))
    unsorted = plan_training_batches(lengths, 64, np.random.default_rng(0), pool_batches=1)
    assert padding_share(sorted_pools, lengths, 500) < 0.07
    assert padding_share(unsorted, lengths, 500) > 0.45


@given(st.integers(1, 100_000))
def test_rounding_adds_little_and_is_stable(longest):
    rounded = round_timesteps(longest)
    assert longest <= rounded <= max(longest + 15, longest * 1.125)
    assert round_timesteps(rounded) == rounded
    assert round_timesteps(longest + 1) >= rounded


def test_there_are_few_widths():
    assert len({round_timesteps(longest, most=500) for longest in range(1, 501)}) == 24
    assert round_timesteps(499, most=500) == 500
    assert round_timesteps(600, most=500) >= 600


@pytest.mark.parametrize("call", [{"batch_size": 0}, {"batch_size": 2, "pool_batches": 0}])
def test_batches_of_nothing_are_refused(call):
    with pytest.raises(UsageError, match="at least 1; received 0"):
        plan_training_batches([1, 2], rng=np.random.default_rng(0), **call)


@pytest.mark.parametrize("bounds", [(0, 1), (1, 0)])
def test_bounds_of_nothing_are_refused(bounds):
    with pytest.raises(UsageError, match="at least 1; received 0"):
        plan_scoring_batches([1, 2], *bounds)
