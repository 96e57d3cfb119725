"""Splits off a validation set: seeded, stratified, and without texts in both sets."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reelfeel.data.audit.duplicates import fold_text, number_groups
from reelfeel.errors import DataError, UsageError
from reelfeel.values import Reviews

Indices = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Split:
    """Which rows train a model and which ones judge its epochs.

    Attributes:
        train: int array of rows, rising.
        validation: int array of rows, rising; none of them in `train`, but with folds all.
        positive_shares: share of positive labels in `train` and in `validation`.
        seed: the seed that chose them.
        validation_share: the share that was asked for, in (0, 1); with folds 1.
        method: "grouped", "random" or "folds".
        grouped_by: what keeps rows together, in words; empty where nothing does.
        num_groups: groups of rows in all; a row that stands alone is one too.
        num_validation_groups: groups in `validation`.
    """

    train: Indices
    validation: Indices
    positive_shares: tuple[float, float]
    seed: int
    validation_share: float
    method: str
    grouped_by: str
    num_groups: int
    num_validation_groups: int

    def describe(self) -> str:
        """Returns one sentence for the log of a training run."""
        if self.method == "folds":
            return (
                f"Validation: all {len(self.validation):,} reviews, each by a head that has not "
                f"met it, in folds by {self.grouped_by}; positive {self.positive_shares[1]:.1%}; "
                f"seed {self.seed}."
            )
        num_rows = len(self.train) + len(self.validation)
        groups = (
            f"{self.num_validation_groups:,} of {self.num_groups:,} groups by {self.grouped_by}"
            if self.grouped_by
            else "not grouped: the same text or movie may stand on both sides"
        )
        return (
            f"Validation: {len(self.validation):,} of {num_rows:,} reviews "
            f"({len(self.validation) / num_rows:.1%}), {groups}; positive "
            f"{self.positive_shares[1]:.1%}, in train {self.positive_shares[0]:.1%}; "
            f"seed {self.seed}."
        )

    def fingerprint(self) -> str:
        """Returns the SHA-256, in hexadecimal, of the rows on either side."""
        digest = hashlib.sha256()
        for rows in (self.train, self.validation):
            digest.update(f"{len(rows)}\n".encode())
            digest.update(rows.astype("<i8").tobytes())
        return digest.hexdigest()


def split_train_validation(
    reviews: Reviews,
    *,
    validation_share: float = 0.1,
    seed: int,
    texts: Sequence[str] | None = None,
) -> Split:
    """Chooses a validation set: stratified by label, grouped by movie and by duplicate text.

    Whole groups are drawn in random order for as long as they fit into the number of reviews of
    each label that validation should have. So no movie and no text, after case and white space are
    folded, stands on both sides, and both sides have the same share of positive labels.

    Args:
        reviews: the train set, labels 0 and 1.
        validation_share: float in (0, 1); kept as closely as groups allow, and never less than one
            review of each label.
        seed: int, at least 0. The same seed gives the same split.
        texts: the texts by which duplicates are found, such as cleaned ones. Default: `reviews`'.

    Raises:
        UsageError: if the share is not inside (0, 1), or `texts` has another length.
        DataError: if a label has fewer than two reviews, or all of its reviews are one group, or
            reviews have no label.

    Example:

    >>> reviews = Reviews(["a", "b", "A ", "c"], np.array([0, 1, 0, 1], np.int8), list("1234"))
    >>> split_train_validation(reviews, validation_share=0.25, seed=0)
    Traceback (most recent call last):
    ...
    reelfeel.errors.DataError: memory cannot be split: the groups that belong together, ...
    """
    _check(reviews, validation_share)
    texts = reviews.texts if texts is None else texts
    if len(texts) != len(reviews):
        raise UsageError(
            f"Expected one text a review, {len(reviews):,}, to find duplicates. "
            f"Received {len(texts):,}."
        )
    groups = number_groups(len(reviews), [fold_text(text) for text in texts], reviews.movies)
    chosen = _choose_groups(_count_labels(groups, reviews.labels), validation_share, seed)
    in_validation = np.isin(groups, chosen)
    _refuse_emptied(reviews, in_validation)
    return Split(
        *_divide(reviews.labels, in_validation),
        seed=seed,
        validation_share=validation_share,
        method="grouped",
        grouped_by=_name_groups(reviews),
        num_groups=int(groups.max()) + 1,
        num_validation_groups=len(chosen),
    )


def split_random(reviews: Reviews, *, validation_share: float = 0.2, seed: int) -> Split:
    """Takes the last rows of the shuffled reviews, as many tutorials do; here for comparison only.

    Reviews of one movie and duplicates land on both sides, so the validation score is too high.

    Args:
        reviews: the train set, labels 0 and 1.
        validation_share: float in (0, 1).
        seed: int, at least 0. The same seed gives the same split.

    Raises:
        UsageError: if the share is not inside (0, 1).
        DataError: if a label has fewer than two reviews, or reviews have no label.

    Example:

    >>> reviews = Reviews(list("abcde"), np.array([0, 1, 0, 1, 0], np.int8), list("12345"))
    >>> len(split_random(reviews, seed=0).validation)
    1
    """
    _check(reviews, validation_share)
    order = np.random.default_rng(seed).permutation(len(reviews))
    num_validation = max(1, round(len(reviews) * validation_share))
    in_validation = np.zeros(len(reviews), dtype=bool)
    in_validation[order[-num_validation:]] = True
    return Split(
        *_divide(reviews.labels, in_validation),
        seed=seed,
        validation_share=validation_share,
        method="random",
        grouped_by="",
        num_groups=len(reviews),
        num_validation_groups=num_validation,
    )


def split_into_folds(reviews: Reviews, *, seed: int) -> Split:
    """Takes all reviews for both: whoever trains leaves each fold out once to judge it.

    Args:
        reviews: the train set, labels 0 and 1.
        seed: int, at least 0, of the folds.

    Raises:
        DataError: if a label has fewer than two reviews, or reviews have no label.

    Example:

    >>> reviews = Reviews(list("abcd"), np.array([0, 1, 0, 1], np.int8), list("1234"))
    >>> split_into_folds(reviews, seed=0).describe()
    'Validation: all 4 reviews, each by a head that has not met it, in folds by duplicate text; ...'
    """
    _check_labels(reviews)
    rows, share = np.arange(len(reviews)), float((reviews.labels == 1).mean())
    num_groups = int(find_groups(reviews).max()) + 1
    return Split(
        train=rows,
        validation=rows,
        positive_shares=(share, share),
        seed=seed,
        validation_share=1.0,
        method="folds",
        grouped_by=_name_groups(reviews),
        num_groups=num_groups,
        num_validation_groups=num_groups,
    )


def find_groups(reviews: Reviews) -> Indices:
    """Returns the number of each review's group, by movie and by text after folding of case."""
    return number_groups(len(reviews), [fold_text(text) for text in reviews.texts], reviews.movies)


def _name_groups(reviews: Reviews) -> str:
    return "duplicate text" if reviews.movies is None else "movie and duplicate text"


def _check(reviews: Reviews, validation_share: float) -> None:
    if not 0 < validation_share < 1:
        raise UsageError(
            f"The validation share must lie between 0 and 1, such as 0.1. "
            f"Received {validation_share}."
        )
    _check_labels(reviews)


def _check_labels(reviews: Reviews) -> None:
    if not np.isin(reviews.labels, (0, 1)).all():
        raise DataError(
            f"{reviews.source} cannot be split: {int((reviews.labels < 0).sum()):,} reviews have "
            "no label. Expected 0 or 1 for each; take the unlabelled ones out first. "
            f"Received {len(reviews):,} reviews."
        )
    for code, name in enumerate(reviews.label_names):
        count = int((reviews.labels == code).sum())
        if count < 2:
            raise DataError(
                f"{reviews.source} cannot be split: {count} reviews are labelled {name!r}. "
                "Expected at least two, one to train and one to validate; add more reviews. "
                f"Received {len(reviews):,} reviews in all."
            )


def _count_labels(groups: Indices, labels: npt.NDArray[np.int8]) -> Indices:
    """Returns how many negatives and positives each group has, of shape `(num_groups, 2)`."""
    counts = np.zeros((int(groups.max()) + 1, 2), dtype=np.intp)
    np.add.at(counts, (groups[labels >= 0], labels[labels >= 0]), 1)
    return counts


def _choose_groups(counts: Indices, validation_share: float, seed: int) -> list[int]:
    """Returns the groups of validation, in the order in which they were drawn."""
    room = np.maximum(1, np.round(counts.sum(axis=0) * validation_share)).astype(np.intp)
    order = np.random.default_rng(seed).permutation(len(counts))
    chosen = []
    for group in order.tolist():
        if (counts[group] <= room).all():
            chosen.append(group)
            room -= counts[group]
        if not room.any():
            break
    # Where every group of a label was too large for its room, the smallest does least harm.
    for label in (0, 1):
        if not counts[chosen, label].sum():
            left = [group for group in order.tolist() if counts[group, label]]
            chosen.append(_choose_smallest(counts, chosen, left))
    return chosen


def _choose_smallest(counts: Indices, chosen: list[int], candidates: list[int]) -> int:
    """Returns the smallest group, of those that leave train a review of each label if there are."""
    left = counts.sum(axis=0) - counts[chosen].sum(axis=0)
    harmless = [group for group in candidates if (left > counts[group]).all()]
    return min(harmless or candidates, key=lambda group: int(counts[group].sum()))


def _refuse_emptied(reviews: Reviews, in_validation: npt.NDArray[np.bool_]) -> None:
    for code, name in enumerate(reviews.label_names):
        if in_validation[reviews.labels == code].all():
            raise DataError(
                f"{reviews.source} cannot be split: the groups that belong together, by movie or "
                "by text, are so large that validation takes every review labelled "
                f"{name!r}. Expected many small groups; check the column of groups or add reviews. "
                f"Received {len(reviews):,} reviews."
            )


def _divide(
    labels: npt.NDArray[np.int8], in_validation: npt.NDArray[np.bool_]
) -> tuple[Indices, Indices, tuple[float, float]]:
    """Returns the rows on either side and the share of positive labels in each."""
    train, validation = np.flatnonzero(~in_validation), np.flatnonzero(in_validation)
    shares = (float((labels[train] == 1).mean()), float((labels[validation] == 1).mean()))
    return train, validation, shares
