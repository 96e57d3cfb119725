import numpy as np
import pytest

from reelfeel.data.audit.duplicates import fold_text
from reelfeel.data.sets.mini import load_mini
from reelfeel.data.splitting import (
    find_groups,
    split_into_folds,
    split_random,
    split_train_validation,
)
from reelfeel.errors import DataError, UsageError
from reelfeel.values import Reviews


def make_reviews(labels, texts=None, movies=None):
    texts = [f"text {row}" for row in range(len(labels))] if texts is None else texts
    ids = [f"row {row}" for row in range(len(labels))]
    return Reviews(texts, np.array(labels, dtype=np.int8), ids, movies=movies)


def sides(reviews, split, values):
    return {values[row] for row in split.train}, {values[row] for row in split.validation}


@pytest.mark.parametrize("split", [split_train_validation, split_random])
def test_every_row_is_on_one_side(split):
    reviews = load_mini()
    result = split(reviews, seed=3)
    assert sorted([*result.train, *result.validation]) == list(range(200))
    assert result.train.tolist() == sorted(result.train.tolist())


@pytest.mark.parametrize("split", [split_train_validation, split_random])
def test_the_seed_and_nothing_else_decides(split):
    reviews = load_mini()
    first, again, other = (split(reviews, seed=seed) for seed in (0, 0, 1))
    assert first.fingerprint() == again.fingerprint() != other.fingerprint()
    assert set(first.validation) != set(other.validation)


def test_neither_movies_nor_texts_stand_on_both_sides():
    rng = np.random.default_rng(0)
    texts = [f"A  text {number}" if number % 2 else f"a TEXT {number}"
             for number in rng.integers(0, 700, 1000)]  # fmt: skip
    movies = [str(number) for number in rng.integers(0, 900, 1000)]
    reviews = make_reviews(rng.integers(0, 2, 1000), texts, movies)
    split = split_train_validation(reviews, seed=0, validation_share=0.2)
    for values in (movies, [fold_text(text) for text in texts]):
        train, validation = sides(reviews, split, values)
        assert not train & validation
    assert split.num_validation_groups < split.num_groups < 700


def test_both_sides_have_the_same_balance():
    labels = [1] * 900 + [0] * 100
    split = split_train_validation(make_reviews(labels), seed=0)
    assert (len(split.validation), split.positive_shares) == (100, (0.9, 0.9))


def test_the_rows_are_not_the_last_ones():
    split = split_train_validation(make_reviews([0] * 500 + [1] * 500), seed=0)
    assert split.validation.min() < 100
    assert split.validation.max() > 900


def test_every_row_is_chosen_equally_often():
    reviews = make_reviews([0, 1] * 50)
    counts = np.zeros(100)
    for seed in range(300):
        counts[split_train_validation(reviews, seed=seed).validation] += 1
    # Binomial with n = 300, p = 0.1: mean 30, deviation 5.2; 5 deviations either way.
    assert counts.sum() == 3000
    assert 4 < counts.min() < counts.max() < 56


def test_given_texts_decide_what_a_duplicate_is():
    reviews = make_reviews([0, 1] * 20, [f"<br />{row % 4}" for row in range(40)])
    assert split_train_validation(reviews, seed=0, validation_share=0.25).num_groups == 4
    texts = [f"cleaned {row}" for row in range(40)]
    assert split_train_validation(reviews, seed=0, texts=texts).num_groups == 40
    with pytest.raises(UsageError, match=r"40.*Received 1"):
        split_train_validation(reviews, seed=0, texts=["one"])


def test_ten_rows_give_one_of_each_label():
    split = split_train_validation(make_reviews([0, 1] * 5), seed=0)
    assert len(split.validation) == 2
    assert split.positive_shares == (0.5, 0.5)


def test_large_groups_give_the_smallest_one_that_holds_the_label():
    movies = ["a"] * 30 + ["b"] * 40 + ["c"] * 50
    split = split_train_validation(make_reviews([0, 1] * 60, movies=movies), seed=0)
    assert split.validation.tolist() == list(range(30))
    assert (
        "30 of 120 reviews (25.0%), 1 of 3 groups by movie and duplicate text" in split.describe()
    )


def test_a_label_that_stands_in_two_groups_keeps_one_of_them_in_train():
    # The smallest group with a positive review would take the last negative ones out of train.
    labels, movies = [0] * 3 + [0, 1] * 5 + [1] * 12, ["a"] * 3 + ["b"] * 10 + ["c"] * 12
    split = split_train_validation(make_reviews(labels, movies=movies), seed=0)
    assert sides(make_reviews(labels), split, movies) == ({"b"}, {"a", "c"})


@pytest.mark.parametrize(
    ("labels", "movies", "message"),
    [
        ([0, 0, 0], None, "0 reviews are labelled 'positive'"),
        ([0, 0, 1], None, "1 reviews are labelled 'positive'"),
        ([], None, "0 reviews are labelled 'negative'"),
        ([0, 1, -1, 0, 1], None, "1 reviews have no label"),
        ([0, 1] * 5, ["one"] * 10, "takes every review labelled 'negative'"),
        ([0, 1] * 10, ["a"] * 6 + ["b"] * 14, None),
        ([0, 1] * 5 + [0] * 5, ["a"] * 10 + ["b"] * 5, "takes every review labelled"),
    ],
)
def test_what_cannot_be_split_is_refused_in_words(labels, movies, message):
    reviews = make_reviews(labels, movies=movies)
    if message is None:
        assert len(split_train_validation(reviews, seed=0).validation) == 6
        return
    with pytest.raises(DataError, match=message):
        split_train_validation(reviews, seed=0)


@pytest.mark.parametrize("share", [0, 1, -0.1, 2, float("nan")])
def test_a_share_outside_of_zero_and_one_is_refused(share):
    for split in (split_train_validation, split_random):
        with pytest.raises(UsageError, match="between 0 and 1"):
            split(make_reviews([0, 1] * 5), validation_share=share, seed=0)


def test_the_random_split_is_the_tail_of_a_permutation_and_says_so():
    reviews = make_reviews([0, 1] * 50)
    split = split_random(reviews, seed=7)
    order = np.random.default_rng(7).permutation(100)
    assert split.validation.tolist() == sorted(order[80:])
    assert "not grouped" in split.describe()


def test_the_description_holds_what_a_reader_needs():
    said = split_train_validation(make_reviews([0, 1] * 50), seed=4).describe()
    assert said == (
        "Validation: 10 of 100 reviews (10.0%), 10 of 100 groups by duplicate text; positive "
        "50.0%, in train 50.0%; seed 4."
    )


def test_the_real_imdb_splits_exactly_in_half_without_shared_movies(real_imdb):
    train = real_imdb["train"]
    split = split_train_validation(train, seed=0)
    assert len(split.validation) == 2_500
    assert split.positive_shares == (0.5, 0.5)
    for values in (train.movies, [fold_text(text) for text in train.texts]):
        left, right = sides(train, split, values)
        assert not left & right


def test_folds_hold_nothing_out_and_say_so():
    split = split_into_folds(load_mini(), seed=3)
    assert split.train.tolist() == split.validation.tolist() == list(range(200))
    assert "all 200 reviews" in split.describe()
    assert split.method == "folds"


def test_folds_need_two_reviews_of_each_label():
    with pytest.raises(DataError, match="at least two"):
        split_into_folds(make_reviews([0, 1, 1]), seed=0)


def test_groups_join_copies_and_movies():
    reviews = make_reviews([0, 1, 0, 1], ["A film", "a  film", "x", "y"], ["1", "2", "3", "3"])
    assert find_groups(reviews).tolist() == [0, 0, 1, 1]
