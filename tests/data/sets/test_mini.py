from collections import Counter

import numpy as np
import pytest

from reelfeel.data.sets import mini
from reelfeel.data.sets.mini import load_mini
from reelfeel.errors import UsageError


def test_all_is_two_hundred_balanced_reviews_with_unique_ids():
    reviews = load_mini()
    assert Counter(reviews.labels.tolist()) == {0: 100, 1: 100}
    assert len(set(reviews.ids)) == len(set(reviews.texts)) == 200
    assert all(reviews.movies)
    assert all(text.strip() for text in reviews.texts)


def test_the_parts_are_balanced_disjoint_and_whole():
    train, test = load_mini("train"), load_mini("test")
    assert Counter(train.labels.tolist()) == {0: 70, 1: 70}
    assert Counter(test.labels.tolist()) == {0: 30, 1: 30}
    assert sorted([*train.ids, *test.ids]) == sorted(load_mini().ids)


def test_no_movie_is_in_both_parts():
    assert not set(load_mini("train").movies) & set(load_mini("test").movies)


def test_the_parts_do_not_hang_on_the_order_of_the_file(monkeypatch):
    expected = set(load_mini("test").ids)
    reviews = mini._read()
    turned = reviews.take(np.arange(len(reviews))[::-1])
    monkeypatch.setattr(mini, "_read", lambda: turned)
    assert set(load_mini("test").ids) == expected


def test_an_unknown_part_is_refused():
    with pytest.raises(UsageError, match="train, test and all"):
        load_mini("unsupervised")
