"""`reelfeel check-behaviour`: measures how robust a model is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from reelfeel.cli import options as shared
from reelfeel.cli.table_options import TableOptions, takes_tables
from reelfeel.terminal.lines import say

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from reelfeel.evaluation.robustness_check import Behaviour, KindResult


@takes_tables()
def check_behaviour(
    model: shared.ModelArgument,
    data: Annotated[
        str | None,
        typer.Option(
            help="Reviews to perturb: imdb, mini, a folder, an archive or a table with labels; "
            "without, only sentences from templates are scored.",
            show_default=False,
        ),
    ] = None,
    part: Annotated[
        str,
        typer.Option(
            help="Part of a data set that has parts, or validation: held out in training."
        ),
    ] = "test",
    training_data: Annotated[
        str | None,
        typer.Option(
            help="Train a baseline (TF-IDF) on this data, for comparison.",
            show_default=False,
        ),
    ] = None,
    options: TableOptions = None,  # type: ignore[assignment]
    data_dir: shared.DataDir = None,
    as_json: shared.Json = False,
) -> None:
    """Measure how robust a model is, on perturbed reviews and on sentences from templates.

    Perturbations are typos, case, missing punctuation and single sentences; the templates test
    negation, contrast, comparison and others.
    """
    import json

    from reelfeel.evaluation.robustness_check import check_behaviour as check_model

    result = check_model(
        model,
        data,
        part=part,
        training_source=training_data,
        data_dir=data_dir,
        options=options,
        on_note=lambda note: say(note, err=True),
    )
    if as_json:
        typer.echo(json.dumps(result.to_dict(), indent=2, allow_nan=False))
    else:
        _print_all(result)
    for warning in result.warnings:
        say(f"Warning: {warning}", err=True)


def _print_all(result: Behaviour) -> None:
    from reelfeel.terminal.tables import open_console

    console = open_console()
    if result.perturbations:
        console.print(_tabulate_perturbations(result))
    console.print(_tabulate_made(result.made_texts))


def _tabulate_perturbations(result: Behaviour) -> Table:
    from rich.text import Text

    data, rows = result.data or {}, result.perturbations
    has_baseline = rows[0].baseline is not None
    table = _start_table(
        Text(
            f"{result.model} on {data['num_reviews']:,} reviews of {data['source']}; in points, "
            "± half a 95 % interval"
        ),
        ["reviews", "accuracy", "change", "flipped", *(["baseline", "lead"] * has_baseline)],
    )
    for one in rows:
        own = one.own
        cells = [_points(own.accuracy, own.interval), "", ""]
        if one is not rows[0]:  # which is what the others are compared with
            cells[1] = _points(own.change, own.change_interval, sign="+")
            cells[2] = f"{100 * own.flip_share:.2f}"
        if one.baseline and one.lead is not None and one.lead_interval:
            cells += [f"{100 * one.baseline.accuracy:.2f}"]
            cells += [_points(one.lead, one.lead_interval, sign="+")]
        table.add_row(own.name, *cells)
    return table


def _tabulate_made(rows: Sequence[KindResult]) -> Table:
    has_baseline = rows[0].baseline is not None
    titles = ["kind", "templates", "accuracy", *(["baseline"] * has_baseline)]
    table = _start_table("Made sentences; in points, ± half a 95 % interval", titles)
    table.add_column("judged wrongly, for example", overflow="fold")
    for one in rows:
        cells = [str(one.own.num_templates), _points(one.own.accuracy, one.own.interval)]
        if one.baseline:
            cells += [f"{100 * one.baseline.accuracy:.2f}"]
        table.add_row(one.own.kind, *cells, *one.own.wrong[:1])
    return table


def _start_table(title: Text | str, names: Sequence[str]) -> Table:
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for place, name in enumerate(names):
        table.add_column(name, justify="right" if place else "left", no_wrap=place > 0)
    return table


def _points(value: float, interval: Sequence[float], sign: str = "") -> str:
    """Returns a share in hundredths, with half of its interval's width.

    >>> _points(0.9312, (0.928, 0.934)), _points(-0.004, (-0.006, -0.002), sign="+")
    ('93.12 ± 0.30', '-0.40 ± 0.20')
    """
    return f"{100 * value:{sign}.2f} ± {50 * (interval[1] - interval[0]):.2f}"
