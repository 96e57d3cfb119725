"""`reelfeel export`: a saved model for other software."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reelfeel.cli import options as shared
from reelfeel.terminal import say


def export(
    model: shared.ModelArgument,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="File to write; by default MODEL.keras beside it, or here for a name.",
        ),
    ] = None,
    format_: Annotated[str, typer.Option("--format", help="keras")] = "keras",
    force: shared.Force = False,
) -> None:
    """Write a model as a .keras file of Keras' own layers, which loads without ReelFeel.

    It maps token ids, padded on the right with 0, to the probability of the positive class.
    """
    from reelfeel.errors import UsageError
    from reelfeel.files import refuse_existing, write_whole
    from reelfeel.runtime.bundle import read_bundle
    from reelfeel.runtime.shipped import find_model

    if format_ != "keras":
        raise UsageError(f"--format must be keras. Received: {format_!r}")
    output = output or Path(model).with_suffix(".keras")
    if output.suffix != ".keras":
        raise UsageError(f"The name of a Keras file ends in .keras. Received: {output}")
    refuse_existing(output, overwrite=force)
    bundle = read_bundle(find_model(model))
    from reelfeel.models.stock import export_keras

    with write_whole(output, overwrite=force) as unfinished:
        export_keras(
            bundle.config.model, bundle.vocabulary.size, bundle.calibrated_weights(), unfinished
        )
    say(output)
