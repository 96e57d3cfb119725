"""What a classifier learns from: loaded reviews and texts, and what it is to answer for them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from reelfeel.data.audit.auditing import find_data_errors
from reelfeel.data.audit.findings import Finding
from reelfeel.data.labels import refuse_one_class, take_labelled
from reelfeel.data.loading import load_reviews, load_unlabelled
from reelfeel.data.plain_texts import read_plain_texts
from reelfeel.data.tables import TableOptions
from reelfeel.errors import SchemaError
from reelfeel.load_summary import LoadSummary
from reelfeel.text_hashes import add_texts
from reelfeel.training.classifier.pretrained import Pretrained
from reelfeel.training.loop.progress import Observer
from reelfeel.values import UNLABELLED, Reviews


@dataclass(frozen=True)
class TrainingData:
    """What a run learns from.

    Attributes:
        reviews: with labels.
        texts: without labels; only teachers and the virtual adversarial loss read them.
        pretrained: the model to start from; None starts from random weights.
        text_load_summaries: what became of everything in the sources of further texts.
    """

    reviews: Reviews
    texts: tuple[str, ...] = ()
    pretrained: Pretrained | None = None
    text_load_summaries: tuple[LoadSummary, ...] = ()

    def starting_from(self, pretrained: Pretrained | None) -> TrainingData:
        """Returns the same data with a model to start from; a foreign head is left out."""
        if pretrained:
            pretrained = pretrained.without_foreign_head(self.reviews.label_names)
        return replace(self, pretrained=pretrained)

    def fingerprint(self) -> str:
        """Returns the SHA-256, in hexadecimal, of all reviews with their movies, and all texts."""
        digest = hashlib.sha256(self.reviews.fingerprint().encode())
        for column in (self.reviews.label_names, self.reviews.movies or (), self.texts):
            digest.update(f"{len(column)}\n".encode())
            add_texts(digest, column)
        return digest.hexdigest()


@dataclass(frozen=True)
class TrainingSet:
    """Texts, and what a network is to answer for each.

    Attributes:
        texts: to learn from.
        labels: int8 array of shape `(num_texts,)`: given, or the class that `targets` say.
        targets: float32 array of the same shape, probabilities of class 1; None learns the labels.
        epochs: int16 array of the same shape: in which epoch each is read, as in `EncodedReviews`;
            None reads all in all.
        about: where targets come from, as plain values; None without targets.
        seconds: that making the targets took, by name, earlier runs included.
    """

    texts: Sequence[str]
    labels: npt.NDArray[np.int8]
    targets: npt.NDArray[np.float32] | None = None
    epochs: npt.NDArray[np.int16] | None = None
    about: dict[str, Any] | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class DataRequest:
    """Where reviews come from, and how they are read.

    Attributes:
        source: what `train` takes.
        data_dir: a local copy of "imdb".
        options: of tables.
        unlabelled: further texts, without labels.
        strict: whether what would spoil training is refused.
    """

    source: Any
    data_dir: str | Path | None = None
    options: TableOptions | None = None
    unlabelled: str | Path | None = None
    strict: bool = False

    def load(self, observer: Observer, *, with_texts: bool) -> TrainingData:
        """Loads what a run learns from; nothing of a test part.

        Args:
            observer: is told what was read and passed over, and what would spoil training.
            with_texts: whether the source's texts without labels are wanted.

        Raises:
            UsageError: if there is no such source.
            DataError: if it is refused, or has one class only.
        """
        everything = load_reviews(
            self.source, "train", data_dir=self.data_dir, options=self.options
        )
        reviews = take_labelled(everything)
        refuse_one_class(reviews)
        _tell_of_reviews(reviews, observer, strict=self.strict)
        texts: tuple[str, ...] = ()
        if with_texts:
            texts = tuple(everything.take(np.flatnonzero(everything.labels == UNLABELLED)).texts)
            unlabelled = load_unlabelled(self.source, data_dir=self.data_dir)
            texts += tuple(unlabelled.texts) if unlabelled else ()
        if self.unlabelled is None:
            return TrainingData(reviews, texts)
        further = read_plain_texts(self.unlabelled, self.options)
        _tell_of_ledgers(further.load_summaries, observer)
        return TrainingData(
            reviews, (*texts, *further.texts), text_load_summaries=further.load_summaries
        )


def _tell_of_reviews(reviews: Reviews, observer: Observer, *, strict: bool) -> None:
    """Tells what was read and passed over, and what `reelfeel check-data` calls an error.

    Raises:
        SchemaError: with all errors, if `strict`.
    """
    _tell_of_ledgers(reviews.load_summaries, observer)
    errors = find_data_errors("train", reviews)
    if errors and strict:
        said = " ".join(_describe(error) for error in errors)
        raise SchemaError(
            f"{reviews.source} is not fit for training: {said} Expected data in which reelfeel "
            "check-data finds no error; mend it, or leave --strict out (in Python: strict=False) "
            f"to train in spite of it. Received {len(reviews):,} reviews."
        )
    for error in errors:
        observer.on_note(f"reelfeel check-data calls this an error: {_describe(error)}")


def _tell_of_ledgers(load_summaries: Sequence[LoadSummary], observer: Observer) -> None:
    for summary in load_summaries:
        observer.on_note(str(summary))


def _describe(error: Finding) -> str:
    return f"{error.message[:1].upper()}{error.message[1:]}. {error.mend}"
