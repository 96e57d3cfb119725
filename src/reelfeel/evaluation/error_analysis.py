"""A model's surest mistakes: the words that drove them, and what mistakes have in common."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from reelfeel.errors import DataError
from reelfeel.evaluation.neighbours import Neighbour, find_neighbours
from reelfeel.files.writing import refuse_existing, write_whole
from reelfeel.inference.classifier import Classifier
from reelfeel.report.words import log_odds_scores
from reelfeel.terminal.escaping import for_spreadsheet
from reelfeel.values import UNSURE, Attribution, Explanation, Reviews

# A word in fewer reviews is an anecdote, not a theme.
FEWEST_REVIEWS = 5
# The chance of naming any theme where there is none, over all words of one verdict together.
FAMILY_ERROR = 0.05
_NUM_DRIVING_WORDS = 5

COLUMNS = (
    "id",
    "label",
    "predicted_label",
    "probability",
    "num_tokens",
    "truncated",
    "driving_words",
    "nearest_training_reviews",
    "text",
)


@dataclass(frozen=True)
class Misclassification:
    """A review that the model judged wrongly, and why.

    Attributes:
        id: the name of the review in its source.
        label: the class that the review has: 1 positive, 0 negative.
        said: the class that the model gave it.
        probability: what the model gave the class it said, in [0, 1].
        explanation: the text, the prediction, and what each word and sentence did.
        neighbours: the training reviews most like it; empty where nobody looked.
    """

    id: str
    label: int
    said: int
    probability: float
    explanation: Explanation
    neighbours: tuple[Neighbour, ...] = ()

    @property
    def driving_words(self) -> tuple[Attribution, ...]:
        """The words that spoke most for the wrong verdict, the strongest first; at most five."""
        sign = 1 if self.said == 1 else -1
        supporting = [word for word in self.explanation.words if sign * word.score > 0]
        return tuple(sorted(supporting, key=lambda word: -abs(word.score))[:_NUM_DRIVING_WORDS])


@dataclass(frozen=True)
class Theme:
    """A word that marks mistakes, among all reviews that got the same verdict.

    Attributes:
        word: as the model's vocabulary has it.
        said: the verdict: 1 positive, 0 negative.
        score: z of its log-odds in wrong against right verdicts; higher marks mistakes more surely.
        num_wrong: wrong verdicts whose reviews have the word.
        num_right: right verdicts whose reviews have it.
    """

    word: str
    said: int
    score: float
    num_wrong: int
    num_right: int


def rank_errors(
    labels: npt.ArrayLike, y_prob: npt.ArrayLike, *, threshold: float, most: int
) -> npt.NDArray[np.intp]:
    """Returns the rows that were judged wrongly, the most confident mistakes first.

    Args:
        labels: int array of shape `(num_reviews,)`, 1 positive, 0 negative.
        y_prob: float array of the same shape, the probability of class 1.
        threshold: from this probability on the verdict is positive.
        most: how many rows to return.

    Example:

    >>> rank_errors([1, 0, 0, 1], [0.4, 0.9, 0.2, 0.1], threshold=0.5, most=2).tolist()
    [1, 3]
    """
    y_true, probabilities = np.asarray(labels), np.asarray(y_prob, np.float64)
    said = (probabilities >= threshold).astype(np.int64)
    wrong = np.flatnonzero(said != y_true)
    given = np.where(said == 1, probabilities, 1 - probabilities)[wrong]
    return wrong[np.argsort(-given, kind="stable")][:most]


def find_misclassifications(
    classifier: Classifier,
    reviews: Reviews,
    y_prob: npt.NDArray[np.float64],
    *,
    most: int,
) -> list[Misclassification]:
    """Explains the most confident mistakes.

    Args:
        classifier: the model.
        reviews: each with a label.
        y_prob: float array of shape `(num_reviews,)`, as `classifier.predict_proba` gave it.
        most: how many mistakes, the most confident first.

    Returns:
        At most `most` mistakes; none for a model without any.
    """
    rows = rank_errors(
        reviews.labels, y_prob, threshold=classifier.bundle.decision.threshold, most=most
    ).tolist()
    explanations = classifier.explain([reviews.texts[row] for row in rows])
    return [
        Misclassification(
            id=str(reviews.ids[row]),
            label=int(reviews.labels[row]),
            said=1 - int(reviews.labels[row]),
            probability=float(1 - y_prob[row] if reviews.labels[row] else y_prob[row]),
            explanation=explanation,
        )
        for row, explanation in zip(rows, explanations, strict=True)
    ]


def add_neighbours(
    errors: Sequence[Misclassification], training: Reviews
) -> list[Misclassification]:
    """Returns the mistakes with the training reviews most like each.

    Args:
        errors: as `find_misclassifications` returned them.
        training: the reviews that the model learned from, each with a label.

    Raises:
        DataError: if there are no training reviews.
        MissingExtraError: if scikit-learn is not installed.
    """
    found = find_neighbours([error.explanation.text for error in errors], training)
    return [replace(error, neighbours=near) for error, near in zip(errors, found, strict=True)]


def find_themes(
    classifier: Classifier, reviews: Reviews, y_prob: npt.NDArray[np.float64], *, most: int = 12
) -> list[Theme]:
    """Finds the words that stand more often in wrongly than in rightly judged reviews.

    Compared are reviews of the same verdict: those called positive that are, with those called
    positive that are not. A review counts once for a word. Named is only what stays a surprise
    after correction for all words looked at (Bonferroni, 5 %).

    Args:
        classifier: the model.
        reviews: each with a label.
        y_prob: float array of shape `(num_reviews,)`, as `classifier.predict_proba` gave it.
        most: themes for each verdict.

    Returns:
        Themes, those of the verdict negative first, of each the surest first; none where nothing
        is sure.

    Raises:
        DataError: if there are not as many probabilities as reviews.
    """
    if len(y_prob) != len(reviews):
        raise DataError(
            "Themes need one probability for each review. Expected "
            f"{len(reviews):,}; received {len(y_prob):,}."
        )
    said = (y_prob >= classifier.bundle.decision.threshold).astype(np.int64)
    counts = _count_reviews(classifier, reviews, 2 * said + (said != reviews.labels))
    words = classifier.bundle.vocabulary.tokens
    return [
        theme
        for verdict in (0, 1)
        for theme in _name_themes(words, verdict, counts[2 * verdict], counts[2 * verdict + 1])[
            :most
        ]
    ]


def _count_reviews(
    classifier: Classifier, reviews: Reviews, groups: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Counts in how many reviews of each of four groups each known word stands."""
    vocabulary = classifier.bundle.vocabulary
    counts = np.zeros((4, vocabulary.size), np.int64)
    row = 0
    for encoded in classifier.encode(reviews.texts):
        for token_ids in encoded.token_ids:
            counts[groups[row], np.unique(token_ids)] += 1
            row += 1
    return counts[:, vocabulary.size - len(vocabulary.tokens) :]


def _name_themes(
    words: tuple[str, ...],
    said: int,
    right: npt.NDArray[np.int64],
    wrong: npt.NDArray[np.int64],
) -> list[Theme]:
    common = np.flatnonzero(right + wrong >= FEWEST_REVIEWS)
    if not len(common):
        return []
    scores = log_odds_scores(right[common], wrong[common])
    surprising = NormalDist().inv_cdf(1 - FAMILY_ERROR / len(common))
    order = np.argsort(-scores, kind="stable")
    return [
        Theme(
            words[common[place]],
            said,
            float(scores[place]),
            int(wrong[common[place]]),
            int(right[common[place]]),
        )
        for place in order[scores[order] > surprising].tolist()
    ]


def write_misclassifications(
    path: Path,
    errors: Sequence[Misclassification],
    label_names: tuple[str, str],
    *,
    overwrite: bool,
) -> None:
    """Writes mistakes as CSV, one a row, whole or not at all.

    A cell that a spreadsheet would run begins with an apostrophe, see `for_spreadsheet`.

    Args:
        path: the file.
        errors: as `find_misclassifications` returned them.
        label_names: the names of class 0 and class 1.
        overwrite: whether an existing file may be replaced.

    Raises:
        UsageError: if the file exists and `overwrite` is false.
        ReelFeelError: if the disk refuses.
    """
    table = io.StringIO(newline="")
    writer = csv.writer(table)
    writer.writerow(COLUMNS)
    rows = (_to_row(error, label_names) for error in errors)
    writer.writerows(map(for_spreadsheet, row) for row in rows)
    refuse_existing(path, overwrite=overwrite)
    with write_whole(path) as unfinished:
        # Half characters, which UTF-8 cannot hold, become question marks.
        unfinished.write_bytes(table.getvalue().encode("utf-8", "replace"))


def _to_row(error: Misclassification, label_names: tuple[str, str]) -> tuple[object, ...]:
    said = error.explanation.prediction
    return (
        error.id,
        label_names[error.label],
        UNSURE if said.abstained else label_names[error.said],
        f"{error.probability:.6f}",
        said.num_tokens,
        said.truncated,
        "; ".join(f"{word.text} {word.score:+.2f}" for word in error.driving_words),
        "; ".join(
            f"{near.id} ({label_names[near.label]}, {near.similarity:.2f})"
            for near in error.neighbours
        ),
        error.explanation.text,
    )
