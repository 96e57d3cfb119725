"""Tiny trainings whose checkpoints are changed."""

import numpy as np

from reelfeel.config.pretraining import PretrainingConfig
from reelfeel.config.sections import Config
from reelfeel.models.classifier import build_classifier
from reelfeel.training.classifier.records import EncodedReviews
from reelfeel.training.classifier.task import ClassifierTask
from reelfeel.training.language_model.directions import LanguageModelJob
from reelfeel.training.language_model.token_stream import TokenTexts
from reelfeel.training.loop.progress import Observer
from reelfeel.training.loop.trainer import Trainer

CONFIG = Config().updated(
    {
        "data": {"vocabulary_size": 20, "max_tokens": 8},
        "model": {"embedding_dim": 4, "units": [5]},
        "training": {"epochs": 3, "batch_size": 8, "average_decay": 0.9, "alarm": False},
    }
)
PRETRAINING = PretrainingConfig(
    vocabulary_size=20,
    embedding_dim=4,
    units=(5,),
    epochs=2,
    batch_size=2,
    bptt_length=5,
    num_negatives=8,
)


def make_fit(folder):
    """Returns a training that has not begun."""
    rng = np.random.default_rng(0)

    def draw(count):
        ids = [rng.integers(2, 20, rng.integers(1, 8)).astype(np.int32) for _ in range(count)]
        return EncodedReviews(ids, rng.integers(0, 2, count).astype(np.int8))

    model = build_classifier(CONFIG.model, 20, seed=0)
    task = ClassifierTask(model, draw(32), draw(8), CONFIG)
    return Trainer(task, folder, Observer())


def make_pretraining(folder):
    """Returns the training of a language model that has not begun."""
    return Trainer(make_job(folder).make_task(), folder, Observer())


def make_job(folder):
    """Returns the job of one direction of a language model."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(3, 9, 20)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    ids = rng.integers(2, 19, offsets[-1]).astype(np.int32)
    ids[offsets[1:] - 1] = 19
    texts = TokenTexts(ids, offsets)
    return LanguageModelJob("forward", folder, PRETRAINING, 20, texts, texts)
