"""A head fitted at once to what a network makes of texts: its strength by folds, self-training.

Gradient descent needs validation reviews to know when to stop, and twenty of them do not know. Here
the problem is convex, its one strength is chosen by folds, and every labelled review takes part in
both: it teaches four heads and judges the fifth.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold

from reelfeel.metrics.logits import to_probabilities
from reelfeel.metrics.temperature import fit_temperature
from reelfeel.training.classifier.records import loss_and_accuracy
from reelfeel.training.few_labels.linear_head import ClassLabels, Fit, FloatArray, Head, Rows, Scale
from reelfeel.training.few_labels.self_training import SelfTraining

# Inverse strengths of the regularisation, for features of length 1 on average.
STRENGTHS = (0.1, 1.0, 10.0, 100.0)
NUM_FOLDS = 5
# With fewer texts without labels there is no crowd to learn from.
FEWEST_UNLABELLED = 1_000


@dataclass(frozen=True)
class FittedHead:
    """What `fit_head` found.

    Attributes:
        head: learned from all labelled reviews.
        logits: float64 `(num_labelled,)`: of each review from a head that has not met its group.
        description: how the head was found, in words.
    """

    head: Head
    logits: FloatArray
    description: str


def fit_head(
    features: FloatArray,
    labels: ClassLabels,
    groups: Rows,
    unlabelled: FloatArray | None = None,
    *,
    known: Head | None = None,
    seed: int,
) -> FittedHead:
    """Finds the head of a frozen network.

    Logistic regression at the strength with the lowest loss over folds. With texts without labels,
    that head is also trained on its own answers for them, and this one is taken where its loss over
    folds is the lower one.

    Args:
        features: float32 `(num_labelled, width)`, what the network makes of each review.
        labels: int8 `(num_labelled,)`, 0 or 1, at least two of each.
        groups: int `(num_labelled,)`: reviews of one group are never on both sides of a fold.
        unlabelled: float32 `(num_unlabelled, width)`: features of texts without labels.
        known: a head that the network came with, for the same two classes; it is kept where none of
            the others does better over folds.
        seed: of the folds.

    Example:

    >>> rng = np.random.default_rng(0)
    >>> labels = np.arange(40, dtype=np.int8) % 2
    >>> features = rng.normal(size=(40, 3)) + labels[:, None]
    >>> fitted = fit_head(features, labels, np.arange(40), seed=0)
    >>> is_right = (fitted.head.logits(features) > 0) == (labels == 1)
    >>> bool(is_right.mean() > 0.6), fitted.logits.shape
    (True, (40,))
    """
    others = features[:0] if unlabelled is None else unlabelled
    scale = Scale.of(np.concatenate([features, others]))
    rows, others = scale.apply(features), scale.apply(others)
    candidates: dict[str, Fit] = {
        f"regression of strength {strength:g}": partial(_regress, rows, labels, strength)
        for strength in STRENGTHS
    }
    if known:
        candidates["the one that it came with"] = partial(_keep, scale.convert(known))
    folds = _fold(labels, groups, seed)
    name, logits = _choose(candidates, rows, labels, folds)
    if len(others) >= FEWEST_UNLABELLED:
        follow = partial(SelfTraining.of(rows, labels, others).follow, candidates[name])
        led = f"{name}, then trained on its own answers to {len(others):,} texts without labels"
        candidates = {name: candidates[name], led: follow}
        name, logits = _choose(candidates, rows, labels, folds)
    factor = _fit_factor(labels, logits)
    head = candidates[name](np.arange(len(labels))).scaled(factor)
    return FittedHead(scale.restore(head), logits * factor, name)


def _regress(features: FloatArray, labels: ClassLabels, strength: float, rows: Rows) -> Head:
    model = LogisticRegression(C=strength, max_iter=1_000)
    model.fit(features[rows], labels[rows])
    return Head(model.coef_[0], float(model.intercept_[0]))


def _keep(head: Head, rows: Rows) -> Head:
    return head


def _fold(labels: ClassLabels, groups: Rows, seed: int) -> list[tuple[Rows, Rows]]:
    num_folds = min(NUM_FOLDS, int(np.bincount(labels, minlength=2).min()))
    folds = StratifiedGroupKFold(num_folds, shuffle=True, random_state=seed)
    return list(folds.split(labels, labels, groups))


def _choose(
    candidates: dict[str, Fit],
    features: FloatArray,
    labels: ClassLabels,
    folds: list[tuple[Rows, Rows]],
) -> tuple[str, FloatArray]:
    """Returns the name of the best candidate, and the logits of its folds."""
    validated = {name: _validate(fit, features, folds) for name, fit in candidates.items()}
    return min(validated.items(), key=lambda item: _loss(labels, item[1]))


def _validate(fit: Fit, features: FloatArray, folds: list[tuple[Rows, Rows]]) -> FloatArray:
    logits = np.empty(len(features))
    for learned, held_out in folds:
        logits[held_out] = fit(learned).logits(features[held_out])
    return logits


def _loss(labels: ClassLabels, logits: FloatArray) -> float:
    # At its own best factor: how sure a head is can be mended later, what it knows cannot.
    return loss_and_accuracy(labels, to_probabilities(logits * _fit_factor(labels, logits)))[0]


def _fit_factor(labels: ClassLabels, logits: FloatArray) -> float:
    return 1 / fit_temperature(labels, to_probabilities(logits))
