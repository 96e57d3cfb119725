"""From reviews to a run that is ready to start: split, words, ids."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from reelfeel.config.sections import SAME_SEED, Config, DataConfig
from reelfeel.data.corpus import exclude_texts
from reelfeel.data.splitting import (
    Split,
    split_into_folds,
    split_random,
    split_train_validation,
)
from reelfeel.models.classifier import build_classifier, named_weights, split_directions
from reelfeel.text.encoder import Encoded, TextEncoder, describe_truncation, token_counts
from reelfeel.text.token_ids import TokenIds
from reelfeel.text.tokenizer import TextSettings
from reelfeel.text.vocabulary import Vocabulary
from reelfeel.training.classifier.jobs import Job, effective_settings
from reelfeel.training.classifier.records import EncodedReviews
from reelfeel.training.classifier.start_weights import choose_words, start_weights
from reelfeel.training.classifier.training_data import Source
from reelfeel.training.distillation.soft_targets import Lessons, teach
from reelfeel.training.loop.checkpoints import Arrays
from reelfeel.training.loop.progress import Observer
from reelfeel.training.loop.run_folder import fingerprint_weights, run_folder
from reelfeel.values import Reviews

# A word in twenty: IMDB's held-out reviews have 1.9 % that a vocabulary of 30,000 words lacks.
MANY_UNKNOWN = 0.05


@dataclass(frozen=True)
class Run:
    """A run ready to start.

    Attributes:
        source: what it learns from.
        config: all settings.
        split: which of the reviews validate.
        encoder: from texts to ids.
        train: the reviews to learn from.
        validation: the others.
        unlabelled: ids of reviews for the virtual adversarial loss, or for the self-training of a
            head; None where there is none, or where it reads those of `train`.
        notes: sentences for people, by subject: what was cut, what was left out.
        distillation: the teachers and what they taught, as plain values; None without teachers.
        seconds: how long each part took.
    """

    source: Source
    config: Config
    split: Split
    encoder: TextEncoder
    train: EncodedReviews
    validation: EncodedReviews
    unlabelled: TokenIds | None
    notes: dict[str, str]
    distillation: dict[str, Any] | None = None
    seconds: dict[str, float] = field(default_factory=dict)

    def jobs(self) -> dict[str, Job]:
        """Returns the training of each direction."""
        parts = split_directions(self.config.model)
        return {name: self._job(replace(self.config, model=parts[name])) for name in parts}

    @contextmanager
    def stopwatch(self, name: str) -> Iterator[None]:
        """Counts the seconds of a block under a name."""
        started = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - started

    def _job(self, config: Config) -> Job:
        weights = self._start_weights(config)
        origin = fingerprint_weights(weights)
        if self.unlabelled is not None:
            nobody = np.zeros(len(self.unlabelled), np.int8)
            origin += EncodedReviews(self.unlabelled, nobody).fingerprint()
        folder = run_folder(effective_settings(config), self.train.fingerprint(), origin)
        return Job(config, folder, weights, self.train, self.validation, self.unlabelled)

    def _start_weights(self, config: Config) -> Arrays:
        size, seed = self.encoder.vocabulary.size, config.training.seed
        fresh = named_weights(build_classifier(config.model, size, seed=seed))
        model = self.source.language_model
        if model is None:
            return fresh
        counts = np.bincount(TokenIds.of(self.train.token_ids).flat, minlength=size)
        return start_weights(fresh, model, config.model, counts)


def prepare(source: Source, config: Config, observer: Observer) -> Run:
    """Splits reviews, chooses the words and turns texts into ids.

    Args:
        source: what to learn from.
        config: all settings; with a language model, from `adopt_language_model`.
        observer: is told what a person should know.
    """
    started = time.perf_counter()
    reviews = source.reviews
    split = _split(reviews, config.data, config.training.seed)
    observer.on_note(split.describe())
    train, validation = reviews.take(split.train), reviews.take(split.validation)
    lessons, seconds_waited = _prepare_lessons(source, split, config, observer)
    encoder = _make_encoder(source, lessons.texts, config.data)
    encoded = encoder.encode(lessons.texts)
    notes = {"truncation": describe_truncation(encoded)}
    observer.on_note(f"Training reviews: {notes['truncation']}")
    unlabelled = None
    texts = _choose_unlabelled(source, train, config)
    if texts:
        corpus = exclude_texts(texts, validation.texts)
        notes["unlabelled"] = corpus.describe()
        observer.on_note(f"Without labels: {notes['unlabelled']}")
        unlabelled = encoder.encode(corpus.texts).token_ids
    run = Run(
        source,
        config,
        split,
        encoder,
        _with_labels(encoded, lessons),
        _with_labels(encoder.encode(validation.texts), Lessons.of(validation)),
        unlabelled,
        notes,
        lessons.about,
    )
    _warn_of_unknown_words(run, observer)
    run.seconds["text"] = time.perf_counter() - started - seconds_waited
    if source.teachers:
        run.seconds["teachers"] = source.teachers.seconds
    return run


def _warn_of_unknown_words(run: Run, observer: Observer) -> None:
    # Words of one's own reviews are known by how often they occur; those of a model to start from
    # are given.
    share = run.train.unknown_share
    if run.source.language_model and share > MANY_UNKNOWN:
        note = (
            f"{share:.1%} of the words are unknown to the model that this starts from, in film "
            "reviews two in a hundred: the texts are of another kind, or in another language. "
            "Better is a language model that has read such texts: reelfeel pretrain TEXTS "
            "--output DIR, and --from DIR."
        ).replace("%", " %")
        run.notes["unknown_words"] = note
        observer.on_note(note)


def _prepare_lessons(
    source: Source, split: Split, config: Config, observer: Observer
) -> tuple[Lessons, float]:
    """Returns what is to be learned, and the seconds for which teachers were waited for."""
    train, validation = source.reviews.take(split.train), source.reviews.take(split.validation)
    if source.teachers is None:
        return Lessons.of(train), 0.0
    for doubt in source.teachers.describe_doubts(train.label_names, split.fingerprint()):
        observer.on_note(doubt)
    started = time.perf_counter()
    lessons = teach(source.teachers, train, source.texts, validation, config.training, observer)
    return lessons, time.perf_counter() - started


def _choose_unlabelled(source: Source, train: Reviews, config: Config) -> Sequence[str]:
    if not config.training.epochs:
        return source.texts
    if config.training.virtual_adversarial_norm and not source.teachers:
        # The labelled ones are read again without their labels.
        return [*train.texts, *source.texts]
    return ()


def _split(reviews: Reviews, data: DataConfig, seed: int) -> Split:
    seed = seed if data.split_seed == SAME_SEED else data.split_seed
    if data.validation_split == "folds":
        return split_into_folds(reviews, seed=seed)
    split = split_train_validation if data.validation_split == "grouped" else split_random
    return split(reviews, validation_share=data.validation_share, seed=seed)


def _make_encoder(source: Source, texts: Sequence[str], data: DataConfig) -> TextEncoder:
    model = source.language_model
    if model:
        return TextEncoder(
            choose_words(model, data.vocabulary_size),
            replace(model.text_settings, max_tokens=data.max_tokens, keep=data.keep),  # type: ignore[arg-type]
        )
    settings = TextSettings(max_tokens=data.max_tokens, keep=data.keep)  # type: ignore[arg-type]
    # From what is learned alone: words that only validation has must be unknown there.
    counts = token_counts(texts, settings)
    return TextEncoder(Vocabulary.build(counts, size=data.vocabulary_size), settings)


def _with_labels(encoded: Encoded, lessons: Lessons) -> EncodedReviews:
    unknown_share = float(np.average(encoded.unknown_share, weights=encoded.lengths))
    return EncodedReviews(
        encoded.token_ids, lessons.labels, unknown_share, lessons.targets, lessons.epochs
    )
