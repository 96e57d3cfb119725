"""Two models, or tables of predictions, on the very same reviews."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from reelfeel.data.labels import are_turned
from reelfeel.data.tables import TableOptions
from reelfeel.errors import DataError, UsageError
from reelfeel.evaluation.labelled_reviews import find_training_texts, load_labelled
from reelfeel.evaluation.prediction_tables import (
    PROBABILITY_COLUMN,
    Predictions,
    is_predictions,
    read_predictions,
)
from reelfeel.evaluation.scored_reviews import ScoredReviews, read_reviews
from reelfeel.inference.classifier import Classifier, load
from reelfeel.inference.shipped import name_model
from reelfeel.metrics.intervals.paired import Comparison, compare_classifiers, describe_comparison
from reelfeel.report.judging import SEED, choose_num_resamples
from reelfeel.values import Reviews


@dataclass(frozen=True)
class Side:
    """One of two classifiers: what it said about which reviews.

    Attributes:
        name: for people.
        y_true: int array of shape `(num_reviews,)`, 1 positive, 0 negative.
        y_prob: float array of that shape, the probability of class 1.
        threshold: from which on it calls a review positive.
        ids: of the reviews; None where unknown.
        texts: of the reviews; None where unknown.
        label_names: of class 0 and class 1, in the words of whoever labelled the reviews.
        num_known: on how many of their texts it was trained, as far as that is known.
    """

    name: str
    y_true: npt.NDArray[np.int64]
    y_prob: npt.NDArray[np.float64]
    threshold: float = 0.5
    ids: Sequence[str] | None = None
    texts: Sequence[str] | None = None
    label_names: tuple[str, str] = ("negative", "positive")
    num_known: int = 0

    @classmethod
    def from_reading(cls, classifier: Classifier, reading: ScoredReviews) -> Side:
        """Returns the side of a model; its classes may be those of the reviews the other way."""
        bundle, names = classifier.bundle, reading.reviews.label_names
        side = cls(
            name_model(bundle.path),
            reading.y_true,
            reading.y_prob,
            bundle.decision.threshold,
            reading.reviews.ids,
            reading.reviews.texts,
            names,
            int(find_training_texts(classifier, reading.reviews).sum()),
        )
        is_turned = are_turned(names, bundle.label_names, source=reading.reviews.source)
        return replace(side.turned(), y_true=side.y_true, label_names=names) if is_turned else side

    @classmethod
    def from_predictions(cls, said: Predictions, threshold: float = 0.5) -> Side:
        """Returns the side of a table of predictions."""
        return cls(
            said.name, said.y_true, said.y_prob, threshold, said.ids, said.texts, said.label_names
        )

    def turned(self) -> Side:
        """Returns the same side with class 0 and class 1 exchanged."""
        # A probability at the threshold stays on its side.
        return replace(
            self,
            y_true=1 - self.y_true,
            y_prob=1 - self.y_prob,
            threshold=float(np.nextafter(1 - self.threshold, 2)),
            label_names=(self.label_names[1], self.label_names[0]),
        )


def compare(
    a: str | Path,
    b: str | Path,
    source: str | Path | Reviews | None = None,
    *,
    part: str = "test",
    data_dir: str | Path | None = None,
    options: TableOptions | None = None,
    probability_column: str = PROBABILITY_COLUMN,
) -> dict[str, Any]:
    """Says whether one of two classifiers is better, on the same reviews, beyond luck.

    Args:
        a: the folder of a saved model, or a table of predictions.
        b: the other one.
        source: labelled reviews for models, as `evaluate` takes them; None where both are tables.
        part: of a source that has parts.
        data_dir: a local copy of "imdb".
        options: column names and the meaning of labels, for tables.
        probability_column: of tables of predictions.

    Returns:
        Plain values fit for JSON: `a` and `b` (names), `num_reviews`, `test` (McNemar's),
        `differences` (of accuracy, ROC AUC, log loss and Brier, A less B, with 95 % intervals),
        `better` ("A", "B" or null), `sentence` (the same for a person) and `warnings`.

    Raises:
        UsageError: if an argument is wrong.
        DataError: if the two did not judge the same reviews.
        BundleError: if a model is damaged.
    """
    reviews, places = None, [_open(place) for place in (a, b)]
    models = [one for one in places if isinstance(one, Classifier)]
    if models:
        if source is None:
            raise UsageError(
                "Models are compared on labelled reviews: name them with --data. Only two tables "
                f"of predictions need none. Received {str(a)!r} and {str(b)!r}."
            )
        names = models[0].bundle.label_names
        reviews = load_labelled("A comparison", source, part, data_dir, options, names)
    sides = [
        open_side(place, reviews, options, probability_column=probability_column)
        for place in places
    ]
    comparison = compare_sides(*sides)
    return {
        "a": str(a),
        "b": str(b),
        **asdict(comparison),
        "sentence": describe_comparison(comparison, str(a), str(b)),
        "warnings": [warning for side in sides for warning in _warn_of_known_texts(side)],
    }


def _open(place: str | Path) -> str | Path | Classifier:
    return place if is_predictions(place) else load(place)


def open_side(
    place: str | Path | Classifier,
    reviews: Reviews | None,
    options: TableOptions | None,
    *,
    probability_column: str = PROBABILITY_COLUMN,
) -> Side:
    """Returns what a model says about reviews, or what a table of predictions says by itself.

    Raises:
        UsageError: if a model is given and no reviews.
    """
    if not isinstance(place, Classifier) and is_predictions(place):
        if reviews is not None:
            options = replace(options or TableOptions(), known_labels=reviews.label_names)
        said = read_predictions(place, options, probability_column=probability_column)
        return Side.from_predictions(said)
    if reviews is None:
        raise UsageError(
            "Only another table of predictions can be compared with a table of predictions where "
            f"there are no reviews to judge a model on; name them with --data. Received {place}."
        )
    classifier = place if isinstance(place, Classifier) else load(place)
    return Side.from_reading(classifier, read_reviews(classifier, reviews))


def compare_sides(a: Side, b: Side) -> Comparison:
    """Compares what two classifiers said, once it is sure that they judged the same reviews.

    Where they call the same two classes by the same names the other way around, names decide.

    Raises:
        DataError: if they did not, or one name means different classes.
    """
    if are_turned(b.label_names, a.label_names, source=b.name):
        b = b.turned()
    refuse_different_reviews(a, b)
    return compare_classifiers(
        a.y_true,
        a.y_prob,
        b.y_prob,
        rng=np.random.default_rng(SEED),
        thresholds=(a.threshold, b.threshold),
        num_resamples=choose_num_resamples(len(a.y_true)),
    )


def refuse_different_reviews(a: Side, b: Side) -> None:
    """Raises DataError unless both sides are about the same reviews in the same order.

    Compared are their number, their labels, and texts and ids where both sides have them: ids that
    are only the numbers of rows say nothing.
    """
    problem = None
    if len(a.y_true) != len(b.y_true):
        problem = f"{len(a.y_true):,} and {len(b.y_true):,} reviews"
    elif (a.y_true != b.y_true).any():
        first = int(np.argmax(a.y_true != b.y_true))
        problem = f"labels that differ, first in row {first + 1}"
    elif row := _find_different(a.texts, b.texts):
        problem = f"texts that differ, first in row {row}"
    elif (a.texts is None or b.texts is None) and (row := _find_different(a.ids, b.ids)):
        problem = f"ids that differ, first in row {row}"
    if problem:
        raise DataError(
            "Only classifiers that judged the same reviews in the same order can be compared. "
            f"Score the same file with both. Received, from {a.name} and {b.name}, {problem}."
        )


def _find_different(a: Sequence[str] | None, b: Sequence[str] | None) -> int | None:
    """Returns the first row, counted from 1, in which two columns differ; None for no such row."""
    if a is None or b is None:
        return None
    pairs = enumerate(zip(a, b, strict=True), start=1)
    return next((row for row, (one, other) in pairs if one != other), None)


def _warn_of_known_texts(side: Side) -> list[str]:
    if not side.num_known:
        return []
    return [
        f"{side.name} was trained on the texts of {side.num_known:,} of these "
        f"{len(side.y_true):,} reviews."
    ]
