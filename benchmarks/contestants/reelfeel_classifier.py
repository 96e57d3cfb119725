"""ReelFeel's classifier as contestants open it."""

import numpy as np

from reelfeel.inference.classifier import load


def open_classifier(settings):
    """Loads the bundle in the classifier and precision that are asked for, else in the best."""
    precision = settings.get("precision", "auto")
    return load(settings["bundle"], backend=settings.get("backend"), precision=precision)


def real_tokens(classifier, texts):
    """Returns the number of tokens that the model reads of the texts."""
    return int(sum(encoded.lengths.sum() for encoded in classifier.encode(texts)))


def accuracy(probabilities, labels):
    """Returns the share of right labels."""
    return float(np.mean((np.asarray(probabilities) >= 0.5) == (labels == 1)))
