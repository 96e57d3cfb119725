"""`reelfeel predict`: texts in, labels and probabilities out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from reelfeel.cli import options as shared
from reelfeel.escaping import for_line

if TYPE_CHECKING:
    from reelfeel.types import Prediction

# Lines of standard input answered at a time: an endless stream gets answers, a file full speed.
_LINES_AT_A_TIME = 4_096


def predict(
    texts: Annotated[
        list[str],
        typer.Argument(
            help="Texts, each in quotes; or - for standard input, one text a line.",
            show_default=False,
        ),
    ],
    model: shared.ModelOption = shared.DEFAULT_MODEL,
    engine: shared.EngineName = None,
    precision: shared.Precision = "auto",
    threads: shared.Threads = None,
    as_json: shared.Json = False,
) -> None:
    """Label texts as positive or negative.

    Prints label, probability of the positive class and text, separated by tabs, and in brackets
    what was cut, unknown or not there to read; with --json one JSON object a line. The label is
    "unsure" where the model abstains, see `reelfeel calibrate`.
    """
    from reelfeel.runtime.engine import load

    loaded = load(model, engine=engine, precision=precision, threads=threads)
    for batch in _read_batches(texts):
        for text, prediction in zip(batch, loaded.predict(batch), strict=True):
            typer.echo(_format(text, prediction, as_json=as_json))


def _read_batches(texts: list[str]) -> Iterator[list[str]]:
    if texts != ["-"]:
        yield texts
        return
    import sys
    from itertools import islice

    # Bytes that are not UTF-8 become lone surrogates, which cleaning knows.
    if hasattr(sys.stdin, "reconfigure"):
        sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")
    # An interactive or slow source gets its answer after every line.
    size = 1 if sys.stdin.isatty() else _LINES_AT_A_TIME
    while lines := [line.rstrip("\r\n") for line in islice(sys.stdin, size)]:
        yield lines


def _format(text: str, prediction: Prediction, *, as_json: bool) -> str:
    import json
    from dataclasses import asdict

    if as_json:
        # ASCII only, so that lone surrogates survive too.
        return json.dumps({"text": text, **asdict(prediction)})
    marks = f"\t[{'; '.join(prediction.notes)}]" if prediction.notes else ""
    label = for_line(prediction.label)
    return f"{label}\t{prediction.probability:.4f}\t{for_line(text)}{marks}"
