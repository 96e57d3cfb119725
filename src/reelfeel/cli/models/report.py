"""`reelfeel report`: writes a report of a model beside baselines, as one HTML page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reelfeel.cli import options as shared
from reelfeel.cli.table_options import TableOptions, takes_tables
from reelfeel.terminal.lines import say


@takes_tables()
def report(
    model: shared.ModelArgument,
    data: Annotated[
        str | None,
        typer.Option(
            help="imdb, mini, a folder, an archive or a table with labels. "
            "Default: imdb or mini, where the model was trained on it.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Folder to write. Default: MODEL/report, or report for base and small.",
            show_default=False,
        ),
    ] = None,
    part: Annotated[str, typer.Option(help="Part of a data set that has parts.")] = "test",
    train_data: Annotated[
        str | None,
        typer.Option(
            help="What the baselines are trained on. Default: the train part of --data.",
            show_default=False,
        ),
    ] = None,
    no_baselines: Annotated[
        bool, typer.Option("--no-baselines", help="Leave the baselines out.")
    ] = False,
    no_texts: Annotated[
        bool, typer.Option("--no-texts", help="Leave out all texts and words of reviews.")
    ] = False,
    options: TableOptions = None,  # type: ignore[assignment]
    data_dir: shared.DataDir = None,
    force: shared.Force = False,
) -> None:
    """Write a report of a model as one offline page: summary, metrics, pictures, mistakes."""
    from reelfeel.baselines.baselines import BASELINES
    from reelfeel.evaluation.reporting.report import ReportSettings
    from reelfeel.evaluation.reporting.report import report as write_report

    page = write_report(
        model,
        data,
        output=output,
        settings=ReportSettings(
            part=part,
            train_source=train_data,
            baselines=() if no_baselines else BASELINES,
            shows_texts=not no_texts,
        ),
        data_dir=data_dir,
        options=options,
        overwrite=force,
        on_note=lambda note: say(note, err=True),
    )
    say(page)
