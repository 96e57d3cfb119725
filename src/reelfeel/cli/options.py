"""Options that several commands share."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reelfeel.terminal.lines import say

if TYPE_CHECKING:
    from reelfeel.inference.classifier import Classifier

ProbabilityColumn = Annotated[
    str,
    typer.Option(
        help="In tables of predictions: the column with the probability of the positive class."
    ),
]
DataDir = Annotated[Path | None, typer.Option(help="Local copy of IMDB: archive or folder.")]
Strict = Annotated[
    bool, typer.Option("--strict", help="Refuse data in which check-data finds an error.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Force = Annotated[bool, typer.Option("--force", help="Replace the output if it exists.")]
Output = Annotated[
    Path, typer.Option("--output", "-o", help="Folder to write.", show_default=False)
]
Start = Annotated[
    str | None,
    typer.Option(
        "--from",
        help="Model to start from: language-model, base or small, which come with ReelFeel, or "
        "the folder of a language model or a classifier.",
        show_default=False,
    ),
]
ConfigFile = Annotated[
    Path | None, typer.Option(help="TOML file with settings that differ from the preset.")
]
Seed = Annotated[int | None, typer.Option(help="Short for --set training.seed=N.")]
Resume = Annotated[
    bool, typer.Option("--resume", help="Go on from the last checkpoint of the same run.")
]
BackendName = Annotated[
    str | None,
    typer.Option("--backend", help="native, openvino, onnxruntime or numpy; default: the fastest."),
]
Precision = Annotated[
    str, typer.Option(help="float32 is exact; auto is bfloat16 where the processor has it.")
]
Threads = Annotated[
    int | None, typer.Option(help="Threads to use; default: the cores this process may use.")
]
# A string, not a path: `./base` is a folder, and a path would forget the dot.
_MODEL = "base or small, which come with ReelFeel, or the folder of a saved model (./base is one)."
DEFAULT_MODEL = "base"
ModelArgument = Annotated[str, typer.Argument(help=_MODEL, show_default=False)]
ModelOption = Annotated[str, typer.Option("--model", "-m", help=_MODEL)]


def read_changes(
    file: Path | None, assignments: list[str] | None, seed: int | None
) -> dict[str, dict[str, Any]]:
    """Returns the settings that a command line changes, each part over the one before."""
    from reelfeel.config.settings import parse_assignments, read_toml

    parts = [read_toml(file) if file else {}, parse_assignments(assignments or [])]
    if seed is not None:
        parts.append({"training": {"seed": seed}})
    changes: dict[str, dict[str, Any]] = {}
    for part in parts:
        for section, values in part.items():
            changes[section] = {**changes.get(section, {}), **values}
    return changes


@contextlib.contextmanager
def saying_how_to_resume() -> Iterator[None]:
    """Says how a training goes on that is stopped inside the block."""
    try:
        yield
    except KeyboardInterrupt:
        say("Stopped. Go on with the same command and --resume.", err=True)
        raise


def say_saved(classifier: Classifier, output: Path, *, as_json: bool) -> None:
    """Says what a training has saved, with its figures on the validation reviews."""
    metrics = classifier.bundle.about("metrics")
    if as_json:
        typer.echo(json.dumps({"model": str(output), **metrics}, indent=2, allow_nan=False))
        return
    validation = metrics["validation"]
    say(
        f"Saved {output}: validation accuracy {validation['accuracy']:.4f} on "
        f"{validation['num_reviews']:,} reviews.",
        err=True,
    )
