"""`reelfeel calibrate`: fits temperature, threshold and abstention, and saves them in the model."""

from __future__ import annotations

from typing import Annotated

import typer

from reelfeel.cli import options as shared
from reelfeel.cli.table_options import TableOptions, takes_tables


@takes_tables(groups=True)
def calibrate(
    model: shared.ModelArgument,
    data: Annotated[
        str | None,
        typer.Option(
            help="imdb, mini, a folder, an archive or a table with labels. Default: imdb or mini, "
            "where the model was trained on it; of those, the validation set.",
            show_default=False,
        ),
    ] = None,
    part: Annotated[str, typer.Option(help="Part of a data set that has parts.")] = "train",
    target_accuracy: Annotated[
        float | None,
        typer.Option(help="Abstain where unsure, so that this share of the other labels is right."),
    ] = None,
    cost_false_positive: Annotated[
        float | None, typer.Option(help="Cost of a false positive.")
    ] = None,
    cost_false_negative: Annotated[
        float | None, typer.Option(help="Cost of a false negative.")
    ] = None,
    min_precision: Annotated[
        float | None, typer.Option(help="Choose the lowest threshold with this precision.")
    ] = None,
    min_recall: Annotated[
        float | None, typer.Option(help="Choose the highest threshold with this recall.")
    ] = None,
    options: TableOptions = None,  # type: ignore[assignment]
    data_dir: shared.DataDir = None,
    as_json: shared.Json = False,
) -> None:
    """Fit a model's temperature, threshold and abstention.

    They are saved in the model's decision.json and used wherever it predicts. Fits on reviews that
    the model was not trained on; evaluate it on others than those.
    """
    import json

    from reelfeel.cli.models.evaluation_tables import print_calibration
    from reelfeel.errors import UsageError
    from reelfeel.evaluation.calibrate import Aims
    from reelfeel.evaluation.calibrate import calibrate as calibrate_model

    costs = None
    if cost_false_positive is not None and cost_false_negative is not None:
        costs = (cost_false_positive, cost_false_negative)
    elif cost_false_positive is not None or cost_false_negative is not None:
        raise UsageError(
            "A cost means something beside the other only. Give --cost-false-positive and "
            f"--cost-false-negative; received {cost_false_positive} and {cost_false_negative}."
        )
    result = calibrate_model(
        model,
        data,
        part=part,
        aims=Aims(target_accuracy, costs, min_precision, min_recall),
        data_dir=data_dir,
        options=options,
    )
    if as_json:
        typer.echo(json.dumps(result, indent=2, allow_nan=False))
    else:
        print_calibration(result)
