"""What a saved model says of itself, without loading it: for a table of models."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

from reelfeel.files.writing import name_of
from reelfeel.inference.shipped import is_shipped
from reelfeel.weights import read_layout


@dataclass(frozen=True)
class ModelFacts:
    """A saved model in a row of a table.

    Attributes:
        name: of its folder.
        purpose: what it is for, in a few words.
        size_bytes: of all files.
        parameters: numbers that its weights are.
        accuracy: on the reviews that `reelfeel evaluate --record` judged it on; None without.
        interval: the 95 % interval of that.
        evaluated_on: which reviews those are; None without.
        reviews_per_s: as recorded then.
        license: of a model that comes with ReelFeel; None for others.
        path: its folder.
    """

    name: str
    purpose: str
    size_bytes: int
    parameters: int
    accuracy: float | None
    interval: tuple[float, float] | None
    evaluated_on: str | None
    reviews_per_s: float | None
    license: str | None
    path: str


def describe_model(folder: Path) -> ModelFacts:
    """Reads what a saved model, classifier or language model, says of itself.

    Args:
        folder: of the model, whole: nothing is checked.
    """
    test = _read(folder, "metrics").get("test") or {}
    interval = (test.get("intervals") or {}).get("accuracy")
    layouts = [read_layout(file) for file in sorted(folder.glob("*.safetensors"))]
    return ModelFacts(
        name=name_of(folder),
        purpose=_find_purpose(folder),
        size_bytes=sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()),
        parameters=sum(math.prod(one.shape) for layout in layouts for one in layout.values()),
        accuracy=test.get("accuracy"),
        interval=(interval[0], interval[1]) if interval else None,
        evaluated_on=(test.get("data") or {}).get("source"),
        reviews_per_s=(test.get("speed") or {}).get("reviews_per_s"),
        license=metadata("reelfeel")["License-Expression"] if is_shipped(folder) else None,
        path=str(folder),
    )


def _find_purpose(folder: Path) -> str:
    directions = _read(folder, "language_model").get("directions")
    if directions:
        return f"starts classifiers: train DATA --from {name_of(folder)}"
    negative, positive = _read(folder, "config")["label_names"]
    return f"labels texts {negative} or {positive}"


def _read(folder: Path, name: str) -> Mapping[str, Any]:
    file = folder / f"{name}.json"
    return dict(json.loads(file.read_text("utf-8"))) if file.exists() else {}
