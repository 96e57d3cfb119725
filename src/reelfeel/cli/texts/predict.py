"""`reelfeel predict`: texts in, labels and probabilities out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from reelfeel.cli import options as shared
from reelfeel.cli.table_options import TableOptions, takes_tables
from reelfeel.cli.texts.arguments import TextsCommand, read_texts, refuse_files
from reelfeel.terminal.escaping import for_line

if TYPE_CHECKING:
    from reelfeel.values import Prediction

COMMAND_CLASS = TextsCommand
# Rows of a table answered at a time.
_ROWS_AT_A_TIME = 4_096


@takes_tables(labels=False)
def predict(
    texts: Annotated[
        list[str] | None,
        typer.Argument(
            help="Texts, each in quotes; or - for standard input, one text a line.",
            show_default=False,
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            help="A table, a .txt file with one text a line, a folder of .txt files, an archive, "
            "or - for what standard input holds, packed or a table of a --format too.",
            show_default=False,
        ),
    ] = None,
    options: TableOptions = None,  # type: ignore[assignment]
    model: shared.ModelOption = shared.DEFAULT_MODEL,
    backend: shared.BackendName = None,
    precision: shared.Precision = "auto",
    threads: shared.Threads = None,
    as_json: shared.Json = False,
) -> None:
    """Label texts as positive or negative.

    Prints label, probability of the positive class and text, separated by tabs, and in brackets
    what was cut, unknown or not there to read; with --json one JSON object a line. The label is
    "unsure" where the model abstains, see `reelfeel calibrate`.
    """
    import sys

    _refuse_confusion(texts or [], data)
    groups = (
        _read_table(data, options)
        if data is not None
        else read_texts(texts or [], options.encoding)
    )

    from reelfeel.inference.classifier import load

    loaded = load(model, backend=backend, precision=precision, threads=threads)
    for group in groups:
        said = zip(group, loaded.predict(group), strict=True)
        lines = [_format(text, prediction, as_json=as_json) for text, prediction in said]
        sys.stdout.write("".join(f"{line}\n" for line in lines))
        sys.stdout.flush()


def _refuse_confusion(texts: Sequence[str], data: str | None) -> None:
    from reelfeel.errors import UsageError

    if bool(texts) == (data is not None):
        raise UsageError(
            'Nothing to label, or too much. Give texts, as in: reelfeel predict "A fine film.", or '
            "- for standard input, or a file: --data reviews.csv --text-column text. Received "
            f"{len(texts)} texts and the file {data}."
        )
    refuse_files(texts, "predict", "--text-column text --data")


def _read_table(data: str, options: TableOptions) -> Iterator[list[str]]:
    from reelfeel.data.plain_texts import read_plain_texts

    texts = read_plain_texts(data, options).texts
    for start in range(0, len(texts), _ROWS_AT_A_TIME):
        yield list(texts[start : start + _ROWS_AT_A_TIME])


def _format(text: str, prediction: Prediction, *, as_json: bool) -> str:
    import json
    from dataclasses import asdict

    if as_json:
        # ASCII only, so that lone surrogates survive too.
        return json.dumps({"text": text, **asdict(prediction)})
    marks = f"\t[{'; '.join(prediction.notes)}]" if prediction.notes else ""
    label = for_line(prediction.label)
    return f"{label}\t{prediction.probability:.4f}\t{for_line(text)}{marks}"
