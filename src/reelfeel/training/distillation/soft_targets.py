"""What a network learns from: reviews with their labels, or all texts with their teachers' answers.

Source: Hinton, Vinyals and Dean, 2015, "Distilling the knowledge in a neural network".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from reelfeel.config.sections import TrainingConfig
from reelfeel.data.corpus import Corpus, exclude_texts
from reelfeel.metrics.logits import to_probabilities
from reelfeel.training.classifier.records import EVERY_EPOCH
from reelfeel.training.distillation.augmentation import Variants, make_variants
from reelfeel.training.distillation.synthetic_sentences import Lexicon, Statements, make_statements
from reelfeel.training.distillation.teachers import Teachers
from reelfeel.training.loop.progress import Observer
from reelfeel.values import Reviews

Floats = npt.NDArray[np.float64]
Epochs = npt.NDArray[np.int16]


@dataclass(frozen=True)
class Lessons:
    """Texts, and what a network is to answer for each.

    Attributes:
        texts: to learn from.
        labels: int8 array of shape `(num_texts,)`: given, or the class that `targets` say.
        targets: float32 array of the same shape, probabilities of class 1; None learns the labels.
        epochs: int16 array of the same shape: in which epoch each is read, as in `EncodedReviews`;
            None reads all in all.
        about: the teachers and how their answers are used, as plain values; None without teachers.
    """

    texts: Sequence[str]
    labels: npt.NDArray[np.int8]
    targets: npt.NDArray[np.float32] | None = None
    epochs: npt.NDArray[np.int16] | None = None
    about: dict[str, Any] | None = None

    @classmethod
    def of(cls, reviews: Reviews) -> Lessons:
        """Returns reviews with their labels."""
        return cls(reviews.texts, reviews.labels)


def teach(
    teachers: Teachers,
    train: Reviews,
    texts: Sequence[str],
    validation: Reviews,
    config: TrainingConfig,
    observer: Observer,
) -> Lessons:
    """Lets teachers answer for labelled reviews and texts without labels.

    Texts that equal a validation review or a review of IMDB's test set are left out.

    Args:
        teachers: to ask.
        train: labelled reviews.
        texts: without labels.
        validation: reviews that judge the student.
        config: what labels weigh.
        observer: is told of progress.

    Raises:
        DataError: if no text is left.
    """
    corpus = exclude_texts([*train.texts, *texts], validation.texts)
    observer.on_note(f"Distillation: {corpus.describe()}")
    num_labelled = int((corpus.rows < len(train)).sum())
    labels = train.labels[corpus.rows[:num_labelled]]
    answers = to_probabilities(teachers.answer(corpus.texts, observer))
    variants, variant_epochs = _make_variants(corpus, config, seed=_seed_of(teachers, config))
    statements = _make_statements(corpus, train, config)
    about = {
        "texts": corpus.describe(),
        "num_labelled": num_labelled,
        "num_unlabelled": len(corpus.texts) - num_labelled,
        "num_variants": len(variants.texts),
        "num_statements": len(statements.texts),
        "agreement_with_labels": _agreement(labels, answers[:num_labelled]),
        "validation_accuracy": _agreement(
            validation.labels, to_probabilities(teachers.answer(validation.texts, observer))
        ),
        "teachers": [teacher.describe() for teacher in teachers.members],
    }
    observer.on_note(
        f"The teachers have {about['agreement_with_labels']:.2%} of the labels to learn from "
        f"right, and {about['validation_accuracy']:.2%} of those that validate."
    )
    answers[:num_labelled] = blend(labels, answers[:num_labelled], config.label_share)
    # A variant is to be answered as the whole text is, whatever is left of it.
    answers = np.concatenate([answers, answers[variants.rows], statements.targets])
    targets = answers.astype(np.float32)
    lessons = [*corpus.texts, *variants.texts, *statements.texts]
    always = [np.full(len(one.texts), EVERY_EPOCH, np.int16) for one in (corpus, statements)]
    epochs = np.concatenate([always[0], variant_epochs, always[1]]) if config.epochs > 1 else None
    return Lessons(lessons, (targets >= 0.5).astype(np.int8), targets, epochs, about)


def blend(labels: npt.NDArray[np.int8], answers: Floats, label_share: float) -> Floats:
    """Returns the means of labels and teachers' probabilities, float64 `(num_reviews,)`.

    Args:
        labels: 0 or 1.
        answers: probabilities of class 1.
        label_share: the weight of the labels, from 0 to 1.

    Example:

    >>> blend(np.array([1, 0], np.int8), np.array([0.9, 0.4]), 0.5).tolist()
    [0.95, 0.2]
    """
    return np.asarray(label_share * labels + (1 - label_share) * answers)


def _seed_of(teachers: Teachers, config: TrainingConfig) -> int:
    """Returns a seed that a student of other teachers does not have.

    A teacher may be a student itself, and know the variants that it has read by heart.
    """
    return config.seed + sum(int(one.fingerprint()[:8], 16) for one in teachers.members)


def _make_variants(corpus: Corpus, config: TrainingConfig, *, seed: int) -> tuple[Variants, Epochs]:
    """Returns variants for all epochs, and in which each is read."""
    share = config.variant_share * config.epochs
    variants = make_variants(corpus.texts, share=share, seed=seed)
    rows, number = _may_be_read(variants.texts, corpus), len(variants.texts)
    epochs = np.arange(number) * config.epochs // max(number, 1)
    texts = [variants.texts[row] for row in rows]
    return Variants(texts, variants.rows[rows]), epochs[rows].astype(np.int16)


def _make_statements(corpus: Corpus, train: Reviews, config: TrainingConfig) -> Statements:
    if not config.made_statements:
        return Statements([], np.empty(0, np.float32))
    lexicon = Lexicon.learn(train.texts, train.labels)
    made = make_statements(corpus.texts, lexicon, seed=config.seed)
    rows = _may_be_read(made.texts, corpus)
    return Statements([made.texts[row] for row in rows], made.targets[rows])


def _may_be_read(texts: list[str], corpus: Corpus) -> npt.NDArray[np.intp]:
    """Returns the rows of texts that equal none held out: a short cut may be a whole review."""
    return exclude_texts(texts, corpus.held_out).rows if texts else np.empty(0, np.intp)


def _agreement(labels: npt.NDArray[np.int8], answers: Floats) -> float:
    return float(((answers >= 0.5) == (labels == 1)).mean())
