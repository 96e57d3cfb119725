"""What a student learns: labelled reviews and other texts, with the answers of its teachers.

Source: Hinton, Vinyals and Dean, 2015, "Distilling the knowledge in a neural network".
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from reelfeel.config.sections import Config, TrainingConfig
from reelfeel.data.corpus import Corpus, exclude_texts
from reelfeel.data.splitting import Split
from reelfeel.metrics.logits import to_probabilities
from reelfeel.training.classifier.preparation import MakeTrainingSet
from reelfeel.training.classifier.records import EVERY_EPOCH
from reelfeel.training.classifier.training_data import TrainingData, TrainingSet
from reelfeel.training.distillation.augmentation import Variants, make_variants
from reelfeel.training.distillation.synthetic_sentences import (
    Lexicon,
    SyntheticSentences,
    make_sentences,
)
from reelfeel.training.distillation.teachers import Teachers
from reelfeel.training.loop.progress import Observer
from reelfeel.values import Reviews

_Floats = npt.NDArray[np.float64]
Epochs = npt.NDArray[np.int16]


def soft_targets(
    teachers: Teachers, data: TrainingData, split: Split, config: Config, observer: Observer
) -> TrainingSet:
    """Returns all texts with their teachers' answers: what a student learns.

    Texts that equal a validation review or a review of IMDB's test set are left out.

    Args:
        teachers: to ask.
        data: labelled reviews, and texts without labels.
        split: which of the reviews validate the student.
        config: what labels weigh, and which texts are made.
        observer: is told of progress.

    Raises:
        DataError: if no text is left.
    """
    train, validation = data.reviews.take(split.train), data.reviews.take(split.validation)
    for doubt in teachers.describe_doubts(train.label_names, split.fingerprint()):
        observer.on_note(doubt)
    corpus = exclude_texts([*train.texts, *data.texts], validation.texts)
    observer.on_note(f"Distillation: {corpus.describe()}")
    num_labelled = int((corpus.rows < len(train)).sum())
    labels = train.labels[corpus.rows[:num_labelled]]
    answers = to_probabilities(teachers.answer(corpus.texts, observer))
    training = config.training
    variants, variant_epochs = _make_variants(corpus, training, seed=_seed_of(teachers, training))
    sentences = _make_sentences(corpus, train, training)
    about = {
        "texts": corpus.describe(),
        "num_labelled": num_labelled,
        "num_unlabelled": len(corpus.texts) - num_labelled,
        "num_variants": len(variants.texts),
        "num_statements": len(sentences.texts),
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
    answers[:num_labelled] = blend(labels, answers[:num_labelled], training.label_share)
    # A variant is to be answered as the whole text is, whatever is left of it.
    answers = np.concatenate([answers, answers[variants.rows], sentences.targets])
    targets = answers.astype(np.float32)
    texts = [*corpus.texts, *variants.texts, *sentences.texts]
    always = [np.full(len(one.texts), EVERY_EPOCH, np.int16) for one in (corpus, sentences)]
    epochs = np.concatenate([always[0], variant_epochs, always[1]]) if training.epochs > 1 else None
    classes, seconds = (targets >= 0.5).astype(np.int8), {"teachers": teachers.seconds}
    return TrainingSet(texts, classes, targets, epochs, about, seconds)


def learn_answers(teachers: Sequence[str | Path]) -> MakeTrainingSet:
    """Returns what makes the answers of saved models the targets; see `soft_targets`."""
    return partial(soft_targets, Teachers.read(teachers))


def blend(labels: npt.NDArray[np.int8], answers: _Floats, label_share: float) -> _Floats:
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


def _make_sentences(corpus: Corpus, train: Reviews, config: TrainingConfig) -> SyntheticSentences:
    if not config.made_statements:
        return SyntheticSentences([], np.empty(0, np.float32))
    lexicon = Lexicon.learn(train.texts, train.labels)
    made = make_sentences(corpus.texts, lexicon, seed=config.seed)
    rows = _may_be_read(made.texts, corpus)
    return SyntheticSentences([made.texts[row] for row in rows], made.targets[rows])


def _may_be_read(texts: list[str], corpus: Corpus) -> npt.NDArray[np.intp]:
    """Returns the rows of texts that equal none held out: a short cut may be a whole review."""
    return exclude_texts(texts, corpus.held_out).rows if texts else np.empty(0, np.intp)


def _agreement(labels: npt.NDArray[np.int8], answers: _Floats) -> float:
    return float(((answers >= 0.5) == (labels == 1)).mean())
