"""`reelfeel explain`: which words and sentences made the verdict, and what would flip it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reelfeel.cli import options as shared
from reelfeel.cli.texts.arguments import TextsCommand, read_texts, refuse_files
from reelfeel.terminal.escaping import for_line, for_terminal
from reelfeel.terminal.lines import say

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from reelfeel.explanation.layout import Piece
    from reelfeel.inference.classifier import Classifier
    from reelfeel.models.differentiation import DifferentiableClassifier
    from reelfeel.values import Attribution, Explanation

COMMAND_CLASS = TextsCommand
# Parts listed below a text, and characters shown of a stretch that was not read.
_NUM_LISTED, _UNREAD_SHOWN = 8, 60
# Of a file that is one text.
_MAX_FILE_BYTES = 10_000_000


class Method(StrEnum):
    """How scores are found."""

    OCCLUSION = "occlusion"
    INTEGRATED_GRADIENTS = "integrated-gradients"


class Unit(StrEnum):
    """What gets a score."""

    WORD = "word"
    SENTENCE = "sentence"


def explain(
    model: shared.ModelOption = shared.DEFAULT_MODEL,
    texts: Annotated[
        list[str] | None,
        typer.Argument(
            help="Texts, each in quotes; or - for standard input, one text a line.",
            show_default=False,
        ),
    ] = None,
    file: Annotated[
        Path | None, typer.Option(help="A file that is one text, UTF-8.", show_default=False)
    ] = None,
    by: Annotated[Unit, typer.Option(help="Score words and sentences, or only sentences.")] = (
        Unit.WORD
    ),
    method: Annotated[
        Method, typer.Option(help="integrated-gradients needs the extra \\[train].")
    ] = Method.OCCLUSION,
    flip: Annotated[
        bool, typer.Option("--flip", help="Find a small edit that turns the verdict around.")
    ] = False,
    html: Annotated[
        Path | None, typer.Option(help="Write a web page here.", show_default=False)
    ] = None,
    force: shared.Force = False,
    as_json: shared.Json = False,
) -> None:
    """Show which words and sentences made a verdict.

    Words that speak for the positive class are marked with + (green), for the negative class with
    - (red). With --json one JSON object a text, with offsets into it.
    """
    from contextlib import nullcontext

    from reelfeel.files.outputs import claim_output
    from reelfeel.inference.classifier import load

    given = _read_texts(texts or [], file)
    with claim_output(html, overwrite=force, is_folder=False) if html else nullcontext():
        classifier = load(model)
        network = _open_network(classifier) if method is Method.INTEGRATED_GRADIENTS else None
        explanations = classifier.explain(given, by=by.value, with_flip=flip, network=network)
        if html:
            _write_page(html, explanations, classifier.bundle.label_names, overwrite=force)
    if as_json:
        _print_json(explanations)
    elif not html:
        _print_all(explanations, wants_flip=flip)


def _read_texts(texts: list[str], file: Path | None) -> list[str]:
    from reelfeel.errors import UsageError
    from reelfeel.files.inputs import read_bounded

    if bool(texts) == bool(file):
        raise UsageError(
            'Nothing to explain, or too much. Give texts, as in: reelfeel explain -m MODEL "A fine '
            f'film.", or one --file. Received {len(texts)} texts and the file {file}.'
        )
    if file:
        return [read_bounded(file, _MAX_FILE_BYTES).decode("utf-8", "surrogateescape")]
    refuse_files(texts, "explain", "--file")
    return [text for group in read_texts(texts) for text in group]


def _open_network(classifier: Classifier) -> DifferentiableClassifier:
    from reelfeel.models.differentiation import DifferentiableClassifier

    bundle = classifier.bundle
    return DifferentiableClassifier(
        bundle.config.model,
        bundle.config.data,
        bundle.vocabulary.size,
        bundle.weights(),
        temperature=bundle.decision.temperature,
    )


def _write_page(
    path: Path, explanations: list[Explanation], label_names: tuple[str, str], *, overwrite: bool
) -> None:
    from reelfeel.explanation.page import render_explanations
    from reelfeel.files.writing import refuse_existing, write_whole

    refuse_existing(path, overwrite=overwrite)
    with write_whole(path) as unfinished:
        unfinished.write_text(render_explanations(explanations, label_names=label_names), "utf-8")
    say(f"Wrote {path}", err=True)


def _print_json(explanations: list[Explanation]) -> None:
    import json
    from dataclasses import asdict

    for explanation in explanations:
        # ASCII only, so that lone surrogates survive too.
        typer.echo(json.dumps(asdict(explanation), allow_nan=False))


def _print_all(explanations: list[Explanation], *, wants_flip: bool) -> None:
    from reelfeel.terminal.tables import open_console

    console = open_console()
    for number, explanation in enumerate(explanations):
        if number:
            console.print()
        _print_one(console, explanation, wants_flip=wants_flip)


def _print_one(console: Console, explanation: Explanation, *, wants_flip: bool) -> None:
    from reelfeel.explanation.layout import lay_out
    from reelfeel.explanation.page import describe_explanation

    said = explanation.prediction
    console.print(
        f"{for_line(said.label)}: {said.probability:.1%} positive", style="bold", soft_wrap=True
    )
    console.print(describe_explanation(explanation), style="dim")
    pieces = list(lay_out(explanation))
    if pieces:
        console.print(_join(pieces))
    _print_strongest(console, "Words", explanation.words)
    _print_strongest(console, "Sentences", explanation.sentences)
    if wants_flip:
        console.print(_describe_flip(explanation))


def _join(pieces: list[Piece]) -> Text:
    from rich.text import Text

    joined = Text()
    for piece in pieces:
        text = for_terminal(piece.text)
        if piece.weight is None:
            joined.append(_shorten(text), style="dim")
        elif piece.sign:
            strong = "bold " if abs(piece.weight) > 0.5 else ""
            joined.append(
                piece.sign + text, style=strong + ("green" if piece.weight > 0 else "red")
            )
        else:
            joined.append(text)
    return joined


def _print_strongest(console: Console, title: str, units: tuple[Attribution, ...]) -> None:
    from reelfeel.explanation.layout import list_strongest

    if len(units) < 2:
        return
    console.print(f"{title}, in log-odds of the positive class:", style="bold")
    for unit in list_strongest(units, _NUM_LISTED):
        style = "green" if unit.score > 0 else "red"
        text = for_line(unit.text)
        console.print(
            f"  {unit.score:+6.2f}  {text}", style=style, no_wrap=True, overflow="ellipsis"
        )


def _describe_flip(explanation: Explanation) -> str:
    flip = explanation.flip
    if flip is None:
        return "No words were found whose removal turns the verdict around."
    removed = ", ".join(f'"{for_line(part.text)}"' for part in flip.removed)
    return (
        f"Without {removed}: {for_line(flip.prediction.label)}, "
        f"{flip.prediction.probability:.1%} positive."
    )


def _shorten(text: str) -> str:
    if len(text) <= 2 * _UNREAD_SHOWN:
        return text
    hidden = len(text) - 2 * _UNREAD_SHOWN
    return f"{text[:_UNREAD_SHOWN]}[... {hidden:,} characters not read ...]{text[-_UNREAD_SHOWN:]}"
