"""The not-learning alarm: notices a run that learns nothing, and says why.

A classifier stuck at the majority rate is the commonest failure of LSTM tutorials, and a silent
one. The alarm first decides from validation whether anything was learned, then computes from what
the run saw which of the known causes fits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reelfeel.metrics.intervals.proportions import wilson_interval

# Fewer steps than this say nothing: a healthy LSTM often idles at the majority rate for 100 or 200.
MIN_STEPS = 300
# In nats: always saying 50 %, and what only steps that overshoot reach.
GUESSING_LOSS = math.log(2)
OVERSHOOT_LOSS = 1.5 * GUESSING_LOSS
# Share of unknown words from which on a review says nothing; IMDB has 0.05.
MOSTLY_UNKNOWN = 0.5
# The published learning rates of Adam for LSTMs lie between 1e-4 and 1e-2.
USUAL_LEARNING_RATES = (1e-5, 0.05)


@dataclass(frozen=True)
class Evidence:
    """What a training run has seen up to the check.

    Attributes:
        y_true: int array `(num_validation,)`.
        y_prob: float array `(num_validation,)`, by the model.
        y_bag: float array `(num_validation,)`, by a bag of words trained on the same reviews.
        train_loss: mean training loss since the last check, in nats.
        steps: optimizer steps so far.
        learning_rate: of the optimizer.
        weight_change: size of the change of all weights since the start, relative to their size.
        masking: whether padding is left out.
        padding_share: share of padding in what the LSTM reads.
        unknown_share: share of unknown words in the training reviews.
    """

    y_true: npt.NDArray[np.int8]
    y_prob: npt.NDArray[np.float64]
    y_bag: npt.NDArray[np.float64]
    train_loss: float
    steps: int
    learning_rate: float
    weight_change: float
    masking: bool
    padding_share: float
    unknown_share: float


@dataclass(frozen=True)
class Diagnosis:
    """Why the alarm rang.

    Attributes:
        symptom: what is wrong, one sentence with numbers.
        causes: likeliest first; each a sentence with its evidence and the mend.
    """

    symptom: str
    causes: tuple[str, ...]

    def __str__(self) -> str:
        causes = "\n".join(f"  {number}. {cause}" for number, cause in enumerate(self.causes, 1))
        return f"{self.symptom}\nLikely causes:\n{causes}"


def find_symptom(
    y_true: npt.NDArray[np.int8], y_prob: npt.NDArray[np.float64], train_loss: float, steps: int
) -> str | None:
    """Says what shows that a run does not learn; None while nothing does.

    Args:
        y_true: int array `(num_validation,)`.
        y_prob: float array `(num_validation,)`; NaN where the network has broken down.
        train_loss: mean training loss of late, in nats.
        steps: optimizer steps so far.

    Returns:
        One sentence, or None.
    """
    if not (math.isfinite(train_loss) and np.isfinite(y_prob).all()):
        return f"The loss or the predictions are no longer numbers after {steps} steps."
    if steps < MIN_STEPS:
        return None
    if train_loss > OVERSHOOT_LOSS:
        return (
            f"After {steps} steps the training loss is {train_loss:.3g}, far worse than guessing "
            f"({GUESSING_LOSS:.3f})."
        )
    correct = (y_prob >= 0.5) == (y_true == 1)
    accuracy, majority = correct.mean(), max(y_true.mean(), 1 - y_true.mean())
    low, high = wilson_interval(correct.sum(), len(y_true))
    if len(np.unique(y_prob >= 0.5)) == 1:
        return (
            f"After {steps} steps every validation review gets the same class "
            f"(accuracy {accuracy:.3f}, majority {majority:.3f})."
        )
    if low <= majority:
        return (
            f"After {steps} steps the validation accuracy is {accuracy:.3f} (95 % interval "
            f"{low:.3f} to {high:.3f}), no better than always saying the majority ({majority:.3f})."
        )
    return None


def shows_learning(
    y_true: npt.NDArray[np.int8], y_prob: npt.NDArray[np.float64], train_loss: float, steps: int
) -> bool:
    """Says whether a run has learned something, which a later bad epoch does not undo.

    Takes what `find_symptom` takes.
    """
    symptom = find_symptom(y_true, y_prob, train_loss, steps)
    if symptom or steps >= MIN_STEPS:
        return symptom is None
    # Short epochs are looked at often, and chance gets as many tries: ask for four standard errors.
    accuracy, majority = _accuracy(y_true, y_prob), max(y_true.mean(), 1 - y_true.mean())
    return bool(accuracy - majority > 4 * 0.5 / math.sqrt(len(y_true)))


def diagnose(symptom: str, evidence: Evidence) -> Diagnosis:
    """Finds the causes that fit the evidence.

    Args:
        symptom: from `find_symptom`.
        evidence: what the run has seen.

    Returns:
        The symptom with its causes, likeliest first; never without one.
    """
    causes = [
        cause
        for cause in (
            _unknown_words(evidence),
            _learning_rate(evidence),
            _unmasked_padding(evidence),
            _labels(evidence),
        )
        if cause
    ]
    if not causes:
        causes = [
            "None of the known causes fits. The network may be too small for the task, or there "
            "may be too few reviews: compare with a bag of words, which reaches "
            f"{_accuracy(evidence.y_true, evidence.y_bag):.3f} on the same split."
        ]
    return Diagnosis(symptom, tuple(causes))


def _unknown_words(evidence: Evidence) -> str | None:
    if evidence.unknown_share < MOSTLY_UNKNOWN:
        return None
    return (
        f"Unknown words: {evidence.unknown_share:.0%} of the tokens are not in the vocabulary, so "
        "the reviews look alike. Build the vocabulary from these reviews, in their language, or "
        "raise data.vocabulary_size."
    )


def _learning_rate(evidence: Evidence) -> str | None:
    low, high = USUAL_LEARNING_RATES
    overshoots = not evidence.train_loss <= OVERSHOOT_LOSS  # NaN overshoots too
    if evidence.learning_rate > high or (overshoots and evidence.weight_change > 1):
        return (
            f"Learning rate too high: {evidence.learning_rate:g}, with a training loss of "
            f"{evidence.train_loss:.3g} (guessing costs {GUESSING_LOSS:.3f}) and weights that "
            f"changed by {evidence.weight_change:.3g} times their size. Try "
            "training.learning_rate=0.001."
        )
    if evidence.learning_rate < low or evidence.weight_change < 1e-3:
        return (
            f"Learning rate too low: {evidence.learning_rate:g}; in {evidence.steps} steps the "
            f"weights changed by {evidence.weight_change:.2g} times their size. Try "
            "training.learning_rate=0.001."
        )
    return None


def _unmasked_padding(evidence: Evidence) -> str | None:
    if evidence.masking or evidence.padding_share < 0.1:
        return None
    return (
        f"Unmasked padding: {evidence.padding_share:.0%} of what the LSTM reads is padding behind "
        "the words, and its last state, the only one used, has forgotten them (a bag of words "
        f"reaches {_accuracy(evidence.y_true, evidence.y_bag):.3f} on the same split). Set "
        "model.masking=true."
    )


def _labels(evidence: Evidence) -> str | None:
    if evidence.unknown_share >= MOSTLY_UNKNOWN:
        return None  # a bag of unknown words is no witness
    bag = _accuracy(evidence.y_true, evidence.y_bag)
    majority = max(evidence.y_true.mean(), 1 - evidence.y_true.mean())
    low, high = wilson_interval(bag * len(evidence.y_true), len(evidence.y_true))
    if high < min(majority, 0.5):
        return (
            f"Swapped labels: a bag of words trained on the same reviews is right only {bag:.3f} "
            "of the time on validation, reliably wrong. One of the two files has positive and "
            "negative exchanged; check --positive."
        )
    if low <= majority:
        return (
            "Shuffled labels: a bag of words trained on the same reviews reaches "
            f"{bag:.3f} on validation, no better than the majority ({majority:.3f}). The labels do "
            "not go with the texts; check that rows of both still match."
        )
    return None


def predict_with_bag_of_words(
    token_ids: Sequence[npt.NDArray[np.int32]],
    labels: npt.NDArray[np.int8],
    validation_token_ids: Sequence[npt.NDArray[np.int32]],
    vocabulary_size: int,
) -> npt.NDArray[np.float64]:
    """Predicts by multinomial naive Bayes over word presence: a second's witness for the alarm.

    Args:
        token_ids: the training reviews.
        labels: int array `(num_train,)`.
        validation_token_ids: the reviews to predict.
        vocabulary_size: ids are below this.

    Returns:
        float array `(num_validation,)`: probabilities of class 1, badly calibrated, well ordered.
    """
    # One occurrence per review: Wang and Manning, 2012, ACL, find presence better than counts.
    counts = np.ones((2, vocabulary_size))
    for ids, label in zip(token_ids, labels.tolist(), strict=True):
        counts[label, np.unique(ids)] += 1
    weights = np.log(counts / counts.sum(axis=1, keepdims=True))
    ratio = weights[1] - weights[0]
    prior = np.log((labels.sum() + 1) / (len(labels) - labels.sum() + 1))
    scores = np.array([ratio[np.unique(ids)].sum() for ids in validation_token_ids]) + prior
    return np.asarray(1 / (1 + np.exp(-np.clip(scores, -30, 30))))


def _accuracy(y_true: npt.NDArray[np.int8], y_prob: npt.NDArray[np.float64]) -> float:
    return float(((y_prob >= 0.5) == (y_true == 1)).mean())
