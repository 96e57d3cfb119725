"""`reelfeel distill`: trains a smaller model on the predictions of saved models."""

from __future__ import annotations

from typing import Annotated

import typer

from reelfeel.cli import options as shared
from reelfeel.cli.making.early_checks import refuse_early
from reelfeel.cli.table_options import TableOptions, takes_tables
from reelfeel.config.presets import get_preset, list_presets


@takes_tables(groups=True)
def distill(
    teachers: Annotated[
        list[str],
        typer.Argument(
            help="Saved models whose predictions are averaged: folders or names.",
            show_default=False,
        ),
    ],
    data: Annotated[
        str,
        typer.Option(
            help="imdb, mini, a folder, an archive or a table; texts without labels are read too.",
            show_default=False,
        ),
    ],
    output: shared.Output,
    from_: shared.Start = None,
    preset: Annotated[str, typer.Option(help=f"Settings: {', '.join(list_presets())}.")] = "seed",
    config: shared.ConfigFile = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="One setting, such as training.label_share=0.3; may be repeated."
        ),
    ] = None,
    seed: shared.Seed = None,
    resume: shared.Resume = False,
    force: shared.Force = False,
    options: TableOptions = None,  # type: ignore[assignment]
    data_dir: shared.DataDir = None,
    as_json: shared.Json = False,
) -> None:
    """Train a smaller model on the predictions of saved models for labelled and unlabelled texts.

    With --from it starts from another model and takes over its vocabulary and units; for other
    sizes add --set model.own_sizes=true. Ctrl-C or a crash costs seconds: run the same command
    again with --resume.
    """
    changes = shared.read_changes(config, set_, seed)
    # Refused before the slow imports.
    get_preset(preset).updated(changes)
    refuse_early(output, force=force, sources=[data, data_dir], models=[*teachers, from_])
    from reelfeel.training.distillation.distill import distill as train_student
    from reelfeel.training.loop.progress import ConsoleObserver

    with shared.saying_how_to_resume():
        classifier = train_student(
            teachers,
            data,
            output=output,
            preset=preset,
            settings=changes,
            start=from_,
            data_dir=data_dir,
            options=options,
            resume=resume,
            overwrite=force,
            observer=ConsoleObserver(),
        )
    shared.say_saved(classifier, output, as_json=as_json)
