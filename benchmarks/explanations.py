"""Which explanation points at the words that a verdict hangs on.

Explains reviews by every method, deletes and inserts their words in the order of each, and compares
the areas, judged by the explained model and by a second one of another seed. Choose on validation,
then report on test, once:

    python benchmarks/explanations.py runs/seed-0 runs/seed-1 --part validation
    python benchmarks/explanations.py runs/seed-0 runs/seed-1 --part test

Needs IMDB (REELFEEL_IMDB or a download) and the extra [train]. Prints a table, and writes it with
all figures to benchmarks/results/explanations_PART.json.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import reelfeel
from reelfeel.data.sets.imdb import load_imdb
from reelfeel.data.splitting import split_train_validation
from reelfeel.explanation.faithfulness import (
    measure_curves,
    paired_interval,
    rank_correlation,
    rank_tokens,
)
from reelfeel.explanation.gradients import integrate_gradients, multiply_gradient
from reelfeel.explanation.occlusion import occlude, occlude_twice
from reelfeel.inference.classifier import Classifier, load
from reelfeel.models.differentiation import DifferentiableClassifier
from reelfeel.text.encoder import TextEncoder
from reelfeel.values import Reviews

HERE = Path(__file__).parent
DEFAULT = "occlusion"
# Explaining all reviews a second time would double the run for an interval that is narrow already.
NUM_STABILITY = 100
REFERENCES = ("random", "gradient x input", "occlusion, whole text only", "integrated gradients")

Attribute = Callable[[np.ndarray], np.ndarray]


def choose_reviews(classifier: Classifier, part: str, count: int) -> Reviews:
    """Draws reviews that the explained model was not trained on."""
    if part == "test":
        reviews = load_imdb("test")
        candidates = np.arange(len(reviews))
    else:
        reviews = load_imdb("train")
        share = classifier.bundle.config.data.validation_share
        seed = classifier.bundle.about("provenance")["seed"]
        candidates = split_train_validation(reviews, validation_share=share, seed=seed).validation
    rng = np.random.default_rng(7)
    return reviews.take(np.sort(rng.choice(candidates, count, replace=False)))


def open_network(classifier: Classifier) -> DifferentiableClassifier:
    bundle = classifier.bundle
    return DifferentiableClassifier(
        bundle.config.model, bundle.config.data, bundle.vocabulary.size, bundle.weights(),
        temperature=bundle.decision.temperature,
    )  # fmt: skip


def list_methods(classifier: Classifier, errors: list[float], *, seed: int) -> dict[str, Attribute]:
    """Returns each method as a function from token ids to one score a token."""
    network, rng = open_network(classifier), np.random.default_rng(seed)

    def integrate(token_ids: np.ndarray) -> np.ndarray:
        found = integrate_gradients(network, token_ids)
        errors.append(found.convergence_error)
        return found.scores

    def words(token_ids: np.ndarray) -> list[tuple[int, int]]:
        return [(place, place + 1) for place in range(len(token_ids))]

    return {
        DEFAULT: lambda ids: occlude_twice(classifier.score_token_ids, ids, words(ids)),
        "occlusion, whole text only": lambda ids: occlude(
            classifier.score_token_ids, ids, words(ids)
        ),
        "integrated gradients": integrate,
        "gradient x input": lambda ids: multiply_gradient(network, ids),
        "random": lambda ids: rng.normal(size=len(ids)),
    }


def encode(classifier: Classifier, token_texts: list[list[str]]) -> list[np.ndarray]:
    return [classifier.bundle.vocabulary.encode(tokens) for tokens in token_texts]


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    own, second = (
        load(path, threads=arguments.threads) for path in (arguments.model, arguments.second_model)
    )
    if own.bundle.text_settings != second.bundle.text_settings:
        raise SystemExit("Both models must read texts alike: train them with one preset.")
    reviews = choose_reviews(own, arguments.part, arguments.num_reviews)
    encoder = TextEncoder(own.bundle.vocabulary, own.bundle.text_settings)
    token_texts = [[token.text for token in encoder.read(text)] for text in reviews.texts]
    judges = {
        "own": (own, encode(own, token_texts)),
        "second": (second, encode(second, token_texts)),
    }
    positive = own.score_token_ids(judges["own"][1]) >= own.bundle.decision.threshold
    errors: list[float] = []
    scores, seconds, areas = {}, {}, {}
    for name, attribute in list_methods(own, errors, seed=11).items():
        started = time.perf_counter()
        scores[name] = [attribute(ids) for ids in judges["own"][1]]
        seconds[name] = (time.perf_counter() - started) / len(reviews)
        rankings = [
            rank_tokens(values, positive=bool(verdict))
            for values, verdict in zip(scores[name], positive, strict=True)
        ]
        for judge, (classifier, ids) in judges.items():
            curves = measure_curves(classifier.score_token_ids, ids, rankings, positive)
            areas[name, judge] = {
                "insertion": curves.insertion_score,
                "deletion": curves.deletion_score,
            }
        print(name, {j: {k: round(float(v.mean()), 4) for k, v in areas[name, j].items()}
                     for j in judges}, flush=True)  # fmt: skip
    return {
        "what": f"insertion and deletion areas on {len(reviews)} IMDB {arguments.part} reviews, "
        "in [0, 1], higher is better",
        "command": f"python benchmarks/explanations.py MODEL SECOND --part {arguments.part}",
        "conditions": describe_conditions(own, second, reviews),
        "areas": summarise(areas),
        "differences": compare(areas),
        "stability": measure_stability(second, judges["second"][1], scores),
        "convergence_error": describe_errors(errors),
        "seconds_per_review": seconds,
        "one_review": time_one_review(own, reviews, token_texts),
    }


def time_one_review(
    classifier: Classifier, reviews: Reviews, token_texts: list[list[str]]
) -> dict[str, float]:
    """Times the explanation of the review whose length is nearest to 200 words."""
    row = min(range(len(reviews)), key=lambda row: abs(len(token_texts[row]) - 200))
    text, taken = [reviews.texts[row]], []
    for _ in range(30):
        started = time.perf_counter()
        classifier.explain(text)
        taken.append(time.perf_counter() - started)
    # The first ones warm up.
    return {"num_words": len(token_texts[row]), "median_ms": 1000 * float(np.median(taken[5:]))}


def summarise(areas: dict[tuple[str, str], dict[str, np.ndarray]]) -> dict[str, Any]:
    table: dict[str, Any] = {}
    for (name, judge), values in areas.items():
        for curve, area in values.items():
            table.setdefault(name, {})[f"{curve}, {judge} model"] = float(area.mean())
    return table


def compare(areas: dict[tuple[str, str], dict[str, np.ndarray]]) -> dict[str, Any]:
    """Returns the mean paired differences of the default to each other method, with intervals."""
    rng, table = np.random.default_rng(13), {}
    for reference in REFERENCES:
        rows = {}
        for judge in ("own", "second"):
            for curve in ("insertion", "deletion"):
                gaps = areas[DEFAULT, judge][curve] - areas[reference, judge][curve]
                interval = paired_interval(gaps, rng=rng)
                rows[f"{curve}, {judge} model"] = {"mean": float(gaps.mean()), "interval": interval}
        table[reference] = rows
    return table


def measure_stability(
    second: Classifier, ids: list[np.ndarray], scores: dict[str, list[np.ndarray]]
) -> dict[str, Any]:
    """Correlates each method's scores with those that it finds in the second model."""
    rng, table = np.random.default_rng(17), {}
    for name, attribute in list_methods(second, [], seed=12).items():
        values = [
            rank_correlation(mine, attribute(others))
            for mine, others in zip(scores[name][:NUM_STABILITY], ids[:NUM_STABILITY], strict=True)
        ]
        known = np.array([value for value in values if np.isfinite(value)])
        table[name] = {"mean": float(known.mean()), "interval": paired_interval(known, rng=rng)}
    return table


def describe_errors(errors: list[float]) -> dict[str, float]:
    names = ("median", "90 %", "99 %", "largest")
    values = np.quantile(errors, [0.5, 0.9, 0.99, 1.0]).tolist()
    return dict(zip(names, values, strict=True))


def describe_conditions(own: Classifier, second: Classifier, reviews: Reviews) -> dict[str, Any]:
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False, cwd=HERE
    ).stdout.strip()
    return {
        "presets": [own.bundle.preset, second.bundle.preset],
        "seeds": [classifier.bundle.about("provenance")["seed"] for classifier in (own, second)],
        "reviews_sha256": reviews.fingerprint(),
        "backend": str(own.backend),
        "interval": "95 %, percentile bootstrap over reviews, 10,000 resamples",
        "versions": {
            "reelfeel": reelfeel.__version__,
            "python": platform.python_version(),
            "numpy": np.__version__,
        },
        "machine": platform.processor() or platform.machine(),
        "commit": commit,
        "date": time.strftime("%Y-%m-%d"),
    }


def render(result: dict[str, Any]) -> str:
    """Returns the tables of docs/explanations.md."""
    columns = list(result["areas"][DEFAULT])
    lines = ["| method | " + " | ".join(columns) + " |", "| --- " * (len(columns) + 1) + "|"]
    for name, row in result["areas"].items():
        lines.append(f"| {name} | " + " | ".join(f"{row[c]:.4f}" for c in columns) + " |")
    lines += ["", "| the default against | " + " | ".join(columns) + " |"]
    lines.append("| --- " * (len(columns) + 1) + "|")
    for name, row in result["differences"].items():
        cells = [
            f"{row[c]['mean']:+.4f} [{row[c]['interval'][0]:+.4f}, {row[c]['interval'][1]:+.4f}]"
            for c in columns
        ]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    lines += [
        "",
        f"| method | rank correlation with another seed, {NUM_STABILITY} reviews |",
        "| --- | --- |",
    ]
    for name, row in result["stability"].items():
        low, high = row["interval"]
        lines.append(f"| {name} | {row['mean']:.3f} [{low:.3f}, {high:.3f}] |")
    errors = ", ".join(f"{k} {v:.2g}" for k, v in result["convergence_error"].items())
    one = result["one_review"]
    lines += ["", f"Convergence error of integrated gradients: {errors}.", ""]
    lines.append(f"A review of {one['num_words']} words is explained in {one['median_ms']:.0f} ms.")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, help="the saved model to explain")
    parser.add_argument("second_model", type=Path, help="one of another seed, to judge as well")
    parser.add_argument("--part", choices=("validation", "test"), default="validation")
    parser.add_argument("--num-reviews", type=int, default=500)
    parser.add_argument("--threads", type=int, help="of the runtime; all cores where left out")
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()
    output = arguments.output or HERE / "results" / f"explanations_{arguments.part}.json"
    result = measure(arguments)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(result, indent=2) + "\n")
    print(render(result))


if __name__ == "__main__":
    main()
