"""Checks on the labels of one part: enough of both, in balance, and not against each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from reelfeel.data.audit.audited_part import AuditedPart
from reelfeel.data.audit.findings import Finding

# One review of each label must be left to train when one of each validates.
_MIN_PER_LABEL = 2
# Below it, one review more or less moves a validation of 10 % by 20 points. Not studied further.
_FEW_PER_LABEL = 50
# Beyond this ratio models tend to predict the larger class only; it is where ktrain and others
# start to weigh classes.
_MAX_RATIO = 3.0
# With so many reviews whose text stands under both labels, no model can be right on half of them:
# 5 % cost 2.5 points of accuracy.
_MAX_CONFLICTING = 0.05


def find_label_problems(part: AuditedPart) -> Iterator[Finding]:
    """Yields what is wrong with the labels of a part; nothing for an unlabelled one."""
    if not part.is_labelled:
        return
    counts = [part.count_label(0), part.count_label(1)]
    smaller = int(np.argmin(counts))
    name = part.reviews.label_names[smaller]
    concerned = part.reviews.labels == smaller
    if counts[smaller] == 0:
        yield part.find(
            "error",
            "one_class",
            concerned,
            f"no review is labelled {name!r}",
            "Add reviews of that label, or check the label column and how it is mapped.",
        )
        return
    if counts[smaller] < _FEW_PER_LABEL:
        yield part.find(
            "error" if counts[smaller] < _MIN_PER_LABEL else "warning",
            "few_reviews",
            concerned,
            f"only {counts[smaller]} reviews are labelled {name!r}",
            f"Collect at least {_FEW_PER_LABEL} of each label; thousands make a good model.",
        )
    if counts[1 - smaller] > _MAX_RATIO * counts[smaller]:
        yield part.find(
            "warning",
            "imbalance",
            concerned,
            f"one label is {counts[1 - smaller] / counts[smaller]:.1f} times as common as {name!r}",
            "Weigh the classes, or collect more of the rarer one; accuracy alone will flatter.",
        )
    yield from _check_order(part)
    yield from _check_conflicts(part)


def find_conflicts(folded: list[str], labels: npt.NDArray[np.int8]) -> npt.NDArray[np.bool_]:
    """Says which rows have a text that also stands under the other label; empty texts never do.

    Example:

    >>> find_conflicts(["a gem", "a gem", "a bore"], np.array([1, 0, 0], np.int8)).tolist()
    [True, True, False]
    """
    labels_of: defaultdict[str, set[int]] = defaultdict(set)
    for text, label in zip(folded, labels.tolist(), strict=True):
        if text and label >= 0:
            labels_of[text].add(label)
    is_torn = np.array([len(labels_of[text]) > 1 for text in folded], dtype=bool)
    return is_torn & (labels >= 0)


def _check_order(part: AuditedPart) -> Iterator[Finding]:
    labels = part.reviews.labels
    tail = labels[len(labels) - max(1, len(labels) // 10) :]
    if len(labels) >= 20 and (tail == tail[0]).all():
        yield part.find(
            "note",
            "sorted_labels",
            np.zeros(len(labels), dtype=bool),
            "the labels are sorted: the last tenth of the rows has one label only",
            "Nothing to do here; a tool that validates on the last rows would judge one class.",
        )


def _check_conflicts(part: AuditedPart) -> Iterator[Finding]:
    concerned = find_conflicts(list(part.folded), part.reviews.labels)
    if concerned.any():
        yield part.find(
            "error" if concerned.mean() > _MAX_CONFLICTING else "warning",
            "conflicting_labels",
            concerned,
            f"{concerned.sum():,} reviews have a text that also stands under the other label",
            "Decide which label is right, or remove both.",
        )
