"""Trains a tiny model, exports it to Keras, and notes what it predicts: for check_sample.py."""

import json
import sys
from pathlib import Path

import numpy as np

import reelfeel
from reelfeel.data.sets.mini import load_mini
from reelfeel.models.stock import export_keras
from reelfeel.text.batching import pad
from reelfeel.text.encoder import TextEncoder


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    settings = {"training": {"epochs": 2}}
    classifier = reelfeel.train(
        "mini", output=folder / "model", preset="mini", settings=settings, overwrite=True
    )
    bundle = classifier.bundle
    export_keras(
        bundle.config.model, bundle.vocabulary.size, bundle.weights(), folder / "model.keras"
    )
    texts = ["", "good", *load_mini("test").texts]
    encoded = TextEncoder(bundle.vocabulary, bundle.text_settings).encode(texts)
    np.save(folder / "token_ids.npy", pad(encoded.token_ids))
    (folder / "expected.json").write_text(json.dumps(classifier.predict_proba(texts).tolist()))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
