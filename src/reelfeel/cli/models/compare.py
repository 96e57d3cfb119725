"""`reelfeel compare`: tests whether one of two classifiers is better."""

from __future__ import annotations

from typing import Annotated

import typer

from reelfeel.cli import options as shared
from reelfeel.cli.table_options import TableOptions, takes_tables
from reelfeel.terminal.lines import say


@takes_tables()
def compare(
    a: Annotated[
        str,
        typer.Argument(
            help="base, small, the folder of a model, or a table of predictions.",
            show_default=False,
        ),
    ],
    b: Annotated[str, typer.Argument(help="The other model or table.", show_default=False)],
    data: Annotated[
        str | None,
        typer.Option(
            help="imdb, mini, a folder, an archive or a table with labels; two tables of "
            "predictions need none.",
            show_default=False,
        ),
    ] = None,
    part: Annotated[str, typer.Option(help="Part of a data set that has parts.")] = "test",
    probability_column: shared.ProbabilityColumn = "probability",
    options: TableOptions = None,  # type: ignore[assignment]
    data_dir: shared.DataDir = None,
    as_json: shared.Json = False,
) -> None:
    """Test whether one of two models is better on the same reviews.

    Prints a sentence (McNemar's test), and the differences of accuracy, ROC AUC, log loss and Brier
    with 95 % intervals (paired bootstrap).
    """
    import json

    from reelfeel.cli.models.evaluation_tables import print_comparison
    from reelfeel.evaluation.compare import compare as compare_classifiers

    result = compare_classifiers(
        a,
        b,
        data,
        part=part,
        data_dir=data_dir,
        options=options,
        probability_column=probability_column,
    )
    if as_json:
        typer.echo(json.dumps(result, indent=2, allow_nan=False))
    else:
        print_comparison(result)
    for warning in result["warnings"]:
        say(f"Warning: {warning}", err=True)
