"""From reviews to a saved model: split, vocabulary, ids, network, training, bundle."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reelfeel.config import Config
from reelfeel.data.tables import TableOptions
from reelfeel.files import refuse_existing
from reelfeel.models.language_model import LanguageModel, read_language_model
from reelfeel.models.lstm import select_kernel
from reelfeel.presets import get_preset
from reelfeel.runtime.engine import Engine, load
from reelfeel.training.directions import Job, run_jobs
from reelfeel.training.initialisation import adopt_language_model, describe_split_difference
from reelfeel.training.preparation import load_source, prepare
from reelfeel.training.progress import Observer
from reelfeel.training.saving import save_bundle
from reelfeel.types import Reviews


def train(
    source: str | Path | Reviews,
    *,
    output: str | Path,
    preset: str = "seed",
    settings: Mapping[str, Any] | None = None,
    start: str | Path | None = None,
    data_dir: str | Path | None = None,
    options: TableOptions | None = None,
    resume: bool = False,
    overwrite: bool = False,
    observer: Observer | None = None,
) -> Engine:
    """Trains a classifier, saves it as a bundle and returns it, loaded.

    Args:
        source: "imdb", "mini", a folder, an archive, a table, or reviews at hand. Only a train part
            is ever read, and with the virtual adversarial loss an unlabelled part.
        output: the folder to write.
        preset: named settings to start from.
        settings: changes to them, such as `{"training": {"epochs": 3}}`.
        start: the folder of a language model that `reelfeel pretrain` wrote: its vocabulary,
            embedding and LSTMs are taken over. None starts from random weights.
        data_dir: a local copy of "imdb".
        options: column names and the meaning of labels, for tables.
        resume: go on from the last checkpoint of a run with the same settings and data; without
            one, start anew.
        overwrite: whether an existing `output` may be replaced.
        observer: is told of progress; None says nothing.

    Raises:
        UsageError: if an argument or setting is wrong, or `output` exists.
        DataError: if the reviews are refused.
        BundleError: if the language model is damaged.
        NotLearningError: if the alarm rings.
        ReelFeelError: if the disk refuses, or a process fails.
    """
    output, observer = Path(output), observer or Observer()
    refuse_existing(output, overwrite=overwrite)
    config = get_preset(preset).updated(settings or {})
    language_model = read_language_model(start) if start is not None else None
    if language_model:
        config = _adopt(config, language_model, observer)
    learned_from = load_source(
        source, config, data_dir=data_dir, options=options, language_model=language_model
    )
    run = prepare(learned_from, config, observer.on_note)
    kernel = select_kernel(config.training.precision)
    observer.on_note(f"LSTM kernel: {kernel.name}, because {kernel.reason}.")
    jobs = run.jobs()
    with run.stopwatch("fit"), observer:
        results = run_jobs(jobs, observer, resume=resume)
    save_bundle(run, results, output, preset, overwrite=overwrite)
    _forget(jobs)
    return load(output)


def _adopt(config: Config, language_model: LanguageModel, observer: Observer) -> Config:
    config = adopt_language_model(config, language_model)
    warning = describe_split_difference(config, language_model)
    if warning:
        observer.on_note(warning)
    return config


def _forget(jobs: Mapping[str, Job]) -> None:
    for job in jobs.values():
        shutil.rmtree(job.folder, ignore_errors=True)
