"""Robust as well as accurate: what damage does to verdicts, and which sentences are understood.

Knows no model: a classifier is a callable from texts to probabilities of the positive class.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from reelfeel.baselines.baselines import check_is_list
from reelfeel.errors import DataError, UsageError
from reelfeel.metrics.checks import Labels, check_binary, check_labels, check_threshold
from reelfeel.metrics.intervals.paired import Difference
from reelfeel.metrics.intervals.proportions import NORMAL_95, Interval, wilson_interval
from reelfeel.robustness.made_texts import KINDS, make_texts
from reelfeel.robustness.perturbations import PERTURBATIONS, perturb_texts

AS_WRITTEN = "as written"
ALL_KINDS = "all kinds"

PredictProba = Callable[[Sequence[str]], npt.NDArray[np.float64]]
Verdicts = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class PerturbationScore:
    """How a classifier does on texts that were changed in one way.

    Attributes:
        name: one of `PERTURBATIONS`, or "as written".
        accuracy: share of right verdicts on the changed texts, by the labels of the whole ones.
        interval: its 95 % Wilson interval.
        change: that accuracy less the accuracy on the texts as written.
        change_interval: its 95 % interval, paired by text.
        flip_share: share of the texts whose verdict turned around, rightly or wrongly.
        right: bool array of shape `(num_texts,)`, which verdicts were right.
    """

    name: str
    accuracy: float
    interval: Interval
    change: float
    change_interval: Interval
    flip_share: float
    right: Verdicts = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class KindScore:
    """How a classifier does on made texts of one kind.

    Attributes:
        kind: one of `KINDS`, or "all kinds".
        num_templates: what the texts were made from.
        num_texts: how many texts.
        accuracy: share of right verdicts in a template, on average over the templates.
        interval: 95 % Wilson interval as if each template were one observation. Texts of one
            template stand and fall together; counted one by one they would seem to say more.
        wrong: the texts judged wrongly.
    """

    kind: str
    num_templates: int
    num_texts: int
    accuracy: float
    interval: Interval
    wrong: tuple[str, ...]


def measure_perturbations(
    predict_proba: PredictProba,
    texts: Sequence[str],
    y_true: npt.ArrayLike,
    *,
    seed: int,
    threshold: float = 0.5,
    names: Sequence[str] = tuple(PERTURBATIONS),
    on_note: Callable[[str], None] = lambda note: None,
) -> list[PerturbationScore]:
    """Judges a classifier on texts as written and on the same texts changed in several ways.

    Sentences and first words carry the label of their whole text, which they need not deserve: a
    review may praise before it damns. Their accuracy compares classifiers; 1 is out of reach.

    Args:
        predict_proba: texts -> float array of shape `(num_texts,)`, the probability of class 1.
        texts: such as validation reviews.
        y_true: array of shape `(num_texts,)`, 1 positive, 0 negative.
        seed: of the damage; another seed damages other places.
        threshold: from which probability on a text is called positive.
        names: which changes, of `PERTURBATIONS`.
        on_note: is told what is judged next.

    Returns:
        One PerturbationScore for the texts as written, then one for each name, in that order.

    Raises:
        DataError: if texts, labels or what `predict_proba` returns do not fit each other.
        UsageError: if a name is not one of `PERTURBATIONS`, or the threshold not in [0, 1].

    Example:

    >>> def sees_small_letters(texts):
    ...     return np.array([1.0 * ("good" in text) for text in texts])
    >>> scores = measure_perturbations(
    ...     sees_small_letters, ["A good film", "A dull film"], [1, 0], seed=0, names=["upper case"]
    ... )
    >>> [(score.name, score.accuracy, score.change, score.flip_share) for score in scores]
    [('as written', 1.0, 0.0, 0.0), ('upper case', 0.5, -0.5, 0.5)]

    Source:
        Ribeiro, Wu, Guestrin and Singh, 2020, ACL (CheckList: invariance tests).
    """
    labels = _check(texts, y_true, names)
    cut = check_threshold(threshold)
    scores: list[PerturbationScore] = []
    for name in (AS_WRITTEN, *names):
        on_note(f"Judging {len(texts):,} texts, {name}.")
        changed = texts if name == AS_WRITTEN else perturb_texts(texts, name, seed=seed)
        right = _judge(predict_proba, changed, labels, cut)
        scores.append(_measure(name, right, scores[0].right if scores else right))
    return scores


def measure_made_texts(predict_proba: PredictProba, *, threshold: float = 0.5) -> list[KindScore]:
    """Judges a classifier on the texts of `made_texts`, kind by kind and then all together.

    Args:
        predict_proba: as `measure_perturbations` takes it.
        threshold: from which probability on a text is called positive.

    Raises:
        DataError: if `predict_proba` does not return one probability for each text.
        UsageError: if the threshold is not in [0, 1].

    Example:

    >>> def always_sad(texts):
    ...     return np.zeros(len(texts))
    >>> scores = {score.kind: score for score in measure_made_texts(always_sad)}
    >>> scores["negated praise"].accuracy, scores["negated blame"].accuracy
    (1.0, 0.0)
    """
    made = make_texts()
    texts, labels = [one.text for one in made], np.array([one.label for one in made])
    right = _judge(predict_proba, texts, labels, check_threshold(threshold))
    kinds = {kind: [row for row, one in enumerate(made) if one.kind == kind] for kind in KINDS}
    kinds[ALL_KINDS] = list(range(len(made)))
    scores = []
    for kind, rows in kinds.items():
        by_template: dict[str, list[bool]] = {}
        for row in rows:
            by_template.setdefault(made[row].template, []).append(bool(right[row]))
        wrong = tuple(texts[row] for row in rows if not right[row])
        scores.append(_measure_kind(kind, by_template, wrong))
    return scores


def compare_right(right_a: npt.ArrayLike, right_b: npt.ArrayLike) -> Difference:
    """Compares two classifiers' verdicts on the same texts, or one's before and after a change.

    Args:
        right_a: bool array of shape `(num_texts,)`, which verdicts of A were right; or of shape
            `(num_texts, num_variants)` with several variants of each text, such as its first and
            its last sentence.
        right_b: the same of B, of the same shape.

    Returns:
        The shares of right verdicts of both, A less B, and its 95 % interval, paired by text.
        Variants of one text count as one observation, since they stand and fall together.

    Raises:
        DataError: if the arrays differ in shape or are empty.

    Example:

    >>> found = compare_right([1] * 30 + [0] * 10 + [1] * 960, [0] * 30 + [1] * 970)
    >>> round(found.difference, 3), [round(end, 3) for end in found.interval]
    (0.02, [0.007, 0.033])

    Source:
        Bonett and Price, 2012, Journal of Educational and Behavioral Statistics 37: the normal
        interval of the mean difference, after one text more that speaks for A and one for B.
    """
    a, b = np.asarray(right_a, np.float64), np.asarray(right_b, np.float64)
    if a.shape != b.shape or not a.size:
        raise DataError(
            "Only verdicts on the same texts can be compared. Expected two arrays of one shape "
            f"with at least one text; received the shapes {a.shape} and {b.shape}."
        )
    gaps = (a - b).reshape(len(a), -1).mean(axis=1)
    return Difference(float(a.mean()), float(b.mean()), float(gaps.mean()), _find_interval(gaps))


def _check(texts: Sequence[str], y_true: npt.ArrayLike, names: Sequence[str]) -> Labels:
    check_is_list(texts)
    labels = check_labels(y_true)
    if len(labels) != len(texts):
        raise DataError(
            "Expected one label for each text; received "
            f"{len(texts)} texts and {len(labels)} labels."
        )
    unknown = [name for name in names if name not in PERTURBATIONS]
    if unknown:
        raise UsageError(
            f"Expected names of {', '.join(map(repr, PERTURBATIONS))}; received {unknown}."
        )
    return labels


def _judge(
    predict_proba: PredictProba, texts: Sequence[str], labels: Labels, threshold: float
) -> Verdicts:
    checked, y_prob = check_binary(labels, predict_proba(texts))
    right: Verdicts = (y_prob >= threshold) == checked
    return right


def _measure(name: str, right: Verdicts, before: Verdicts) -> PerturbationScore:
    gaps = right.astype(np.float64) - before
    return PerturbationScore(
        name=name,
        accuracy=float(right.mean()),
        interval=wilson_interval(int(right.sum()), len(right)),
        change=float(gaps.mean()),
        change_interval=_find_interval(gaps),
        flip_share=float(np.mean(right != before)),
        right=right,
    )


def _find_interval(gaps: npt.NDArray[np.float64]) -> Interval:
    # Two texts more, one gap of 1 and one of -1: without them, few gaps would seem to be none.
    count = len(gaps) + 2
    centre = float(gaps.sum()) / count
    variance = (float(gaps @ gaps) + 2) / count - centre**2
    reach = NORMAL_95 * math.sqrt(variance / count)
    return Interval(max(centre - reach, -1.0), min(centre + reach, 1.0))


def _measure_kind(
    kind: str, by_template: Mapping[str, Sequence[bool]], wrong: tuple[str, ...]
) -> KindScore:
    shares = [sum(right) / len(right) for right in by_template.values()]
    return KindScore(
        kind=kind,
        num_templates=len(shares),
        num_texts=sum(map(len, by_template.values())),
        accuracy=float(np.mean(shares)),
        interval=wilson_interval(sum(shares), len(shares)),
        wrong=wrong,
    )
