"""`reelfeel errors`: lists the most confident misclassifications and explains them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reelfeel.cli import options as shared
from reelfeel.cli.table_options import TableOptions, takes_tables
from reelfeel.terminal.lines import say

if TYPE_CHECKING:
    from rich.table import Table

    from reelfeel.evaluation.error_analysis import Misclassification, Theme
    from reelfeel.evaluation.list_mistakes import Mistakes

# Mistakes listed in the terminal; the file has all that were asked for.
_NUM_LISTED = 15


@takes_tables()
def errors(
    model: shared.ModelArgument,
    data: Annotated[
        str,
        typer.Option(
            help="imdb, mini, a folder, an archive or a table with labels.", show_default=False
        ),
    ],
    part: Annotated[str, typer.Option(help="Part of a data set that has parts.")] = "test",
    most: Annotated[
        int, typer.Option(min=1, help="How many to show, the most confident first.")
    ] = 50,
    training_data: Annotated[
        str | None,
        typer.Option(
            help="The model's training data, to show the training reviews most similar to each.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write a CSV here.", show_default=False)
    ] = None,
    force: shared.Force = False,
    options: TableOptions = None,  # type: ignore[assignment]
    data_dir: shared.DataDir = None,
    as_json: shared.Json = False,
) -> None:
    """Show a model's surest mistakes, the words that drove them, and what mistakes share."""
    import json
    from contextlib import nullcontext

    from reelfeel.evaluation.list_mistakes import list_mistakes
    from reelfeel.files.outputs import claim_output

    with claim_output(output, overwrite=force, is_folder=False) if output else nullcontext():
        found = list_mistakes(
            model,
            data,
            part=part,
            most=most,
            training_source=training_data,
            data_dir=data_dir,
            options=options,
        )
        if output:
            found.write_csv(output, overwrite=force)
            say(f"Wrote {len(found.errors)} mistakes to {output}", err=True)
        if as_json:
            typer.echo(json.dumps(found.to_dict(), indent=2, allow_nan=False))
        else:
            _print_all(found)


def _print_all(found: Mistakes) -> None:
    from reelfeel.terminal.tables import open_console

    console = open_console()
    if not found.errors:
        console.print("The model judged every review rightly.")
        return
    console.print(_tabulate_errors(found.errors[:_NUM_LISTED], found.label_names))
    for said in (0, 1):
        names = [theme for theme in found.themes if theme.said == said]
        console.print(_tabulate_themes(names, found.label_names[said]))


def _tabulate_errors(found: Sequence[Misclassification], label_names: tuple[str, str]) -> Table:
    from rich.table import Table

    from reelfeel.terminal.escaping import for_line

    table = Table(title="Surest mistakes", title_justify="left")
    for name in ("review", "is", "said", "sure", "because of"):
        table.add_column(name)
    if any(error.neighbours for error in found):
        table.add_column("nearest in training")
    for error in found:
        words = ", ".join(for_line(word.text) for word in error.driving_words)
        near = [f"{one.id} ({label_names[one.label]})" for one in error.neighbours[:1]]
        cells = [error.id, label_names[error.label], error.explanation.prediction.label]
        cells += [f"{error.probability:.1%}", words, *near]
        table.add_row(*map(for_line, cells))
    return table


def _tabulate_themes(themes: Sequence[Theme], label_name: str) -> Table:
    from rich.table import Table

    from reelfeel.terminal.escaping import for_line

    title = f"Words that mark mistakes among reviews called {for_line(label_name)}"
    table = Table(title=title if themes else f"{title}: none is sure", title_justify="left")
    for name in ("word", "wrong", "right", "z"):
        table.add_column(name, justify="left" if name == "word" else "right")
    for theme in themes:
        table.add_row(
            theme.word, f"{theme.num_wrong:,}", f"{theme.num_right:,}", f"{theme.score:.1f}"
        )
    return table
