"""From what is loaded to a saved model, as `train`, `distill` and every stage carry it out."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from reelfeel.config.sections import Config
from reelfeel.inference.classifier import Engine, load
from reelfeel.models.language_model import LanguageModel
from reelfeel.models.lstm import check_precision, select_kernel
from reelfeel.training.classifier.preparation import prepare
from reelfeel.training.classifier.pretrained import adopt_classifier
from reelfeel.training.classifier.save import save_bundle
from reelfeel.training.classifier.start_weights import (
    adopt_language_model,
    describe_loan,
    describe_split_difference,
)
from reelfeel.training.classifier.training_data import Source
from reelfeel.training.few_labels.linear_probe import check_frozen, fit_heads
from reelfeel.training.loop.jobs import count_job_seconds, run_jobs
from reelfeel.training.loop.progress import Observer


@dataclass(frozen=True)
class Order:
    """What is to be made, and how.

    Attributes:
        output: the folder to write.
        preset: the name that the settings started from.
        resume: whether to go on from the last checkpoint of an equal run.
        overwrite: whether an existing `output` may be replaced.
        keeps_networks: whether the finished network of each direction stays under `REELFEEL_HOME`,
            for other runs with an equal one.
        command: what its provenance names as what made it; None takes this process's own.
    """

    output: Path
    preset: str
    resume: bool = False
    overwrite: bool = False
    keeps_networks: bool = False
    command: str | None = None


def execute(source: Source, config: Config, order: Order, observer: Observer) -> Engine:
    """Trains a classifier, saves it and returns it, loaded.

    Args:
        source: what to learn from.
        config: all settings; with a language model, from `adopt`.
        order: what to make of it.
        observer: is told of progress.

    Raises:
        UsageError: if there are no epochs, and no model to start from, or the machine lacks the
            precision.
        NotLearningError: if the alarm rings.
        ReelFeelError: if the disk refuses, or a process fails.
    """
    check_precision(config.training.precision)
    check_frozen(config, has_start=source.language_model is not None)
    with observer:
        run = prepare(source, config, observer)
        kernel = select_kernel(config.training.precision)
        observer.on_note(f"LSTM kernel: {kernel.name}, because {kernel.reason}.")
        jobs = run.jobs()
        with run.stopwatch("fit"):
            results = (
                run_jobs(jobs, observer, resume=order.resume)
                if config.training.epochs
                else fit_heads(run, jobs, observer)
            )
    histories = [result.history for result, _ in results.values()]
    # Of a run that was interrupted or is finished already, the clock has seen the last part only.
    run.seconds["fit"] = max(run.seconds["fit"], count_job_seconds(jobs, histories))
    save_bundle(
        run,
        results,
        order.output,
        order.preset,
        overwrite=order.overwrite,
        command=order.command,
    )
    if not order.keeps_networks:
        for job in jobs.values():
            shutil.rmtree(job.folder, ignore_errors=True)
    return load(order.output)


def adopt_start(config: Config, start: LanguageModel) -> Config:
    """Returns the settings of a classifier that starts from a language model or a classifier."""
    return adopt_language_model(adopt_classifier(config, start), start)


def adopt(config: Config, language_model: LanguageModel, observer: Observer) -> Config:
    """Returns the settings of a classifier that starts from a language model; says what differs."""
    config = adopt_start(config, language_model)
    observer.on_note(describe_loan(config, language_model))
    warning = describe_split_difference(config, language_model)
    if warning:
        observer.on_note(warning)
    return config
