"""`reelfeel train`: from reviews to a saved model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

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
    from_: Annotated[
        Path | None,
        typer.Option("--from", help="Language model to start from, of reelfeel pretrain."),
    ] = None,
    preset: Annotated[str, typer.Option(help="Settings: seed, seed-original or mini.")] = "seed",
    config: Annotated[
        Path | None, typer.Option(help="TOML file with settings that differ from the preset.")
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="One setting, such as training.epochs=3; may be repeated."),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Short for --set training.seed=N.")] = None,
    seeds: Annotated[
        int | None,
        typer.Option(help="Train so many, of seeds that follow each other, and say how they vary."),
    ] = None,
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

    arguments: dict[str, Any] = {
        "output": output,
        "preset": preset,
        "settings": settings.to_dict(),
        "start": from_,
        "data_dir": data_dir,
        "options": shared.table_options(locals()),
        "resume": resume,
        "overwrite": force,
    }
    try:
        if seeds is not None:
            _train_seeds(source, arguments, num_seeds=seeds, as_json=as_json)
            return
        engine = train_model(source, **arguments, observer=ConsoleObserver())
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


def _train_seeds(source: str, arguments: dict[str, Any], *, num_seeds: int, as_json: bool) -> None:
    import json

    from reelfeel.training.seeds import train_seeds

    record = train_seeds(
        source,
        num_seeds=num_seeds,
        on_note=lambda note: typer.echo(note, err=True),
        **arguments,
    )
    if as_json:
        typer.echo(json.dumps(record, indent=2, allow_nan=False))
        return
    for name, spread in record["spread"].items():
        lower, upper = spread["interval"]
        typer.echo(
            f"{name}: {spread['mean']:.4f} +- {spread['standard_deviation']:.4f} over "
            f"{num_seeds} seeds, {spread['lowest']:.4f} to {spread['highest']:.4f}; 95 % interval "
            f"of the mean {lower:.4f} to {upper:.4f} (validation).",
            err=True,
        )
