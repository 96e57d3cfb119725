"""`reelfeel errors`: where a model was most sure and wrong, and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reelfeel.cli import options as shared
from reelfeel.cli.table_options import TableOptions, takes_tables
from reelfeel.terminal.lines import say

if TYPE_CHECKING:
    from rich.table import Table

    from reelfeel.evaluation.error_analysis import Misclassification, Theme

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
    most: Annotated[int, typer.Option(min=1, help="How many mistakes, the surest first.")] = 50,
    training_data: Annotated[
        str | None,
        typer.Option(
            help="What the model was trained on, to find the reviews most like each mistake.",
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
    from contextlib import nullcontext

    from reelfeel.evaluation.error_analysis import (
        add_neighbours,
        find_misclassifications,
        find_themes,
        write_misclassifications,
    )
    from reelfeel.evaluation.labelled_reviews import load_labelled
    from reelfeel.evaluation.neighbours import load_training_reviews
    from reelfeel.files.outputs import claim_output
    from reelfeel.inference.classifier import load

    with claim_output(output, overwrite=force, is_folder=False) if output else nullcontext():
        classifier = load(model)
        reviews = load_labelled(
            "Looking for mistakes", data, part, data_dir, options, classifier.bundle.label_names
        )
        training = (
            load_training_reviews(classifier, training_data, options=options)
            if training_data
            else None
        )
        y_prob = classifier.predict_proba(reviews.texts)
        found = find_misclassifications(classifier, reviews, y_prob, most=most)
        if training:
            found = add_neighbours(found, training)
        themes = find_themes(classifier, reviews, y_prob)
        if output:
            write_misclassifications(output, found, classifier.bundle.label_names, overwrite=force)
            say(f"Wrote {len(found)} mistakes to {output}", err=True)
        if as_json:
            typer.echo(_to_json(found, themes))
        else:
            _print_all(found, themes, classifier.bundle.label_names)


def _to_json(found: list[Misclassification], themes: list[Theme]) -> str:
    import json
    from dataclasses import asdict

    def describe(error: Misclassification) -> dict[str, Any]:
        words = [asdict(word) for word in error.driving_words]
        near = [asdict(one) for one in error.neighbours]
        return {
            "id": error.id,
            "label": error.label,
            "said": error.said,
            "abstained": error.explanation.prediction.abstained,
            "probability": error.probability,
            "driving_words": words,
            "neighbours": near,
        }

    values = {"errors": list(map(describe, found)), "themes": [asdict(theme) for theme in themes]}
    return json.dumps(values, indent=2, allow_nan=False)


def _print_all(
    found: list[Misclassification], themes: list[Theme], label_names: tuple[str, str]
) -> None:
    from reelfeel.terminal.tables import open_console

    console = open_console()
    if not found:
        console.print("The model judged every review rightly.")
        return
    console.print(_tabulate_errors(found[:_NUM_LISTED], label_names))
    for said in (0, 1):
        names = [theme for theme in themes if theme.said == said]
        console.print(_tabulate_themes(names, label_names[said]))


def _tabulate_errors(found: list[Misclassification], label_names: tuple[str, str]) -> Table:
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


def _tabulate_themes(themes: list[Theme], label_name: str) -> Table:
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
