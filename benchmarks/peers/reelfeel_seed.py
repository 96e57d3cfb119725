"""The preset `seed` as ReelFeel trains it, checkpoints and all."""

import json
import sys
import tempfile
from pathlib import Path

import numpy as np

import reelfeel.models  # noqa: F401  # chooses Keras' backend
from reelfeel.models.classifier import build_classifier
from reelfeel.presets import get_preset
from reelfeel.training.fit import Fit
from reelfeel.training.progress import Observer
from reelfeel.training.records import EncodedReviews


def main() -> None:
    data, epochs = np.load(sys.argv[1]), int(sys.argv[2])
    rows = zip(data["token_ids"], data["lengths"].tolist(), strict=True)
    train = EncodedReviews([ids[:length].copy() for ids, length in rows], data["labels"])
    # A few reviews stand in for validation, which the peer does not do: only steps are compared.
    validation = EncodedReviews(train.token_ids[:64], train.labels[:64])
    config = get_preset("seed").updated({"training": {"epochs": epochs, "alarm": False}})
    model = build_classifier(config.model, config.data.vocabulary_size, seed=0)
    with tempfile.TemporaryDirectory() as folder:
        result = Fit(model, train, validation, config, Path(folder), Observer()).run()
    print(json.dumps([record.seconds for record in result.history]))


if __name__ == "__main__":
    main()
