"""What a report is about, as plain values: everything on the page comes from here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reelfeel.metrics.abstention import Abstention
from reelfeel.metrics.intervals.comparison import McNemarTest
from reelfeel.metrics.intervals.proportions import Interval
from reelfeel.metrics.slices import SliceScore
from reelfeel.metrics.table import Metrics
from reelfeel.metrics.truncation import TruncationReport


@dataclass(frozen=True)
class MetricsWithIntervals:
    """A classifier's metrics on some reviews, each with its 95 % interval."""

    metrics: Metrics
    intervals: Mapping[str, Interval | None]


@dataclass(frozen=True)
class Costs:
    """What a classifier costs; None where nobody measured it.

    Attributes:
        train_s: seconds of training.
        reviews_per_s: speed of scoring, from text to probability.
        size_bytes: what it has to remember.
    """

    train_s: float | None = None
    reviews_per_s: float | None = None
    size_bytes: int | None = None


@dataclass(frozen=True)
class ReportRow:
    """A classifier in the table.

    Attributes:
        name: a short one for machines, such as "nbsvm".
        title: the one that people read.
        measured: on all reviews.
        costs: what it takes to have it.
        against_model: model (A) against this one (B) on the same reviews; None for the model.
    """

    name: str
    title: str
    measured: MetricsWithIntervals
    costs: Costs = Costs()
    against_model: McNemarTest | None = None


@dataclass(frozen=True)
class Subset:
    """The model on other reviews than those the report is about, such as more or fewer of them."""

    title: str
    measured: MetricsWithIntervals


@dataclass(frozen=True)
class WordCounts:
    """How often each word occurs in the negative and in the positive reviews.

    Attributes:
        words: the words, each once.
        negative: int array of shape `(num_words,)`: occurrences in the negative reviews.
        positive: the same for the positive reviews.
    """

    words: tuple[str, ...]
    negative: npt.NDArray[np.int64]
    positive: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Epoch:
    """One point of the learning curves; losses in nats per review."""

    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float


@dataclass(frozen=True)
class ScoredText:
    """A word of a passage with its score, above 0 for the positive class; between words, 0."""

    text: str
    score: float


@dataclass(frozen=True)
class Mistake:
    """A review that the model judged wrongly.

    Attributes:
        id: the name of the review in its source.
        said: 1 where the model said positive, else 0.
        probability: what the model gave the class it said.
        num_tokens: length of the review.
        text: the review, shortened; None where texts stay private.
        passage: the part of it that decided, with what each word did, instead of `text`; empty
            where nobody asked or texts stay private.
        neighbours: the training reviews most like it, in words.
    """

    id: str
    said: int
    probability: float
    num_tokens: int
    text: str | None
    passage: tuple[ScoredText, ...] = ()
    neighbours: tuple[str, ...] = ()


@dataclass(frozen=True)
class TitledList:
    """One titled list of provenance."""

    title: str
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ReportData:
    """All that a report says, before it is said.

    Attributes:
        model_name: of the model judged.
        data_name: of the reviews it was judged on, part included.
        label_names: the user's names of class 0 and class 1.
        y_true: int array of shape `(num_reviews,)`, 1 positive, 0 negative.
        y_prob: float array of shape `(num_reviews,)`, the model's probability of class 1.
        num_tokens: int array of shape `(num_reviews,)`: tokens of each review before cutting.
        truncated: bool array of shape `(num_reviews,)`: which reviews were read in part.
        model: the model judged.
        subset: the model with or without the reviews whose text it was trained on, whichever the
            report is not about; None where that makes no difference.
        baselines: what it has to beat; empty where left out.
        history: of the training, epoch by epoch; empty where unknown.
        best_epoch: the epoch kept, counted from 1; None where unknown.
        words: how often words occur; None where texts stay private.
        mistakes: the most confident ones first.
        themes: words that mark the mistakes; empty where texts stay private.
        slices: how well parts of the reviews were judged.
        truncation: what was cut; None where unknown.
        abstention: what abstaining does; None where the model never abstains.
        warnings: what a reader must know before believing anything.
        notes: conditions of the numbers in the table.
        provenance: where everything came from.
        shows_texts: whether review text may appear.
    """

    model_name: str
    data_name: str
    label_names: tuple[str, str]
    y_true: npt.NDArray[np.int64]
    y_prob: npt.NDArray[np.float64]
    num_tokens: npt.NDArray[np.int64]
    truncated: npt.NDArray[np.bool_]
    model: ReportRow
    subset: Subset | None = None
    baselines: tuple[ReportRow, ...] = ()
    history: tuple[Epoch, ...] = ()
    best_epoch: int | None = None
    words: WordCounts | None = None
    mistakes: tuple[Mistake, ...] = ()
    themes: tuple[TitledList, ...] = ()
    slices: tuple[SliceScore, ...] = ()
    truncation: TruncationReport | None = None
    abstention: Abstention | None = None
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    provenance: tuple[TitledList, ...] = ()
    shows_texts: bool = True

    @property
    def threshold(self) -> float:
        """The smallest probability that is called positive."""
        return self.model.measured.metrics.threshold

    def right(self) -> npt.NDArray[np.bool_]:
        """Returns for each review whether the model judged it rightly."""
        return np.asarray((self.y_prob >= self.threshold) == self.y_true)
