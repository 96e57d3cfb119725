"""`reelfeel train`: trains a classifier on labelled reviews and saves it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from reelfeel.cli import options as shared
from reelfeel.cli.making.early_checks import refuse_early
from reelfeel.cli.table_options import TableOptions, takes_tables
from reelfeel.config.presets import get_preset, list_presets
from reelfeel.config.sections import Config
from reelfeel.terminal.lines import say


@takes_tables(groups=True)
def train(
    sources: Annotated[
        list[str],
        typer.Argument(
            help="imdb, mini, a folder, an archive or a table (CSV, TSV, JSON, Parquet, Arrow, "
            "Excel); several tables are read as one.",
            show_default=False,
        ),
    ],
    output: shared.Output,
    from_: shared.Start = None,
    preset: Annotated[
        str | None,
        typer.Option(
            help=f"Settings: {', '.join(list_presets())}. Default: seed, or with --from settings "
            "by the number of labels.",
            show_default=False,
        ),
    ] = None,
    unlabelled: Annotated[
        Path | None,
        typer.Option(
            help="With --from: texts without labels to train on too; a table, a folder, or a text "
            "file with one text a line.",
            show_default=False,
        ),
    ] = None,
    config: shared.ConfigFile = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="One setting, such as training.epochs=3; may be repeated."),
    ] = None,
    seed: shared.Seed = None,
    seeds: Annotated[
        int | None,
        typer.Option(
            help="Train N models with consecutive seeds, and print how their metrics vary."
        ),
    ] = None,
    resume: shared.Resume = False,
    force: shared.Force = False,
    options: TableOptions = None,  # type: ignore[assignment]
    strict: shared.Strict = False,
    data_dir: shared.DataDir = None,
    as_json: shared.Json = False,
) -> None:
    """Train a classifier and save it as a bundle.

    With --from a few hundred labels are enough, fewer with --unlabelled.
    Ctrl-C or a crash costs seconds: run the same command again with --resume.
    """
    changes = shared.read_changes(config, set_, seed)
    source = sources[0] if len(sources) == 1 else sources
    # Refused before the slow imports.
    (get_preset(preset) if preset else Config()).updated(changes)
    # Of several seeds each has a folder of its own inside of the output.
    refuse_early(
        output if seeds is None else output / "seeds.json",
        force=force or seeds is not None,
        sources=[source, unlabelled, data_dir],
        models=[from_],
    )
    from reelfeel.training.loop.progress import ConsoleObserver
    from reelfeel.training.train import train as train_model

    arguments: dict[str, Any] = {
        "output": output,
        "preset": preset,
        "settings": changes,
        "start": from_,
        "unlabelled": unlabelled,
        "data_dir": data_dir,
        "options": options,
        "resume": resume,
        "overwrite": force,
        "strict": strict,
    }
    with shared.saying_how_to_resume():
        if seeds is not None:
            _train_seeds(source, arguments, num_seeds=seeds, as_json=as_json)
            return
        classifier = train_model(source, **arguments, observer=ConsoleObserver())
    shared.say_saved(classifier, output, as_json=as_json)


def _train_seeds(
    source: str | list[str], arguments: dict[str, Any], *, num_seeds: int, as_json: bool
) -> None:
    import json

    from reelfeel.training.seeds import train_seeds

    record = train_seeds(
        source,
        num_seeds=num_seeds,
        on_note=lambda note: say(note, err=True),
        **arguments,
    )
    if as_json:
        typer.echo(json.dumps(record, indent=2, allow_nan=False))
        return
    for name, spread in record["spread"].items():
        lower, upper = spread["interval"]
        say(
            f"{name}: {spread['mean']:.4f} +- {spread['standard_deviation']:.4f} over "
            f"{num_seeds} seeds, {spread['lowest']:.4f} to {spread['highest']:.4f}; 95 % interval "
            f"of the mean {lower:.4f} to {upper:.4f} (validation).",
            err=True,
        )
