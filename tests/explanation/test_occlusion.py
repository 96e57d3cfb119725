"""Occlusion against a classifier whose words have known weights."""

import numpy as np
import pytest
from bags import WordBag

from reelfeel.explanation.occlusion import keep, leave_out, occlude, occlude_twice
from reelfeel.metrics.logits import to_logits

RNG = np.random.default_rng(0)


def words_of(token_ids):
    return [(place, place + 1) for place in range(len(token_ids))]


def test_each_word_of_a_bag_gets_its_weight():
    bag = WordBag()
    ids = RNG.integers(1, len(bag.weights), 40).astype(np.int32)
    np.testing.assert_allclose(occlude(bag.score, ids, words_of(ids)), bag.weights[ids], atol=1e-9)
    np.testing.assert_allclose(
        occlude_twice(bag.score, ids, words_of(ids)), bag.weights[ids], atol=1e-9
    )


def test_a_sentence_gets_the_sum_of_its_words_and_follows_them():
    bag = WordBag()
    ids = RNG.integers(1, len(bag.weights), 40).astype(np.int32)
    scores = occlude_twice(bag.score, ids, words_of(ids), [(0, 15), (15, 40)])
    assert len(scores) == 42
    expected = [bag.weights[ids[:15]].sum(), bag.weights[ids[15:]].sum()]
    np.testing.assert_allclose(scores[40:], expected, atol=1e-9)


def test_thinned_texts_are_every_eighth_word():
    """The witness: a judge that notes what it is asked, and a loop over the eight thinned texts."""
    ids = np.arange(2, 2 + 70, dtype=np.int32)
    asked = []

    def score(texts):
        asked.extend(tuple(text.tolist()) for text in texts)
        # Words stand in for each other, so that the whole text and a thinned one differ.
        return np.array([0.2 + 0.6 * np.tanh(len(set(text.tolist())) / 9) for text in texts])

    received = occlude_twice(score, ids, words_of(ids))
    whole = occlude(score, ids, words_of(ids))
    thinned = np.empty(70)
    for first in range(8):
        part = ids[first::8]
        assert tuple(part.tolist()) in asked
        thinned[first::8] = occlude(score, part, words_of(part))
    np.testing.assert_allclose(received, (whole + thinned) / 2, atol=1e-12)
    assert np.abs(whole - thinned).max() > 0.01


@pytest.mark.parametrize(("length", "num_calls"), [(1, 1), (15, 1), (16, 2), (200, 2)])
def test_a_text_costs_one_or_two_calls(length, num_calls):
    bag = WordBag()
    occlude_twice(bag.score, np.full(length, 2, np.int32), [(i, i + 1) for i in range(length)])
    assert len(bag.calls) == num_calls
    assert bag.calls[0] == length + 1


def test_no_parts_cost_no_call():
    bag = WordBag()
    assert occlude(bag.score, np.array([2], np.int32), []).shape == (0,)
    assert not bag.calls


def test_nothing_left_is_read_as_an_empty_text():
    ids = np.array([5, 6], np.int32)
    empty = WordBag().encoder.encode([""]).token_ids[0]
    assert leave_out(ids, [(0, 2)]).tolist() == empty.tolist()
    assert keep(ids, np.zeros(2, bool)).dtype == np.int32


def test_a_certain_classifier_has_finite_scores():
    ids = np.array([2, 3], np.int32)
    scores = occlude(lambda texts: np.array([float(2 in t) for t in texts]), ids, words_of(ids))
    assert np.isfinite(scores).all()
    assert scores[0] > 70 > abs(scores[1])


def test_logits_undo_the_sigmoid():
    logits = np.linspace(-30, 30, 13)
    np.testing.assert_allclose(to_logits(1 / (1 + np.exp(-logits))), logits, rtol=1e-2)
    np.testing.assert_allclose(to_logits([0.1, 0.5, 0.9]), np.log([1 / 9, 1, 9]), atol=1e-12)
