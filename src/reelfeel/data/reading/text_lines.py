"""Text files without columns: one text a line, or a label before it as fastText wants it."""

from __future__ import annotations

import re

from reelfeel.data.reading.table import Reading, Table, pivot

_MARK = "__label__"
_START, _NUM_LINES = 100_000, 20
_LABELS = re.compile(rf"((?:{_MARK}\S+\s+)+)(.*)", re.DOTALL)


def is_fasttext(text: str) -> bool:
    """Whether most of the first lines begin with a label as fastText writes it.

    Example:

    >>> is_fasttext("__label__2 A gem.")
    True
    """
    if _MARK not in text[:_START]:
        return False
    lines = [line for line in text[:_START].splitlines() if line.strip()][:_NUM_LINES]
    return sum(line.lstrip().startswith(_MARK) for line in lines) * 2 > len(lines)


def read_fasttext(reading: Reading, text: str) -> Table:
    """Reads lines that begin with their label, such as "__label__pos A gem".

    Raises:
        SchemaError: if a line does not begin with one label, unless bad rows are to be skipped.
    """
    options = reading.options
    records, rows = [], []
    lines = _split(reading, text)
    for row, line in lines:
        found = _LABELS.fullmatch(line.strip())
        labels = found[1].split() if found else []
        if found and len(labels) == 1:
            label = labels[0].removeprefix(_MARK)
            records.append({options.label_column: label, options.text_column: found[2]})
            rows.append(row)
            continue
        message = (
            f"{reading.name}, {row} has {len(labels)} labels. Expected one at the start of each "
            f"line, such as '{_MARK}pos A gem.'; correct it, or drop and count such lines with "
            f"--skip-bad-rows (in Python: skip_bad_rows=True). Received {line[:60]!r}."
        )
        reading.refuse(row, "that do not begin with one label", message)
    return pivot(reading, records, rows, len(lines))


def read_line_table(reading: Reading, text: str) -> Table:
    """Reads one text a line; blank lines are counted and are no texts."""
    reading.log.unit = "lines"
    lines = text.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    kept = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            kept.append((f"line {number}", line.rstrip("\r")))
        else:
            reading.log.pass_over("that are blank", f"line {number}")
    columns = {reading.options.text_column: [line for _, line in kept]}
    return Table(reading.name, columns, [name for name, _ in kept], len(lines), reading.log)


def _split(reading: Reading, text: str) -> list[tuple[str, str]]:
    lines = text.split("\n") if "\n" in text else text.split("\r")
    return [(f"row {number}", line) for number, line in enumerate(lines, 1) if line.strip()]
