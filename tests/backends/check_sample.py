"""Loads an exported model where ReelFeel is not installed, and compares what it predicts.

Run by `make test-backends` once for each KERAS_BACKEND.
"""

import importlib.util
import json
import sys
from pathlib import Path

import keras
import numpy as np

TOLERANCE = 1e-5


def main(folder: Path) -> None:
    if importlib.util.find_spec("reelfeel"):
        sys.exit("ReelFeel is installed here, so this proves nothing; use another environment.")
    model = keras.saving.load_model(folder / "model.keras")
    token_ids = np.load(folder / "token_ids.npy")
    expected = np.array(json.loads((folder / "expected.json").read_text()))
    received = model.predict(token_ids, verbose=0)[:, 0]
    difference = np.abs(received - expected).max()
    print(f"{keras.backend.backend():<11} largest difference {difference:.1e}")
    if not difference <= TOLERANCE:
        sys.exit(f"Expected at most {TOLERANCE:g}.")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
