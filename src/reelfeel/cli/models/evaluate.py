"""`reelfeel evaluate`: a saved model, or any classifier's probabilities, judged by labels."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reelfeel.cli import options as shared
from reelfeel.cli.table_options import TableOptions, takes_tables
from reelfeel.terminal.lines import say

if TYPE_CHECKING:
    from reelfeel.evaluation.evaluate import Checks


@takes_tables(slices=True)
def evaluate(
    model: Annotated[
        str | None,
        typer.Argument(
            help="base, small, or the folder of a saved model; none with --predictions.",
            show_default=False,
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            help="imdb, mini, a folder, an archive or a table with labels.", show_default=False
        ),
    ] = None,
    predictions: Annotated[
        Path | None,
        typer.Option(help="Judge the probabilities in this table; no model is needed."),
    ] = None,
    part: Annotated[str, typer.Option(help="Part of a data set that has parts.")] = "test",
    minima: Annotated[
        list[str] | None,
        typer.Option("--min", help="Gate, such as accuracy=0.93; exit code 4 if not met."),
    ] = None,
    maxima: Annotated[
        list[str] | None,
        typer.Option("--max", help="Gate, such as ece=0.02; exit code 4 if not met."),
    ] = None,
    no_worse_than: Annotated[
        str | None,
        typer.Option(help="Gate: a model or a table of predictions that must not be better."),
    ] = None,
    junit: Annotated[
        Path | None, typer.Option(help="Write the gates as JUnit XML to this file.")
    ] = None,
    truncation: Annotated[
        bool, typer.Option("--truncation", help="Read cut reviews again in every other way.")
    ] = False,
    record: Annotated[
        bool,
        typer.Option("--record", help="Write the figures into the model's metrics and card."),
    ] = False,
    backend: shared.BackendName = None,
    precision: shared.Precision = "auto",
    threads: shared.Threads = None,
    options: TableOptions = None,  # type: ignore[assignment]
    probability_column: shared.ProbabilityColumn = "probability",
    threshold: Annotated[
        float, typer.Option(help="With --predictions: positive from this probability on.")
    ] = 0.5,
    data_dir: shared.DataDir = None,
    as_json: shared.Json = False,
) -> None:
    """Judge a model on labelled reviews, with and without those it was trained on.

    Prints every metric, the slices that are worse than the rest, what was cut, and the gates.
    """
    import json

    from reelfeel.cli.models.evaluation_tables import print_evaluation
    from reelfeel.evaluation import evaluate as room
    from reelfeel.evaluation.gates import GateResult, parse_gates, refuse_failures, write_junit

    checks = room.Checks(
        gates=parse_gates(minima or (), maxima or ()),
        no_worse_than=no_worse_than,
        compares_policies=truncation,
        threshold=threshold,
        probability_column=probability_column,
    )
    if record:
        _refuse_unrecordable(model)
    with _hold_outputs(model if record else None, junit):
        if predictions is not None:
            _refuse_model(model, data)
            result = room.evaluate_predictions(predictions, options=options, checks=checks)
        else:
            backend = {"backend": backend, "precision": precision, "threads": threads}
            result = _evaluate_model(
                model, data, backend, part=part, data_dir=data_dir, options=options, checks=checks
            )
        if record:
            from reelfeel.evaluation.recording import record_evaluation

            record_evaluation(str(model), result)
        gates = [GateResult(**gate) for gate in result["gates"]]
        if junit is not None:
            write_junit(gates, junit, suite=f"{result['model']} on {result['data']['source']}")
        if as_json:
            typer.echo(json.dumps(result, indent=2, allow_nan=False))
        else:
            print_evaluation(result)
        for warning in result["warnings"]:
            say(f"Warning: {warning}", err=True)
        refuse_failures(gates)


@contextmanager
def _hold_outputs(recorded: str | None, junit: Path | None) -> Iterator[None]:
    """Tries what will be written before the work: a model's figures, and a file of gates."""
    from reelfeel.files.outputs import claim_output, hold_place
    from reelfeel.inference.shipped import find_model

    with ExitStack() as stack:
        if recorded is not None and find_model(recorded).is_dir():
            stack.enter_context(hold_place(find_model(recorded) / "metrics.json"))
        if junit is not None:
            stack.enter_context(claim_output(junit, overwrite=True, is_folder=False))
        yield


def _evaluate_model(
    model: str | None, data: str | None, backend: dict[str, Any], *, checks: Checks, **where: Any
) -> dict[str, Any]:
    from reelfeel.errors import UsageError
    from reelfeel.evaluation.evaluate import evaluate as evaluate_model
    from reelfeel.inference.classifier import load

    if model is None or data is None:
        raise UsageError(
            "Expected a model and --data, or --predictions with a table of probabilities; received "
            f"the model {model or 'none'} and the data {data or 'none'}."
        )
    return evaluate_model(load(model, **backend), data, checks=checks, **where)


def _refuse_unrecordable(model: str | None) -> None:
    from reelfeel.errors import UsageError
    from reelfeel.inference.shipped import find_model, refuse_shipped

    if model is None:
        raise UsageError(
            "Figures are recorded in a model's folder, and --predictions judges a table without "
            "one. Name a model and --data, or leave --record out. Received no model."
        )
    refuse_shipped(find_model(model), "Recording")


def _refuse_model(model: str | None, data: str | None) -> None:
    from reelfeel.errors import UsageError

    if model is not None or data is not None:
        raise UsageError(
            "With --predictions the table holds labels and probabilities, so neither a model nor "
            "--data is asked. Leave them out, or compare both: reelfeel compare MODEL TABLE "
            f"--data DATA. Received {model or data}."
        )
