"""Variants of texts for distillation."""

import numpy as np
import pytest

from reelfeel.data.sets.mini import load_mini
from reelfeel.errors import UsageError
from reelfeel.training.distillation.augmentation import MAX_WORDS, make_variants

LONG = " ".join(
    f"The scene number{'x' * n} was plainly, didn't you think, dull." for n in range(40)
)


def count_words(texts):
    return np.array([len(text.split()) for text in texts])


def test_the_share_says_how_many_variants_there_are_and_spreads_them_evenly():
    texts = [f"Film {'abcdefghij'[n]} is the one that nobody should miss." for n in range(10)]
    for share, expected in ((0, 0), (0.25, 2), (1, 10), (2.5, 25)):
        assert len(make_variants(texts, share=share, seed=0).texts) == expected
    counts = np.bincount(make_variants(texts, share=2.5, seed=3).rows)
    assert (counts.min(), counts.max()) == (2, 3)


def test_every_variant_says_what_it_was_made_from():
    letters = "abcdefghij"
    texts = ["!", *(" ".join([letter * 9] * 40) + "." for letter in letters)]
    variants = make_variants(texts, share=2, seed=0)
    assert len(variants.texts) == len(variants.rows) == 20
    for text, row in zip(variants.texts, variants.rows, strict=True):
        assert text.lower().count(letters[row - 1]) > len(text) / 2


def test_the_same_seed_gives_the_same_variants_and_another_seed_others():
    first, again, other = (
        make_variants([LONG] * 20, share=1, seed=seed).texts for seed in (5, 5, 6)
    )
    assert first == again
    assert len(set(first) & set(other)) < 5
    # One text gives many variants, not one of it many times.
    assert len(set(first)) > 15


def test_seven_eighths_are_cut_to_five_to_sixty_words_from_every_place():
    variants = make_variants([LONG] * 800, share=1, seed=1).texts
    words = count_words(variants)
    cut = words <= MAX_WORDS
    assert 0.84 < cut.mean() < 0.91
    assert words[cut].min() >= 5
    # Even on a logarithmic scale: half of the lengths drawn are below the geometric mean, 17 words;
    # with sentences of nine words these are of one or two sentences.
    assert 0.4 < np.mean(words[cut] <= 18) < 0.6
    undamaged = [text for text, short in zip(variants, cut, strict=True) if short and text in LONG]
    assert 0.4 < len(undamaged) / cut.sum() < 0.6
    starts = np.array([LONG.index(text) for text in undamaged])
    ends = starts + np.array([len(text) for text in undamaged])
    assert np.mean(starts == 0) > 0.25
    assert np.mean(ends == len(LONG)) > 0.25
    assert np.mean((starts > 0) & (ends < len(LONG))) > 0.25


def test_every_kind_of_damage_occurs_and_whole_texts_are_never_left_as_they_are():
    variants = make_variants([LONG] * 800, share=1, seed=2).texts
    whole = [text for text in variants if len(text.split()) > MAX_WORDS]
    assert LONG not in whole
    assert any(text == LONG.lower() for text in whole)
    assert any(text == LONG.upper() for text in whole)
    assert any("," not in text and "didn't" in text for text in whole)
    assert any("," in text and "didnt" in text for text in whole)
    typed = [text for text in whole if sum(a != b for a, b in zip(text.split(), LONG.split(),
                                                                  strict=True)) > 3]  # fmt: skip
    assert typed


def test_short_texts_and_texts_without_words_do_no_harm():
    texts = [
        "",
        "   ",
        "<br /><br />",
        "10/10",
        "!!!",
        "Bad.",
        "I",
        "\ud800 half a sign",
        "10. Ok. 3",
    ]
    variants = make_variants(texts, share=40, seed=0).texts
    assert len(variants) == 40 * 4
    assert all(any(map(str.isalpha, text)) for text in variants)
    assert make_variants(texts[:5], share=3, seed=0).texts == []
    assert make_variants([], share=1, seed=0).texts == []


def test_real_reviews_give_variants_that_are_not_reviews():
    texts = load_mini("train").texts
    variants = make_variants(texts, share=1, seed=0).texts
    assert len(variants) == len(texts)
    assert count_words(variants).mean() < count_words(texts).mean()


@pytest.mark.parametrize("share", [-0.1, float("nan"), float("inf")])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(UsageError, match="share of variants"):
        make_variants(["A film."], share=share, seed=0)
