"""Options that several commands share, worded once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
