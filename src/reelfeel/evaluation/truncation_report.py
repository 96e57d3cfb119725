"""What a model did not read, what that cost, and what other ways to read would give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import get_args

import numpy as np
import numpy.typing as npt

from reelfeel.config.sections import MAX_TOKENS
from reelfeel.evaluation.scored_reviews import ScoredReviews
from reelfeel.inference.classifier import CHUNK_SIZE, Classifier
from reelfeel.metrics.intervals.comparison import mcnemar_test
from reelfeel.metrics.intervals.proportions import wilson_interval
from reelfeel.metrics.truncation import PolicyScore, TruncationReport, count_truncation
from reelfeel.text.encoder import TextEncoder
from reelfeel.text.tokenizer import Keep

WINDOWS = "windows"


def measure_truncation(
    classifier: Classifier, reading: ScoredReviews, *, compares_policies: bool
) -> TruncationReport:
    """Counts what was cut, and judges the model on cut and whole reviews.

    Args:
        classifier: the model.
        reading: how it read the reviews.
        compares_policies: whether the cut ones are read again in every other way.
    """
    settings = classifier.bundle.text_settings
    cut = reading.truncated
    compares = compares_policies and bool(cut.any())
    return count_truncation(
        (reading.y_prob >= classifier.bundle.decision.threshold) == reading.y_true,
        reading.num_tokens,
        max_tokens=settings.max_tokens,
        keep=settings.keep,
        policies=compare_policies(classifier, reading.take(cut)) if compares else (),
    )


def compare_policies(classifier: Classifier, cut: ScoredReviews) -> tuple[PolicyScore, ...]:
    """Judges every way to read texts that are too long.

    A policy chosen by this on some reviews has to be judged on others.

    Args:
        classifier: the model.
        cut: reviews that it reads in part, at least one.
    """
    own = classifier.bundle.text_settings.keep
    labels, threshold = cut.y_true, classifier.bundle.decision.threshold
    own_verdicts = (cut.y_prob >= threshold).astype(np.int64)
    policies = []
    for policy in (*get_args(Keep), WINDOWS):
        y_prob = cut.y_prob if policy == own else read_by(classifier, cut.reviews.texts, policy)
        verdicts = (y_prob >= threshold).astype(np.int64)
        right = verdicts == labels
        accuracy = float(right.mean())
        interval = wilson_interval(int(right.sum()), len(right))
        test = None if policy == own else mcnemar_test(labels, verdicts, own_verdicts)
        policies.append(PolicyScore(policy, policy == own, accuracy, interval, test))
    return tuple(policies)


def read_by(classifier: Classifier, texts: Sequence[str], policy: str) -> npt.NDArray[np.float64]:
    """Returns the probability of the positive class when texts are read by a policy.

    Args:
        classifier: the model.
        texts: any.
        policy: "head", "tail", "head_tail" or "windows". Windows are as long as the model reads,
            follow each other, the last one ends with the text; their probabilities are averaged.

    Returns:
        float64 array of shape `(num_texts,)`.
    """
    settings = classifier.bundle.text_settings
    # More tokens than any review has: nothing is cut.
    wanted = (
        replace(settings, max_tokens=MAX_TOKENS)
        if policy == WINDOWS
        else replace(settings, keep=policy)  # type: ignore[arg-type]
    )
    encoder = TextEncoder(classifier.bundle.vocabulary, wanted)
    answers = [np.empty(0)]
    for start in range(0, len(texts), CHUNK_SIZE):
        token_ids = encoder.encode(texts[start : start + CHUNK_SIZE]).token_ids
        answers.append(_average_windows(classifier, token_ids, settings.max_tokens))
    return np.concatenate(answers)


def _average_windows(
    classifier: Classifier, token_ids: Sequence[npt.NDArray[np.int32]], width: int
) -> npt.NDArray[np.float64]:
    windows, owners = [], []
    for row, ids in enumerate(token_ids):
        for start in _list_starts(len(ids), width):
            windows.append(ids[start : start + width])
            owners.append(row)
    sums = np.bincount(owners, classifier.score_token_ids(windows), minlength=len(token_ids))
    return np.asarray(sums / np.bincount(owners, minlength=len(token_ids)))


def _list_starts(length: int, width: int) -> list[int]:
    """Returns where the windows begin; the last one overlaps its neighbour and is full.

    >>> _list_starts(10, 4), _list_starts(3, 4)
    ([0, 4, 6], [0])
    """
    starts = list(range(0, max(length - width, 0) + 1, width))
    return starts if starts[-1] + width >= length else [*starts, length - width]
