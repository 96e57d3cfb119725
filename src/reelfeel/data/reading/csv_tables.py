"""CSV and TSV text as a table, by the one reader that reads header and rows alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from reelfeel.data.reading.csv_dialect import Dialect, find_dialect, is_blank
from reelfeel.data.reading.csv_glued import LineReadings, describe_glued
from reelfeel.data.reading.csv_lines import Lines
from reelfeel.data.reading.csv_mends import File, describe_broken, describe_long, refuse_title
from reelfeel.data.reading.csv_rows import Row, fit, read_csv_rows
from reelfeel.data.reading.table import Reading, Table
from reelfeel.data.sources.limits import refuse_columns
from reelfeel.errors import SchemaError


def read_csv(reading: Reading, text: str) -> Table:
    """Reads a table from CSV text; every line of it is accounted for.

    Raises:
        SchemaError: if there is no row, a column is named twice that is looked for, a row has more
            fields than columns or broken quotes (unless such rows are to be skipped), or quotes
            may mean two things.
    """
    options = reading.options
    lines = Lines.split(text, quoted=options.quoting != "none", skip_rows=options.skip_rows)
    _note_lines(reading, lines)
    dialect = find_dialect(reading.name, lines, options, reading.expected)
    names = _read_names(reading, lines, dialect)
    csv = _Csv(reading, lines, dialect, names, lines.place)
    kept, rows, found = csv.read()
    columns = dict(zip(names, map(list, zip(*kept, strict=True)), strict=True)) if kept else {}
    return Table(reading.name, columns or {name: [] for name in names}, rows, found, reading.log)


@dataclass
class _Csv:
    """A file whose column names are read, and whose rows are next."""

    reading: Reading
    lines: Lines
    dialect: Dialect
    names: Sequence[str]
    start: int
    num_trimmed: int = 0

    @property
    def file(self) -> File:
        """The file in the parts that a message needs."""
        return File(self.lines, self.dialect, len(self.names), self.start)

    def read(self) -> tuple[list[list[str | None]], list[str], int]:
        """Returns the good rows, their names, and how many rows there are in all."""
        text_column = self.reading.options.text_column
        place = self.names.index(text_column) if text_column in self.names else None
        seen = LineReadings(self.dialect, len(self.names), place)
        kept: list[list[str | None]] = []
        rows: list[str] = []
        found, num_lines = 0, self.lines.place
        for row in read_csv_rows(self.lines, self.dialect):
            found += 1
            num_lines += row.end - row.first
            fields = self._take(row, f"row {found}")
            if fields is not None:
                kept.append(fields)
                rows.append(f"row {found}")
            if row.fields is None or not is_blank(row.fields):
                seen.add(row, self.lines.lines[row.first])
        self._check(seen, num_lines)
        return kept, rows, found

    def _take(self, row: Row, name: str) -> list[str | None] | None:
        if row.fields is None:
            reason = "whose quotes do not fit together"
            message = describe_broken(self.reading, self.file, row, name)
            self.reading.refuse(name, reason, message)
            return None
        if is_blank(row.fields):
            self.reading.log.pass_over("that are blank", name)
            return None
        fields = fit(row.fields, len(self.names))
        if fields is None:
            reason = f"with more than {len(self.names)} fields"
            message = describe_long(self.reading, self.file, row, name)
            self.reading.refuse(name, reason, message)
            return None
        self.num_trimmed += len(row.fields) > len(self.names)
        return fields

    def _check(self, seen: LineReadings, num_lines: int) -> None:
        """Refuses what could be read in two ways, and rows that do not add up to the lines."""
        options, log = self.reading.options, self.reading.log
        glued = seen.find_glued(self.lines) if options.quoting is None else None
        if glued:
            label = options.label_column
            places = {label: self.names.index(label)} if label in self.names else {}
            raise SchemaError(describe_glued(self.reading.name, *glued, places))
        if num_lines != len(self.lines.lines):
            raise SchemaError(
                f"{self.reading.name}: the books do not balance. Expected rows on all "
                f"{len(self.lines.lines):,} lines; this is a fault of ReelFeel, or the file has "
                "more broken quotes than can be skipped: try --quoting none. Received rows on "
                f"{num_lines:,} lines."
            )
        if seen.several:
            first = seen.several[0]
            log.notes.append(
                f"{len(seen.several):,} rows stand on several lines each, as quoted fields may; "
                f"the first on lines {first.first + 1:,} to {first.end:,}."
            )
        if self.num_trimmed:
            log.notes.append(
                f"Behind the last column, {self.num_trimmed:,} rows have empty fields; these are "
                "left out."
            )


def _note_lines(reading: Reading, lines: Lines) -> None:
    notes = reading.log.notes
    skipped = min(reading.options.skip_rows, len(lines.lines))
    if skipped:
        notes.append(f"The first {skipped:,} lines are left out, as asked for.")
    if lines.separator:
        notes.append(f"Its first line names the delimiter: {lines.separator!r}.")
    if lines.num_stand_ins and lines.stand_in:
        name = "carriage returns" if lines.stand_in[1] == "\r" else "line feeds"
        notes.append(f"{lines.num_stand_ins:,} single {name} do not end a row: they are kept.")


def _read_names(reading: Reading, lines: Lines, dialect: Dialect) -> list[str]:
    """Returns the names of the columns, and leaves `lines` where the rows begin."""
    options = reading.options
    if options.columns is not None:
        return _check_names(reading, list(options.columns))
    if not options.header:
        sample = dialect.sample(lines)
        width = max((len(row) for row in sample), default=0)
        return [str(place) for place in range(1, width + 1)]
    for row in read_csv_rows(lines, dialect):
        if row.fields is None:
            where, file = "the line of names", File(lines, dialect, 0)
            strict = replace(reading, options=replace(options, skip_bad_rows=False))
            raise SchemaError(describe_broken(strict, file, row, where))
        if not is_blank(row.fields):
            names = [name.strip() for name in row.fields]
            refuse_title(reading, lines, dialect, names, row)
            return _check_names(reading, names)
    raise SchemaError(
        f"{reading.name} is empty. Expected a line of column names and rows below it. Received "
        f"{len(lines.lines):,} lines, all of them blank or left out."
    )


def _check_names(reading: Reading, names: list[str]) -> list[str]:
    """Refuses a column that is looked for and named twice; tells other such columns apart."""
    refuse_columns(reading.name, names)
    twice = sorted(name for name, number in Counter(names).items() if number > 1)
    wanted = [name for name in twice if name in reading.expected]
    if wanted:
        numbered = ",".join(_tell_apart(names))
        raise SchemaError(
            f"{reading.name} names a column twice: {', '.join(map(repr, wanted))}. Expected one "
            "column of each name; rename one of them, or give names of your own in place of the "
            f"first line: --skip-rows 1 --columns {numbered!r}. "
            f"Received {', '.join(map(repr, names[:20]))}."
        )
    return list(_tell_apart(names))


def _tell_apart(names: Sequence[str]) -> Iterator[str]:
    seen: set[str] = set()
    numbers: Counter[str] = Counter()
    for name in names:
        own = name
        while own in seen:
            numbers[name] += 1
            own = f"{name}_{numbers[name] + 1}"
        seen.add(own)
        yield own
