"""The training reviews most like a text: what a model may have learned a mistake from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reelfeel.data.tables import TableOptions
from reelfeel.errors import DataError
from reelfeel.evaluation.labelled_reviews import find_training_texts, load_labelled
from reelfeel.extras import require_extra
from reelfeel.inference.classifier import Classifier
from reelfeel.values import Reviews


@dataclass(frozen=True)
class Neighbour:
    """A training review that resembles a text.

    Attributes:
        id: its name in its source.
        label: 1 positive, 0 negative.
        similarity: cosine of both texts' TF-IDF vectors, in [0, 1]; 1 for the same words.
    """

    id: str
    label: int
    similarity: float


def find_neighbours(
    texts: Sequence[str], training: Reviews, *, most: int = 3
) -> list[tuple[Neighbour, ...]]:
    """Finds, for each text, the training reviews that share most of its rare words.

    Args:
        texts: such as those that a model judged wrongly.
        training: the reviews that it learned from, at least one, each with a label.
        most: how many for each text.

    Returns:
        For each text its neighbours, the most similar first. A review without a word in common is
        none, so there may be fewer, or none at all.

    Raises:
        DataError: if there are no training reviews.
        MissingExtraError: if scikit-learn is not installed.

    Example:

    >>> training = Reviews(["a dull plot", "fine music"], np.array([0, 1], np.int8), ["a", "b"])
    >>> [[near.id for near in found] for found in find_neighbours(["The plot!", "xyz"], training)]
    [['a'], []]
    """
    require_extra("report", "sklearn")
    from sklearn.feature_extraction.text import TfidfVectorizer

    if not len(training):
        raise DataError(
            f"There is nothing to look for neighbours in: {training.source} has no reviews. "
            "Expected those that the model was trained on."
        )
    if not len(texts):
        return []
    # Half characters would stop it; they are in no word.
    clean = [text.encode("utf-8", "replace").decode("utf-8") for text in (*training.texts, *texts)]
    vectorizer = TfidfVectorizer(sublinear_tf=True, dtype=np.float32)
    vectors = vectorizer.fit(clean[: len(training)]).transform(clean)
    similarities = (vectors[len(training) :] @ vectors[: len(training)].T).toarray()
    return [_pick(row, training, most) for row in similarities]


def load_training_reviews(
    classifier: Classifier, source: str, *, options: TableOptions | None = None
) -> Reviews:
    """Returns the reviews of a source that a model has met in training.

    Args:
        classifier: the model.
        source: "imdb", "mini", a folder, an archive or a table.
        options: column names and the meaning of labels, for tables.

    Raises:
        UsageError: if there is no such source.
        DataError: if it is refused, or the model was trained on none of its reviews.
    """
    names = classifier.bundle.label_names
    reviews = load_labelled("Finding neighbours", source, "train", None, options, names)
    known = find_training_texts(classifier, reviews)
    if not known.any():
        raise DataError(
            "The model was trained on other reviews. Expected the source that `reelfeel train` was "
            f"given. Received {reviews.source}, {len(reviews):,} reviews."
        )
    return reviews.take(np.flatnonzero(known))


def _pick(
    similarities: npt.NDArray[np.float32], training: Reviews, most: int
) -> tuple[Neighbour, ...]:
    best = np.argsort(-similarities, kind="stable")[:most].tolist()
    return tuple(
        Neighbour(str(training.ids[row]), int(training.labels[row]), float(similarities[row]))
        for row in best
        if similarities[row] > 0
    )
