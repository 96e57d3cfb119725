"""Training without epochs: the network stays as it started, and a regression finds its head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from reelfeel.config.sections import DataConfig
from reelfeel.data.splitting import find_groups
from reelfeel.training.classifier.directions import ClassifierJob
from reelfeel.training.classifier.preparation import PreparedRun
from reelfeel.training.classifier.records import FitResult
from reelfeel.training.few_labels.features import FeatureExtractor
from reelfeel.training.few_labels.head_fitting import fit_head
from reelfeel.training.few_labels.linear_head import Head
from reelfeel.training.loop.checkpoints import Arrays
from reelfeel.training.loop.progress import Observer

Features = npt.NDArray[np.float32]

# Self-training reads no more texts without labels than this: 100 components need no more.
MOST_UNLABELLED = 20_000


def fit_heads(
    run: PreparedRun, jobs: Mapping[str, ClassifierJob], observer: Observer
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
    data, config = run.data, run.config
    extractors = [FeatureExtractor.of(job, data.pretrained) for job in jobs.values()]
    fitted = fit_head(
        _extract(extractors, run.train.token_ids, config.data, "reading reviews", observer),
        run.train.labels,
        find_groups(data.reviews.take(run.split.train)),
        _extract(extractors, _sample(run), config.data, "reading texts without labels", observer),
        known=_join([extractor.head for extractor in extractors]),
        seed=config.training.seed,
    )
    observer.on_note(f"Head: {fitted.description}.")
    logits = fitted.logits
    if config.data.validation_split != "folds":
        validation = _extract(
            extractors, run.validation.token_ids, config.data, "validating", observer
        )
        logits = fitted.head.logits(validation)
    result = FitResult((), 0, np.asarray(logits, np.float64), None, None)
    heads = _split(fitted.head, len(extractors))
    return {
        name: (result, extractor.weights_with(head))
        for name, extractor, head in zip(jobs, extractors, heads, strict=True)
    }


def _extract(
    extractors: Sequence[FeatureExtractor],
    token_ids: Sequence[npt.NDArray[np.int32]],
    data: DataConfig,
    name: str,
    observer: Observer,
) -> Features:
    """Returns the features of all directions, side by side."""
    parts = []
    for done, extractor in enumerate(extractors, start=1):
        parts.append(extractor.extract(token_ids, data))
        observer.on_work(name, done, len(extractors))
    return np.concatenate(parts, axis=1)


def _sample(run: PreparedRun) -> Sequence[npt.NDArray[np.int32]]:
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
