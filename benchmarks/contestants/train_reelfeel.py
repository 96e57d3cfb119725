"""Training as `reelfeel train` does it, checkpoints, clipping and averaged weights included."""

import tempfile
from pathlib import Path

import numpy as np
import protocol

import reelfeel.models  # noqa: F401  # chooses Keras' backend
from reelfeel.config.presets import get_preset
from reelfeel.models.classifier import build_classifier
from reelfeel.training.classifier.records import EncodedReviews
from reelfeel.training.classifier.task import ClassifierTask
from reelfeel.training.loop.progress import Observer
from reelfeel.training.loop.trainer import Trainer


def prepare(settings):
    ids, labels, _ = protocol.read_reviews(settings["reviews"])
    train = EncodedReviews([np.array(row) for row in ids], labels.astype("int8"))
    # A few reviews stand in for validation, which the others do not do: only steps are timed.
    validation = EncodedReviews(train.token_ids[:64], train.labels[:64])
    model_settings = {"units": settings["units"], "embedding_dim": settings["embedding_dim"]}
    config = get_preset("seed").updated(
        {
            "model": model_settings,
            "training": {"epochs": 1, "alarm": False, "precision": settings["precision"]},
        }
    )
    model = build_classifier(
        config.model, config.data.vocabulary_size, seed=0, precision=settings["precision"]
    )

    def take_turn():
        with tempfile.TemporaryDirectory() as folder:
            task = ClassifierTask(model, train, validation, config)
            finished = Trainer(task, Path(folder), Observer()).run()
            seconds = finished.progress["history"][0]["seconds"]
        return protocol.rates(seconds, real_tokens=sum(map(len, ids)), reviews=len(ids))

    take_turn()
    return take_turn


if __name__ == "__main__":
    protocol.serve(prepare)
