"""Options of commands that read tables, and the decorator that adds them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_type_hints

import typer

if TYPE_CHECKING:
    from reelfeel.data.options import TableOptions
else:
    TableOptions = Any  # commands import rooms only when they run

__all__ = ["TableOptions", "takes_tables"]

_PANEL = "How to read tables"
Command = TypeVar("Command", bound=Callable[..., Any])


def _option(help_text: str, *names: str) -> Any:
    return typer.Option(*names, help=help_text, rich_help_panel=_PANEL, show_default=False)


_COLUMNS: dict[str, tuple[Any, Any]] = {
    "text_column": (
        Annotated[str, _option("Column of texts; of nested JSON such as review.text.")],
        "text",
    ),
    "label_column": (Annotated[str, _option("Column of labels.")], "label"),
    "split_column": (
        Annotated[
            str | None,
            _option("Column that says train, test or validation; default: split, where it does."),
        ],
        None,
    ),
}
_GROUPS: dict[str, tuple[Any, Any]] = {
    "group_column": (
        Annotated[str | None, _option("Column of movies or other groups to keep together.")],
        None,
    ),
}
_SLICES: dict[str, tuple[Any, Any]] = {
    "slice_columns": (
        Annotated[
            list[str] | None,
            _option(
                "Evaluate each value of this column separately; may be repeated.", "--slice-column"
            ),
        ],
        None,
    ),
}
_LABELS: dict[str, tuple[Any, Any]] = {
    "positive": (Annotated[str | None, _option("The label that means positive.")], None),
    "negative": (Annotated[str | None, _option("The label that means negative.")], None),
    "positive_from_stars": (
        Annotated[float | None, _option("Labels are stars: so many or more are positive.")],
        None,
    ),
    "negative_to_stars": (
        Annotated[float | None, _option("Labels are stars: so many or fewer are negative.")],
        None,
    ),
    "drop_other_labels": (
        Annotated[bool, _option("Drop and count rows with a third label.", "--drop-other-labels")],
        False,
    ),
}
_ROWS: dict[str, tuple[Any, Any]] = {
    "skip_bad_rows": (
        Annotated[
            bool,
            _option(
                "Drop and count rows that are broken, or lack text or label.", "--skip-bad-rows"
            ),
        ],
        False,
    ),
    "missing": (
        Annotated[str, _option("Words that mean a missing value, such as None,N/A.")],
        "",
    ),
    "format": (
        Annotated[
            str | None,
            _option("csv, jsonl, json, parquet, arrow, excel, fasttext, lines; default: by name."),
        ],
        None,
    ),
    "sheet": (Annotated[str | None, _option("Sheet of an Excel file.")], None),
    "encoding": (
        Annotated[str | None, _option("Encoding, such as cp1251; default: found out.")],
        None,
    ),
    "no_header": (
        Annotated[
            bool, _option("The first row is a review: columns are 1, 2 and so on.", "--no-header")
        ],
        False,
    ),
    "columns": (
        Annotated[
            str | None,
            _option("Names of the columns of a file that has none, such as label,text."),
        ],
        None,
    ),
    "skip_rows": (Annotated[int, _option("Lines to leave out at the start.")], 0),
    "delimiter": (
        Annotated[str | None, _option("One character, or tab; default: found out.")],
        None,
    ),
    "quoting": (
        Annotated[
            str | None,
            _option("double: quoted fields may span lines; none: quotes are characters."),
        ],
        None,
    ),
    "escape": (
        Annotated[str | None, _option("Character before a quote inside a field, such as \\.")],
        None,
    ),
}


def takes_tables(
    *, groups: bool = False, slices: bool = False, labels: bool = True
) -> Callable[[Command], Command]:
    """Adds the options about tables to a command, which gets them as one argument `options`.

    Args:
        groups: whether a column of groups may be named.
        slices: whether columns to slice by may be.
        labels: whether the command reads labels.
    """
    chosen = {
        **_COLUMNS,
        **(_GROUPS if groups else {}),
        **(_SLICES if slices else {}),
        **(_LABELS if labels else {}),
        **_ROWS,
    }
    if not labels:
        del chosen["label_column"], chosen["split_column"]

    def decorate(command: Command) -> Command:
        def run(**typed: Any) -> Any:
            from reelfeel.data.options import pick_options

            own = {name: typed.pop(name) for name in chosen}
            own["missing"] = own["missing"] or ()
            own["header"] = not own.pop("no_header")
            return command(options=pick_options(own), **typed)

        hints = get_type_hints(command, include_extras=True)
        parameters = {
            name: parameter.replace(annotation=hints[name])
            for name, parameter in inspect.signature(command).parameters.items()
            if name != "options"
        }
        for name, (annotation, default) in chosen.items():
            parameters[name] = inspect.Parameter(
                name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
            )
        # Those that have no default come first in any signature; all are passed by name.
        keyword = [
            parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
            for parameter in parameters.values()
        ]
        run.__signature__ = inspect.Signature(keyword)  # type: ignore[attr-defined]
        run.__annotations__ = {name: one.annotation for name, one in parameters.items()}
        for attribute in ("__name__", "__qualname__", "__doc__", "__module__"):
            setattr(run, attribute, getattr(command, attribute))
        return run  # type: ignore[return-value]

    return decorate
