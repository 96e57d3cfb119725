"""Judging what damage does to verdicts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelfeel.errors import DataError, UsageError
from reelfeel.metrics.intervals.comparison import difference_interval, mcnemar_test
from reelfeel.metrics.intervals.proportions import wilson_interval
from reelfeel.robustness.figures import (
    ALL_KINDS,
    AS_WRITTEN,
    compare_right,
    measure_made_texts,
    measure_perturbations,
)
from reelfeel.robustness.made_texts import KINDS, make_texts
from reelfeel.robustness.perturbations import PERTURBATIONS, perturb_texts

PRAISE, BLAME = "good", "bad"
TEXTS = ["A good film.", "A bad film.", "A GOOD film.", "So bad. It was a good film."] * 10
LABELS = [1, 0, 1, 0] * 10


def counts_words(texts):
    """Sees small letters only; the sooner a word, the more it weighs."""
    return np.array([0.9 if PRAISE in text and BLAME not in text else 0.1 for text in texts])


def test_changes_are_counted_against_the_texts_as_written():
    scores = measure_perturbations(counts_words, TEXTS, LABELS, seed=0)
    assert [score.name for score in scores] == [AS_WRITTEN, *PERTURBATIONS]
    by_name = {score.name: score for score in scores}
    clean = counts_words(TEXTS) >= 0.5
    for name in ("upper case", "lower case", "three typos", "last sentence"):
        said = counts_words(perturb_texts(TEXTS, name, seed=0)) >= 0.5
        score = by_name[name]
        assert score.accuracy == pytest.approx(np.mean(said == np.array(LABELS)))
        assert score.flip_share == pytest.approx(np.mean(said != clean))
        assert score.change == pytest.approx(score.accuracy - by_name[AS_WRITTEN].accuracy)
        assert score.interval == wilson_interval(int((said == np.array(LABELS)).sum()), len(TEXTS))
        lower, upper = score.change_interval
        assert lower < score.change < upper or score.change == 0
    assert by_name[AS_WRITTEN].accuracy == 0.75
    assert by_name["lower case"].accuracy == 1.0
    assert by_name["upper case"].accuracy == 0.5
    assert by_name["last sentence"].flip_share == 0.25


def test_the_seed_decides_the_damage():
    texts = ["This was a wonderful and moving story."] * 1

    def looks_at_letters(texts):
        return np.array([sum(map(ord, text)) % 97 / 97 for text in texts])

    def judge(seed):
        heard = []

        def predict(texts):
            heard.extend(texts)
            return looks_at_letters(texts)

        measure_perturbations(predict, texts, [1], seed=seed, names=["three typos"])
        return heard

    assert judge(3) == judge(3)
    assert judge(3) != judge(4)


def test_the_threshold_is_obeyed():
    kind = {"seed": 0, "names": ["lower case"]}
    [low, _] = measure_perturbations(counts_words, TEXTS, LABELS, threshold=0.05, **kind)
    assert low.accuracy == 0.5
    assert measure_made_texts(counts_words, threshold=0.05)[-1].accuracy == pytest.approx(
        1 - measure_made_texts(lambda texts: np.zeros(len(texts)))[-1].accuracy
    )


def test_made_texts_are_averaged_over_templates():
    made = make_texts()

    def knows_all_but(wrong):
        labels = {one.text: one.label for one in made}
        return lambda texts: np.array([labels[t] ^ (t in wrong) for t in texts], float)

    first = [one.text for one in made if one.template == made[0].template]
    scores = {score.kind: score for score in measure_made_texts(knows_all_but(first[:2]))}
    assert list(scores) == [*KINDS, ALL_KINDS]
    plain, everything = scores["plain"], scores[ALL_KINDS]
    assert plain.accuracy == pytest.approx((7 + 1 - 2 / len(first)) / 8)
    assert plain.wrong == everything.wrong == tuple(first[:2])
    assert everything.num_texts == len(made)
    assert everything.num_templates == sum(scores[kind].num_templates for kind in KINDS)
    assert scores["contrast"].accuracy == 1.0
    assert scores["contrast"].interval == wilson_interval(12, 12)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60))
def test_the_interval_of_single_texts_is_bonett_and_prices(pairs):
    a, b = np.array(pairs).T
    found = compare_right(a, b)
    expected = difference_interval(mcnemar_test(np.ones(len(a)), a, b), len(a))
    assert found.interval == pytest.approx(expected)
    assert found.difference == pytest.approx(a.mean() - b.mean())
    assert (found.a, found.b) == pytest.approx((a.mean(), b.mean()))


def test_variants_of_one_text_count_once():
    rng = np.random.default_rng(0)
    a, b = rng.random(500) < 0.8, rng.random(500) < 0.7
    once = compare_right(a, b)
    copied = compare_right(np.stack([a, a], axis=1), np.stack([b, b], axis=1))
    assert copied == once
    # Against the bootstrap over texts, with variants that are only alike.
    both = [np.stack([side, rng.permuted(side)], axis=1) for side in (a, b)]
    gaps = (both[0].astype(float) - both[1]).mean(axis=1)
    means = gaps[rng.integers(len(gaps), size=(4000, len(gaps)))].mean(axis=1)
    found = compare_right(*both)
    assert found.interval == pytest.approx(np.quantile(means, [0.025, 0.975]), abs=0.006)


def test_what_does_not_fit_is_refused():
    with pytest.raises(UsageError, match="nonsense"):
        measure_perturbations(counts_words, TEXTS, LABELS, seed=0, names=["nonsense"])
    with pytest.raises(DataError, match="one label for each text"):
        measure_perturbations(counts_words, TEXTS, LABELS[:3], seed=0)
    with pytest.raises(DataError, match="list of texts"):
        measure_perturbations(counts_words, "A film.", [1], seed=0)
    with pytest.raises(DataError, match="do not belong together"):
        measure_made_texts(lambda texts: np.zeros(3))
    with pytest.raises(DataError, match="one shape"):
        compare_right([True], [True, False])
    with pytest.raises(DataError, match="one shape"):
        compare_right([], [])
