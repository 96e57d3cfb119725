"""From reviews to a saved model: split, vocabulary, ids, network, training, bundle."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import keras
import numpy as np
import torch

from reelfeel.config import Config, DataConfig
from reelfeel.data.duplicates import hash_texts
from reelfeel.data.labels import refuse_one_class
from reelfeel.data.loading import load_reviews
from reelfeel.data.splitting import Split, split_random, split_train_validation
from reelfeel.data.tables import TableOptions
from reelfeel.evaluation.metrics import evaluate_binary
from reelfeel.files import home, refuse_existing
from reelfeel.models.classifier import assign_weights, build_classifier, named_weights
from reelfeel.models.lstm import select_kernel
from reelfeel.presets import get_preset
from reelfeel.runtime.bundle import Bundle, Decision, GoldenAnswer, write_bundle
from reelfeel.runtime.engine import Engine, load
from reelfeel.runtime.golden import GOLDEN_TEXTS
from reelfeel.text.encoder import Encoded, TextEncoder, describe_truncation, token_counts
from reelfeel.text.tokenizer import TextSettings
from reelfeel.text.vocabulary import Vocabulary
from reelfeel.training.batches import predict_probabilities
from reelfeel.training.card import write_card
from reelfeel.training.fit import Fit, run_folder
from reelfeel.training.progress import Observer
from reelfeel.training.records import EncodedReviews, FitResult
from reelfeel.types import UNLABELLED, Reviews


def train(
    source: str | Path | Reviews,
    *,
    output: str | Path,
    preset: str = "seed",
    settings: Mapping[str, Any] | None = None,
    data_dir: str | Path | None = None,
    options: TableOptions | None = None,
    resume: bool = False,
    overwrite: bool = False,
    observer: Observer | None = None,
) -> Engine:
    """Trains a classifier, saves it as a bundle and returns it, loaded.

    Args:
        source: "imdb", "mini", a folder, an archive, a table, or reviews at hand. Only a train part
            is ever read.
        output: the folder to write.
        preset: named settings to start from.
        settings: changes to them, such as `{"training": {"epochs": 3}}`.
        data_dir: a local copy of "imdb".
        options: column names and the meaning of labels, for tables.
        resume: go on from the last checkpoint of a run with the same settings and data; without
            one, start anew.
        overwrite: whether an existing `output` may be replaced.
        observer: is told of progress; None says nothing.

    Raises:
        UsageError: if an argument or setting is wrong, or `output` exists.
        DataError: if the reviews are refused.
        NotLearningError: if the alarm rings.
        ReelFeelError: if the disk refuses.
    """
    output = Path(output)
    refuse_existing(output, overwrite=overwrite)
    config = get_preset(preset).updated(settings or {})
    observer = observer or Observer()
    reviews = source if isinstance(source, Reviews) else _load(source, data_dir, options)
    run = _prepare(reviews, config, observer)
    result = _fit(run, observer, resume=resume)
    _save(run, result, output, preset, overwrite=overwrite)
    shutil.rmtree(run.folder, ignore_errors=True)
    return load(output)


@dataclass(frozen=True)
class _Run:
    """A run ready to start."""

    reviews: Reviews
    config: Config
    split: Split
    encoder: TextEncoder
    train: EncodedReviews
    validation: EncodedReviews
    truncation: str
    model: keras.Model
    folder: Path
    seconds: dict[str, float]


def _load(source: str | Path, data_dir: str | Path | None, options: TableOptions | None) -> Reviews:
    return load_reviews(source, "train", data_dir=data_dir, options=options)


def _prepare(reviews: Reviews, config: Config, observer: Observer) -> _Run:
    reviews = reviews.take(np.flatnonzero(reviews.labels != UNLABELLED))
    refuse_one_class(reviews)
    seconds: dict[str, float] = {}
    clock = _stopwatch(seconds)
    split = _split(reviews, config.data, config.training.seed)
    observer.on_note(split.describe())
    train, validation = reviews.take(split.train), reviews.take(split.validation)
    settings = TextSettings(max_tokens=config.data.max_tokens, keep=config.data.keep)  # type: ignore[arg-type]
    # From the training reviews alone: words that only validation has must be unknown there.
    vocabulary = Vocabulary.build(
        token_counts(train.texts, settings), size=config.data.vocabulary_size
    )
    encoder = TextEncoder(vocabulary, settings)
    encoded = encoder.encode(train.texts)
    truncation = describe_truncation(encoded)
    observer.on_note(f"Training reviews: {truncation}")
    train_ids = _with_labels(encoded, train)
    validation_ids = _with_labels(encoder.encode(validation.texts), validation)
    clock("text")
    training = config.training
    kernel = select_kernel(training.precision)
    observer.on_note(f"LSTM kernel: {kernel.name}, because {kernel.reason}.")
    model = build_classifier(
        config.model, vocabulary.size, seed=training.seed, precision=training.precision
    )
    folder = run_folder(home() / "runs", config, train_ids)
    return _Run(
        reviews,
        config,
        split,
        encoder,
        train_ids,
        validation_ids,
        truncation,
        model,
        folder,
        seconds,
    )


def _split(reviews: Reviews, data: DataConfig, seed: int) -> Split:
    split = split_train_validation if data.validation_split == "grouped" else split_random
    return split(reviews, validation_share=data.validation_share, seed=seed)


def _with_labels(encoded: Encoded, reviews: Reviews) -> EncodedReviews:
    unknown_share = float(np.average(encoded.unknown_share, weights=encoded.lengths))
    return EncodedReviews(encoded.token_ids, reviews.labels, unknown_share)


def _fit(run: _Run, observer: Observer, *, resume: bool) -> FitResult:
    clock = _stopwatch(run.seconds)
    fit = Fit(run.model, run.train, run.validation, run.config, run.folder, observer)
    with observer:
        result = fit.run(resume=resume)
    clock("fit")
    return result


def _save(run: _Run, result: FitResult, output: Path, preset: str, *, overwrite: bool) -> None:
    bundle = Bundle(
        path=output,
        preset=preset,
        config=run.config,
        label_names=run.reviews.label_names,
        text_settings=run.encoder.settings,
        vocabulary=run.encoder.vocabulary,
        decision=Decision(),
        golden=_golden_answers(run),
    )
    metrics = evaluate_binary(run.validation.labels, result.validation_prob).to_dict()
    about = {
        "history": [asdict(record) for record in result.history],
        "metrics": {"validation": metrics},
        "provenance": _provenance(run, result),
        "training_texts": [f"{number:016x}" for number in hash_texts(run.reviews.texts).tolist()],
    }
    about["README.md"] = write_card(bundle, about)
    write_bundle(bundle, named_weights(run.model), about, overwrite=overwrite)


def _golden_answers(run: _Run) -> tuple[GoldenAnswer, ...]:
    # In float32, whatever the precision of training: the runtime is held to these.
    model = build_classifier(
        run.config.model, run.encoder.vocabulary.size, seed=0, precision="float32"
    )
    assign_weights(model, named_weights(run.model))
    encoded = run.encoder.encode(GOLDEN_TEXTS)
    reviews = EncodedReviews(encoded.token_ids, np.zeros(len(encoded), np.int8))
    answers = predict_probabilities(model, reviews, run.config.data).tolist()
    pairs = zip(GOLDEN_TEXTS, answers, strict=True)
    return tuple(GoldenAnswer(text, probability) for text, probability in pairs)


def _provenance(run: _Run, result: FitResult) -> dict[str, Any]:
    packages = ("reelfeel", "keras", "torch", "numpy", "openvino")
    return {
        "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        "versions": {"python": platform.python_version()}
        | {package: version(package) for package in packages},
        # Another number of threads adds in another order: the same seed then ends a little apart.
        "machine": {
            "processor": platform.machine(),
            "cores": os.cpu_count(),
            "threads": torch.get_num_threads(),
        },
        "kernel": select_kernel(run.config.training.precision).name,
        "seed": run.config.training.seed,
        "data": {
            "source": run.reviews.source,
            "num_reviews": len(run.reviews),
            "sha256": run.reviews.fingerprint(),
        },
        "split": {"description": run.split.describe(), "sha256": run.split.fingerprint()},
        "truncation": run.truncation,
        "best_epoch": result.best_epoch,
        "resumed_at": result.resumed_at,
        "alarm": str(result.diagnosis) if result.diagnosis else None,
        "seconds": {name: round(value, 1) for name, value in run.seconds.items()},
    }


def _stopwatch(seconds: dict[str, float]) -> Callable[[str], None]:
    started = time.perf_counter()

    def stop(name: str) -> None:
        seconds[name] = time.perf_counter() - started

    return stop
