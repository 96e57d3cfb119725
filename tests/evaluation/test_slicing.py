import numpy as np
import pytest

from reelfeel.evaluation.slicing import (
    MAX_VALUES,
    slice_columns,
    slice_lengths,
    slice_reviews,
    slice_stars,
    slice_unknown,
    slice_wording,
)
from reelfeel.metrics.slices import list_worse, measure_slices
from reelfeel.values import Reviews


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Not good, never funny, no fun.", [True, False, False, False]),
        ("I don\u2019t know. It isn't bad.", [True, False, False, False]),
        ("Knot, nothingness and a noose, plain and simple words all of them.", [False] * 4),
        ("Pretty. However, long.", [False, True, False, False]),
        ("Butter and yetis.", [False] * 4),
        ("Why did they bother with such a film at all?", [False, False, True, False]),
        ('A so-called "comedy" for the whole family.', [False, False, False, True]),
        ("A \u2018masterpiece\u2019 (!)", [False, False, False, True]),
        ("It's John's and Mary's film.", [False] * 4),
        ("Yeah, right. We loved the film /s", [False, False, False, True]),
        ("", [False] * 4),
    ],
)
def test_how_a_review_is_written_is_seen(text, expected):
    assert [bool(mask[0]) for mask in slice_wording([text]).values()] == expected


def test_lengths_and_unknown_shares_put_every_review_into_one_slice():
    lengths = np.array([0, 64, 65, 128, 129, 512, 513, 10_000])
    assert sum(mask.astype(int) for mask in slice_lengths(lengths).values()).tolist() == [1] * 8
    shares = np.array([0.0, 0.02, 0.021, 0.05, 0.1, 0.11, 1.0])
    assert sum(mask.astype(int) for mask in slice_unknown(shares).values()).tolist() == [1] * 7


def test_stars_that_are_unknown_are_in_no_slice():
    assert slice_stars(None) == {}
    masks = slice_stars(np.array([0, 1, 10, 1], np.int8))
    assert list(masks) == ["reviews with 1 star", "reviews with 10 stars"]
    assert masks["reviews with 1 star"].tolist() == [False, True, False, True]


def test_the_values_of_a_column_are_slices_and_rare_ones_one_together():
    values = [f"city {n}" for n in range(MAX_VALUES + 5) for _ in range(2 if n < MAX_VALUES else 1)]
    masks = slice_columns({"city": values})
    assert len(masks) == MAX_VALUES + 1
    assert masks["reviews with another city"].sum() == 5
    assert sum(mask.astype(int) for mask in masks.values()).tolist() == [1] * len(values)


def test_all_slices_of_one_reading_are_named_once_and_none_is_empty():
    reviews = Reviews(
        ["Fine, but long.", "Dull?"], np.array([1, 0], np.int8), ["a", "b"],
        ratings=np.array([8, 2], np.int8), columns={"shop": ["A", ""]},
    )  # fmt: skip
    masks = slice_reviews(
        reviews,
        num_tokens=np.array([5, 2]),
        truncated=np.array([False, False]),
        unknown_share=np.array([0.0, 0.5]),
    )
    assert {"reviews with 8 stars", "reviews with shop = “A”", "reviews without shop"} <= set(masks)
    assert "reviews too long to be read whole" not in masks
    assert all(mask.any() for mask in masks.values())


def test_a_weakness_on_contrast_is_found_by_the_words():
    rng = np.random.default_rng(0)
    contrast = rng.random(2_000) < 0.3
    texts = np.where(contrast, "Fine music, but a dull plot.", "Fine music and a good plot.")
    right = rng.random(2_000) < np.where(contrast, 0.8, 0.93)
    worse = list_worse(measure_slices(right, slice_wording(texts.tolist())))
    assert [score.name for score in worse] == ["reviews with a contrast (“but”, “however”)"]
