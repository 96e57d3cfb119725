"""`reelfeel export`: writes a model as `.keras` or ONNX for other software."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reelfeel.cli import options as shared
from reelfeel.terminal.lines import say


def export(
    model: shared.ModelArgument,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="File to write. Default: MODEL.keras or MODEL.onnx, beside the model's folder or, "
            "for a name, in the current folder.",
        ),
    ] = None,
    format_: Annotated[
        str, typer.Option("--format", help="keras, or onnx: one file, weights included.")
    ] = "keras",
    force: shared.Force = False,
    as_json: shared.Json = False,
) -> None:
    """Write a model as a .keras or .onnx file, which loads without ReelFeel.

    It maps token ids, padded on the right with 0, to the calibrated probability of the positive
    class. Beside it: how to read texts, as data and in words, and a reader in plain Python.
    """
    import json

    from reelfeel.exports.export import export as export_model

    exported = export_model(model, output, format=format_, overwrite=force)
    if as_json:
        typer.echo(json.dumps(exported.to_dict(), indent=2))
        return
    for file in exported.files:
        say(file)
