"""Finds the words that distinguish two sets of reviews."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from reelfeel.errors import DataError

# The weight of the prior, in words. On IMDB's test part the 30 first words are the same from 100 to
# 100,000; on the few thousand words of a small data set, more than 100 would drown them.
PRIOR_WORDS = 100.0


def log_odds_scores(
    negative: npt.ArrayLike, positive: npt.ArrayLike, *, prior_words: float = PRIOR_WORDS
) -> npt.NDArray[np.float64]:
    """Returns how surely each word belongs to the positive (above 0) or negative reviews (below).

    The score is the difference of the log-odds of the word in both, over its standard deviation.
    The prior is the words of all reviews together, so that a word which stands once in one class
    and never in the other tells next to nothing.

    Args:
        negative: int array of shape `(num_words,)`: occurrences in the negative reviews.
        positive: the same for the positive reviews.
        prior_words: how many words the prior weighs, above 0.

    Returns:
        float array of shape `(num_words,)`, z-scores: beyond 1.96 either way would be a surprise,
        for one word picked beforehand. All 0 where either class has no words; empty for no words.

    Raises:
        DataError: if the arrays differ in shape or hold a negative count.

    Example:

    >>> log_odds_scores([1, 9, 40], [9, 1, 40]).round(1).tolist()
    [1.6, -1.6, 0.0]

    Source:
        Monroe, Colaresi and Quinn, 2008, Political Analysis 16, equations 16, 18, 20 and 22.
    """
    in_negative, in_positive = (np.asarray(column, np.float64) for column in (negative, positive))
    if in_negative.shape != in_positive.shape or (in_negative < 0).any() or (in_positive < 0).any():
        raise DataError(
            "Words can only be compared by how often each occurs in both classes. Expected two "
            "arrays of one shape with counts of at least 0; received the shapes "
            f"{in_negative.shape} and {in_positive.shape}."
        )
    total = in_negative + in_positive
    scores = np.zeros(total.shape)
    used = total > 0
    if in_negative.sum() and in_positive.sum():
        prior = prior_words * total[used] / total.sum()
        odds = [
            _log_odds(column[used] + prior, column.sum() + prior_words)
            for column in (in_positive, in_negative)
        ]
        variance = 1 / (in_positive[used] + prior) + 1 / (in_negative[used] + prior)
        scores[used] = (odds[0] - odds[1]) / np.sqrt(variance)
    return scores


def _log_odds(occurrences: npt.NDArray[np.float64], all_words: float) -> npt.NDArray[np.float64]:
    # Where there is one word only, no others are left to divide by.
    others = np.maximum(all_words - occurrences, 1.0)
    return np.asarray(np.log(occurrences / others))
