"""Assigns reviews to slices by metadata and by wording."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from reelfeel.metrics.curves import LENGTH_EDGES
from reelfeel.report.wording import describe_lengths, quoted
from reelfeel.values import Reviews

Mask = npt.NDArray[np.bool_]

# Shares of unknown words. Not studied: about the quarters of IMDB under 10,000 known words.
UNKNOWN_EDGES = (0.02, 0.05, 0.1)
# Of a column, so many values become slices of their own; the rest are one together.
MAX_VALUES = 20
# How reviews are written: a name, to follow "on", and what to look for in lower case. Word lists,
# not grammar: a quotation is taken for mockery, and "not only" for a negation.
PATTERNS = {
    "reviews with three or more negations in a hundred words": None,
    "reviews with a contrast (“but”, “however”)": re.compile(
        r"\b(?:but|however|although|though|yet|despite|nevertheless|nonetheless|unfortunately)\b"
    ),
    "reviews with a question": re.compile(r"\?"),
    "reviews with marks of sarcasm": re.compile(
        r"(?<!\w)[\"\u201c'\u2018]\w+[\"\u201d'\u2019](?!\w)|\(!\)|(?<!\S)/s\b|\byeah,? right\b|"
        r"\boh,? (?:great|joy|wow)\b|\bgee,? thanks\b|\bthanks a lot\b"
    ),
}
_NEGATION = re.compile(
    r"\b(?:not|no|never|nor|none|nothing|nobody|neither|hardly|cannot)\b|n['\u2019]t\b"
)
_WORD = re.compile(r"\w+(?:['\u2019]\w+)*")
_MANY_NEGATIONS = 0.03


def slice_reviews(
    reviews: Reviews,
    *,
    num_tokens: npt.NDArray[np.int64],
    truncated: Mask,
    unknown_share: npt.NDArray[np.float64],
) -> dict[str, Mask]:
    """Lists every slice that a model's reading of reviews offers.

    Args:
        reviews: labelled ones.
        num_tokens: int array of shape `(num_reviews,)`, tokens before cutting.
        truncated: bool array of that shape, whether a review was read in part.
        unknown_share: float array of that shape, share of the tokens read that are unknown.

    Returns:
        For each name a bool array of shape `(num_reviews,)`; empty slices are left out.
    """
    slices = slice_labels(reviews.labels, reviews.label_names)
    slices |= slice_lengths(num_tokens)
    slices |= {
        "reviews too long to be read whole": truncated,
        "reviews read whole": ~truncated,
    }
    slices |= slice_unknown(unknown_share)
    slices |= slice_stars(reviews.ratings)
    slices |= slice_wording(reviews.texts)
    slices |= slice_columns(reviews.columns)
    return {name: mask for name, mask in slices.items() if mask.any()}


def slice_labels(labels: npt.NDArray[np.integer], label_names: tuple[str, str]) -> dict[str, Mask]:
    """Slices by class.

    >>> masks = slice_labels(np.array([0, 1, 1]), ("neg", "pos"))
    >>> [(name, mask.tolist()) for name, mask in masks.items()]
    [('“neg” reviews', [True, False, False]), ('“pos” reviews', [False, True, True])]
    """
    return {
        f"{quoted(name)} reviews": np.asarray(labels == label)
        for label, name in enumerate(label_names)
    }


def slice_lengths(num_tokens: npt.NDArray[np.int64]) -> dict[str, Mask]:
    """Slices by length, at the edges of `LENGTH_EDGES`; empty texts are in the first."""
    slices = {}
    for longer_than, up_to in zip((-1, *LENGTH_EDGES), (*LENGTH_EDGES, None), strict=True):
        mask = num_tokens > longer_than
        if up_to is not None:
            mask = mask & (num_tokens <= up_to)
        slices[f"reviews of {describe_lengths(max(longer_than, 0), up_to)}"] = mask
    return slices


def slice_unknown(unknown_share: npt.NDArray[np.float64]) -> dict[str, Mask]:
    """Slices by the share of words that the model does not know."""
    slices = {}
    for lower, upper in zip((-1.0, *UNKNOWN_EDGES), (*UNKNOWN_EDGES, 1.0), strict=True):
        name = f"{max(100 * lower, 0):.0f} to {100 * upper:.0f} % unknown words"
        slices[f"reviews with {name}"] = (unknown_share > lower) & (unknown_share <= upper)
    return slices


def slice_stars(ratings: npt.NDArray[np.int8] | None) -> dict[str, Mask]:
    """Slices by star rating, where the source has one; unknown ratings (0) are in none."""
    if ratings is None:
        return {}
    stars = np.unique(ratings[ratings > 0]).tolist()
    return {
        f"reviews with {star} star{'' if star == 1 else 's'}": ratings == star for star in stars
    }


def slice_wording(texts: Iterable[str]) -> dict[str, Mask]:
    """Slices by how reviews are written: negations, contrast, questions, marks of sarcasm.

    >>> masks = slice_wording(["Not a good film.", "Fine, but long.", 'So "funny". Why?'])
    >>> [mask.tolist() for mask in masks.values()]
    [[True, False, False], [False, True, False], [False, False, True], [False, False, True]]
    """
    columns = [_find_marks(text.lower()) for text in texts]
    found = np.array(columns, bool).reshape(-1, len(PATTERNS))
    return {name: found[:, place] for place, name in enumerate(PATTERNS)}


def slice_columns(columns: Mapping[str, Sequence[str]]) -> dict[str, Mask]:
    """Slices by the values of a user's own columns, the most frequent ones.

    >>> list(slice_columns({"city": ["Rome", "Bonn", ""]}))
    ['reviews with city = “Rome”', 'reviews with city = “Bonn”', 'reviews without city']
    """
    slices = {}
    for column, values in columns.items():
        array = np.array(values, dtype=object)
        frequent = [value for value, _ in Counter(values).most_common(MAX_VALUES)]
        for value in frequent:
            name = f"with {column} = {quoted(value)}" if value else f"without {column}"
            slices[f"reviews {name}"] = np.asarray(array == value, bool)
        rest = ~np.isin(array.astype(str), np.array(frequent, dtype=str))
        if rest.any():
            slices[f"reviews with another {column}"] = rest
    return slices


def _find_marks(text: str) -> list[bool]:
    negations = len(_NEGATION.findall(text))
    # Counting words takes longer than finding negations, which most texts have few of.
    many = negations > 0 and negations >= _MANY_NEGATIONS * len(_WORD.findall(text))
    return [many, *(bool(mark.search(text)) for mark in PATTERNS.values() if mark)]
