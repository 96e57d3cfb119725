"""The runtime against Keras: the same weights, 2,000 real reviews of mixed length.

    python benchmarks/parity.py            # the model that the other benchmarks use
    python benchmarks/parity.py runs/seed  # another one

Keras computes in float32 with its stock layers; the runtime computes in each of its precisions.
Written to `benchmarks/results/KIND/parity.json` and, as a table, to `docs/benchmarks.md`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from harness.environments import BUILD, PAGE, RESULTS, installed_versions
from harness.machine import available_cores
from harness.records import make_record, write_record
from harness.suite import Column, Contestant, Figure, Suite
from harness.tables import render_records
from inputs import Inputs, Sizes

import reelfeel.models  # noqa: F401  # chooses Keras' backend
from reelfeel.data.sets.imdb import load_imdb
from reelfeel.errors import UsageError
from reelfeel.inference.bundle import Bundle, read_bundle
from reelfeel.inference.classifier import load
from reelfeel.models.stock import build_stock_classifier
from reelfeel.text.batching import pad_batch, plan_scoring_batches
from reelfeel.text.encoder import TextEncoder

Probabilities = npt.NDArray[np.float64]
SUITE = Suite(
    "parity",
    "The runtime against Keras",
    (
        "Probabilities of Keras in float32 with its own loop over the time steps, and of the "
        "runtime, from the same weights.",
        "A label flips where the two stand on different sides of the threshold.",
    ),
    (
        Contestant("float32", "runtime, float32", "parity.py"),
        Contestant("bfloat16", "runtime, bfloat16", "parity.py"),
    ),
    (
        Column("max_difference", "largest difference", 7),
        Column("mean_difference", "mean difference", 7),
        Column("flipped_percent", "labels flipped, %", 3),
    ),
    (
        Figure(
            "float32, largest difference",
            "max_difference",
            "float32",
            higher_is_better=False,
            floor=1e-5,
            decimals=7,
        ),
        Figure(
            "bfloat16, mean difference",
            "mean_difference",
            "bfloat16",
            higher_is_better=False,
            floor=1e-3,
            decimals=6,
        ),
        Figure(
            "bfloat16, labels flipped, %",
            "flipped_percent",
            "bfloat16",
            higher_is_better=False,
            floor=0.1,
            decimals=3,
        ),
    ),
    rounds=1,
)


def keras_probabilities(bundle: Bundle, texts: list[str]) -> Probabilities:
    """Returns what Keras' own layers say in float32, from the bundle's weights."""
    model = build_stock_classifier(bundle.config.model, bundle.vocabulary.size, bundle.weights())
    encoded = TextEncoder(bundle.vocabulary, bundle.text_settings).encode(texts)
    probabilities = np.empty(len(texts))
    with torch.no_grad():
        for rows in plan_scoring_batches(encoded.lengths):
            ids = torch.from_numpy(pad_batch(encoded.token_ids, rows, bundle.config.data))
            probabilities[rows] = model(ids, training=False).numpy()[:, 0]
    temperature = getattr(bundle.decision, "temperature", 1.0)
    if temperature == 1.0:
        return probabilities
    return 1 / (1 + np.exp(-np.log(probabilities / (1 - probabilities)) / temperature))


def runtime_probabilities(path: Path, texts: list[str]) -> Iterator[tuple[str, Probabilities]]:
    """Yields what the runtime says, by precision, for the precisions that it has here."""
    for precision in ("float32", "bfloat16"):
        try:
            classifier = load(path, precision=precision)
        except UsageError as error:
            print(f"{precision} is left out: {error}")
            continue
        yield precision, classifier.predict_proba(texts)


def compare(found: Probabilities, expected: Probabilities, threshold: float) -> dict[str, float]:
    """Returns how far apart two sets of probabilities are."""
    difference = np.abs(found - expected)
    return {
        "max_difference": float(difference.max()),
        "mean_difference": float(difference.mean()),
        "flipped_percent": 100 * float(np.mean((found >= threshold) != (expected >= threshold))),
    }


def main() -> int:
    """Compares and writes the record; returns 1 where a bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", type=Path, nargs="?")
    parser.add_argument("--reviews", type=int, default=2_000)
    parser.add_argument("--output", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    reviews = load_imdb("test")
    rows = np.random.default_rng(0).permutation(len(reviews))[: arguments.reviews]
    texts = [reviews.texts[row] for row in rows]
    path = arguments.bundle or Inputs(BUILD / "inputs", Sizes()).seed_bundle()
    bundle = read_bundle(path)
    expected = keras_probabilities(bundle, texts)
    rounds = {
        precision: [compare(found, expected, bundle.decision.threshold)]
        for precision, found in runtime_probabilities(path, texts)
    }
    record = make_record(_describe(bundle, len(texts)), rounds, _left_out(), _about(arguments))
    print(write_record(record, arguments.output))
    if arguments.output == RESULTS:
        render_records(PAGE, RESULTS)
    for name, figure in record["figures"].items():
        print(f"{figure['value']:.7f} (at most {figure['floor']:g})  {name}")
    return int(any(figure["value"] > figure["floor"] for figure in record["figures"].values()))


def _describe(bundle: Bundle, num_texts: int) -> Suite:
    model = bundle.config.model
    sentence = (
        f"{num_texts:,} of IMDB's test reviews, preset `{bundle.preset}`, units "
        f"{', '.join(map(str, model.units))}."
    )
    return replace(SUITE, conditions=(sentence, *SUITE.conditions))


def _left_out() -> dict[str, str]:
    return {"bfloat16": "no backend has it on this processor."}


def _about(arguments: argparse.Namespace) -> dict[str, Any]:
    return {
        "command": "python benchmarks/parity.py",
        "cores": len(available_cores()),
        "quick": arguments.reviews < 2_000,
        "versions": {"project": installed_versions()},
    }


if __name__ == "__main__":
    sys.exit(main())
