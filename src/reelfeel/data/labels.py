"""From a user's own labels to 0 and 1: by rules that are written down, never by a guess."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from reelfeel.data.label_columns import (
    DROP,
    KNOWN_PAIRS,
    LabelColumn,
    choose_pair,
    normalise,
    parse_stars,
)
from reelfeel.errors import DataError, SchemaError, UsageError
from reelfeel.load_summary import LoadSummary
from reelfeel.terminal.escaping import has_half_character
from reelfeel.values import UNLABELLED, Reviews

_UNLABELLED = "without a label"


@dataclass(frozen=True)
class LabelMap:
    """How a column of labels is to be read; with nothing set, only `KNOWN_PAIRS` are understood.

    Attributes:
        positive: the label that means positive; the only other label is then negative.
        negative: the label that means negative; the only other label is then positive.
        positive_from_stars: labels are stars, and this many or more are positive.
        negative_to_stars: labels are stars, and this many or fewer are negative; rows in between
            are dropped and counted.
        drops_others: whether rows with any other label are dropped and counted, not refused.
        known: a model's names of class 0 and class 1: they are understood where both occur and
            nothing else was said.
    """

    positive: str | None = None
    negative: str | None = None
    positive_from_stars: float | None = None
    negative_to_stars: float | None = None
    drops_others: bool = False
    known: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        for label in (self.positive, self.negative):
            _refuse_half_character(label or "", "The label to look for", UsageError)
        limits = (self.negative_to_stars, self.positive_from_stars)
        if limits == (None, None):
            return
        if limits[0] is None or limits[1] is None or not limits[0] < limits[1]:
            raise UsageError(
                "Stars need both limits, the lower one for negative: for example "
                "--negative-to-stars 4 --positive-from-stars 7. "
                f"Received negative to {limits[0]}, positive from {limits[1]}."
            )
        if self.positive is not None or self.negative is not None:
            raise UsageError(
                "Labels are either names or stars: give --positive and --negative, or the limits "
                f"of stars. Received both, positive {self.positive!r} and limits {limits}."
            )

    @property
    def has_stars(self) -> bool:
        """Whether the labels are stars."""
        return self.positive_from_stars is not None

    @property
    def limits(self) -> tuple[float, float]:
        """The limits of stars, negative first; only to be asked for where `has_stars`."""
        if self.negative_to_stars is None or self.positive_from_stars is None:
            raise UsageError("These labels are names, not stars, so they have no limits.")
        return self.negative_to_stars, self.positive_from_stars


@dataclass(frozen=True, eq=False)
class MappedLabels:
    """What became of a column of labels.

    Attributes:
        labels: int8 array of shape `(num_rows,)`: 1 positive, 0 negative, -1 for rows to drop.
        names: the user's own names of class 0 and class 1.
        ratings: int8 array of stars, where the labels are whole stars; else None.
        passed_over: the indices of the rows to drop, by the reason.
    """

    labels: npt.NDArray[np.int8]
    names: tuple[str, str]
    ratings: npt.NDArray[np.int8] | None = None
    passed_over: Mapping[str, Sequence[int]] = field(default_factory=dict)


def map_labels(
    values: Sequence[str], label_map: LabelMap, *, where: str, rows: Sequence[str]
) -> MappedLabels:
    """Maps labels to 0 and 1.

    Args:
        values: one label per row, none missing. Case and surrounding space do not count, and
            "1.0" is "1" (what pandas makes of a column of integers with a gap).
        label_map: how to read them.
        where: the file and the column, for messages.
        rows: the name of each row, such as "row 17", for messages.

    Raises:
        SchemaError: if a label is unknown, or there are more than two.

    Example:

    >>> mapped = map_labels(["Good", "bad"], LabelMap("good"), where="a.csv", rows=["1", "2"])
    >>> mapped.labels.tolist(), mapped.names
    ([1, 0], ('bad', 'Good'))
    """
    if label_map.has_stars:
        return _map_stars(values, label_map, where, rows)
    column = LabelColumn.from_values(values, where, rows)
    pair = choose_pair(column, label_map.negative, label_map.positive, label_map.known)
    codes = {name: code for code, name in enumerate(pair)}
    labels = np.array([codes.get(name, -1) for name in column.names], dtype=np.int8)
    others = np.flatnonzero(labels < 0).tolist()
    if others and not label_map.drops_others:
        raise SchemaError(column.describe_unknown(others[0], pair))
    names = (column.show(pair[0]), column.show(pair[1]))
    for row in np.flatnonzero(labels >= 0).tolist():
        _refuse_half_character(values[row], f"{where}, {rows[row]}: the label", SchemaError)
    return MappedLabels(labels, names, passed_over=_name_reason(others))


def _refuse_half_character(label: str, what: str, kind: type[DataError | UsageError]) -> None:
    """Refuses what no saved model could hold; the training would end without a result."""
    if has_half_character(label):
        raise kind(
            f"{what} holds half a character (a lone surrogate), which no file in UTF-8 can hold. "
            f"Expected whole characters; write the label anew. Received {label[:40]!r}."
        )


def match_labels(reviews: Reviews, names: tuple[str, str]) -> Reviews:
    """Returns reviews whose class 0 and class 1 are those of a model, by the names of the labels.

    Where the data call both classes as the model does, but the other way around, the names decide
    and the labels are exchanged. Other names are left alone: what is positive was said for both.

    Args:
        reviews: with labels.
        names: the model's names of class 0 and class 1.

    Raises:
        SchemaError: if only one name is known to both, and means the other class.

    Example:

    >>> turned = Reviews(["Fun."], np.array([1], np.int8), label_names=("good", "bad"))
    >>> match_labels(turned, ("bad", "good")).labels.tolist()
    [0]
    """
    if are_turned(reviews.label_names, names, source=reviews.source):
        labels = np.where(reviews.labels >= 0, 1 - reviews.labels, reviews.labels).astype(np.int8)
        first, second = reviews.label_names
        return replace(reviews, labels=labels, label_names=(second, first))
    return reviews


def are_turned(own: tuple[str, str], known: tuple[str, str], *, source: str) -> bool:
    """Whether class 0 of one side is class 1 of another, by the names of the classes.

    Args:
        own: the names of class 0 and class 1.
        known: those of the other side, such as a model.
        source: where `own` come from, for the message.

    Raises:
        SchemaError: if only one name is known to both, and means the other class.

    Example:

    >>> are_turned(("good", "bad"), ("Bad", "Good"), source="a.csv")
    True
    >>> are_turned(("pos", "neg"), ("negative", "positive"), source="a.csv")
    True
    >>> are_turned(("awful", "great"), ("negative", "positive"), source="a.csv")
    False
    """
    names = tuple(map(normalise, own))
    others = tuple(map(normalise, known))
    if names == (others[1], others[0]) or _order_of_words(names) * _order_of_words(others) < 0:
        return True
    if names[0] == others[1] or names[1] == others[0]:
        raise SchemaError(
            f"The model calls its negative class {known[0]!r} and its positive one {known[1]!r}, "
            f"the data {own[0]!r} and {own[1]!r}: a label of both means the other class. Expected "
            "the same meaning; name the data's labels with --positive and --negative. "
            f"Received: {source}"
        )
    return False


def _order_of_words(names: tuple[str, ...]) -> int:
    """Returns 1 for a negative word before a positive one, -1 for the reverse, 0 for other names.

    The two may be of different pairs of `KNOWN_PAIRS`, such as "neg" and "positive".
    """
    codes = {name: code for pair in KNOWN_PAIRS for code, name in enumerate(pair)}
    return {(0, 1): 1, (1, 0): -1}.get((codes.get(names[0], 2), codes.get(names[1], 2)), 0)


def take_labelled(reviews: Reviews) -> Reviews:
    """Returns the reviews that have a label; the summary counts the others as passed over.

    Example:

    >>> len(take_labelled(Reviews(["Fun.", "Hm."], [1, -1])))
    1
    """
    bare = np.flatnonzero(reviews.labels == UNLABELLED)
    if not len(bare):
        return reviews
    names = [str(reviews.ids[row]) for row in bare.tolist()]
    load_summaries = reviews.load_summaries or (
        LoadSummary(reviews.source, "reviews", len(reviews), len(reviews)),
    )
    if len(load_summaries) == 1:
        load_summaries = (load_summaries[0].passing_over(_UNLABELLED, names),)
    return replace(
        reviews.take(np.flatnonzero(reviews.labels != UNLABELLED)), load_summaries=load_summaries
    )


def refuse_one_class(reviews: Reviews) -> None:
    """Raises SchemaError unless the reviews hold both labels; call it before training.

    Example:

    >>> refuse_one_class(Reviews(["Fine"], np.array([1], np.int8), ["row 1"], source="a.csv"))
    Traceback (most recent call last):
    ...
    reelfeel.errors.SchemaError: a.csv holds no review labelled 'negative'. Training needs both ...
    """
    for code, name in enumerate(reviews.label_names):
        _refuse_half_character(name, f"{reviews.source}: the label", SchemaError)
        if not (reviews.labels == code).any():
            unlabelled = sum(
                one.count
                for summary in reviews.load_summaries
                for one in summary.passed_over
                if one.reason == _UNLABELLED
            ) + int((reviews.labels == UNLABELLED).sum())
            hint = " A label of -1 means none; the negative one is 0." if unlabelled else ""
            raise SchemaError(
                f"{reviews.source} holds no review labelled {name!r}. Training needs both labels; "
                f"add such reviews, or check the label column and its mapping.{hint} Received "
                f"{int((reviews.labels >= 0).sum()):,} reviews with labels, {unlabelled:,} without."
            )


def _name_reason(others: Sequence[int]) -> dict[str, Sequence[int]]:
    return {"with another label": others} if others else {}


def _map_stars(
    values: Sequence[str], label_map: LabelMap, where: str, rows: Sequence[str]
) -> MappedLabels:
    lowest, highest = label_map.limits
    stars = np.full(len(values), np.nan)
    for row, value in enumerate(values):
        number = parse_stars(value)
        if number is not None:
            stars[row] = number
        elif not label_map.drops_others:
            raise SchemaError(
                f"{where}, {rows[row]}: {value[:40]!r} is not a number of stars. Expected a number "
                f"from 0 to 100 in every row; correct it, or {DROP}. Received {value[:40]!r}."
            )
    labels = np.full(len(stars), -1, dtype=np.int8)
    labels[stars <= lowest] = 0
    labels[stars >= highest] = 1
    between = np.flatnonzero((stars > lowest) & (stars < highest)).tolist()
    reason = f"with more than {lowest:g} and fewer than {highest:g} stars"
    passed_over = _name_reason(np.flatnonzero(np.isnan(stars)).tolist())
    passed_over |= {reason: between} if between else {}
    ratings = np.nan_to_num(stars, nan=0.0)
    are_whole = bool((ratings == np.round(ratings)).all())
    return MappedLabels(
        labels,
        ("negative", "positive"),
        ratings.astype(np.int8) if are_whole else None,
        passed_over,
    )
