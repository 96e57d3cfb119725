"""Teachers -> student: the answers of saved models, learned by a classifier of any size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Unpack

from reelfeel.config.presets import get_preset
from reelfeel.data.options import TableKeywords, TableOptions, make_options
from reelfeel.files.outputs import claim_output
from reelfeel.files.writing import name_of
from reelfeel.inference.classifier import Classifier
from reelfeel.models.lstm import check_precision
from reelfeel.training.classifier.execution import fit_config, train_classifier
from reelfeel.training.classifier.preparation import RunOptions
from reelfeel.training.classifier.pretrained import Pretrained
from reelfeel.training.classifier.training_data import DataRequest
from reelfeel.training.distillation.soft_targets import soft_targets
from reelfeel.training.distillation.teachers import Teachers
from reelfeel.training.loop.progress import Observer
from reelfeel.training.loop.provenance import read_command_line


def distill(
    teachers: Sequence[str | Path],
    source: Any,
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
    **table: Unpack[TableKeywords],
) -> Classifier:
    """Trains a student on what teachers answer, saves it as a bundle and returns it, loaded.

    It learns from the training part of the labelled reviews (label and answer mixed, by
    `training.label_share`), from the texts without labels, and from variants of both
    (`training.variant_share`). No text that equals a validation review or one of IMDB's test set is
    among them. Labels of the validation reviews choose the epoch and the temperature.

    Args:
        teachers: folders or names of saved models; their calibrated logits are averaged.
        source: what `train` takes; of IMDB its unlabelled part is read too.
        output: the folder to write.
        preset: named settings to start from.
        settings: changes to them, such as `{"training": {"label_share": 0.3}}`.
        start: the folder or name of a language model or of a classifier to start from; with
            `model.own_sizes` it lends what fits.
        data_dir: a local copy of "imdb".
        options: column names and the meaning of labels, for tables.
        resume: go on from the last checkpoint. Answers that teachers gave are kept even without.
        overwrite: whether an existing `output` may be replaced.
        observer: is told of progress; None says nothing.
        **table: fields of `TableOptions` to set, such as `skip_bad_rows=True`.

    Raises:
        UsageError: if an argument or setting is wrong, or `output` exists.
        DataError: if the reviews are refused.
        BundleError: if a teacher or what to start from is missing or damaged.
        NotLearningError: if the alarm rings.
        ReelFeelError: if the disk refuses, or a process fails.
    """
    options = make_options(options, **table)
    output, observer = Path(output), observer or Observer()
    with claim_output(output, overwrite=overwrite):
        config = get_preset(preset).updated(settings or {})
        check_precision(config.training.precision)
        members = Teachers.read(teachers)
        pretrained = Pretrained.read(start) if start is not None else None
        config = fit_config(config, pretrained, observer)
        request = DataRequest(source, data_dir, options)
        data = request.load(observer, with_texts=True).starting_from(pretrained)
        names = " and ".join(name_of(teacher.bundle.path) for teacher in members.members)
        own = {"name": f"student of {names}", "command": read_command_line()}
        stages = (*members.stages(), own)
        run = RunOptions(output, preset, resume, overwrite, stages=stages)
        teach = partial(soft_targets, members)
        return train_classifier(data, config, run, observer, make_training_set=teach)
