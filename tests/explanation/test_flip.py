"""The smallest edit that flips, against a search through every subset."""

import itertools

import numpy as np
import pytest
from bags import WordBag

from reelfeel.explanation.flip import find_flips
from reelfeel.explanation.occlusion import leave_out, occlude


def words_of(token_ids):
    return [(place, place + 1) for place in range(len(token_ids))]


def search(score, ids, threshold=0.5, support=None):
    spans = words_of(ids)
    support = occlude(score, ids, spans) if support is None else support
    return next(find_flips(score, ids, spans, support, threshold=threshold), None)


def flips(score, ids, parts, threshold=0.5):
    edited = leave_out(ids, [(part, part + 1) for part in parts])
    before, after = score([ids, edited]) >= threshold
    return before != after


def smallest_by_force(score, ids, threshold=0.5):
    for size in range(1, len(ids)):
        for parts in itertools.combinations(range(len(ids)), size):
            if flips(score, ids, parts, threshold):
                return size
    return None


def crossed(texts):
    """A judge with interactions: a pair of neighbours counts against each of its words."""
    logits = [np.tanh(np.diff(np.append(0, text)) - 0.4).sum() for text in texts]
    return 1 / (1 + np.exp(-np.array(logits)))


@pytest.mark.parametrize("judge", ["bag", "crossed"])
@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.8])
def test_the_edit_flips_and_is_as_small_as_any(judge, threshold):
    rng = np.random.default_rng(3)
    score = WordBag(bias=0.1).score if judge == "bag" else crossed
    excess, num_found = 0, 0
    for _ in range(40):
        ids = rng.integers(1, 11, rng.integers(1, 9)).astype(np.int32)
        found, least = search(score, ids, threshold), smallest_by_force(score, ids, threshold)
        if found is None:
            # The ladder may miss a flip where words interact; where they add up it cannot.
            assert least is None or judge == "crossed"
            continue
        assert flips(score, ids, found, threshold)
        assert len(found) >= least
        excess += len(found) - least
        num_found += 1
    assert num_found >= 8
    assert excess == 0 if judge == "bag" else excess <= 2


def test_no_word_of_the_edit_could_stay():
    rng = np.random.default_rng(5)
    for _ in range(30):
        ids = rng.integers(1, 11, 30).astype(np.int32)
        found = search(crossed, ids)
        if found is None:
            continue
        for part in found if len(found) > 1 else ():
            assert not flips(crossed, ids, [other for other in found if other != part])


def test_a_verdict_that_nothing_flips_has_no_edit():
    ids = np.full(6, 2, np.int32)
    assert search(lambda texts: np.full(len(texts), 0.9), ids) is None
    assert search(WordBag().score, ids[:1]) is None


def test_misleading_support_is_searched_around():
    """The support says nothing; the beam has to find the one word that matters."""
    ids = np.array([3, 4, 5, 6, 2, 7, 8], np.int32)

    def score(texts):
        return np.array([0.9 if 2 in text else 0.1 for text in texts])

    assert search(score, ids, support=np.zeros(7)) == (4,)


def test_words_that_need_not_go_are_put_back():
    """The one word that matters is the 31st of forty, behind all that the beam tries."""
    ids = np.arange(2, 42, dtype=np.int32)

    def score(texts):
        return np.array([0.9 if 32 in text else 0.1 for text in texts])

    assert search(score, ids, support=np.linspace(1, 0.1, 40)) == (30,)


def test_the_beam_searches_where_the_ladder_fails():
    """Without the weakest word the verdict is another; the ladder never leaves it out."""
    ids = np.array([2, 3, 4], np.int32)

    def score(texts):
        return np.array([0.9 if 4 in text else 0.1 for text in texts])

    assert search(score, ids, support=[3.0, 2.0, 1.0]) == (2,)


def test_the_beam_finds_one_word_where_the_ladder_needs_two():
    ids = np.array([2, 3, 4, 5], np.int32)

    def score(texts):
        return np.array([0.9 if 4 in t and (2 in t or 3 in t) else 0.1 for t in texts])

    assert search(score, ids, support=[3.0, 2.0, 1.0, 0.0]) == (2,)


def test_parts_may_be_sentences():
    bag = WordBag()
    ids = bag.encoder.vocabulary.encode(["good", "film", ".", "bad", "dull", ".", "the"])
    spans = [(0, 3), (3, 6), (6, 7)]
    support = occlude(bag.score, ids, spans)
    assert next(find_flips(bag.score, ids, spans, support, threshold=0.5)) == (1,)
