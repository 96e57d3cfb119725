"""`reelfeel evaluate`: a saved model judged on labelled reviews."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from reelfeel.cli import options as shared

if TYPE_CHECKING:
    from rich.table import Table


def evaluate(
    model: shared.ModelArgument,
    data: Annotated[
        str,
        typer.Option(
            help="imdb, mini, a folder, an archive or a table with labels.", show_default=False
        ),
    ],
    part: Annotated[str, typer.Option(help="Part of a data set that has parts.")] = "test",
    text_column: shared.TextColumn = "text",
    label_column: shared.LabelColumn = "label",
    positive: shared.Positive = None,
    negative: shared.Negative = None,
    positive_from_stars: shared.PositiveFromStars = None,
    negative_to_stars: shared.NegativeToStars = None,
    skip_bad_rows: shared.SkipBadRows = False,
    data_dir: shared.DataDir = None,
    as_json: shared.Json = False,
) -> None:
    """Judge a model on labelled reviews, with and without those it was trained on."""
    import json

    from reelfeel.scoring.evaluate import evaluate as evaluate_model

    result = evaluate_model(
        model, data, part=part, data_dir=data_dir, options=shared.table_options(locals())
    )
    if as_json:
        typer.echo(json.dumps(result, indent=2, allow_nan=False))
        return
    from rich.console import Console

    Console().print(_tabulate(result))
    for warning in result["warnings"]:
        typer.echo(f"Warning: {warning}", err=True)


def _tabulate(result: dict[str, Any]) -> Table:
    from rich.table import Table

    data, unseen = result["data"], result["without_training_texts"]
    table = Table(title=f"{result['model']} on {data['source']}", title_justify="left")
    table.add_column("metric")
    table.add_column(f"all {data['num_reviews']:,} reviews", justify="right")
    if unseen:
        table.add_column(f"without {result['num_training_texts']:,} in training", justify="right")
    columns = [result["all"]] + ([unseen] if unseen else [])
    for name, value in columns[0].items():
        if isinstance(value, float) or value is None:
            table.add_row(name, *(_format(column[name]) for column in columns))
    for name in columns[0]["confusion"]:
        table.add_row(name, *(f"{column['confusion'][name]:,}" for column in columns))
    return table


def _format(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.4f}"
