"""What a reader of an evaluation must know before believing it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from reelfeel.inference.classifier import Classifier
from reelfeel.load_summary import LoadSummary
from reelfeel.report.wording import percent
from reelfeel.values import Reviews

# Wrong this often is no accident: the labels of the model and of the data are exchanged.
SWAPPED_ACCURACY = 0.35
# More reviews than this share that the model has met are left out where a verdict is given. Below,
# as in IMDB's test part with 0.5 %, the figure that others report is the one to compare with.
NOTABLE_SHARE = 0.01
# So many probabilities of both classes do not lie on one side by chance.
_FEWEST_TO_JUDGE = 10


def is_notable(num_known: int, num_reviews: int) -> bool:
    """Whether so many reviews that the model was trained on would flatter it noticeably.

    >>> is_notable(123, 25_000), is_notable(45, 60)
    (False, True)
    """
    return num_known > NOTABLE_SHARE * num_reviews


def warn_of_swaps(accuracy: float, classifier: Classifier, reviews: Reviews) -> list[str]:
    """Says in words where the labels of model and data may not mean the same."""
    warnings = warn_of_swapped_probabilities(accuracy)
    if set(classifier.bundle.label_names) != set(reviews.label_names):
        warnings.append(
            f"The model calls its classes {classifier.bundle.label_names}, the data "
            f"{reviews.label_names}; they were matched as negative and positive, in this order."
        )
    return warnings


def warn_of_calibration(classifier: Classifier, num_tuned: int, num_reviews: int) -> list[str]:
    """Says where reviews judged are those that threshold and temperature were fitted on."""
    if not is_notable(num_tuned, num_reviews):
        return []
    source = (classifier.bundle.decision.calibration or {}).get("source", "unknown reviews")
    return [
        f"The model's temperature, threshold and abstain band were fitted on the texts of "
        f"{num_tuned:,} of these {num_reviews:,} reviews ({percent(num_tuned / num_reviews)}; "
        f"{source}). Calibration, abstention and whatever the threshold was chosen for look "
        "better on them than on others: do not report these."
    ]


def warn_of_known_texts(learned: npt.NDArray[np.bool_]) -> list[str]:
    """Says where every review judged is one that the model was trained on."""
    if not learned.all():
        return []
    return [
        "The model was trained on the text of every one of these reviews. Nothing here says how it "
        "does on new ones."
    ]


def warn_of_unread(load_summaries: Sequence[LoadSummary]) -> list[str]:
    """Says of each source what was not judged, where that is more than blank lines.

    >>> from reelfeel.load_summary import PassedOver
    >>> warn_of_unread([LoadSummary("a", "rows", 2, 1, (PassedOver("without a label", 1),))])
    ['a: 2 rows found, 1 read. Passed over: 1 without a label.']
    """
    return [
        str(summary)
        for summary in load_summaries
        if summary.unit != "files" and any("blank" not in one.reason for one in summary.passed_over)
    ]


def warn_of_one_sided_probabilities(
    y_true: npt.NDArray[np.int64], y_prob: npt.NDArray[np.float64]
) -> list[str]:
    """Says where a column holds how sure a classifier was, and not of what.

    >>> len(warn_of_one_sided_probabilities(np.array([0, 1] * 5), np.full(10, 0.8)))
    1
    """
    is_one_sided = len(y_prob) >= _FEWEST_TO_JUDGE and y_prob.min() >= 0.5
    if not is_one_sided or y_true.min() == y_true.max():
        return []
    return [
        "No probability is below 0.5, though both labels occur: the column seems to hold how sure "
        "the classifier was of its own verdict. Expected the probability of the positive class: "
        "write 1 - probability where the verdict was negative."
    ]


def warn_of_swapped_probabilities(accuracy: float) -> list[str]:
    """Says where probabilities fit the labels so badly that they mean the other class."""
    if accuracy >= SWAPPED_ACCURACY:
        return []
    return [
        f"Only {accuracy:.1%} are right, much worse than guessing: the labels look swapped. "
        "Check --positive."
    ]
