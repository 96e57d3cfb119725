"""From reviews to a run that is ready to start: split, words, ids."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
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
from reelfeel.text.encoder import Encoded, TextEncoder, describe_cut_texts, token_counts
from reelfeel.text.token_ids import TokenIds
from reelfeel.text.tokenizer import TextSettings
from reelfeel.text.vocabulary import FIRST_TOKEN_ID, Vocabulary
from reelfeel.training.classifier.directions import ClassifierJob, effective_settings
from reelfeel.training.classifier.records import EncodedReviews
from reelfeel.training.classifier.start_weights import start_weights
from reelfeel.training.classifier.training_data import TrainingData, TrainingSet
from reelfeel.training.loop.checkpoints import Arrays
from reelfeel.training.loop.progress import Observer
from reelfeel.training.loop.run_folder import fingerprint_weights, run_folder
from reelfeel.values import Reviews

# A word in twenty: IMDB's held-out reviews have 1.9 % that a vocabulary of 30,000 words lacks.
MANY_UNKNOWN = 0.05
# Says what to learn, of which no review that validates may be.
MakeTrainingSet = Callable[[TrainingData, Split, Config, Observer], TrainingSet]


@dataclass(frozen=True)
class RunOptions:
    """What is made of a run, and how.

    Attributes:
        output: the folder to write.
        preset: the name that the settings started from.
        resume: whether to continue from the last checkpoint of an equal run.
        overwrite: whether an existing `output` may be replaced.
        keeps_networks: whether the finished network of each direction stays under `REELFEEL_HOME`,
            for other runs with an equal one.
        command: what its provenance names as what made it; None takes this process's own.
        stages: that led to this run, as plain values; the last is this run's own, whose time is not
            known yet.
    """

    output: Path
    preset: str
    resume: bool = False
    overwrite: bool = False
    keeps_networks: bool = False
    command: str | None = None
    stages: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class PreparedRun:
    """A run ready to start.

    Attributes:
        data: what it learns from.
        config: all settings.
        split: which of the reviews validate.
        encoder: from texts to ids.
        train: what to learn.
        validation: the reviews held out.
        unlabelled: ids of reviews for the virtual adversarial loss, or for the self-training of a
            head; None where there is none, or where it reads those of `train`.
        notes: sentences for people, by subject: what was cut, what was left out.
        seconds: how long each part took.
        targets: where the targets come from, as plain values; None where labels are learned.
    """

    data: TrainingData
    config: Config
    split: Split
    encoder: TextEncoder
    train: EncodedReviews
    validation: EncodedReviews
    unlabelled: TokenIds | None
    notes: dict[str, str]
    seconds: dict[str, float] = field(default_factory=dict)
    targets: Mapping[str, Any] | None = None

    def jobs(self) -> dict[str, ClassifierJob]:
        """Returns the training of each direction."""
        parts = split_directions(self.config.model)
        return {name: self._job(replace(self.config, model=parts[name])) for name in parts}

    @contextmanager
    def stopwatch(self, name: str) -> Iterator[None]:
        """Counts the seconds of a block under a name."""
        started = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - started

    def _job(self, config: Config) -> ClassifierJob:
        weights = self._start_weights(config)
        origin = fingerprint_weights(weights)
        if self.unlabelled is not None:
            nobody = np.zeros(len(self.unlabelled), np.int8)
            origin += EncodedReviews(self.unlabelled, nobody).fingerprint()
        folder = run_folder(effective_settings(config), self.train.fingerprint(), origin)
        return ClassifierJob(config, folder, weights, self.train, self.validation, self.unlabelled)

    def _start_weights(self, config: Config) -> Arrays:
        size, seed = self.encoder.vocabulary.size, config.training.seed
        fresh = named_weights(build_classifier(config.model, size, seed=seed))
        if self.data.pretrained is None:
            return fresh
        counts = np.bincount(TokenIds.of(self.train.token_ids).flat, minlength=size)
        return start_weights(fresh, self.data.pretrained, config, counts)


def prepare(
    data: TrainingData,
    config: Config,
    observer: Observer,
    make_training_set: MakeTrainingSet | None = None,
) -> PreparedRun:
    """Splits reviews, chooses the words and turns texts into ids.

    Args:
        data: what to learn from.
        config: all settings; with a model to start from, from `fit_config_to`.
        observer: is told what a person should know.
        make_training_set: says what to learn; None learns the labelled reviews.
    """
    started = time.perf_counter()
    split = _split(data.reviews, config)
    observer.on_note(split.describe())
    waited = time.perf_counter()
    to_learn = (make_training_set or _take_labelled)(data, split, config, observer)
    waited = time.perf_counter() - waited
    encoder = _make_encoder(data, to_learn.texts, config.data)
    encoded = encoder.encode(to_learn.texts)
    notes = {"truncation": describe_cut_texts(encoded)}
    observer.on_note(f"Training reviews: {notes['truncation']}")
    validation, unlabelled = data.reviews.take(split.validation), None
    texts = _choose_unlabelled(data, to_learn, config)
    if texts:
        corpus = exclude_texts(texts, validation.texts)
        notes["unlabelled"] = corpus.describe()
        observer.on_note(f"Without labels: {notes['unlabelled']}")
        unlabelled = encoder.encode(corpus.texts).token_ids
    run = PreparedRun(
        data,
        config,
        split,
        encoder,
        _with_answers(encoded, to_learn),
        EncodedReviews(encoder.encode(validation.texts).token_ids, validation.labels),
        unlabelled,
        notes,
        targets=to_learn.about,
    )
    _warn_of_unknown_words(run, observer)
    run.seconds.update(text=time.perf_counter() - started - waited, **to_learn.seconds)
    return run


def _warn_of_unknown_words(run: PreparedRun, observer: Observer) -> None:
    # Words of one's own reviews are known by how often they occur; those of a model to start from
    # are given.
    share = run.train.unknown_share
    if run.data.pretrained and share > MANY_UNKNOWN:
        note = (
            f"{share:.1%} of the words are unknown to the model that this starts from, in film "
            "reviews two in a hundred: the texts are of another kind, or in another language. "
            "Better is a language model that has read such texts: reelfeel pretrain TEXTS "
            "--output DIR, and --from DIR."
        ).replace("%", " %")
        run.notes["unknown_words"] = note
        observer.on_note(note)


def _take_labelled(
    data: TrainingData, split: Split, config: Config, observer: Observer
) -> TrainingSet:
    train = data.reviews.take(split.train)
    return TrainingSet(train.texts, train.labels)


def _choose_unlabelled(data: TrainingData, train: TrainingSet, config: Config) -> Sequence[str]:
    if not config.training.epochs:
        return data.texts
    if config.training.virtual_adversarial_norm and train.targets is None:
        # The labelled ones are read again without their labels.
        return [*train.texts, *data.texts]
    return ()


def _split(reviews: Reviews, config: Config) -> Split:
    data = config.data
    seed = config.training.seed if data.split_seed == SAME_SEED else data.split_seed
    if data.validation_split == "folds":
        return split_into_folds(reviews, seed=seed)
    split = split_train_validation if data.validation_split == "grouped" else split_random
    return split(reviews, validation_share=data.validation_share, seed=seed)


def _make_encoder(data: TrainingData, texts: Sequence[str], config: DataConfig) -> TextEncoder:
    reading = {"max_tokens": config.max_tokens, "keep": config.keep}
    if data.pretrained:
        # Its most frequent words, as many as fit.
        tokens = data.pretrained.vocabulary.tokens[: config.vocabulary_size - FIRST_TOKEN_ID]
        settings = replace(data.pretrained.text_settings, **reading)  # type: ignore[arg-type]
        return TextEncoder(Vocabulary(tokens), settings)
    settings = TextSettings(**reading)  # type: ignore[arg-type]
    # From what is learned alone: words that only validation has must be unknown there.
    counts = token_counts(texts, settings)
    return TextEncoder(Vocabulary.build(counts, size=config.vocabulary_size), settings)


def _with_answers(encoded: Encoded, to_learn: TrainingSet) -> EncodedReviews:
    unknown_share = float(np.average(encoded.unknown_share, weights=encoded.lengths))
    return EncodedReviews(
        encoded.token_ids, to_learn.labels, unknown_share, to_learn.targets, to_learn.epochs
    )
