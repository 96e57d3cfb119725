"""Saves a model of the preset `seed`, changed by settings, for the other benchmarks.

python benchmarks/make_bundle.py build/seed                        # trained on IMDB
python benchmarks/make_bundle.py build/large --random model.units=512  # not trained at all
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

import reelfeel.models  # noqa: F401  # chooses Keras' backend
from reelfeel.config.presets import get_preset
from reelfeel.config.sections import Config
from reelfeel.config.settings import parse_assignments
from reelfeel.data.sets.imdb import load_imdb
from reelfeel.inference.bundle import Bundle, Decision, GoldenAnswer, write_bundle
from reelfeel.inference.golden import GOLDEN_TEXTS
from reelfeel.models.classifier import build_classifier, named_weights
from reelfeel.text.encoder import TextEncoder, token_counts
from reelfeel.text.tokenizer import TextSettings
from reelfeel.text.vocabulary import Vocabulary
from reelfeel.training.classifier.batches import predict_probabilities
from reelfeel.training.classifier.records import EncodedReviews


def write_random_bundle(path: Path, config: Config) -> None:
    """Writes a model with the initial weights: as fast as a trained one, and at hand at once."""
    data = config.data
    settings = TextSettings(max_tokens=data.max_tokens, keep=data.keep)  # type: ignore[arg-type]
    counts = token_counts(load_imdb("train").texts, settings)
    vocabulary = Vocabulary.build(counts, size=data.vocabulary_size)
    model = build_classifier(config.model, vocabulary.size, seed=0, precision="float32")
    encoded = TextEncoder(vocabulary, settings).encode(GOLDEN_TEXTS)
    reviews = EncodedReviews(encoded.token_ids, np.zeros(len(encoded), np.int8))
    answers = predict_probabilities(model, reviews, data).tolist()
    golden = tuple(map(GoldenAnswer, GOLDEN_TEXTS, answers))
    names = ("negative", "positive")
    bundle = Bundle(path, "seed", config, names, settings, vocabulary, Decision(), golden)
    write_bundle(bundle, named_weights(model), {})


def main() -> None:
    """Trains a model, or only initialises it, and saves it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path)
    parser.add_argument("settings", nargs="*", help="such as model.units=[512]")
    parser.add_argument("--random", action="store_true", help="keep the initial weights")
    arguments = parser.parse_args()
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    settings = parse_assignments(arguments.settings)
    if arguments.random:
        write_random_bundle(arguments.output, get_preset("seed").updated(settings))
        return
    from reelfeel.training.train import train

    train("imdb", output=arguments.output, preset="seed", settings=settings)


if __name__ == "__main__":
    main()
