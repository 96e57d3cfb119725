"""Where a run keeps its checkpoint: the same data and results, the same folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from reelfeel.files.writing import home
from reelfeel.training.loop.checkpoints import Arrays


def run_folder(settings: Mapping[str, Any], *fingerprints: str) -> Path:
    """Returns the folder of a run's checkpoint, under `REELFEEL_HOME`.

    Args:
        settings: that decide what the run computes, as JSON values.
        fingerprints: of all else that it depends on: its data, the weights that it starts from.
    """
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    digest.update("".join(fingerprints).encode())
    return home() / "runs" / digest.hexdigest()[:16]


def fingerprint_weights(weights: Arrays) -> str:
    """Returns the SHA-256, in hexadecimal, of weights with their names.

    Example:

    >>> len(fingerprint_weights({"logit/bias": np.zeros(1, np.float32)}))
    64
    """
    digest = hashlib.sha256()
    for name in sorted(weights):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(weights[name]).tobytes())
    return digest.hexdigest()
