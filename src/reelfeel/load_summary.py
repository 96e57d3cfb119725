"""The log of a source: what was found in it, what was read, what was passed over and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from reelfeel.errors import SchemaError

_NUM_EXAMPLES = 5


@dataclass(frozen=True)
class PassedOver:
    """What was not read, for one reason.

    Attributes:
        reason: why, so that it reads after a number and a unit: "without a value in 'text'".
        count: how many.
        examples: the names of the first few, such as "row 3" or "pos/7.html".
    """

    reason: str
    count: int
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class LoadSummary:
    """What became of everything in one file, folder, archive, frame or pipe.

    Attributes:
        source: its name, as the user gave it.
        unit: what is counted: "rows", "files", "lines".
        found: how many there are; counted by themselves, not as the sum of the others.
        read: how many became reviews.
        passed_over: the others, by reason.
        notes: what else a reader of the data should know, such as an encoding, in sentences.
        doubts: what probably spoils the data, in sentences.

    Raises:
        SchemaError: if the books do not balance: something was lost on the way.

    Example:

    >>> print(LoadSummary("a.csv", "rows", 3, 2, (PassedOver("that are blank", 1, ("row 2",)),)))
    a.csv: 3 rows found, 2 read. Passed over: 1 that are blank (row 2).
    """

    source: str
    unit: str
    found: int
    read: int
    passed_over: tuple[PassedOver, ...] = ()
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        counted = self.read + sum(one.count for one in self.passed_over)
        if counted != self.found:
            raise SchemaError(
                f"{self.source}: the books do not balance. Expected each of the {self.found:,} "
                f"{self.unit} found to be read or passed over for a reason; nothing was used. This "
                f"is a fault of ReelFeel: please report it. Received {self.read:,} read and "
                f"{counted - self.read:,} passed over."
            )

    def __str__(self) -> str:
        said = f"{self.source}: {self.found:,} {self.unit} found, {self.read:,} read."
        if self.passed_over:
            said += f" Passed over: {'; '.join(map(_format, self.passed_over))}."
        return " ".join([said, *self.notes])

    @property
    def num_passed_over(self) -> int:
        """How many were not read."""
        return self.found - self.read

    def passing_over(self, reason: str, names: Sequence[str]) -> LoadSummary:
        """Returns the summary after some of what was read is passed over too."""
        if not names:
            return self
        more = PassedOver(reason, len(names), tuple(names[:_NUM_EXAMPLES]))
        return replace(self, read=self.read - len(names), passed_over=(*self.passed_over, more))

    def to_dict(self) -> dict[str, Any]:
        """Returns plain values, ready for JSON."""
        return {**asdict(self), "passed_over": [asdict(one) for one in self.passed_over]}


def _format(passed: PassedOver) -> str:
    shown = ", ".join(passed.examples)
    more = passed.count - len(passed.examples)
    shown += f" and {more:,} more" if shown and more else ""
    return f"{passed.count:,} {passed.reason}" + (f" ({shown})" if shown else "")


@dataclass
class LoadLog:
    """A summary while it is kept: whatever is passed over is written down at once.

    Attributes:
        source: the name of what is read.
        unit: what is counted.
        notes: see `LoadSummary`.
        doubts: see `LoadSummary`.
    """

    source: str
    unit: str = "rows"
    notes: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    _passed: dict[str, list[str]] = field(default_factory=dict)

    def pass_over(self, reason: str, *names: str) -> None:
        """Writes down what is not read, and why."""
        if names:
            self._passed.setdefault(reason, []).extend(names)

    def copy(self) -> LoadLog:
        """Returns log with the same entries, to go on with."""
        passed = {reason: list(names) for reason, names in self._passed.items()}
        return LoadLog(self.source, self.unit, list(self.notes), list(self.doubts), passed)

    def add(self, other: LoadLog, *, prefix: str) -> None:
        """Adds the entries of other log; names and notes get a prefix."""
        for reason, names in other._passed.items():
            self.pass_over(reason, *(f"{prefix}{name}" for name in names))
        self.notes += [f"{prefix}{note}" for note in other.notes]
        self.doubts += [f"{prefix}{doubt}" for doubt in other.doubts]

    def close(self, *, found: int, read: int) -> LoadSummary:
        """Returns the summary.

        Args:
            found: how many there are in the source.
            read: how many became reviews.

        Raises:
            SchemaError: if the books do not balance.
        """
        passed = tuple(
            PassedOver(reason, len(names), tuple(names[:_NUM_EXAMPLES]))
            for reason, names in self._passed.items()
        )
        return LoadSummary(
            self.source, self.unit, found, read, passed, tuple(self.notes), tuple(self.doubts)
        )
