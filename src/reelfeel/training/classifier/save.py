"""From a finished run to a bundle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from reelfeel.data.audit.duplicates import hash_texts
from reelfeel.inference.bundle import Bundle, Decision, GoldenAnswer, write_bundle
from reelfeel.inference.card import write_card
from reelfeel.inference.golden import GOLDEN_TEXTS
from reelfeel.metrics.logits import to_probabilities
from reelfeel.metrics.table import evaluate_binary
from reelfeel.metrics.temperature import fit_temperature
from reelfeel.models.classifier import assign_weights, build_classifier, join_directions
from reelfeel.training.classifier.batches import predict_probabilities
from reelfeel.training.classifier.preparation import PreparedRun, RunOptions
from reelfeel.training.classifier.records import EncodedReviews, FitResult
from reelfeel.training.loop.checkpoints import Arrays
from reelfeel.training.loop.provenance import describe_process
from reelfeel.training.loop.run_folder import fingerprint_weights
from reelfeel.values import Reviews
from reelfeel.weights import round_weights

Results = Mapping[str, tuple[FitResult, Arrays]]


def save_bundle(run: PreparedRun, results: Results, options: RunOptions) -> Bundle:
    """Writes the bundle of a finished run, and returns it.

    Args:
        run: what was trained.
        results: for each direction what training left, and its weights.
        options: the folder to write, and what the provenance says of the run.
    """
    weights = join_directions({name: arrays for name, (_, arrays) in results.items()})
    # Golden answers are those of the weights that will be read back.
    weights = round_weights(weights, run.config.model.weight_precision)
    y_prob = to_probabilities(validation_logits(results))
    validation = run.data.reviews.take(run.split.validation)
    bundle = Bundle(
        path=options.output,
        preset=options.preset,
        config=run.config,
        label_names=run.data.reviews.label_names,
        text_settings=run.encoder.settings,
        vocabulary=run.encoder.vocabulary,
        decision=fit_validation_decision(validation, y_prob),
        golden=_golden_answers(run, weights),
    )
    about = {
        **_histories(results),
        "metrics": {"validation": evaluate_binary(run.validation.labels, y_prob).to_dict()},
        "provenance": _provenance(run, results, options),
        "training_texts": [
            f"{number:016x}" for number in hash_texts(run.data.reviews.texts).tolist()
        ],
    }
    num_parameters = sum(array.size for array in weights.values())
    about["README.md"] = write_card(bundle, about, num_parameters=num_parameters)
    write_bundle(bundle, weights, about, overwrite=options.overwrite)
    return bundle


def validation_logits(results: Results) -> npt.NDArray[np.float64]:
    """Returns the classifier's logits for the validation reviews, float64 `(num_validation,)`."""
    logits = [result.validation_logits for result, _ in results.values()]
    return np.asarray(np.mean(logits, axis=0))


def _golden_answers(run: PreparedRun, weights: Arrays) -> tuple[GoldenAnswer, ...]:
    # In float32, whatever the precision of training: the runtime is held to these.
    model = build_classifier(
        run.config.model, run.encoder.vocabulary.size, seed=0, precision="float32"
    )
    assign_weights(model, weights)
    encoded = run.encoder.encode(GOLDEN_TEXTS)
    reviews = EncodedReviews(encoded.token_ids, np.zeros(len(encoded), np.int8))
    answers = predict_probabilities(model, reviews, run.config.data).tolist()
    pairs = zip(GOLDEN_TEXTS, answers, strict=True)
    return tuple(GoldenAnswer(text, probability) for text, probability in pairs)


def _histories(results: Results) -> dict[str, list[dict[str, Any]]]:
    histories = {name: list(result.history) for name, (result, _) in results.items()}
    if len(histories) == 1:
        return {"history": next(iter(histories.values()))}
    # Both together, epoch by epoch, as far as both went; each by itself beside it.
    means = [
        {key: float(np.mean([record[key] for record in records])) for key in records[0]}
        for records in zip(*histories.values(), strict=False)
    ]
    return {"history": means} | {f"history_{name}": rows for name, rows in histories.items()}


def _provenance(run: PreparedRun, results: Results, options: RunOptions) -> dict[str, Any]:
    reviews = run.data.reviews
    return {
        **describe_process(run.config.training.precision, options.command),
        "seed": run.config.training.seed,
        "data": {
            "source": reviews.source,
            "num_reviews": len(reviews),
            "sha256": reviews.fingerprint(),
            "load_summaries": [
                one.to_dict() for one in (*reviews.load_summaries, *run.data.text_load_summaries)
            ],
        },
        "split": {"description": run.split.describe(), "sha256": run.split.fingerprint()},
        **run.notes,
        "language_model": _describe_language_model(run),
        "distillation": run.targets,
        **_ends(results),
        "seconds": {name: round(value, 1) for name, value in run.seconds.items()},
        **_describe_stages(run, options),
    }


def _describe_stages(run: PreparedRun, options: RunOptions) -> dict[str, Any]:
    if not options.stages:
        return {}
    *earlier, own = options.stages
    stages = [*earlier, {**own, "seconds": round(sum(run.seconds.values()), 1)}]
    total = sum(stage["seconds"] for stage in stages)
    return {"stages": stages, "seconds_total": round(total, 1)}


def _ends(results: Results) -> dict[str, Any]:
    """How each direction ended: the value itself for one, values by direction for two."""
    ends: dict[str, dict[str, Any]] = {"best_epoch": {}, "resumed_at": {}, "alarm": {}}
    for name, (result, _) in results.items():
        ends["best_epoch"][name] = result.best_epoch
        ends["resumed_at"][name] = result.resumed_at
        ends["alarm"][name] = str(result.diagnosis) if result.diagnosis else None
    if len(results) == 1:
        return {key: next(iter(values.values())) for key, values in ends.items()}
    return {**ends, "best_epoch": None, "best_epochs": ends["best_epoch"]}


def _describe_language_model(run: PreparedRun) -> dict[str, Any] | None:
    model = run.data.pretrained
    if model is None:
        return None
    sums = {name: fingerprint_weights(weights) for name, weights in model.weights.items()}
    return {"sha256": sums, **model.about}


# With fewer, chance moves the temperature by more than a tenth: in simulation, for a model right on
# 88 %, its standard error is 9 % on 400 reviews, 14 % on 100 and 4 % on 2,500.
FEWEST_REVIEWS = 400


def fit_validation_decision(validation: Reviews, y_prob: npt.NDArray[np.float64]) -> Decision:
    """Returns the decision of a fresh model: threshold 0.5, and its temperature.

    Args:
        validation: the reviews held out, with labels.
        y_prob: float array of shape `(num_validation,)`, the probability of class 1.

    Returns:
        Decision at temperature 1 where there are fewer than 400 reviews, or one class only.

    Example:

    >>> few = Reviews(["fine", "dull"], np.array([1, 0], np.int8), ["a", "b"])
    >>> fit_validation_decision(few, np.array([0.9, 0.8])).temperature
    1.0
    """
    labels = validation.labels
    if len(validation) < FEWEST_REVIEWS or labels.min() == labels.max():
        return Decision()
    record = {
        "source": f"{validation.source}, held out for validation",
        "num_reviews": len(validation),
        "sha256": validation.fingerprint(),
        "aims": {},
    }
    return Decision(temperature=fit_temperature(labels, y_prob), calibration=record)
