"""From reviews to a run that is ready to start: split, words, ids."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from reelfeel.config import SAME_SEED, Config, DataConfig
from reelfeel.data.labels import refuse_one_class
from reelfeel.data.loading import is_imdb, load_reviews
from reelfeel.data.splitting import Split, split_random, split_train_validation
from reelfeel.data.tables import TableOptions
from reelfeel.files import home
from reelfeel.models.classifier import build_classifier, named_weights, split_directions
from reelfeel.models.language_model import LanguageModel
from reelfeel.text.encoder import Encoded, TextEncoder, describe_truncation, token_counts
from reelfeel.text.token_ids import TokenIds
from reelfeel.text.tokenizer import TextSettings
from reelfeel.text.vocabulary import Vocabulary
from reelfeel.training.checkpoints import Arrays
from reelfeel.training.corpus import exclude_texts
from reelfeel.training.directions import Job
from reelfeel.training.initialisation import fingerprint_weights, start_weights
from reelfeel.training.records import EncodedReviews
from reelfeel.training.runs import run_folder
from reelfeel.types import UNLABELLED, Reviews


@dataclass(frozen=True)
class Source:
    """What a run learns from.

    Attributes:
        reviews: with labels.
        texts: without labels; only the virtual adversarial loss reads them.
        language_model: to start from; None starts from random weights.
    """

    reviews: Reviews
    texts: tuple[str, ...] = ()
    language_model: LanguageModel | None = None


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
        unlabelled: ids of reviews for the virtual adversarial loss; None where there is none.
        notes: sentences for people, by subject: what was cut, what was left out.
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
    seconds: dict[str, float] = field(default_factory=dict)

    def jobs(self) -> dict[str, Job]:
        """Returns the training of each direction."""
        parts = split_directions(self.config.model)
        return {name: self._job(name, replace(self.config, model=parts[name])) for name in parts}

    @contextmanager
    def stopwatch(self, name: str) -> Iterator[None]:
        """Counts the seconds of a block under a name."""
        started = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - started

    def _job(self, direction: str, config: Config) -> Job:
        weights = self._start_weights(direction, config)
        origin = fingerprint_weights(weights)
        if self.unlabelled is not None:
            nobody = np.zeros(len(self.unlabelled), np.int8)
            origin += EncodedReviews(self.unlabelled, nobody).fingerprint()
        folder = run_folder(home() / "runs", config, self.train, origin=origin)
        return Job(config, folder, weights, self.train, self.validation, self.unlabelled)

    def _start_weights(self, direction: str, config: Config) -> Arrays:
        size, seed = self.encoder.vocabulary.size, config.training.seed
        fresh = named_weights(build_classifier(config.model, size, seed=seed))
        model = self.source.language_model
        return start_weights(fresh, model, direction) if model else fresh


def load_source(
    source: str | Path | Reviews,
    config: Config,
    *,
    data_dir: str | Path | None = None,
    options: TableOptions | None = None,
    language_model: LanguageModel | None = None,
) -> Source:
    """Loads what a run learns from; nothing of a test part.

    Args:
        source: what `train` takes.
        config: says whether texts without labels are wanted.
        data_dir: a local copy of "imdb".
        options: of tables.
        language_model: to start from.

    Raises:
        UsageError: if there is no such source.
        DataError: if it is refused, or has one class only.
    """
    everything = (
        source
        if isinstance(source, Reviews)
        else load_reviews(source, "train", data_dir=data_dir, options=options)
    )
    is_labelled = everything.labels != UNLABELLED
    reviews = everything.take(np.flatnonzero(is_labelled))
    refuse_one_class(reviews)
    texts: tuple[str, ...] = ()
    if config.training.virtual_adversarial_norm:
        texts = tuple(everything.take(np.flatnonzero(~is_labelled)).texts)
        if isinstance(source, (str, Path)) and (source == "imdb" or is_imdb(Path(source))):
            texts += tuple(load_reviews(source, "unsupervised", data_dir=data_dir).texts)
    return Source(reviews, texts, language_model)


def prepare(source: Source, config: Config, on_note: Callable[[str], None]) -> Run:
    """Splits reviews, chooses the words and turns texts into ids.

    Args:
        source: what to learn from.
        config: all settings; with a language model, from `adopt_language_model`.
        on_note: is told what a person should know.
    """
    started = time.perf_counter()
    reviews = source.reviews
    split = _split(reviews, config.data, config.training.seed)
    on_note(split.describe())
    train, validation = reviews.take(split.train), reviews.take(split.validation)
    encoder = _make_encoder(source, train, config.data)
    encoded = encoder.encode(train.texts)
    notes = {"truncation": describe_truncation(encoded)}
    on_note(f"Training reviews: {notes['truncation']}")
    unlabelled = None
    if config.training.virtual_adversarial_norm:
        # The labelled ones are read again without their labels.
        corpus = exclude_texts([*train.texts, *source.texts], validation.texts)
        notes["unlabelled"] = corpus.describe()
        on_note(f"Without labels: {notes['unlabelled']}")
        unlabelled = encoder.encode(corpus.texts).token_ids
    run = Run(
        source,
        config,
        split,
        encoder,
        _with_labels(encoded, train),
        _with_labels(encoder.encode(validation.texts), validation),
        unlabelled,
        notes,
    )
    run.seconds["text"] = time.perf_counter() - started
    return run


def _split(reviews: Reviews, data: DataConfig, seed: int) -> Split:
    split = split_train_validation if data.validation_split == "grouped" else split_random
    seed = seed if data.split_seed == SAME_SEED else data.split_seed
    return split(reviews, validation_share=data.validation_share, seed=seed)


def _make_encoder(source: Source, train: Reviews, data: DataConfig) -> TextEncoder:
    model = source.language_model
    if model:
        return TextEncoder(
            model.vocabulary,
            replace(model.text_settings, max_tokens=data.max_tokens, keep=data.keep),  # type: ignore[arg-type]
        )
    settings = TextSettings(max_tokens=data.max_tokens, keep=data.keep)  # type: ignore[arg-type]
    # From the training reviews alone: words that only validation has must be unknown there.
    counts = token_counts(train.texts, settings)
    return TextEncoder(Vocabulary.build(counts, size=data.vocabulary_size), settings)


def _with_labels(encoded: Encoded, reviews: Reviews) -> EncodedReviews:
    unknown_share = float(np.average(encoded.unknown_share, weights=encoded.lengths))
    return EncodedReviews(encoded.token_ids, reviews.labels, unknown_share)
