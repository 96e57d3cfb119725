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
SliceColumns = Annotated[
    list[str] | None,
    typer.Option("--slice-column", help="Judge each value of this column apart; may be repeated."),
]
ProbabilityColumn = Annotated[
    str, typer.Option(help="Of tables of predictions: the probability of the positive class.")
]
DataDir = Annotated[Path | None, typer.Option(help="Local copy of IMDB: archive or folder.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Force = Annotated[bool, typer.Option("--force", help="Replace the output if it exists.")]
EngineName = Annotated[
    str | None,
    typer.Option("--engine", help="native, openvino, onnxruntime or numpy; default: the fastest."),
]
Precision = Annotated[
    str, typer.Option(help="float32 is exact; auto is bfloat16 where the processor has it.")
]
Threads = Annotated[
    int | None, typer.Option(help="Threads to use; default: the cores this process may use.")
]
ModelArgument = Annotated[Path, typer.Argument(help="Folder of a saved model.", show_default=False)]


def table_options(typed: Mapping[str, Any]) -> TableOptions:
    """Picks what is about tables out of a command's options, its `locals()`."""
    from reelfeel.data.tables import TableOptions

    names = {field.name for field in fields(TableOptions)}
    return TableOptions(**{name: value for name, value in typed.items() if name in names})
