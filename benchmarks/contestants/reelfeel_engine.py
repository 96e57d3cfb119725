"""ReelFeel's engine as contestants open it."""

import numpy as np

from reelfeel.runtime.engine import load


def open_engine(settings):
    """Loads the bundle in the precision that is asked for, the best where none is."""
    return load(settings["bundle"], precision=settings.get("precision", "auto"))


def real_tokens(engine, texts):
    """Returns the number of tokens that the model reads of the texts."""
    return int(sum(encoded.lengths.sum() for encoded in engine.encode(texts)))


def accuracy(probabilities, labels):
    """Returns the share of right labels."""
    return float(np.mean((np.asarray(probabilities) >= 0.5) == (labels == 1)))
