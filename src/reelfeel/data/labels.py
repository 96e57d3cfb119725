"""From a user's own labels to 0 and 1: by rules that are written down, never by a guess."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from reelfeel.errors import SchemaError, UsageError
from reelfeel.ledger import Ledger
from reelfeel.types import UNLABELLED, Reviews

_DROP = (
    "drop and count those of other labels with --drop-other-labels (in Python: "
    "drop_other_labels=True)"
)
_UNLABELLED = "without a label"
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
    column = _LabelColumn.from_values(values, where, rows)
    pair = _choose_pair(column, label_map)
    codes = {name: code for code, name in enumerate(pair)}
    labels = np.array([codes.get(name, -1) for name in column.names], dtype=np.int8)
    others = np.flatnonzero(labels < 0).tolist()
    if others and not label_map.drops_others:
        raise SchemaError(column.describe_unknown(others[0], pair))
    names = (column.spell(pair[0]), column.spell(pair[1]))
    for name in names:
        _refuse_half_characters(name, where)
    return MappedLabels(labels, names, passed_over=_name_reason(others))


def _refuse_half_characters(name: str, where: str) -> None:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        raise SchemaError(
            f"{where}: a label holds half a character (a lone surrogate), which no file can name. "
            f"Expected whole characters; write the labels again. Received {ascii(name)[:60]}."
        ) from None


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
    own = tuple(_normalise(name) for name in reviews.label_names)
    known = tuple(_normalise(name) for name in names)
    if own == (known[1], known[0]):
        labels = np.where(reviews.labels >= 0, 1 - reviews.labels, reviews.labels).astype(np.int8)
        first, second = reviews.label_names
        return replace(reviews, labels=labels, label_names=(second, first))
    if own[0] == known[1] or own[1] == known[0]:
        raise SchemaError(
            f"The model calls its negative class {names[0]!r} and its positive one {names[1]!r}, "
            f"the data {reviews.label_names[0]!r} and {reviews.label_names[1]!r}: a label of both "
            "means the other class. Expected the same meaning; name the data's labels with "
            f"--positive and --negative. Received: {reviews.source}"
        )
    return reviews


def take_labelled(reviews: Reviews) -> Reviews:
    """Returns the reviews that have a label; the ledger counts the others as passed over.

    Example:

    >>> len(take_labelled(Reviews(["Fun.", "Hm."], [1, -1])))
    1
    """
    bare = np.flatnonzero(reviews.labels == UNLABELLED)
    if not len(bare):
        return reviews
    names = [str(reviews.ids[row]) for row in bare.tolist()]
    ledgers = reviews.ledgers or (Ledger(reviews.source, "reviews", len(reviews), len(reviews)),)
    if len(ledgers) == 1:
        ledgers = (ledgers[0].passing_over(_UNLABELLED, names),)
    return replace(reviews.take(np.flatnonzero(reviews.labels != UNLABELLED)), ledgers=ledgers)


def refuse_one_class(reviews: Reviews) -> None:
    """Raises SchemaError unless the reviews hold both labels; call it before training.

    Example:

    >>> refuse_one_class(Reviews(["Fine"], np.array([1], np.int8), ["row 1"], source="a.csv"))
    Traceback (most recent call last):
    ...
    reelfeel.errors.SchemaError: a.csv holds no review labelled 'negative'. Training needs both ...
    """
    for code, name in enumerate(reviews.label_names):
        if not (reviews.labels == code).any():
            unlabelled = sum(
                one.count
                for ledger in reviews.ledgers
                for one in ledger.passed_over
                if one.reason == _UNLABELLED
            ) + int((reviews.labels == UNLABELLED).sum())
            hint = " A label of -1 means none; the negative one is 0." if unlabelled else ""
            raise SchemaError(
                f"{reviews.source} holds no review labelled {name!r}. Training needs both labels; "
                f"add such reviews, or check the label column and its mapping.{hint} Received "
                f"{int((reviews.labels >= 0).sum()):,} reviews with a label, {unlabelled:,} without."
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
            f"two labels apart; correct such rows, or {_DROP}. Received {self.spell_counts()}."
        )

    def describe_unmapped(self) -> str:
        # Which of two unknown words is the good one is not for a program to propose.
        names = " or ".join(repr(self.spell(name)[:40]) for name in sorted(set(self.names)))
        return (
            f"{self.where}: which label is positive is not known. Expected positive/negative, "
            f"pos/neg, 1/0 or true/false; say which of {names} is positive with --positive LABEL "
            f"(in Python: positive='LABEL'). Received {self.spell_counts()}."
        )

    def describe_too_many(self, *, has_one_name: bool = False) -> str:
        mends = [
            "name the two to keep and drop the rows of the others, counted: "
            "--positive LABEL --negative LABEL --drop-other-labels (in Python: "
            "drop_other_labels=True)"
        ]
        limits = None if has_one_name else _propose_limits([_parse_stars(n) for n in self.names])
        if limits:
            mends.append(
                "if these are stars, say which are negative and which positive, for example "
                f"--negative-to-stars {limits[0]:g} --positive-from-stars {limits[1]:g}"
            )
        return (
            f"{self.where} holds {len(set(self.names))} different labels. ReelFeel tells exactly "
            f"two labels apart; {'; or '.join(mends)}. Received {self.spell_counts()}."
        )


def _propose_limits(stars: Sequence[float | None]) -> tuple[float, float] | None:
    """Returns limits that leave out the middle of the scale, such as 4 and 7 of 1 to 10.

    The scale is the smallest usual one that holds all stars; where one class would then be empty,
    it is what was seen.

    Example:

    >>> _propose_limits([1, 2, 4, 5]), _propose_limits([1, 3, 8]), _propose_limits([0, 1, 2])
    ((2, 4), (3, 8), (0, 2))
    """
    known = sorted({number for number in stars if number is not None})
    if len(known) < 3 or None in stars:
        return None
    tops = [known[-1]] if known[0] == 0 and known[-1] <= 4 else [5, 10, 100]
    top = next(top for top in tops if known[-1] <= top)
    for lowest, highest in ((min(known[0], 1), top), (known[0], known[-1])):
        middle, margin = (lowest + highest) / 2, (highest - lowest) / 10
        below = [number for number in known if number < middle - margin]
        above = [number for number in known if number > middle + margin]
        if below and above:
            return below[-1], above[0]
    return None


def _choose_pair(column: _LabelColumn, label_map: LabelMap) -> tuple[str, str]:
    """Returns the normal names of the negative and the positive label."""
    given = tuple(
        None if name is None else _normalise(name)
        for name in (label_map.negative, label_map.positive)
    )
    if given == (None, None):
        known = tuple(map(_normalise, label_map.known or ()))
        return known if known and {*known} <= {*column.names} else _choose_known_pair(column)  # type: ignore[return-value]
    if given[0] == given[1]:
        raise UsageError(f"The two labels must differ. Received {label_map.positive!r} for both.")
    for name in given:
        if name is not None and column.names and name not in column.names:
            raise SchemaError(
                f"{column.where} holds no label {name!r}.{_suggest(name, column)} Expected "
                "--positive and --negative to be labels of that column. "
                f"Received {column.spell_counts()}."
            )
    others = [name for name in dict.fromkeys(column.names) if name not in given]
    if None in given and len(others) > 1:
        raise SchemaError(column.describe_too_many(has_one_name=True))
    other = others[0] if others else f"not {given[0] or given[1]}"
    return (given[0] or other, given[1] or other)


def _suggest(name: str, column: _LabelColumn) -> str:
    near = difflib.get_close_matches(name, list(dict.fromkeys(column.names)), n=1, cutoff=0.7)
    return f" Did you mean {column.spell(near[0])!r}?" if near else ""


def _choose_known_pair(column: _LabelColumn) -> tuple[str, str]:
    counts = Counter(column.names)
    # The pair that most rows belong to: then a stray label is named, not the whole column.
    best = max(KNOWN_PAIRS, key=lambda pair: counts[pair[0]] + counts[pair[1]])
    others = [name for name in counts if name not in best]
    if not others:
        return best
    if counts[best[0]] and counts[best[1]]:
        # Of 0, 1 and 2, and of 0 to 5 stars, 1 is not the positive one.
        if any(_parse_stars(name) is not None for name in others):
            raise SchemaError(column.describe_too_many())
        return best
    raise SchemaError(column.describe_too_many() if len(counts) > 2 else column.describe_unmapped())


def _name_reason(others: Sequence[int]) -> dict[str, Sequence[int]]:
    return {"with another label": others} if others else {}


def _map_stars(
    values: Sequence[str], label_map: LabelMap, where: str, rows: Sequence[str]
) -> MappedLabels:
    lowest, highest = label_map.limits
    stars = np.full(len(values), np.nan)
    for row, value in enumerate(values):
        number = _parse_stars(value)
        if number is not None:
            stars[row] = number
        elif not label_map.drops_others:
            raise SchemaError(
                f"{where}, {rows[row]}: {value[:40]!r} is not a number of stars. Expected a number "
                f"from 0 to 100 in every row; correct it, or {_DROP}. Received {value[:40]!r}."
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


def _parse_stars(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if 0 <= number <= 100 else None
