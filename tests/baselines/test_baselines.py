from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from reelfeel.baselines.baselines import BASELINES, fit_baseline
from reelfeel.errors import DataError, MissingExtraError, UsageError

GOOD = ["A lovely film, warm and funny!", "Funny, warm, simply lovely.", "I loved every minute."]
BAD = ["A dull film, slow and empty.", "Slow, empty, simply dull.", "I hated every minute."]
TEXTS, LABELS = GOOD + BAD, [1, 1, 1, 0, 0, 0]


@pytest.mark.parametrize("name", BASELINES)
def test_every_baseline_gives_a_probability_for_each_text(name: str) -> None:
    baseline = fit_baseline(name, TEXTS, LABELS)
    for texts in ([], [""], ["warm"], ["unheard-of", "\ud800 broken", "映画 😀"] * 5):
        probabilities = baseline.predict_proba(texts)
        assert probabilities.shape == (len(texts),)
        assert ((probabilities >= 0) & (probabilities <= 1)).all()
    assert baseline.size_bytes > 0


@pytest.mark.parametrize("name", ["lexicon", "tfidf", "nbsvm"])
def test_a_baseline_tells_love_from_hate(name: str) -> None:
    probabilities = fit_baseline(name, TEXTS, LABELS).predict_proba(["I loved it", "I hated it"])
    assert probabilities[0] > 0.5 > probabilities[1]


@pytest.mark.parametrize("name", BASELINES)
def test_training_again_gives_the_same_probabilities(name: str) -> None:
    first, second = (fit_baseline(name, TEXTS, LABELS).predict_proba(GOOD) for _ in range(2))
    assert np.array_equal(first, second)


def test_the_majority_says_the_share_of_positive_reviews() -> None:
    assert fit_baseline("majority", TEXTS[:4], LABELS[:4]).predict_proba(["a"]).tolist() == [0.75]


def test_the_naive_bayes_model_is_the_optimum_of_its_written_out_objective() -> None:
    # Features: log ratio of the smoothed shares of a term, in the reviews that hold it. At the
    # optimum of 0.1 * sum of log losses + half the squared weights the gradient is 0, so the
    # weights are 0.1 * sum of (label - probability) * features.
    def terms(text: str) -> set[str]:
        words = text.lower().replace("!", " !").replace(",", " ,").replace(".", " .").split()
        return {*words, *(f"{a} {b}" for a, b in pairwise(words))}

    held = {
        y: Counter(t for text in texts for t in terms(text)) for y, texts in ((1, GOOD), (0, BAD))
    }
    vocabulary = sorted(held[0] | held[1])
    total = {y: sum(held[y][t] + 1 for t in vocabulary) for y in (0, 1)}
    ratio = {
        t: math.log((held[1][t] + 1) / total[1]) - math.log((held[0][t] + 1) / total[0])
        for t in vocabulary
    }
    features = np.array([[ratio[t] * (t in terms(text)) for t in vocabulary] for text in TEXTS])
    # The intercept is a weight like the others, of a feature that is always 1.
    features = np.hstack([features, np.ones((6, 1))])
    probabilities = fit_baseline("nbsvm", TEXTS, LABELS).predict_proba(TEXTS)
    weights = 0.1 * (np.array(LABELS) - probabilities) @ features
    expected = 1 / (1 + np.exp(-features @ weights))
    assert probabilities == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("name", ["tfidf", "nbsvm"])
def test_one_class_or_no_words_are_refused(name: str) -> None:
    with pytest.raises(DataError, match="received only class 1"):
        fit_baseline(name, GOOD, [1, 1, 1])
    with pytest.raises(DataError, match="found no word"):
        fit_baseline(name, ["", "  "], [0, 1])


def test_what_cannot_be_trained_on_is_refused() -> None:
    with pytest.raises(UsageError, match=r"one of majority, lexicon.* received 'bert'"):
        fit_baseline("bert", TEXTS, LABELS)
    with pytest.raises(DataError, match="6 training texts and 2 labels"):
        fit_baseline("majority", TEXTS, [0, 1])
    with pytest.raises(UsageError, match="list of texts"):
        fit_baseline("majority", "text", [0, 1, 0, 1])


def test_without_vader_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reelfeel.extras.find_spec", lambda package: None)
    with pytest.raises(MissingExtraError, match=r'vaderSentiment(.|\n)*"reelfeel\[report\]"'):
        fit_baseline("lexicon", TEXTS, LABELS)
