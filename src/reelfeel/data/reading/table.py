"""A table as it stands in its source, before anything is said about its meaning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from reelfeel.data.options import TableOptions
from reelfeel.data.sources.limits import refuse_columns
from reelfeel.errors import SchemaError
from reelfeel.load_summary import LoadLog


@dataclass(frozen=True)
class Table:
    """Named columns, and the log of how they were read.

    Attributes:
        name: of the source, for messages.
        columns: the values by column name, all of the same length; None where one is missing. A
            value is a str in CSV files and whatever the file says in others.
        rows: the name of each row, such as "row 17"; the line of column names does not count.
        found: how many rows there are in the source, those that are not in `columns` too.
        log: what was passed over so far: `found` less that is the number of rows.
    """

    name: str
    columns: Mapping[str, Sequence[object]]
    rows: Sequence[str]
    found: int
    log: LoadLog = field(compare=False)

    def __len__(self) -> int:
        return len(self.rows)

    def keep(self, rows: Sequence[int], reason: str) -> Table:
        """Returns some rows; the others are passed over in log of their own."""
        kept = set(rows)
        log = self.log.copy()
        log.pass_over(reason, *(name for row, name in enumerate(self.rows) if row not in kept))
        columns = {name: [values[row] for row in rows] for name, values in self.columns.items()}
        return replace(self, columns=columns, rows=[self.rows[row] for row in rows], log=log)


@dataclass
class Reading:
    """What every reader needs while it reads.

    Attributes:
        name: of the source, for messages.
        options: how to read it.
        expected: names of columns that will be looked for.
        log: of the source.
    """

    name: str
    options: TableOptions
    expected: Sequence[str]
    log: LoadLog

    @classmethod
    def start(cls, name: str, options: TableOptions, expected: Sequence[str]) -> Reading:
        """Opens the log of a source."""
        return cls(name, options, expected, LoadLog(name))

    def refuse(self, row: str, reason: str, message: str) -> None:
        """Passes a bad row over where that was asked for, and else refuses the source.

        Args:
            row: its name.
            reason: a few words that many such rows share, for the summary.
            message: for the user, with what to do about it.

        Raises:
            SchemaError: with `message`, unless bad rows are to be skipped.
        """
        if not self.options.skip_bad_rows:
            raise SchemaError(message)
        self.log.pass_over(reason, row)


def pivot(
    reading: Reading, records: Sequence[Mapping[str, object]], rows: Sequence[str], found: int
) -> Table:
    """Returns a table from one mapping a row; what a row lacks is None."""
    names = dict.fromkeys(name for record in records for name in record)
    refuse_columns(reading.name, list(names), len(records))
    columns = {name: [record.get(name) for record in records] for name in names}
    return Table(reading.name, columns, rows, found, reading.log)


def join_tables(tables: Sequence[Table], name: str) -> Table:
    """Returns one table of several, with the columns that all of them have, and one set of log.

    Args:
        tables: at least one; a single one is returned as it is.
        name: of all together.
    """
    if len(tables) == 1:
        return tables[0]
    common = [
        column for column in tables[0].columns if all(column in one.columns for one in tables)
    ]
    columns = {
        column: [value for one in tables for value in one.columns[column]] for column in common
    }
    log = LoadLog(name)
    for one in tables:
        log.add(one.log, prefix=f"{one.name} ")
    rows = [f"{one.name} {row}" for one in tables for row in one.rows]
    return Table(name, columns, rows, sum(one.found for one in tables), log)
