"""How accurate a classifier is by the number of its labels: from a language model, and without.

    python benchmarks/learning_curve.py language-model                 # all of it: hours
    python benchmarks/learning_curve.py runs/lm --sizes 200 --draws 2  # a trial
    python benchmarks/learning_curve.py language-model --render        # the picture alone

Labels are drawn from IMDB's train part, as many of each class, ten times below 5,000. Every
classifier of a draw gets the same ones:

- "language model": `reelfeel train draw.csv --from language-model`, nothing else;
- "head, texts without labels": the same with `--unlabelled others.txt --set training.epochs=0`, the
  other train reviews without their labels; some seconds a draw;
- "language model, texts without labels": and the network trained too; minutes a draw;
- "from scratch": `reelfeel train draw.csv --preset seed`;
- "TF-IDF": `reelfeel.baselines.baselines`, logistic regression on words and pairs.

The test part judges and chooses nothing. What is measured is kept: the same command goes on where
it was stopped. Written to `benchmarks/results/learning_curve.json`, `docs/pictures` and the table
of `docs/few-labels.md`.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from harness.environments import RESULTS, installed_versions
from harness.machine import describe_commit, describe_machine
from harness.records import ROOT
from matplotlib.figure import Figure

from reelfeel.baselines.baselines import fit_baseline
from reelfeel.data.sets.imdb import load_imdb
from reelfeel.inference.classifier import Classifier
from reelfeel.inference.network import read_towers
from reelfeel.metrics.intervals.spread import measure_spread
from reelfeel.native.cores import available_cores
from reelfeel.native.inference import NativeTower, has_kernel
from reelfeel.report.figures import INK, MUTED, NEGATIVE, POSITIVE, Picture, draw, label_axes
from reelfeel.training.train import train
from reelfeel.values import UNLABELLED, Reviews

PAGE = ROOT / "docs" / "few-labels.md"
PICTURES = ROOT / "docs" / "pictures"
SIZES = (50, 200, 1_000, 5_000, 25_000)
FEW_LABELS, NUM_DRAWS = 5_000, 10
LENT, HEAD, WITH_TEXTS, SCRATCH, TFIDF = (
    "language model",
    "head, texts without labels",
    "language model, texts without labels",
    "from scratch",
    "TF-IDF",
)
METHODS = (LENT, HEAD, WITH_TEXTS, SCRATCH, TFIDF)
# The fifth is Okabe and Ito's green, which the colour-blind tell from the others.
COLOURS = {LENT: POSITIVE, HEAD: "#009e73", WITH_TEXTS: INK, SCRATCH: NEGATIVE, TFIDF: MUTED}
# What was asked of 200 labels before anything was measured.
FLOOR, AIM = 0.85, 0.90

Predict = Callable[[Sequence[str]], np.ndarray]


def draw_labels(train_part: Reviews, size: int, draw_number: int) -> Reviews:
    """Returns the train part with the labels of one draw, as many of each class; others unknown."""
    rng = np.random.default_rng([size, draw_number])
    kept = [
        rng.choice(np.flatnonzero(train_part.labels == label), size // 2, replace=False)
        for label in (0, 1)
    ]
    labels = np.full(len(train_part), UNLABELLED, np.int8)
    rows = np.concatenate(kept)
    labels[rows] = train_part.labels[rows]
    return replace(train_part, labels=labels)


def take_labelled(reviews: Reviews) -> Reviews:
    """Returns the reviews that have a label."""
    return reviews.take(np.flatnonzero(reviews.labels != UNLABELLED))


class TestPart:
    """IMDB's test reviews; those read by one frozen network are read once.

    Args:
        reviews: to judge on.
    """

    def __init__(self, reviews: Reviews) -> None:
        self.reviews = reviews
        self._features: list[np.ndarray] = []

    def measure(self, classifier: Classifier) -> float:
        """Returns the accuracy of a model."""
        is_frozen = classifier.bundle.config.training.epochs == 0 and has_kernel("bfloat16")
        if not is_frozen:
            return self.score(classifier.predict_proba)
        towers = read_towers(classifier.bundle)
        # One language model a run: every head reads what the first one read.
        self._features = self._features or self._read(classifier, towers)
        logits = [
            tower.logits(features) for tower, features in zip(towers, self._features, strict=True)
        ]
        return self._share_right(np.mean(logits, axis=0) >= 0)

    def score(self, predict: Predict) -> float:
        """Returns the accuracy of anything that gives probabilities."""
        return self._share_right(predict(self.reviews.texts) >= 0.5)

    def _share_right(self, answers: np.ndarray) -> float:
        return float((answers == (self.reviews.labels == 1)).mean())

    def _read(self, classifier: Classifier, towers: Sequence[Any]) -> list[np.ndarray]:
        ids = [encoded.token_ids for encoded in classifier.encode(self.reviews.texts)]
        features = []
        for arrays in towers:
            tower = NativeTower(
                arrays.embeddings,
                arrays.layers,
                pooling=arrays.pooling,
                is_reversed=arrays.is_reversed,
                precision="bfloat16",
            )
            parts = [
                tower.run(part.flat, _offsets(part.lengths), available_cores()) for part in ids
            ]
            features.append(np.concatenate(parts))
        return features


def _offsets(lengths: np.ndarray) -> np.ndarray:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])


def measure(method: str, drawn: Reviews, start: str, seed: int, test: TestPart) -> dict[str, Any]:
    """Trains one classifier on one draw, and judges it."""
    started = time.perf_counter()
    labelled = take_labelled(drawn)
    if method == TFIDF:
        accuracy = test.score(fit_baseline("tfidf", labelled.texts, labelled.labels).predict_proba)
    else:
        source = drawn if method in (HEAD, WITH_TEXTS) else labelled
        # The alarm would stop what learns nothing from fifty labels; here it is a result.
        training = {"seed": seed, "alarm": False} | ({"epochs": 0} if method == HEAD else {})
        with tempfile.TemporaryDirectory() as folder:
            classifier = train(
                source,
                output=Path(folder) / "model",
                start=None if method == SCRATCH else start,
                settings={"training": training},
            )
            accuracy = test.measure(classifier)
    seconds = round(time.perf_counter() - started, 1)
    return {"accuracy": accuracy, "seconds": seconds}


def run(arguments: argparse.Namespace, path: Path) -> dict[str, Any]:
    """Measures what is not in the record yet, and keeps every figure as soon as it is there."""
    record = _read_record(path, arguments.start)
    train_part, test = load_imdb("train"), TestPart(load_imdb("test"))
    for size in arguments.sizes:
        for number in range(arguments.draws if size < FEW_LABELS else 1):
            drawn = draw_labels(train_part, size, number)
            for method in arguments.methods:
                key = f"{method} / {size} / {number}"
                # All labels leave no text without.
                needs_texts = method in (HEAD, WITH_TEXTS)
                if key in record["measured"] or (needs_texts and size == len(train_part)):
                    continue
                record["measured"][key] = measure(method, drawn, arguments.start, number, test)
                print(key, record["measured"][key], flush=True)
                path.write_text(json.dumps(record, indent=2) + "\n", "utf-8")
    return record


def summarise(measured: Mapping[str, Mapping[str, float]]) -> dict[str, dict[int, dict[str, Any]]]:
    """Returns, by method and number of labels, the spread of the accuracy over draws."""
    groups: dict[str, dict[int, list[float]]] = {}
    for key, figures in measured.items():
        method, size, _ = key.split(" / ")
        groups.setdefault(method, {}).setdefault(int(size), []).append(figures["accuracy"])
    return {
        method: {size: _spread(values) for size, values in sorted(sizes.items())}
        for method, sizes in groups.items()
    }


def _spread(values: Sequence[float]) -> dict[str, Any]:
    if len(values) == 1:
        return {"mean": values[0], "num_draws": 1}
    return {**measure_spread(np.array(values)).to_dict(), "num_draws": len(values)}


def plot(summary: Mapping[str, Mapping[int, Mapping[str, Any]]]) -> Picture:
    """Draws accuracy over the number of labels, with the range of the draws."""

    def paint(figure: Figure) -> None:
        axes = figure.add_subplot()
        for method in [name for name in METHODS if name in summary]:
            sizes, points = list(summary[method]), list(summary[method].values())
            colour = COLOURS[method]
            axes.plot(sizes, [p["mean"] for p in points], color=colour, marker="o", label=method)
            lows = [p.get("lowest", p["mean"]) for p in points]
            highs = [p.get("highest", p["mean"]) for p in points]
            axes.fill_between(sizes, lows, highs, color=colour, alpha=0.12, linewidth=0)
        axes.set_xscale("log")
        axes.set_xticks(SIZES, [f"{size:,}" for size in SIZES])
        axes.minorticks_off()
        label_axes(axes, "labelled reviews", "accuracy on IMDB's test reviews")
        axes.legend(loc="lower right")

    return draw(paint, width=6.0, height=4.0)


def tabulate(summary: Mapping[str, Mapping[int, Mapping[str, Any]]]) -> str:
    """Returns the table of docs/few-labels.md: mean and standard deviation over draws."""
    sizes = sorted({size for points in summary.values() for size in points})
    lines = [
        "| labels | " + " | ".join(f"{size:,}" for size in sizes) + " |",
        "| --- |" + " --- |" * len(sizes),
    ]
    for method in [name for name in METHODS if name in summary]:
        cells = [_write_cell(summary[method].get(size)) for size in sizes]
        lines.append(f"| {method} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _write_cell(point: Mapping[str, Any] | None) -> str:
    if point is None:
        return ""
    if point["num_draws"] == 1:
        return f"{100 * point['mean']:.1f}"
    return f"{100 * point['mean']:.1f} ± {100 * point['standard_deviation']:.1f}"


def fill_page(page: str, content: str) -> str:
    """Replaces what stands between the marks."""
    marks = "<!-- learning_curve:begin -->", "<!-- learning_curve:end -->"
    pattern = f"{re.escape(marks[0])}.*?{re.escape(marks[1])}"
    return re.sub(
        pattern, lambda _: f"{marks[0]}\n\n{content}\n\n{marks[1]}", page, flags=re.DOTALL
    )


def describe_conditions(record: Mapping[str, Any], summary: Mapping[str, Any]) -> str:
    """Says under the table what was measured, on what."""
    commit = (record["commit"] or "unknown")[:7]
    found = [summary.get(method, {}).get(200) for method in (WITH_TEXTS, HEAD, LENT)]
    asked = next((point for point in found if point), None)
    result = "" if asked is None else (
        f" Asked of 200 labels: at least {100 * FLOOR:.0f} %, aim {100 * AIM:.0f} %; measured "
        f"{100 * asked['mean']:.1f} %."
    )  # fmt: skip
    return (
        f"{record['date']}, commit {commit}, start `{record['start']}`, 25,000 test reviews; mean "
        f"± standard deviation over draws.{result}"
    )


def _read_record(path: Path, start: str) -> dict[str, Any]:
    if path.exists():
        record: dict[str, Any] = json.loads(path.read_text("utf-8"))
        if record["start"] == Path(start).name:
            return record
    return {
        "title": "Accuracy by the number of labels, IMDB's test part",
        "command": f"python benchmarks/learning_curve.py {Path(start).name}",
        "date": time.strftime("%Y-%m-%d"),
        **describe_commit(ROOT),
        "machine": describe_machine(),
        "versions": installed_versions(),
        "start": Path(start).name,
        "interval": "95 % of the mean over draws",
        "measured": {},
    }


def main() -> None:
    """Measures, and renders."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("start", help="language model: a name or a folder")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--draws", type=int, default=NUM_DRAWS)
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS)
    parser.add_argument("--render", action="store_true", help="measure nothing")
    parser.add_argument("--output", type=Path, help="folder for everything; a trial's")
    arguments = parser.parse_args()
    results = arguments.output or RESULTS
    path = results / "learning_curve.json"
    record = _read_record(path, arguments.start) if arguments.render else run(arguments, path)
    summary = summarise(record["measured"])
    picture = plot(summary)
    pictures = arguments.output or PICTURES
    (pictures / "learning_curve.svg").write_text(picture.svg, "utf-8")
    content = f"{tabulate(summary)}\n\n{describe_conditions(record, summary)}"
    print(content)
    if not arguments.output:
        PAGE.write_text(fill_page(PAGE.read_text("utf-8"), content), "utf-8")
    record["summary"] = summary
    path.write_text(json.dumps(record, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
