"""Splits CSV text into lines, and finds what stands before the first row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_BREAK = re.compile(r"\r*\n|\r")
_SEPARATOR = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
_PRIVATE_USE = range(0xE000, 0xF8FF)


@dataclass
class Lines:
    r"""The lines of a CSV file, each with its line end, to be read from any line on.

    A carriage return in a file whose rows end with a line feed is a character of a text, and so is
    a line feed where rows end with carriage returns, as on an old Mac. `csv` takes both for the end
    of a row: until the fields are split they are written as a character that the file has not.

    Attributes:
        lines: all of them.
        place: index of the next line.
        stand_in: the character that stands for a line end inside a field, and that line end; None
            where there is none.
        num_stand_ins: how many.
        separator: the delimiter that the first line names, as Excel writes it: "sep=;".
        row_end: what separates rows, a line feed or a carriage return.
    """

    lines: list[str]
    place: int = 0
    stand_in: tuple[str, str] | None = None
    num_stand_ins: int = 0
    separator: str | None = None
    row_end: str = "\n"

    @classmethod
    def split(cls, text: str, *, quoted: bool, skip_rows: int = 0) -> Lines:
        r"""Splits a text where its rows may end.

        Args:
            text: of a CSV file.
            quoted: whether fields in double quotes may hold line ends.
            skip_rows: lines to leave out at the start.

        Example:

        >>> lines = Lines.split('text,label\r"A gem,\nreally",1\r', quoted=True)
        >>> lines.lines
        ['text,label\r', '"A gem,\ue000really",1\r']
        """
        result = cls.split_block(text, _find_row_end(text, quoted=quoted))
        result.place = min(skip_rows, len(result.lines))
        result._take_separator()
        return result

    @classmethod
    def split_block(cls, text: str, row_end: str) -> Lines:
        """Splits a part of a file, of whole lines, whose row end is known."""
        other = re.compile(r"\r(?!\r*(?:\n|\Z))" if row_end == "\n" else r"\n")
        stand_in = None
        number = 0
        if other.search(text):
            character = next(chr(code) for code in _PRIVATE_USE if chr(code) not in text)
            stand_in = (character, "\r" if row_end == "\n" else "\n")
            text, number = other.subn(character, text)
        parts = text.split(row_end)
        lines = [part + row_end for part in parts[:-1]] + parts[-1:]
        if not lines[-1]:
            lines.pop()
        return cls(lines, 0, stand_in, number, row_end=row_end)

    def text_from(self, first: int) -> str:
        """Returns the text of the lines from one on, as it stands in the file."""
        return self.restore(["".join(self.lines[first:])])[0]

    def __iter__(self) -> Iterator[str]:
        while self.place < len(self.lines):
            self.place += 1
            yield self.lines[self.place - 1]

    def restore(self, fields: list[str]) -> list[str]:
        """Returns fields with the line ends that they had in the file."""
        if self.stand_in is None:
            return fields
        return [field.replace(*self.stand_in) for field in fields]

    def _take_separator(self) -> None:
        if self.place < len(self.lines):
            found = _SEPARATOR.fullmatch(self.lines[self.place])
            if found:
                self.separator = found[1]
                self.place += 1


def _find_row_end(text: str, *, quoted: bool) -> str:
    """Returns what ends the first row, which names the columns: a line feed, or a Mac's return."""
    is_first = True
    for found in _BREAK.finditer(text):
        if is_first:
            first, is_first = found[0], False
        if not quoted or text.count('"', 0, found.start()) % 2 == 0:
            return "\r" if found[0] == "\r" else "\n"
        if found.start() > 100_000:  # no line of names is so long: the quotes say nothing
            break
    return "\n" if is_first or first != "\r" else "\r"
