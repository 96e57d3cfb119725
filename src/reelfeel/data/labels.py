"""From a user's own labels to 0 and 1: by rules that are written down, never by a guess."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reelfeel.errors import DataError, SchemaError, UsageError
from reelfeel.escaping import has_half_character
from reelfeel.types import Reviews

# Words whose meaning is beyond doubt, negative first; as `_normalise` writes them.
KNOWN_PAIRS = (("negative", "positive"), ("neg", "pos"), ("0", "1"), ("false", "true"))


@dataclass(frozen=True)
class LabelMap:
    """How a column of labels is to be read; with nothing set, only `KNOWN_PAIRS` are understood.

    Attributes:
        positive: the label that means positive; the only other label is then negative.
        negative: the label that means negative; the only other label is then positive.
        positive_from_stars: labels are stars, and this many or more are positive.
        negative_to_stars: labels are stars, and this many or fewer are negative; rows in between
            are dropped and counted.
    """

    positive: str | None = None
    negative: str | None = None
    positive_from_stars: float | None = None
    negative_to_stars: float | None = None

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
        labels: int8 array of shape `(num_rows,)`: 1 positive, 0 negative, -1 for stars in between.
        names: the user's own names of class 0 and class 1.
        ratings: int8 array of stars, where the labels are whole stars; else None.
    """

    labels: npt.NDArray[np.int8]
    names: tuple[str, str]
    ratings: npt.NDArray[np.int8] | None = None


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
    for place, value in zip(rows, values, strict=True):
        _refuse_half_character(value, f"{where}, {place}: the label", SchemaError)
    if label_map.has_stars:
        return _map_stars(values, label_map, where, rows)
    column = _LabelColumn.from_values(values, where, rows)
    pair = _choose_pair(column, label_map)
    codes = {name: code for code, name in enumerate(pair)}
    for row, name in enumerate(column.names):
        if name not in codes:
            raise SchemaError(column.describe_unknown(row, pair))
    labels = np.array([codes[name] for name in column.names], dtype=np.int8)
    return MappedLabels(labels, (column.spell(pair[0]), column.spell(pair[1])))


def _refuse_half_character(label: str, what: str, kind: type[DataError | UsageError]) -> None:
    """Refuses what no saved model could hold; the training would end without a result."""
    if has_half_character(label):
        raise kind(
            f"{what} holds half a character (a lone surrogate), which no file in UTF-8 can hold. "
            f"Expected whole characters; write the label anew. Received {label[:40]!r}."
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
            raise SchemaError(
                f"{reviews.source} holds no review labelled {name!r}. Training needs both labels; "
                "add such reviews, or check the label column and its mapping. Received "
                f"{len(reviews):,} reviews, {int((reviews.labels >= 0).sum()):,} with a label."
            )


def _normalise(value: str) -> str:
    name = value.strip().casefold()
    return name[:-2] if name.endswith(".0") and name[:-2].lstrip("-").isdecimal() else name


@dataclass(frozen=True)
class _LabelColumn:
    """A column of labels: their normal names, how the user spells them, and where they stand."""

    names: Sequence[str]
    spellings: Mapping[str, str]
    where: str
    rows: Sequence[str]

    @classmethod
    def from_values(cls, values: Sequence[str], where: str, rows: Sequence[str]) -> _LabelColumn:
        names = [_normalise(value) for value in values]
        spellings: dict[str, str] = {}
        for (value, name), _ in Counter(zip(values, names, strict=True)).most_common():
            # "1.0" is how a program writes a label, "1" how its user does.
            spellings.setdefault(name, name if value.strip().endswith(".0") else value.strip())
        return cls(names, spellings, where, rows)

    def spell(self, name: str) -> str:
        return self.spellings.get(name, name)

    def spell_counts(self) -> str:
        common = Counter(self.names).most_common()
        shown = ", ".join(f"{self.spell(name)[:40]!r} ({count:,})" for name, count in common[:5])
        return shown + (f" and {len(common) - 5:,} more labels" if len(common) > 5 else "")

    def describe_unknown(self, row: int, pair: tuple[str, str]) -> str:
        return (
            f"{self.where}, {self.rows[row]}: the label {self.spell(self.names[row])[:40]!r} is "
            f"neither {self.spell(pair[1])!r} nor {self.spell(pair[0])!r}. ReelFeel tells exactly "
            "two labels apart; correct or remove such rows, or name the labels with --positive "
            f"and --negative. Received {self.spell_counts()}."
        )

    def describe_unmapped(self) -> str:
        first = self.spell(self.names[0])[:40]
        return (
            f"{self.where}, {self.rows[0]}: the label {first!r} is not known. Expected "
            "positive/negative, pos/neg, 1/0 or true/false; say which label is positive, such as "
            f"--positive {first!r}. Received {self.spell_counts()}."
        )

    def describe_too_many(self) -> str:
        are_stars = all(_parse_stars(name) is not None for name in set(self.names))
        mend = (
            "if these are stars, give the limits: --negative-to-stars 2 --positive-from-stars 4"
            if are_stars
            else "keep the rows of two labels, and say which is positive with --positive"
        )
        return (
            f"{self.where} holds {len(set(self.names))} different labels. ReelFeel tells exactly "
            f"two labels apart; {mend}. Received {self.spell_counts()}."
        )


def _choose_pair(column: _LabelColumn, label_map: LabelMap) -> tuple[str, str]:
    """Returns the normal names of the negative and the positive label."""
    given = tuple(
        None if name is None else _normalise(name)
        for name in (label_map.negative, label_map.positive)
    )
    if given == (None, None):
        return _choose_known_pair(column)
    if given[0] == given[1]:
        raise UsageError(f"The two labels must differ. Received {label_map.positive!r} for both.")
    for name in given:
        if name is not None and column.names and name not in column.names:
            raise SchemaError(
                f"{column.where} holds no label {name!r}. Expected --positive and --negative to "
                f"be labels of that column. Received {column.spell_counts()}."
            )
    others = [name for name in dict.fromkeys(column.names) if name not in given]
    if None in given and len(others) > 1:
        raise SchemaError(column.describe_too_many())
    other = others[0] if others else f"not {given[0] or given[1]}"
    return (given[0] or other, given[1] or other)


def _choose_known_pair(column: _LabelColumn) -> tuple[str, str]:
    counts = Counter(column.names)
    # The pair that most rows belong to: then a stray label is named, not the whole column.
    best = max(KNOWN_PAIRS, key=lambda pair: counts[pair[0]] + counts[pair[1]])
    if column.names and not counts[best[0]] + counts[best[1]]:
        many = len(counts) > 2
        raise SchemaError(column.describe_too_many() if many else column.describe_unmapped())
    if len(counts) > 3 and all(_parse_stars(name) is not None for name in counts):
        raise SchemaError(column.describe_too_many())  # 0 to 5 stars hold 1 and 0 too
    return best


def _map_stars(
    values: Sequence[str], label_map: LabelMap, where: str, rows: Sequence[str]
) -> MappedLabels:
    lowest, highest = label_map.limits
    stars = np.empty(len(values))
    for row, value in enumerate(values):
        number = _parse_stars(value)
        if number is None:
            raise SchemaError(
                f"{where}, {rows[row]}: {value[:40]!r} is not a number of stars. Expected a number "
                "from 0 to 100 in every row; correct it, or leave out the limits of stars."
            )
        stars[row] = number
    labels = np.full(len(stars), -1, dtype=np.int8)
    labels[stars <= lowest] = 0
    labels[stars >= highest] = 1
    are_whole = bool((stars == np.round(stars)).all())
    return MappedLabels(
        labels, ("negative", "positive"), stars.astype(np.int8) if are_whole else None
    )


def _parse_stars(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if 0 <= number <= 100 else None
