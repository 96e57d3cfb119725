import hashlib
from collections import Counter

import pytest

from reelfeel.data.mini import load_mini
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


def test_the_smallest_hashes_train():
    hashes = {
        (part, label): [
            hashlib.sha256(id_.encode()).hexdigest()
            for id_, found in zip(reviews.ids, reviews.labels, strict=True)
            if found == label
        ]
        for part, reviews in (("train", load_mini("train")), ("test", load_mini("test")))
        for label in (0, 1)
    }
    for label in (0, 1):
        assert max(hashes["train", label]) < min(hashes["test", label])


def test_an_unknown_part_is_refused():
    with pytest.raises(UsageError, match="train, test and all"):
        load_mini("unsupervised")
