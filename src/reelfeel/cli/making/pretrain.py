"""`reelfeel pretrain`: trains a language model on texts without labels."""

from __future__ import annotations

from typing import Annotated

import typer

from reelfeel.cli import options as shared
from reelfeel.cli.making.early_checks import refuse_early
from reelfeel.cli.table_options import TableOptions, takes_tables
from reelfeel.terminal.lines import say


@takes_tables(groups=True)
def pretrain(
    texts: Annotated[
        list[str],
        typer.Argument(
            help="imdb, mini, text files (one text a line), folders or tables; without labels.",
            show_default=False,
        ),
    ],
    output: shared.Output,
    preset: Annotated[str, typer.Option(help="Settings: base or mini.")] = "base",
    direction: Annotated[
        str, typer.Option(help="forward, backward, or both, in parallel on two cores.")
    ] = "both",
    epochs: Annotated[int | None, typer.Option(help="Short for --set epochs=N.")] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="One setting, such as units=1024; may be repeated."),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Short for --set seed=N.")] = None,
    start: Annotated[
        str | None,
        typer.Option(
            "--from",
            help="Start from this language model and its vocabulary: language-model or a folder.",
        ),
    ] = None,
    widened: Annotated[
        bool,
        typer.Option(
            "--widen",
            help="Widen the model of --from to the units of the settings; its predictions stay.",
        ),
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the last checkpoints of the same run.")
    ] = False,
    force: shared.Force = False,
    options: TableOptions = None,  # type: ignore[assignment]
    data_dir: shared.DataDir = None,
    as_json: shared.Json = False,
) -> None:
    """Train a language model on texts without labels, for classifiers to start from.

    Labels are not needed. Where there are some, the held-out texts are the validation set that
    `train` uses. Ctrl-C or a crash costs two minutes: run the same command again with --resume.
    """
    import json

    from reelfeel.config.pretraining import (
        DIRECTIONS,
        get_pretraining_preset,
        parse_pretraining_settings,
    )
    from reelfeel.errors import UsageError

    if direction not in (*DIRECTIONS, "both"):
        raise UsageError(f"--direction must be forward, backward or both. Received: {direction!r}")
    values = parse_pretraining_settings(set_ or [])
    values |= {} if epochs is None else {"epochs": epochs}
    values |= {} if seed is None else {"seed": seed}
    config = get_pretraining_preset(preset).updated(values)
    refuse_early(output, force=force, sources=[*texts, data_dir], models=[start])
    from reelfeel.training.language_model.pretrain import pretrain as train_model
    from reelfeel.training.loop.progress import ConsoleObserver

    with shared.saying_how_to_resume():
        model = train_model(
            texts,
            output=output,
            config=config,
            directions=DIRECTIONS if direction == "both" else (direction,),
            start=start,
            widened=widened,
            data_dir=data_dir,
            options=options,
            resume=resume,
            overwrite=force,
            observer=ConsoleObserver(),
        )
    figures = model.about["figures"]
    if as_json:
        typer.echo(json.dumps({"model": str(output), **figures}, indent=2, allow_nan=False))
    else:
        shown = ", ".join(
            f"{name} {values['held_out_perplexity']:.2f}" for name, values in figures.items()
        )
        say(f"Saved {output}: perplexity on held-out texts {shown}.", err=True)
