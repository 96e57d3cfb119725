"""Options for reading a source of reviews, shared by Python and the command line."""

from __future__ import annotations

import codecs
import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypedDict

from reelfeel.data.labels import LabelMap
from reelfeel.errors import UsageError

FORMATS = ("csv", "jsonl", "json", "parquet", "arrow", "excel", "fasttext", "lines")
QUOTINGS = ("double", "none")
_DELIMITER_NAMES = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}


class TableKeywords(TypedDict, total=False):
    """The keywords of `TableOptions`, for functions that take them beside `options`."""

    text_column: str
    label_column: str
    group_column: str | None
    split_column: str | None
    positive: str | None
    negative: str | None
    positive_from_stars: float | None
    negative_to_stars: float | None
    drop_other_labels: bool
    slice_columns: Sequence[str] | None
    labelled: bool
    skip_bad_rows: bool
    missing: Sequence[str] | str
    format: str | None
    sheet: str | None
    encoding: str | None
    header: bool
    columns: Sequence[str] | str | None
    skip_rows: int
    delimiter: str | None
    quoting: str | None
    escape: str | None


@dataclass(frozen=True)
class TableOptions:
    r"""How to read a table of reviews.

    Attributes:
        text_column: the column of texts. Of nested JSON, names are joined with dots: "review.text".
        label_column: the column of labels.
        group_column: a column of names, such as of the movie, whose reviews must stay on one side
            of a split. An empty name is a group of its own.
        split_column: a column that says which rows are train, test or validation; None takes a
            column named "split" whose values all are such names.
        positive: the label that means positive; the only other label is then negative.
        negative: the label that means negative; the only other label is then positive.
        positive_from_stars: labels are stars, and this many or more are positive.
        negative_to_stars: labels are stars, and this many or fewer are negative; rows in between
            are dropped and counted.
        drop_other_labels: whether rows with a third label are dropped and counted, not refused.
        slice_columns: further columns to keep, such as those whose values are judged apart.
        labelled: whether there are labels to read. If not, every label is -1.
        skip_bad_rows: whether rows that cannot be read, or lack a text or a label, are dropped and
            counted, not refused.
        missing: what stands for "no value" besides an empty field, NaN, null and <NA>; a list, or
            words joined with commas.
        format: one of `FORMATS`; None goes by the name of the file.
        sheet: of an Excel file with several.
        encoding: of text formats, such as "cp1251"; None finds it out.
        header: whether the first row of a CSV or Excel file names the columns. If not, they are
            "1", "2" and so on.
        columns: names for the columns of a file whose first row does not name them; a list, or
            names joined with commas. Implies no header.
        skip_rows: lines to leave out at the start of a CSV file, rows of an Excel sheet.
        delimiter: one character, or "tab"; None finds it out.
        quoting: "double": fields may stand in double quotes and then hold line ends; "none": a
            quotation mark is a character, and every line is a row. None is "double", but refuses
            a file that could be meant either way.
        escape: the character before a quotation mark inside a quoted field, such as a backslash.
        known_labels: a model's names of class 0 and class 1: how to read labels of which nothing
            else was said.
    """

    text_column: str = "text"
    label_column: str = "label"
    group_column: str | None = None
    split_column: str | None = None
    positive: str | None = None
    negative: str | None = None
    positive_from_stars: float | None = None
    negative_to_stars: float | None = None
    drop_other_labels: bool = False
    slice_columns: Sequence[str] | None = None
    labelled: bool = True
    skip_bad_rows: bool = False
    missing: Sequence[str] | str = ()
    format: str | None = None
    sheet: str | None = None
    encoding: str | None = None
    header: bool = True
    columns: Sequence[str] | str | None = None
    skip_rows: int = 0
    delimiter: str | None = None
    quoting: str | None = None
    escape: str | None = None
    known_labels: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        _ = self.labels  # refuses contradictions at once, before a large file is read
        object.__setattr__(self, "missing", _split_words(self.missing))
        if self.columns is not None:
            object.__setattr__(self, "columns", _split_words(self.columns))
            object.__setattr__(self, "header", False)
        _refuse_unknown("--format", self.format, FORMATS)
        _refuse_unknown("--quoting", self.quoting, QUOTINGS)
        delimiter = self.delimiter
        if delimiter is not None:
            delimiter = _DELIMITER_NAMES.get(delimiter.lower(), delimiter)
            object.__setattr__(self, "delimiter", delimiter)
        for name, value in (("--delimiter", delimiter), ("--escape", self.escape)):
            if value is not None and (len(value) != 1 or value in '\r\n"'):
                raise UsageError(
                    f"{name} takes one character, not a quotation mark or a line end; --delimiter "
                    f"also takes tab. Received {value!r}."
                )
        if self.escape is not None and self.escape == delimiter:
            raise UsageError(f"--escape and --delimiter must differ. Received {delimiter!r} twice.")
        if self.skip_rows < 0:
            raise UsageError(f"--skip-rows takes 0 or more lines. Received {self.skip_rows}.")
        _refuse_unknown_encoding(self.encoding)

    @property
    def labels(self) -> LabelMap:
        """How to read the labels."""
        return LabelMap(
            self.positive,
            self.negative,
            self.positive_from_stars,
            self.negative_to_stars,
            self.drop_other_labels,
            self.known_labels,
        )

    @property
    def used_columns(self) -> list[str]:
        """The columns that have to be there."""
        label = [self.label_column] if self.labelled else []
        others = [name for name in (self.group_column, self.split_column) if name is not None]
        return [self.text_column, *label, *others, *(self.slice_columns or ())]

    @property
    def missing_words(self) -> frozenset[str]:
        """What stands for "no value", in lower case."""
        return frozenset(word.strip().casefold() for word in self.missing)


def make_options(options: TableOptions | None = None, **settings: Any) -> TableOptions:
    """Returns `TableOptions` with changes; refuses an unknown name with the nearest known one.

    Args:
        options: to change; None are the defaults.
        **settings: the fields of `TableOptions` to set.

    Raises:
        UsageError: if there is no such option, or its value is wrong.

    Example:

    >>> make_options(text_colum="review")
    Traceback (most recent call last):
    ...
    reelfeel.errors.UsageError: There is no option 'text_colum'. Did you mean 'text_column'? ...
    """
    known = [option.name for option in fields(TableOptions)]
    for name in settings:
        if name not in known:
            raise UsageError(
                f"There is no option {name!r}.{suggest(name, known)} Expected some of "
                f"{', '.join(known)}."
            )
    return replace(options or TableOptions(), **settings)


def pick_options(typed: Mapping[str, Any]) -> TableOptions:
    """Returns the options among a command's values by name; other values are passed over."""
    names = {option.name for option in fields(TableOptions)}
    return TableOptions(**{name: value for name, value in typed.items() if name in names})


def suggest(name: str, known: Sequence[str]) -> str:
    """Returns a question that names the nearest known name, or nothing.

    Example:

    >>> suggest("Texts", ["text", "label"])
    " Did you mean 'text'?"
    """
    lower = {option.lower(): option for option in known}
    near = difflib.get_close_matches(name.lower(), list(lower), n=1, cutoff=0.7)
    return f" Did you mean {lower[near[0]]!r}?" if near else ""


def _split_words(words: Sequence[str] | str) -> tuple[str, ...]:
    parts = words.split(",") if isinstance(words, str) else [str(word) for word in words]
    return tuple(part.strip() for part in parts)


def _refuse_unknown(option: str, value: str | None, known: Sequence[str]) -> None:
    if value is not None and value not in known:
        raise UsageError(
            f"{option} takes one of {', '.join(known)}.{suggest(value, known)} Received {value!r}."
        )


def _refuse_unknown_encoding(name: str | None) -> None:
    if name is None:
        return
    try:
        is_text = codecs.lookup(name)._is_text_encoding
    except (LookupError, ValueError):
        is_text = False
    if not is_text:
        known = ("utf-8", "utf-16", "cp1252", "cp1251", "cp1250", "latin-1", "shift_jis", "gb18030")
        raise UsageError(
            f"There is no encoding {name[:40]!r}.{suggest(name, known)} Expected a name that "
            f"Python knows, such as {', '.join(known)}. Received {name[:40]!r}."
        )
