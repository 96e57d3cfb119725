"""Test accuracy of the preset `seed` trained in bfloat16 and in float32, with several seeds each.

    python benchmarks/precision.py            # two precisions, three seeds, ten epochs each

The two precisions of a seed have the same split, initial weights, order and dropout. Written to
`benchmarks/results/KIND/precision.json` and, as a table, to `docs/benchmarks.md`. The test part
judges and chooses nothing. Takes half an hour on two cores with AMX.
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path
from typing import Any

import numpy as np
from harness.environments import BUILD, PAGE, RESULTS, installed_versions
from harness.machine import available_cores
from harness.records import make_record, write_record
from harness.suite import Column, Contestant, Figure, Suite
from harness.tables import render_records

from reelfeel.data.sets.imdb import load_imdb
from reelfeel.inference.classifier import load
from reelfeel.training.train import train
from reelfeel.values import Reviews

PRECISIONS = ("bfloat16", "float32")
SUITE = Suite(
    "precision",
    "Trained in bfloat16 and in float32",
    (
        "Trained on IMDB's training reviews less a tenth for validation, preset `seed`, the epoch "
        "chosen on validation; accuracy on all test reviews, judged in float32.",
        "With 25,000 test reviews an accuracy near 88 % is known to 0.4 points, each way; a round "
        "is a seed.",
    ),
    tuple(Contestant(name, f"trained in {name}", "precision.py") for name in PRECISIONS),
    (
        Column("accuracy_percent", "test accuracy, %", 2),
        Column("validation_percent", "validation accuracy, %", 2),
        Column("best_epoch", "epoch kept", 0),
    ),
    (Figure("bfloat16, mean test accuracy less float32's, points", "points", "difference"),),
)


def train_and_judge(precision: str, seed: int, test: Reviews, epochs: int | None) -> dict[str, Any]:
    """Trains one model; returns its accuracies."""
    training: dict[str, Any] = {"precision": precision, "seed": seed, "alarm": False}
    if epochs:
        training["epochs"] = epochs
    output = BUILD / "precision" / f"{precision}_{seed}"
    train("imdb", output=output, settings={"training": training}, overwrite=True)
    classifier = load(output, precision="float32")
    labels = classifier.predict_proba(test.texts) >= classifier.bundle.decision.threshold
    validation = classifier.bundle.about("metrics")["validation"]
    return {
        "seed": seed,
        "accuracy_percent": 100 * float(np.mean(labels == (test.labels == 1))),
        "validation_percent": 100 * validation["accuracy"],
        "best_epoch": classifier.bundle.about("provenance")["best_epoch"],
    }


def main() -> None:
    """Trains, tabulates and writes the record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, help="other than the preset's, to try the script")
    parser.add_argument("--reviews", type=int, help="test reviews, to try the script")
    parser.add_argument("--output", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    test = load_imdb("test")
    test = test.take(np.random.default_rng(0).permutation(len(test))[: arguments.reviews])
    rounds: dict[str, list[dict[str, Any]]] = {name: [] for name in PRECISIONS}
    for seed in range(arguments.seeds):
        for name in PRECISIONS:
            rounds[name].append(train_and_judge(name, seed, test, arguments.epochs))
            print(name, rounds[name][-1], flush=True)
    means = [statistics.mean(r["accuracy_percent"] for r in rounds[name]) for name in PRECISIONS]
    differences = [
        {"points": a["accuracy_percent"] - b["accuracy_percent"]}
        for a, b in zip(*rounds.values(), strict=True)
    ]
    about = {
        "command": "python benchmarks/precision.py",
        "cores": len(available_cores()),
        "quick": bool(arguments.epochs or arguments.reviews),
        "versions": {"project": installed_versions()},
    }
    record = make_record(SUITE, {**rounds, "difference": differences}, {}, about)
    # The mean, not the median of three: it is what the bound of 0.3 points is about.
    figure = next(iter(record["figures"].values()))
    figure |= {"value": means[0] - means[1], "floor": -0.3}
    print(write_record(record, arguments.output))
    print(f"{means[0] - means[1]:+.2f} points between the means of {arguments.seeds} seeds")
    if arguments.output == RESULTS:
        render_records(PAGE, RESULTS)


if __name__ == "__main__":
    main()
