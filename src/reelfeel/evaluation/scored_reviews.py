"""What a model makes of labelled reviews: the numbers that a report starts from."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reelfeel.inference.classifier import Classifier
from reelfeel.report.report_data import Mistake, WordCounts
from reelfeel.values import Reviews

# Characters of a review shown beside a mistake: about five lines.
EXCERPT = 420


@dataclass(frozen=True)
class ScoredReviews:
    """Labelled reviews as a model read them; entry `i` of every array is about review `i`.

    Attributes:
        reviews: the reviews, at least one, each with a label.
        y_prob: float array, the probability of class 1.
        num_tokens: int array, tokens before cutting.
        truncated: bool array, whether only a part was read.
        unknown_share: float array, share of the tokens read that are unknown.
        reviews_per_s: speed of scoring, from text to probability.
    """

    reviews: Reviews
    y_prob: npt.NDArray[np.float64]
    num_tokens: npt.NDArray[np.int64]
    truncated: npt.NDArray[np.bool_]
    unknown_share: npt.NDArray[np.float64]
    reviews_per_s: float

    def __len__(self) -> int:
        return len(self.reviews)

    @property
    def y_true(self) -> npt.NDArray[np.int64]:
        """Labels: 1 positive, 0 negative."""
        return self.reviews.labels.astype(np.int64)

    def take(self, mask: npt.NDArray[np.bool_]) -> ScoredReviews:
        """Returns the reviews where `mask` is true."""
        return ScoredReviews(
            self.reviews.take(np.flatnonzero(mask)),
            self.y_prob[mask],
            self.num_tokens[mask],
            self.truncated[mask],
            self.unknown_share[mask],
            self.reviews_per_s,
        )


def read_reviews(classifier: Classifier, reviews: Reviews) -> ScoredReviews:
    """Scores reviews and remembers how each was read."""
    started = time.perf_counter()
    predictions = classifier.predict(reviews.texts)
    seconds = time.perf_counter() - started
    return ScoredReviews(
        reviews,
        y_prob=np.array([one.probability for one in predictions], np.float64),
        num_tokens=np.array([one.num_tokens for one in predictions], np.int64),
        truncated=np.array([one.truncated for one in predictions], np.bool_),
        unknown_share=np.array([one.unknown_share for one in predictions], np.float64),
        reviews_per_s=len(reviews) / max(seconds, 1e-9),
    )


def count_words(classifier: Classifier, reviews: Reviews) -> WordCounts:
    """Counts the words of each class as the model reads them: cut as it cuts, unknown ones out."""
    vocabulary = classifier.bundle.vocabulary
    counts = np.zeros((2, vocabulary.size), np.int64)
    start = 0
    for encoded in classifier.encode(reviews.texts):
        labels = reviews.labels[start : start + len(encoded)]
        for label in (0, 1):
            ids = [encoded.token_ids[row] for row in np.flatnonzero(labels == label).tolist()]
            if ids:
                counts[label] += np.bincount(np.concatenate(ids), minlength=vocabulary.size)
        start += len(encoded)
    first = vocabulary.size - len(vocabulary.tokens)
    return WordCounts(vocabulary.tokens, negative=counts[0, first:], positive=counts[1, first:])


def find_mistakes(reading: ScoredReviews, *, threshold: float, most: int) -> tuple[Mistake, ...]:
    """Returns the wrong verdicts, those with the most probability first, without their texts.

    Args:
        reading: how the reviews were read.
        threshold: from which the model calls a review positive.
        most: how many to return.
    """
    reviews = reading.reviews
    said = (reading.y_prob >= threshold).astype(np.int64)
    given = np.where(said == 1, reading.y_prob, 1 - reading.y_prob)
    wrong = np.flatnonzero(said != reviews.labels)
    order = wrong[np.argsort(-given[wrong], kind="stable")][:most]
    return tuple(
        Mistake(
            id=str(reviews.ids[row]),
            said=int(said[row]),
            probability=float(given[row]),
            num_tokens=int(reading.num_tokens[row]),
            text=None,
        )
        for row in order
    )
