"""Options that several commands share, worded once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from reelfeel.data.tables import TableOptions

TextColumn = Annotated[str, typer.Option(help="Column of texts.")]
LabelColumn = Annotated[str, typer.Option(help="Column of labels.")]
GroupColumn = Annotated[
    str | None, typer.Option(help="Column of movies or other groups to keep together.")
]
Positive = Annotated[str | None, typer.Option(help="The label that means positive.")]
Negative = Annotated[str | None, typer.Option(help="The label that means negative.")]
PositiveFromStars = Annotated[
    float | None, typer.Option(help="Labels are stars: so many or more are positive.")
]
NegativeToStars = Annotated[
    float | None, typer.Option(help="Labels are stars: so many or fewer are negative.")
]
SkipBadRows = Annotated[
    bool, typer.Option("--skip-bad-rows", help="Drop and count rows without text or label.")
]
DataDir = Annotated[Path | None, typer.Option(help="Local copy of IMDB: archive or folder.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Force = Annotated[bool, typer.Option("--force", help="Replace the output if it exists.")]
ModelArgument = Annotated[Path, typer.Argument(help="Folder of a saved model.", show_default=False)]


def table_options(typed: Mapping[str, Any]) -> TableOptions:
    """Picks what is about tables out of a command's options, its `locals()`."""
    from reelfeel.data.tables import TableOptions

    names = {field.name for field in fields(TableOptions)}
    return TableOptions(**{name: value for name, value in typed.items() if name in names})
