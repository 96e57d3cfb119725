"""What a run learns from, loaded: reviews with labels, texts without, a model to start from."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from reelfeel.config.sections import Config
from reelfeel.data.audit.auditing import find_errors
from reelfeel.data.audit.findings import Finding
from reelfeel.data.labels import refuse_one_class, take_labelled
from reelfeel.data.loading import load_reviews, load_unlabelled
from reelfeel.data.tables import TableOptions
from reelfeel.errors import SchemaError
from reelfeel.ledger import Ledger
from reelfeel.models.language_model import LanguageModel
from reelfeel.training.classifier.pretrained import without_foreign_head
from reelfeel.training.distillation.teachers import Teachers
from reelfeel.training.loop.progress import Observer
from reelfeel.values import UNLABELLED, Reviews


@dataclass(frozen=True)
class Source:
    """What a run learns from.

    Attributes:
        reviews: with labels.
        texts: without labels; only teachers and the virtual adversarial loss read them.
        language_model: to start from; None starts from random weights.
        teachers: whose answers are learned; None learns the labels.
        stages: of the preset that this run is the last one of, as plain values; the last is this
            run's own, whose time is not known yet.
        text_ledgers: what became of everything in the sources of further texts.
    """

    reviews: Reviews
    texts: tuple[str, ...] = ()
    language_model: LanguageModel | None = None
    teachers: Teachers | None = None
    stages: tuple[dict[str, Any], ...] = ()
    text_ledgers: tuple[Ledger, ...] = ()

    def fingerprint(self) -> str:
        """Returns the SHA-256, in hexadecimal, of all reviews with their movies, and all texts."""
        digest = hashlib.sha256(self.reviews.fingerprint().encode())
        for column in (self.reviews.label_names, self.reviews.movies or (), self.texts):
            digest.update(f"{len(column)}\n".encode())
            for value in column:
                encoded = value.encode("utf-8", "surrogatepass")
                digest.update(f"{len(encoded)}\n".encode() + encoded)
        return digest.hexdigest()


def load_source(
    source: Any,
    config: Config,
    *,
    data_dir: str | Path | None = None,
    options: TableOptions | None = None,
    language_model: LanguageModel | None = None,
    with_texts: bool = False,
    observer: Observer | None = None,
    strict: bool = False,
) -> Source:
    """Loads what a run learns from; nothing of a test part.

    Args:
        source: what `train` takes.
        config: says whether the virtual adversarial loss wants texts without labels.
        data_dir: a local copy of "imdb".
        options: of tables.
        language_model: to start from.
        with_texts: whether texts without labels are wanted in any case.
        observer: is told what was read and passed over, and what would spoil training.
        strict: whether what would spoil training is refused.

    Raises:
        UsageError: if there is no such source.
        DataError: if it is refused, or has one class only.
    """
    everything = load_reviews(source, "train", data_dir=data_dir, options=options)
    is_labelled = everything.labels != UNLABELLED
    reviews = take_labelled(everything)
    refuse_one_class(reviews)
    tell_of_reviews(reviews, observer or Observer(), strict=strict)
    texts: tuple[str, ...] = ()
    if with_texts or config.training.virtual_adversarial_norm:
        texts = tuple(everything.take(np.flatnonzero(~is_labelled)).texts)
        unlabelled = load_unlabelled(source, data_dir=data_dir)
        texts += tuple(unlabelled.texts) if unlabelled else ()
    if language_model:
        language_model = without_foreign_head(language_model, reviews.label_names)
    return Source(reviews, texts, language_model)


def tell_of_reviews(reviews: Reviews, observer: Observer, *, strict: bool) -> None:
    """Tells what was read and passed over, and what `reelfeel check-data` calls an error.

    Args:
        reviews: to learn from.
        observer: is told.
        strict: whether errors are refused.

    Raises:
        SchemaError: with all errors, if `strict`.
    """
    tell_of_ledgers(reviews.ledgers, observer)
    errors = find_errors("train", reviews)
    if errors and strict:
        said = " ".join(_spell(error) for error in errors)
        raise SchemaError(
            f"{reviews.source} is not fit for training: {said} Expected data in which reelfeel "
            "check-data finds no error; mend it, or leave --strict out (in Python: strict=False) "
            f"to train in spite of it. Received {len(reviews):,} reviews."
        )
    for error in errors:
        observer.on_note(f"reelfeel check-data calls this an error: {_spell(error)}")


def tell_of_ledgers(ledgers: Sequence[Ledger], observer: Observer) -> None:
    """Tells what became of everything in each source."""
    for ledger in ledgers:
        observer.on_note(str(ledger))


def _spell(error: Finding) -> str:
    return f"{error.message[:1].upper()}{error.message[1:]}. {error.mend}"
