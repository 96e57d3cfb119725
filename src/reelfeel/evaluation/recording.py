"""Records the results of an evaluation in the model's folder."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reelfeel import __version__
from reelfeel.errors import DataError
from reelfeel.evaluation.warnings import is_notable
from reelfeel.files.writing import write_whole
from reelfeel.inference.bundle import Bundle, read_bundle, write_about
from reelfeel.inference.card import write_card
from reelfeel.inference.shipped import find_model, refuse_shipped
from reelfeel.weights import read_layout


def record_evaluation(model: str | Path, result: Mapping[str, Any]) -> dict[str, Any]:
    """Writes what an evaluation found into a model's `metrics.json`, and its card anew.

    The figures stand there under "test", with their data, intervals and conditions; earlier ones
    are replaced. Weights and answers of the model stay as they are.

    Args:
        model: the folder of a saved model.
        result: what `evaluate` returned for it.

    Returns:
        The record.

    Raises:
        DataError: if the model learned from the reviews that it was judged on.
        UsageError: if the model comes with ReelFeel.
        BundleError: if it is damaged.
        ReelFeelError: if the disk refuses.
    """
    path = find_model(model)
    refuse_shipped(path, "Recording")
    _refuse_known(result)
    bundle = read_bundle(path)
    metrics = {**(bundle.about("metrics") or {}), "test": make_record(result)}
    with write_whole(path / "metrics.json") as unfinished:
        write_about(unfinished.parent, "metrics", metrics)
    if "validation" in metrics and bundle.about("provenance"):
        _renew_card(bundle, metrics)
    return dict(metrics["test"])


def make_record(result: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the part of an evaluation that is worth keeping: metrics, and their conditions."""
    unseen = result["without_training_texts"]
    return {
        **result["all"],
        "intervals": result["intervals"],
        "num_training_texts": result["num_training_texts"],
        "accuracy_without_training_texts": unseen["accuracy"] if unseen else None,
        "data": result["data"],
        "decision": result["decision"],
        "speed": result["speed"],
        "reelfeel": __version__,
    }


def _refuse_known(result: Mapping[str, Any]) -> None:
    num_known = result["num_training_texts"] + result["num_calibration_texts"]
    num_reviews = result["data"]["num_reviews"]
    if is_notable(num_known, num_reviews):
        raise DataError(
            "Figures on reviews that a model was trained or calibrated on are too good, and are "
            f"not recorded. Evaluate it on others with --data. Received {num_reviews:,} reviews, "
            f"of which it knows {num_known:,}."
        )


def _renew_card(bundle: Bundle, metrics: Mapping[str, Any]) -> None:
    layout = read_layout(bundle.path / "weights.safetensors")
    num_parameters = sum(math.prod(stored.shape) for stored in layout.values())
    about = {"provenance": bundle.about("provenance"), "metrics": metrics}
    card = write_card(bundle, about, num_parameters=num_parameters)
    with write_whole(bundle.path / "README.md") as unfinished:
        unfinished.write_bytes(card.encode("utf-8", "backslashreplace"))
