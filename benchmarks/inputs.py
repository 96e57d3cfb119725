"""What the contestants work on: reviews, their batches, and saved models; made once a run."""

from __future__ import annotations

import functools
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from harness.environments import run

from reelfeel.config.presets import get_preset
from reelfeel.data.sets.imdb import load_imdb
from reelfeel.data.splitting import split_train_validation
from reelfeel.text.batching import plan_training_batches, round_timesteps
from reelfeel.text.encoder import Encoded, TextEncoder, token_counts
from reelfeel.text.tokenizer import TextSettings
from reelfeel.text.vocabulary import Vocabulary
from reelfeel.values import Reviews

BATCH_SIZE = 64


@dataclass(frozen=True)
class Sizes:
    """How large everything is; smaller ones prove that the suites run.

    Attributes:
        epoch_steps: steps of an "epoch"; 0 for a whole one.
        steps_512: steps at 512 units, and on older machines.
        steps_1024: steps at 1,024 units.
        train_texts: reviews that the linear peers learn from; 0 for all.
        scoring_texts: test reviews to score with 64 units; 0 for all.
        share_texts: test reviews to score at 512 units in one direction.
        large_texts: test reviews to score in both directions and with a transformer.
        base_texts: test reviews to score with `base`.
        calls: of one review each.
        starts: whole processes a round.
        matrix: size of the square matrices.
        numbers: texts in a call.
        lengths: words in a text.
        sweep_rounds: rounds of the sweeps, whose largest sizes take a minute.
        seed_flags: how the model with 64 units is made; without any it is trained.
        units: of the large models.
    """

    epoch_steps: int = 0
    steps_512: int = 24
    steps_1024: int = 8
    train_texts: int = 0
    scoring_texts: int = 0
    share_texts: int = 4_096
    large_texts: int = 256
    base_texts: int = 1_024
    calls: int = 300
    starts: int = 7
    matrix: int = 4_096
    numbers: tuple[int, ...] = (1, 10, 100, 1_000, 10_000, 100_000, 1_000_000)
    lengths: tuple[int, ...] = (10, 30, 100, 300, 1_000, 3_000, 10_000, 20_000)
    sweep_rounds: int = 2
    seed_flags: tuple[str, ...] = ()
    units: int = 512


QUICK = Sizes(
    epoch_steps=3,
    steps_512=2,
    steps_1024=1,
    train_texts=500,
    scoring_texts=256,
    share_texts=64,
    large_texts=8,
    base_texts=8,
    calls=5,
    starts=1,
    matrix=512,
    numbers=(1, 10, 100),
    lengths=(10, 100, 1_000),
    sweep_rounds=1,
    seed_flags=("--random",),
    units=128,
)


class Inputs:
    """Files of a run.

    Args:
        folder: where they are written.
        sizes: how large they are.
        bundle: a trained model of the preset `seed`; None trains one.
    """

    def __init__(self, folder: Path, sizes: Sizes, bundle: Path | None = None) -> None:
        self.folder, self.sizes, self._bundle = folder, sizes, bundle
        folder.mkdir(parents=True, exist_ok=True)

    def training_reviews(self, steps: int) -> tuple[Path, str]:
        """Writes encoded reviews and their batches for so many steps, 0 for an epoch.

        Returns:
            The file, and a sentence that says what is in it.
        """
        encoded, labels = self._encoded
        rows = np.random.default_rng(0).permutation(len(labels))
        rows = rows[: steps * BATCH_SIZE] if steps else np.arange(len(labels))
        # As `reelfeel train` makes them in the first epoch with the seed 0.
        lengths = encoded.lengths[rows]
        batches = plan_training_batches(lengths, BATCH_SIZE, np.random.default_rng([0, 0]))
        path = self.folder / f"training_{steps}.npz"
        np.savez(
            path,
            ids=np.concatenate([encoded.token_ids[row] for row in rows]),
            lengths=lengths,
            labels=labels[rows],
            rows=np.concatenate(batches),
            batch_sizes=[len(batch) for batch in batches],
            widths=[round_timesteps(lengths[batch].max(), most=500) for batch in batches],
        )
        what = f"{len(batches)} steps" if steps else "One epoch"
        return path, (
            f"{what}: {len(rows):,} of IMDB's training reviews, {int(lengths.sum()):,} real "
            f"tokens, at most 500 of a review, {lengths.mean():.0f} on average."
        )

    def test_texts(self, number: int) -> tuple[Path, str]:
        """Writes so many test reviews, 0 for all; returns the file and a sentence about it."""
        texts, path = self._sample("test", number)
        length = np.mean([len(text) for text in texts])
        return path, f"{len(texts):,} of IMDB's test reviews, {length:,.0f} characters on average."

    def train_texts(self) -> Path:
        """Writes the training reviews that peers learn from."""
        return self._sample("train", self.sizes.train_texts)[1]

    def short_texts(self, number: int, num_words: int) -> Path:
        """Writes so many test reviews that have as many words, cut to that number."""
        reviews = _load("test")
        words = [text.split() for text in reviews.texts]
        rows = [row for row, found in enumerate(words) if len(found) >= num_words]
        chosen = np.random.default_rng(0).permutation(rows)[:number]
        texts = [" ".join(words[row][:num_words]) for row in chosen]
        return _write_texts(self.folder / f"short_{number}.json", texts, reviews.labels[chosen])

    def seed_bundle(self) -> Path:
        """Returns a model of the preset `seed`; trains it where none was given."""
        return self._bundle or self._make_bundle("seed", *self.sizes.seed_flags)

    def large_bundle(self, direction: str) -> Path:
        """Returns a large model, not trained, in the direction "forward" or in "both"."""
        units = self.sizes.units
        settings = [f"model.units=[{units}]", "model.embedding_dim=256"]
        if direction != "forward":
            settings.append(f"model.direction={direction}")
        return self._make_bundle(f"units_{units}_{direction}", *settings, "--random")

    def _make_bundle(self, name: str, *flags: str) -> Path:
        path = self.folder / "bundles" / name
        if not path.exists():
            print(f"making the model {name}", flush=True)
            # A process of its own: neither Keras nor its threads stay in this one.
            run(sys.executable, Path(__file__).parent / "make_bundle.py", path, *flags)
        return path

    def _sample(self, part: str, number: int) -> tuple[list[str], Path]:
        reviews = _load(part)
        rows = np.random.default_rng(0).permutation(len(reviews))[: number or None]
        texts = [reviews.texts[row] for row in rows]
        path = self.folder / f"{part}_{len(texts)}.json"
        return texts, _write_texts(path, texts, reviews.labels[rows])

    @functools.cached_property
    def _encoded(self) -> tuple[Encoded, np.ndarray]:
        # The training reviews as the preset `seed` reads them.
        config = get_preset("seed").data
        reviews = _load("train")
        split = split_train_validation(reviews, validation_share=config.validation_share, seed=0)
        train = reviews.take(split.train)
        settings = TextSettings(max_tokens=config.max_tokens, keep=config.keep)  # type: ignore[arg-type]
        counts = token_counts(train.texts, settings)
        vocabulary = Vocabulary.build(counts, size=config.vocabulary_size)
        return TextEncoder(vocabulary, settings).encode(train.texts), train.labels


@functools.cache
def _load(part: str) -> Reviews:
    return load_imdb(part)  # type: ignore[arg-type]


def _write_texts(path: Path, texts: list[str], labels: np.ndarray) -> Path:
    document = {"texts": texts, "labels": labels.tolist()}
    path.write_text(json.dumps(document), "utf-8")
    return path
