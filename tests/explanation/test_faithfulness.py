"""Curves by hand, ranks by SciPy, intervals by simulation."""

import numpy as np
import pytest
from bags import WordBag
from scipy.stats import spearmanr

from reelfeel.errors import UsageError
from reelfeel.explanation.faithfulness import (
    NUM_STEPS,
    measure_curves,
    paired_interval,
    rank_correlation,
    rank_tokens,
)

RNG = np.random.default_rng(0)


def test_curves_are_those_of_a_loop():
    bag = WordBag(bias=0.3)
    texts = [RNG.integers(1, 11, n).astype(np.int32) for n in (1, 7, 20, 133)]
    rankings = [RNG.permutation(len(text)) for text in texts]
    positive = np.array([True, False, True, False])
    curves = measure_curves(bag.score, texts, rankings, positive)
    for row, (text, ranking) in enumerate(zip(texts, rankings, strict=True)):
        for step in range(NUM_STEPS + 1):
            size = round(step * len(text) / NUM_STEPS)
            first = set(ranking[:size].tolist())
            rest = [text[i] for i in range(len(text)) if i not in first] or [1]
            only = [text[i] for i in range(len(text)) if i in first] or [1]
            for curve, ids in ((curves.deletion, rest), (curves.insertion, only)):
                probability = bag.score([np.array(ids)])[0]
                expected = probability if positive[row] else 1 - probability
                assert curve[row, step] == pytest.approx(expected, abs=1e-12)


def test_the_true_ranking_beats_random_and_reversed_ones():
    bag = WordBag()
    texts = [RNG.integers(1, 11, 60).astype(np.int32) for _ in range(50)]
    positive = bag.score(texts) >= 0.5
    true = [rank_tokens(bag.weights[t], positive=p) for t, p in zip(texts, positive, strict=True)]
    rankings = {
        "true": true,
        "random": [RNG.permutation(60) for _ in texts],
        "reversed": [ranking[::-1] for ranking in true],
    }
    scores = {name: measure_curves(bag.score, texts, r, positive) for name, r in rankings.items()}
    for better, worse in (("true", "random"), ("random", "reversed")):
        for area in ("insertion_score", "deletion_score"):
            gaps = getattr(scores[better], area) - getattr(scores[worse], area)
            assert paired_interval(gaps, rng=np.random.default_rng(1))[0] > 0


def test_a_perfect_explanation_has_areas_near_one():
    ids = np.array([2, *range(3, 103)], np.int32)

    def score(texts):
        return np.array([float(2 in text) for text in texts])

    curves = measure_curves(score, [ids], [np.arange(101)], [True])
    for area in (curves.insertion_score[0], curves.deletion_score[0]):
        assert area == pytest.approx(1 - 0.5 / NUM_STEPS)


def test_no_texts_have_no_curves():
    assert measure_curves(WordBag().score, [], [], []).insertion_score.shape == (0,)


@pytest.mark.parametrize("ranking", [[0], [0, 0], [0, 2]])
def test_a_ranking_of_another_text_is_refused(ranking):
    with pytest.raises(UsageError, match="2 positions"):
        measure_curves(WordBag().score, [np.array([2, 3])], [np.array(ranking)], [True])


def test_the_interval_contains_the_true_mean_as_often_as_it_says():
    rng = np.random.default_rng(2)
    hits = 0
    for _ in range(400):
        low, high = paired_interval(rng.normal(0.1, 1, 100), rng=rng, num_resamples=400)
        hits += low <= 0.1 <= high
    assert 0.91 <= hits / 400 <= 0.98


def test_the_interval_repeats_with_its_seed_only():
    values = RNG.normal(size=50)
    first, again, other = (
        paired_interval(values, rng=np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert first == again != other
    with pytest.raises(UsageError, match="at least one"):
        paired_interval([], rng=np.random.default_rng(0))


def test_rank_correlation_is_scipys():
    for _ in range(20):
        first = RNG.integers(0, 6, 30).astype(float)
        second = first + RNG.integers(0, 6, 30)
        expected = spearmanr(first, second).statistic
        assert rank_correlation(first, second) == pytest.approx(expected, abs=1e-12)
    assert np.isnan(rank_correlation([1.0, 1.0], [1.0, 2.0]))
