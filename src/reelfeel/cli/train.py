"""`reelfeel train`: from reviews to a saved model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reelfeel.cli import options as shared


def train(
    source: Annotated[
        str,
        typer.Argument(
            help="imdb, mini, a folder, an archive or a table (CSV, TSV, JSON Lines, Parquet).",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder to write.", show_default=False)
    ],
    preset: Annotated[str, typer.Option(help="Settings: seed, seed-original or mini.")] = "seed",
    config: Annotated[
        Path | None, typer.Option(help="TOML file with settings that differ from the preset.")
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="One setting, such as training.epochs=3; may be repeated."),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Short for --set training.seed=N.")] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the last checkpoint of the same run.")
    ] = False,
    force: shared.Force = False,
    text_column: shared.TextColumn = "text",
    label_column: shared.LabelColumn = "label",
    group_column: shared.GroupColumn = None,
    positive: shared.Positive = None,
    negative: shared.Negative = None,
    positive_from_stars: shared.PositiveFromStars = None,
    negative_to_stars: shared.NegativeToStars = None,
    skip_bad_rows: shared.SkipBadRows = False,
    data_dir: shared.DataDir = None,
    as_json: shared.Json = False,
) -> None:
    """Train a classifier and save it as a bundle.

    Ctrl-C or a crash costs seconds: run the same command again with --resume.
    """
    import json

    from reelfeel.config import parse_assignments, read_toml
    from reelfeel.presets import get_preset

    settings = get_preset(preset)
    if config:
        settings = settings.updated(read_toml(config))
    settings = settings.updated(parse_assignments(set_ or []))
    if seed is not None:
        settings = settings.updated({"training": {"seed": seed}})
    from reelfeel.training.progress import ConsoleObserver
    from reelfeel.training.train import train as train_model

    try:
        engine = train_model(
            source,
            output=output,
            preset=preset,
            settings=settings.to_dict(),
            data_dir=data_dir,
            options=shared.table_options(locals()),
            resume=resume,
            overwrite=force,
            observer=ConsoleObserver(),
        )
    except KeyboardInterrupt:
        typer.echo("Stopped. Go on with the same command and --resume.", err=True)
        raise
    metrics = engine.bundle.about("metrics")
    if as_json:
        typer.echo(json.dumps({"model": str(output), **metrics}, indent=2, allow_nan=False))
    else:
        validation = metrics["validation"]
        typer.echo(
            f"Saved {output}: validation accuracy {validation['accuracy']:.4f} on "
            f"{validation['num_reviews']:,} reviews.",
            err=True,
        )
