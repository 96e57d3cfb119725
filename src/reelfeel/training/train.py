"""From reviews to a saved model: split, vocabulary, ids, network, training, bundle."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Unpack

from reelfeel.config.presets import find_recipe, get_preset
from reelfeel.data.options import TableKeywords, TableOptions, make_options
from reelfeel.errors import UsageError
from reelfeel.files.outputs import claim_output
from reelfeel.inference.classifier import Classifier
from reelfeel.models.lstm import check_precision
from reelfeel.training.classifier.execution import fit_config, train_classifier
from reelfeel.training.classifier.preparation import RunOptions
from reelfeel.training.classifier.pretrained import Pretrained
from reelfeel.training.classifier.training_data import DataRequest
from reelfeel.training.distillation.soft_targets import learn_answers
from reelfeel.training.few_labels.few_labels import FEW_LABELS, train_from_labels
from reelfeel.training.few_labels.linear_probe import fit_heads
from reelfeel.training.loop.progress import Observer
from reelfeel.training.recipes import RecipeRun
from reelfeel.values import Reviews


def train(
    source: Any,
    labels: Any = None,
    *,
    output: str | Path,
    preset: str | None = None,
    settings: Mapping[str, Any] | None = None,
    start: str | Path | None = None,
    unlabelled: str | Path | None = None,
    data_dir: str | Path | None = None,
    options: TableOptions | None = None,
    resume: bool = False,
    overwrite: bool = False,
    strict: bool = False,
    observer: Observer | None = None,
    **table: Unpack[TableKeywords],
) -> Classifier:
    """Trains a classifier, saves it as a bundle and returns it, loaded.

    Args:
        source: "imdb", "mini", a folder, an archive, a table, several of these, a frame or a dict
            of columns, or reviews at hand. Only a train part is ever read, and with the virtual
            adversarial loss an unlabelled part. With `labels`: the texts, as a list, an array or
            a series of strings.
        labels: of the texts, as many, in their order: 1 positive, 0 negative, -1 none; a list, an
            array or a series, by position. None: the source has the labels.
        output: the folder to write.
        preset: named settings to start from; None takes "seed", or with a `start` settings by the
            number of labels (`choose_label_preset`). Of one in stages, all stages are carried out
            that are not finished.
        settings: changes to them, such as `{"training": {"epochs": 3}}`; of a preset in stages to
            those of the last, but for the seed, which is a teacher's too.
        start: the folder or name of a language model or of a saved classifier: its vocabulary,
            embedding and LSTMs are taken over, of a classifier its head too if it names its classes
            alike. None starts from random weights.
        unlabelled: further texts, without labels: a text file with one text a line, a folder of
            text files, or a table. For settings that learn from such: those by the number of
            labels, and those with a virtual adversarial loss.
        data_dir: a local copy of "imdb".
        options: column names and the meaning of labels, for tables.
        resume: go on from the last checkpoint of a run with the same settings and data. Without
            it, what is not finished starts anew.
        overwrite: whether an existing `output` may be replaced.
        strict: whether data that `reelfeel check-data` finds an error in are refused.
        observer: is told of progress; None says nothing.
        **table: fields of `TableOptions` to set, such as `skip_bad_rows=True`.

    Raises:
        UsageError: if an argument or setting is wrong, or `output` exists.
        DataError: if the reviews are refused.
        BundleError: if there is no model to start from, or it is damaged.
        NotLearningError: if the alarm rings.
        ReelFeelError: if the disk refuses, or a process fails.

    Example:

    >>> import tempfile
    >>> from reelfeel.data.sets.mini import load_mini
    >>> mini, once = load_mini("train"), {"training": {"epochs": 1}}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     output = f"{folder}/mine"
    ...     mine = train(mini.texts, mini.labels, output=output, preset="mini", settings=once)
    >>> mine.bundle.label_names
    ('negative', 'positive')
    """
    output, observer = Path(output), observer or Observer()
    source = source if labels is None else Reviews(source, labels)
    options, changes = make_options(options, **table), settings or {}
    request = DataRequest(source, data_dir, options, unlabelled, strict)
    with claim_output(output, overwrite=overwrite):
        if start is not None and preset is None:
            run = RunOptions(output, FEW_LABELS, resume, overwrite)
            return train_from_labels(
                request, Pretrained.read(start), changes, run, observer, learn_answers
            )
        preset = preset or "seed"
        config = get_preset(preset).updated(changes)
        check_precision(config.training.precision)
        recipe = find_recipe(preset)
        if recipe:
            _refuse_start(start, preset)
            _refuse_unlabelled(unlabelled)
            run = RunOptions(output, preset, resume, overwrite, keeps_networks=True)
            return RecipeRun(recipe.with_last(config), request, run, observer).run()
        pretrained = Pretrained.read(start) if start is not None else None
        config = fit_config(config, pretrained, observer)
        reads_texts = not config.training.epochs or config.training.virtual_adversarial_norm > 0
        if not reads_texts:
            _refuse_unlabelled(unlabelled)
        data = request.load(observer, with_texts=reads_texts).starting_from(pretrained)
        run = RunOptions(output, preset, resume, overwrite)
        return train_classifier(data, config, run, observer, fit_heads=fit_heads)


def _refuse_unlabelled(unlabelled: str | Path | None) -> None:
    if unlabelled is not None:
        raise UsageError(
            "These settings learn nothing from texts without labels. Leave --unlabelled out, leave "
            "--preset out and name a model with --from, or set "
            f"training.virtual_adversarial_norm. Received {str(unlabelled)!r}."
        )


def _refuse_start(start: str | Path | None, preset: str) -> None:
    if start is not None:
        raise UsageError(
            f"The preset {preset} trains a language model of its own. Leave out --from (in Python: "
            "start), or take another preset. reelfeel distill takes both: of the preset the "
            f"settings of its last stage, and a start. Received {str(start)!r}."
        )
