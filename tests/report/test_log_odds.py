import math

import numpy as np
import pytest

from reelfeel.errors import DataError
from reelfeel.report.words import log_odds_scores


def score_the_long_way(word, negative, positive, prior_words):
    """Monroe, Colaresi and Quinn, equations 16, 20 and 22, one word at a time."""
    total = [n + p for n, p in zip(negative, positive, strict=True)]
    alpha = prior_words * total[word] / sum(total)
    halves = []
    for counts in (positive, negative):
        inside = counts[word] + alpha
        outside = sum(counts) + prior_words - counts[word] - alpha
        halves.append((math.log(inside / outside), 1 / inside))
    (odds_p, variance_p), (odds_n, variance_n) = halves
    return (odds_p - odds_n) / math.sqrt(variance_p + variance_n)


def test_scores_agree_with_the_published_formula_written_the_long_way():
    rng = np.random.default_rng(0)
    negative, positive = rng.integers(0, 50, (2, 40))
    negative[0] += 1
    positive[0] += 1
    for prior_words in (10.0, 1000.0):
        scores = log_odds_scores(negative, positive, prior_words=prior_words)
        for word in np.flatnonzero(negative + positive):
            expected = score_the_long_way(word, negative.tolist(), positive.tolist(), prior_words)
            assert scores[word] == pytest.approx(expected, abs=1e-9)


def test_exchanging_the_classes_changes_the_sign_only():
    negative, positive = np.array([5, 0, 30, 2]), np.array([1, 9, 31, 2])
    forth, back = log_odds_scores(negative, positive), log_odds_scores(positive, negative)
    assert forth == pytest.approx(-back)


def test_a_word_seen_once_says_less_than_a_frequent_one():
    scores = log_odds_scores([0, 10, 500], [1, 60, 450])
    assert 0 < scores[0] < scores[1]


def test_words_of_one_class_only_and_no_words_give_zero():
    assert log_odds_scores([3, 4], [0, 0]).tolist() == [0.0, 0.0]
    assert log_odds_scores([], []).tolist() == []
    assert log_odds_scores([3, 0, 2], [2, 0, 4])[1] == 0.0
    assert np.isfinite(log_odds_scores([3], [2])).all()


@pytest.mark.parametrize(("negative", "positive"), [([1, 2], [1]), ([-1, 2], [1, 2])])
def test_counts_that_do_not_fit_are_refused(negative, positive):
    with pytest.raises(DataError, match="two arrays of one shape"):
        log_odds_scores(negative, positive)
