"""From training data to a saved classifier, as `train`, `distill` and every stage make it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping

from reelfeel.config.sections import Config
from reelfeel.errors import UsageError
from reelfeel.inference.classifier import Classifier, load
from reelfeel.models.lstm import check_precision, select_kernel
from reelfeel.training.classifier.directions import ClassifierJob
from reelfeel.training.classifier.preparation import (
    MakeTrainingSet,
    PreparedRun,
    RunOptions,
    prepare,
)
from reelfeel.training.classifier.pretrained import (
    Pretrained,
    describe_loan,
    describe_split_difference,
    fit_config_to,
)
from reelfeel.training.classifier.save import Results, save_bundle
from reelfeel.training.classifier.training_data import TrainingData
from reelfeel.training.loop.jobs import count_job_seconds, run_jobs
from reelfeel.training.loop.progress import Observer

# From what is prepared to the weights of each direction, in place of training by epochs.
FitHeads = Callable[[PreparedRun, Mapping[str, ClassifierJob], Observer], Results]


def train_classifier(
    data: TrainingData,
    config: Config,
    options: RunOptions,
    observer: Observer,
    *,
    make_training_set: MakeTrainingSet | None = None,
    fit_heads: FitHeads | None = None,
) -> Classifier:
    """Trains a classifier, saves it and returns it, loaded.

    Args:
        data: what to learn from.
        config: all settings; with a model to start from, from `fit_config`.
        options: what to make of it.
        observer: is told of progress.
        make_training_set: says what to learn; None learns the labelled reviews.
        fit_heads: finds heads for settings without epochs.

    Raises:
        UsageError: if there are no epochs, and no model to start from or nothing that fits heads;
            or the machine lacks the precision.
        NotLearningError: if the alarm rings.
        ReelFeelError: if the disk refuses, or a process fails.
    """
    check_precision(config.training.precision)
    _check_epochs(config, fits_heads=fit_heads is not None and data.pretrained is not None)
    with observer:
        run = prepare(data, config, observer, make_training_set)
        kernel = select_kernel(config.training.precision)
        observer.on_note(f"LSTM kernel: {kernel.name}, because {kernel.reason}.")
        jobs = run.jobs()
        with run.stopwatch("fit"):
            if config.training.epochs or not fit_heads:
                results: Results = run_jobs(jobs, observer, resume=options.resume)
            else:
                results = fit_heads(run, jobs, observer)
    # Of a run that was interrupted or is finished already, the clock has seen the last part only.
    histories = [result.history for result, _ in results.values()]
    run.seconds["fit"] = max(run.seconds["fit"], count_job_seconds(jobs, histories))
    save_bundle(run, results, options)
    if not options.keeps_networks:
        for job in jobs.values():
            shutil.rmtree(job.folder, ignore_errors=True)
    return load(options.output)


def fit_config(config: Config, pretrained: Pretrained | None, observer: Observer) -> Config:
    """Returns the settings of a classifier that starts from a model; says what it lends."""
    if pretrained is None:
        return config
    config = fit_config_to(pretrained, config)
    observer.on_note(describe_loan(pretrained, config))
    warning = describe_split_difference(pretrained, config)
    if warning:
        observer.on_note(warning)
    return config


def _check_epochs(config: Config, *, fits_heads: bool) -> None:
    """Refuses settings that have no epochs, or folds, and not what they need."""
    if config.training.epochs == 0 and not fits_heads:
        raise UsageError(
            "Without epochs only a head is fitted to labels, and that to a network that can read. "
            "Take reelfeel train and name a network with --from, or set training.epochs to 1 or "
            "more. Received training.epochs=0."
        )
    if config.training.epochs and config.data.validation_split == "folds":
        raise UsageError(
            "Folds judge heads that are fitted without epochs. Set training.epochs=0, or "
            "data.validation_split=grouped. Received "
            f"training.epochs={config.training.epochs}."
        )
