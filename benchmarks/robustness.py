"""Robust as well as accurate: typos, single sentences and made ones, beside TF-IDF.

    python benchmarks/robustness.py base large                    # IMDB's test part
    python benchmarks/robustness.py runs/seed --part validation   # to choose by; more damage

Each model reads reviews as written, with three random typos, and cut to their first and to their
last sentence; TF-IDF and logistic regression reads the same, trained on the same 25,000 reviews
(less those judged, with --part validation). Written to `benchmarks/results/robustness.json` (or
`robustness_validation.json`) and, as a table, to `docs/robustness.md`. The test part judges and
chooses nothing.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from harness.environments import RESULTS, installed_versions
from harness.machine import describe_commit, describe_machine
from harness.records import ROOT

from reelfeel.baselines.baselines import fit_baseline
from reelfeel.data.audit.duplicates import find_shared
from reelfeel.data.sets.imdb import load_imdb
from reelfeel.evaluation.calibrate import take_validation
from reelfeel.inference.classifier import Classifier, load
from reelfeel.robustness.figures import (
    AS_WRITTEN,
    KindScore,
    PerturbationScore,
    PredictProba,
    compare_right,
    measure_made_texts,
    measure_perturbations,
)
from reelfeel.robustness.perturbations import PERTURBATIONS
from reelfeel.values import Reviews

PAGE = ROOT / "docs" / "robustness.md"
TYPOS, SENTENCES = "three typos", ("first sentence", "last sentence")
# What is asked of the test part was fixed before any model was trained for it.
NAMES = {"test": (TYPOS, *SENTENCES), "validation": tuple(PERTURBATIONS)}
BASELINE = "TF-IDF"
SEED = 0
# Points of accuracy: of the lead on sentences, and of the change by typos.
LEAD_FLOOR, CHANGE_FLOOR, CHANGE_AIM = 3.0, -1.0, -0.3

Scores = dict[str, PerturbationScore]
Kinds = list[KindScore]


def choose_reviews(classifier: Classifier, part: str, count: int | None) -> Reviews:
    """Returns the reviews of a part, for validation those held out of the model's training."""
    reviews = load_imdb("test" if part == "test" else "train")
    if part == "validation":
        reviews = take_validation(classifier, reviews, classifier.bundle.about("provenance") or {})
    rows = np.random.default_rng(SEED).permutation(len(reviews))[:count]
    return reviews.take(np.sort(rows))


def train_baseline(judged: Reviews, part: str) -> PredictProba:
    """Trains TF-IDF on IMDB's training reviews; for validation, without those judged."""
    train = load_imdb("train")
    if part == "validation":
        train = train.take(np.flatnonzero(~find_shared(train.texts, judged.texts)))
    return fit_baseline("tfidf", train.texts, train.labels).predict_proba


def judge(
    predict: PredictProba, reviews: Reviews, names: Sequence[str], threshold: float = 0.5
) -> Scores:
    """Returns the scores of a classifier by the name of the change."""
    scores = measure_perturbations(
        predict, reviews.texts, reviews.labels, seed=SEED, threshold=threshold, names=names
    )
    return {score.name: score for score in scores}


def describe_scores(own: Scores, baseline: Scores | None) -> dict[str, Any]:
    """Puts scores into plain values, with the lead over the baseline where there is one."""
    rows = {}
    for name, score in own.items():
        rows[name] = _to_plain(score)
        if baseline:
            lead = compare_right(score.right, baseline[name].right)
            rows[name] |= {"lead": lead.difference, "lead_interval": lead.interval}
    return rows


def describe_sentences(own: Scores, baseline: Scores) -> dict[str, Any]:
    """Compares first and last sentences taken together, paired by review."""
    rights = [np.stack([side[name].right for name in SENTENCES], axis=1)
              for side in (own, baseline)]  # fmt: skip
    lead = compare_right(*rights)
    return {
        "accuracy": lead.a,
        "baseline": lead.b,
        "lead": lead.difference,
        "lead_interval": lead.interval,
    }


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Judges every model, and the baseline on each set of reviews once."""
    part, names = arguments.part, NAMES[arguments.part]
    baselines: dict[str, tuple[Scores, Kinds]] = {}
    models = {}
    for place in arguments.models:
        classifier = load(place)
        reviews = choose_reviews(classifier, part, arguments.reviews)
        key = reviews.fingerprint()
        if key not in baselines:
            predict = train_baseline(reviews, part)
            baselines[key] = judge(predict, reviews, names), measure_made_texts(predict)
        own = judge(classifier.predict_proba, reviews, names, classifier.bundle.decision.threshold)
        made = measure_made_texts(
            classifier.predict_proba, threshold=classifier.bundle.decision.threshold
        )
        models[Path(place).name] = describe_model(classifier, reviews, own, made, baselines[key])
        print(Path(place).name, json.dumps(models[Path(place).name]["figures"]), flush=True)
    return {
        "title": f"Robustness on IMDB's {part} reviews",
        "command": f"python benchmarks/robustness.py MODEL... --part {part}",
        "date": time.strftime("%Y-%m-%d"),
        **describe_commit(ROOT),
        "machine": describe_machine(),
        "versions": installed_versions(),
        "part": part,
        "seed": SEED,
        "quick": arguments.reviews is not None,
        "interval": "95 %; accuracies Wilson's, changes and leads paired by review",
        "models": models,
    }


def describe_model(
    classifier: Classifier, reviews: Reviews, own: Scores, made: Kinds, beside: tuple[Scores, Kinds]
) -> dict[str, Any]:
    """Returns everything about one model, with the figures that are asked for."""
    baseline, baseline_made = beside
    sentences, typos = describe_sentences(own, baseline), own[TYPOS]
    return {
        "preset": classifier.bundle.preset,
        "num_reviews": len(reviews),
        "reviews_sha256": reviews.fingerprint(),
        "scores": describe_scores(own, baseline),
        "baseline_scores": describe_scores(baseline, None),
        "sentences": sentences,
        "made_texts": [_to_plain(kind) for kind in made],
        "baseline_made_texts": [_to_plain(kind) for kind in baseline_made],
        "figures": {
            "lead on single sentences, points": {
                "value": 100 * sentences["lead"],
                "floor": LEAD_FLOOR,
            },
            "change by three typos, points": {
                "value": 100 * typos.change,
                "floor": CHANGE_FLOOR,
                "aim": CHANGE_AIM,
            },
        },
    }


def render(result: Mapping[str, Any]) -> str:
    """Returns the tables of docs/robustness.md."""
    parts = [_describe_conditions(result), _tabulate_figures(result)]
    for name, model in result["models"].items():
        parts += [f"`{name}`, accuracy in points:", _tabulate_model(model)]
    parts.append(_tabulate_made(result))
    return "\n\n".join(parts)


def fill_page(page: str, part: str, content: str) -> str:
    """Replaces what stands between the marks of a part."""
    marks = f"<!-- robustness_{part}:begin -->", f"<!-- robustness_{part}:end -->"
    pattern = f"{re.escape(marks[0])}.*?{re.escape(marks[1])}"
    filled = f"{marks[0]}\n\n{content}\n\n{marks[1]}"
    return re.sub(pattern, lambda _: filled, page, flags=re.DOTALL)


def _to_plain(score: PerturbationScore | KindScore) -> dict[str, Any]:
    # What follows from the seed, text by text, would make up most of the record.
    return {key: value for key, value in asdict(score).items() if key not in ("right", "wrong")}


def _describe_conditions(result: Mapping[str, Any]) -> str:
    commit = (result["commit"] or "unknown")[:7]
    counts = sorted({f"{model['num_reviews']:,}" for model in result["models"].values()})
    return (
        f"{result['date']}, commit {commit}, {' or '.join(counts)} reviews of IMDB's "
        f"{result['part']} part, damage by seed {result['seed']}; brackets hold 95 % intervals."
    )


def _tabulate_figures(result: Mapping[str, Any]) -> str:
    rows = [["", "as written", f"{TYPOS}, change", "single sentences",
             f"{BASELINE} on these", "lead"]]  # fmt: skip
    for name, model in result["models"].items():
        scores, sentences = model["scores"], model["sentences"]
        typos = scores[TYPOS]
        rows.append(
            [
                f"`{name}`",
                f"{100 * scores[AS_WRITTEN]['accuracy']:.2f}",
                _signed(typos["change"], typos["change_interval"]),
                f"{100 * sentences['accuracy']:.2f}",
                f"{100 * sentences['baseline']:.2f}",
                _signed(sentences["lead"], sentences["lead_interval"]),
            ]
        )
    asked = f"at least {CHANGE_FLOOR:+.1f}, aim {CHANGE_AIM:+.1f}"
    rows.append(["asked of `base`", "", asked, "", "", f"at least {LEAD_FLOOR:+.1f}"])
    return _markdown(rows)


def _tabulate_model(model: Mapping[str, Any]) -> str:
    rows = [
        ["reviews", "accuracy", "change", "flipped, %", BASELINE, f"{BASELINE}, change", "lead"]
    ]
    for name, score in model["scores"].items():
        beside = model["baseline_scores"][name]
        is_first = name == AS_WRITTEN
        rows.append(
            [
                name,
                f"{100 * score['accuracy']:.2f}",
                "" if is_first else _signed(score["change"], score["change_interval"]),
                "" if is_first else f"{100 * score['flip_share']:.2f}",
                f"{100 * beside['accuracy']:.2f}",
                "" if is_first else f"{100 * beside['change']:+.2f}",
                _signed(score["lead"], score["lead_interval"]),
            ]
        )
    return _markdown(rows)


def _tabulate_made(result: Mapping[str, Any]) -> str:
    models = result["models"]
    first = next(iter(models.values()))
    rows = [["made sentences", "templates", *(f"`{name}`" for name in models), BASELINE]]
    for place, kind in enumerate(first["made_texts"]):
        judged = [model["made_texts"][place] for model in models.values()]
        cells = [f"{100 * one['accuracy']:.1f} [{100 * one['interval'][0]:.0f}, "
                 f"{100 * one['interval'][1]:.0f}]"
                 for one in (*judged, first["baseline_made_texts"][place])]  # fmt: skip
        rows.append([kind["kind"], str(kind["num_templates"]), *cells])
    return _markdown(rows)


def _signed(value: float, interval: Sequence[float]) -> str:
    lower, upper = interval
    return f"{100 * value:+.2f} [{100 * lower:+.2f}, {100 * upper:+.2f}]"


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([lines[0], "| --- " * len(rows[0]) + "|", *lines[1:]])


def main() -> None:
    """Judges, writes the record and fills the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="+", help="saved models, by name or folder")
    parser.add_argument("--part", choices=tuple(NAMES), default="test")
    parser.add_argument("--reviews", type=int, help="so many only, to try the script")
    parser.add_argument("--output", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    result = measure(arguments)
    ending = "" if arguments.part == "test" else f"_{arguments.part}"
    arguments.output.mkdir(parents=True, exist_ok=True)
    path = arguments.output / f"robustness{ending}.json"
    path.write_text(json.dumps(result, indent=2) + "\n", "utf-8")
    print(render(result))
    if arguments.output == RESULTS:
        page = PAGE.read_text("utf-8")
        PAGE.write_text(fill_page(page, arguments.part, render(result)), "utf-8")


if __name__ == "__main__":
    main()
