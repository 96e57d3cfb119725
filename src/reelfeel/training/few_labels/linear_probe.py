"""Training without epochs: the network stays as it started, and a regression finds its head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from reelfeel.config.sections import Config, DataConfig
from reelfeel.data.splitting import find_groups
from reelfeel.errors import UsageError
from reelfeel.training.classifier.jobs import Job
from reelfeel.training.classifier.preparation import Run
from reelfeel.training.classifier.records import FitResult
from reelfeel.training.few_labels.features import Reader
from reelfeel.training.few_labels.head_fitting import fit_head
from reelfeel.training.few_labels.linear_head import Head
from reelfeel.training.loop.checkpoints import Arrays
from reelfeel.training.loop.progress import Observer

Features = npt.NDArray[np.float32]

# Self-training reads no more texts without labels than this: 100 components need no more.
MOST_UNLABELLED = 20_000


def check_frozen(config: Config, *, has_start: bool) -> None:
    """Refuses settings that have no epochs, or folds, and not what they need.

    Raises:
        UsageError: without epochs, if there is no network to start from; with folds, if there are
            epochs.
    """
    if config.training.epochs == 0 and not has_start:
        raise UsageError(
            "Without epochs only a head is fitted, and that to a network that can read. Name one "
            "with --from, or set training.epochs to 1 or more. Received training.epochs=0."
        )
    if config.training.epochs and config.data.validation_split == "folds":
        raise UsageError(
            "Folds judge heads that are fitted without epochs. Set training.epochs=0, or "
            "data.validation_split=grouped. Received "
            f"training.epochs={config.training.epochs}."
        )


def fit_heads(
    run: Run, jobs: Mapping[str, Job], observer: Observer
) -> dict[str, tuple[FitResult, Arrays]]:
    """Fits one head to the networks of all directions together.

    Args:
        run: what to learn from.
        jobs: of each direction; their start weights are the network.
        observer: is told of progress.

    Returns:
        As `run_jobs`: for each direction a result without epochs, and its weights. The mean of the
        directions' logits is the logit of the one head.
    """
    reviews, data = run.source.reviews, run.config.data
    readers = [Reader.of(job, run.source.language_model) for job in jobs.values()]
    fitted = fit_head(
        _read(readers, run.train.token_ids, data, "reading reviews", observer),
        run.train.labels,
        find_groups(reviews.take(run.split.train)),
        _read(readers, _sample(run), data, "reading texts without labels", observer),
        known=_join([reader.head for reader in readers]),
        seed=run.config.training.seed,
    )
    observer.on_note(f"Head: {fitted.description}.")
    logits = fitted.logits
    if data.validation_split != "folds":
        validation = _read(readers, run.validation.token_ids, data, "validating", observer)
        logits = fitted.head.judge(validation)
    result = FitResult((), 0, np.asarray(logits, np.float64), None, None)
    heads = _split(fitted.head, len(readers))
    return {
        name: (result, reader.weights_with(head))
        for name, reader, head in zip(jobs, readers, heads, strict=True)
    }


def _read(
    readers: Sequence[Reader],
    token_ids: Sequence[npt.NDArray[np.int32]],
    data: DataConfig,
    name: str,
    observer: Observer,
) -> Features:
    """Returns what all readers make of texts, side by side."""
    parts = []
    for done, reader in enumerate(readers, start=1):
        parts.append(reader.read(token_ids, data))
        observer.on_work(name, done, len(readers))
    return np.concatenate(parts, axis=1)


def _sample(run: Run) -> Sequence[npt.NDArray[np.int32]]:
    others = run.unlabelled if run.unlabelled is not None else ()
    if len(others) <= MOST_UNLABELLED:
        return others
    rng = np.random.default_rng(run.config.training.seed)
    rows = np.sort(rng.choice(len(others), MOST_UNLABELLED, replace=False))
    return [others[row] for row in rows.tolist()]


def _join(heads: Sequence[Head | None]) -> Head | None:
    """Returns the head whose logit is the mean of all; None where one is missing."""
    known = [head for head in heads if head is not None]
    if len(known) < len(heads):
        return None
    kernel = np.concatenate([head.kernel for head in known]) / len(known)
    return Head(kernel, sum(head.bias for head in known) / len(known))


def _split(head: Head, count: int) -> list[Head]:
    """Returns heads, one for each direction, whose mean logit is that of the one."""
    return [Head(kernel * count, head.bias) for kernel in np.split(head.kernel, count)]
