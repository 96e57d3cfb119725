"""A column of labels before its meaning is known: which two it has, and what to say if not two."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reelfeel.errors import SchemaError, UsageError

DROP = (
    "drop and count those of other labels with --drop-other-labels (in Python: "
    "drop_other_labels=True)"
)
# Words whose meaning is beyond doubt, negative first; as `normalise` writes them.
KNOWN_PAIRS = (("negative", "positive"), ("neg", "pos"), ("0", "1"), ("false", "true"))


@dataclass(frozen=True)
class LabelColumn:
    """A column of labels: their normal names, how the user spells them, and where they stand."""

    names: Sequence[str]
    spellings: Mapping[str, str]
    where: str
    rows: Sequence[str]

    @classmethod
    def from_values(cls, values: Sequence[str], where: str, rows: Sequence[str]) -> LabelColumn:
        """Takes labels as they stand in the source."""
        names = [normalise(value) for value in values]
        spellings: dict[str, str] = {}
        for (value, name), _ in Counter(zip(values, names, strict=True)).most_common():
            # "1.0" is how a program writes a label, "1" how its user does.
            spellings.setdefault(name, name if value.strip().endswith(".0") else value.strip())
        return cls(names, spellings, where, rows)

    def show(self, name: str) -> str:
        """Returns a label as the user writes it most often."""
        return self.spellings.get(name, name)

    def format_counts(self) -> str:
        """Returns the most common labels with their counts, in words."""
        common = Counter(self.names).most_common()
        shown = ", ".join(f"{self.show(name)[:40]!r} ({count:,})" for name, count in common[:5])
        return shown + (f" and {len(common) - 5:,} more labels" if len(common) > 5 else "")

    def describe_unknown(self, row: int, pair: tuple[str, str]) -> str:
        """Returns the refusal of a third label beside two that are known."""
        return (
            f"{self.where}, {self.rows[row]}: the label {self.show(self.names[row])[:40]!r} is "
            f"neither {self.show(pair[1])!r} nor {self.show(pair[0])!r}. ReelFeel tells exactly "
            f"two labels apart; correct such rows, or {DROP}. Received {self.format_counts()}."
        )

    def describe_unmapped(self) -> str:
        """Returns the refusal of two labels of which nobody said which is positive."""
        # Which of two unknown words is the good one is not for a program to propose.
        names = " or ".join(repr(self.show(name)[:40]) for name in sorted(set(self.names)))
        return (
            f"{self.where}: which label is positive is not known. Expected positive/negative, "
            f"pos/neg, 1/0 or true/false; say which of {names} is positive with --positive LABEL "
            f"(in Python: positive='LABEL'). Received {self.format_counts()}."
        )

    def describe_too_many(self, *, has_one_name: bool = False) -> str:
        """Returns the refusal of more than two labels; `has_one_name`: one of them was named."""
        mends = [
            "name the two to keep and drop the rows of the others, counted: "
            "--positive LABEL --negative LABEL --drop-other-labels (in Python: "
            "drop_other_labels=True)"
        ]
        limits = None if has_one_name else _propose_limits([parse_stars(n) for n in self.names])
        if limits:
            mends.append(
                "if these are stars, say which are negative and which positive, for example "
                f"--negative-to-stars {limits[0]:g} --positive-from-stars {limits[1]:g}"
            )
        return (
            f"{self.where} holds {len(set(self.names))} different labels. ReelFeel tells exactly "
            f"two labels apart; {'; or '.join(mends)}. Received {self.format_counts()}."
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


def choose_pair(
    column: LabelColumn,
    negative: str | None,
    positive: str | None,
    model_names: tuple[str, str] | None,
) -> tuple[str, str]:
    """Returns the normal names of the negative and the positive label."""
    given = tuple(None if name is None else normalise(name) for name in (negative, positive))
    if given == (None, None):
        known = tuple(map(normalise, model_names or ()))
        return known if known and {*known} <= {*column.names} else _choose_known_pair(column)  # type: ignore[return-value]
    if given[0] == given[1]:
        raise UsageError(f"The two labels must differ. Received {positive!r} for both.")
    for name in given:
        if name is not None and column.names and name not in column.names:
            raise SchemaError(
                f"{column.where} holds no label {name!r}.{_suggest(name, column)} Expected "
                "--positive and --negative to be labels of that column. "
                f"Received {column.format_counts()}."
            )
    others = [name for name in dict.fromkeys(column.names) if name not in given]
    if None in given and len(others) > 1:
        raise SchemaError(column.describe_too_many(has_one_name=True))
    other = others[0] if others else f"not {given[0] or given[1]}"
    return (given[0] or other, given[1] or other)


def _suggest(name: str, column: LabelColumn) -> str:
    near = difflib.get_close_matches(name, list(dict.fromkeys(column.names)), n=1, cutoff=0.7)
    return f" Did you mean {column.show(near[0])!r}?" if near else ""


def _choose_known_pair(column: LabelColumn) -> tuple[str, str]:
    counts = Counter(column.names)
    # The pair that most rows belong to: then a stray label is named, not the whole column.
    best = max(KNOWN_PAIRS, key=lambda pair: counts[pair[0]] + counts[pair[1]])
    others = [name for name in counts if name not in best]
    if not others:
        return best
    if counts[best[0]] and counts[best[1]]:
        # Of 0, 1 and 2, and of 0 to 5 stars, 1 is not the positive one.
        if any(parse_stars(name) is not None for name in others):
            raise SchemaError(column.describe_too_many())
        return best
    raise SchemaError(column.describe_too_many() if len(counts) > 2 else column.describe_unmapped())


def normalise(value: str) -> str:
    """Returns a label without what does not count: case, outer space, the ".0" of an integer."""
    name = value.strip().casefold()
    return name[:-2] if name.endswith(".0") and name[:-2].lstrip("-").isdecimal() else name


def parse_stars(value: str) -> float | None:
    """Returns a number of stars from 0 to 100; None for what is none."""
    try:
        number = float(value)
    except ValueError:
        return None
    return number if 0 <= number <= 100 else None
