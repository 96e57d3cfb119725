"""A classifier that starts from a language model: its words, its text settings, its weights."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from reelfeel.config import SAME_SEED, Config
from reelfeel.errors import UsageError
from reelfeel.models.language_model import LanguageModel

Arrays = dict[str, npt.NDArray[np.float32]]

_HEAD = ("dense/", "logit/")


def adopt_language_model(config: Config, language_model: LanguageModel) -> Config:
    """Returns the settings of a classifier that is to start from a language model.

    Vocabulary, embedding and LSTMs become as large as its; and the validation reviews become those
    that it did not learn from either, whatever the seed of the training is.

    Raises:
        UsageError: if it has no network of a direction that is wanted, or held out another share.
    """
    directions = ["forward", "backward"]
    wanted = directions if config.model.direction == "both" else [config.model.direction]
    missing = [name for name in wanted if name not in language_model.weights]
    if missing:
        raise UsageError(
            f"The language model has no {missing[0]} network. Train one with reelfeel pretrain "
            f"--direction {missing[0]}, or set model.direction. Received one with "
            f"{' and '.join(language_model.weights)}."
        )
    source = language_model.config
    split_seed = config.data.split_seed
    data = replace(
        config.data,
        vocabulary_size=language_model.vocabulary.size,
        split_seed=source.split_seed if split_seed == SAME_SEED else split_seed,
    )
    model = replace(config.model, embedding_dim=source.embedding_dim, units=source.units)
    return replace(config, data=data, model=model)


def describe_split_difference(config: Config, language_model: LanguageModel) -> str | None:
    """Says where the language model has read reviews that are to validate; None where it has not.

    Args:
        config: from `adopt_language_model`.
        language_model: the same.
    """
    data, source = config.data, language_model.config
    wanted = (data.validation_split, data.validation_share, data.split_seed)
    if wanted == ("grouped", source.held_out_share, source.split_seed):
        return None
    return (
        "The language model may have read reviews that validate here, so that validation flatters: "
        f"it held out a share of {source.held_out_share:g} with seed {source.split_seed}. To hold "
        f"out the same: --set data.validation_share={source.held_out_share:g} --set "
        f"data.split_seed={source.split_seed} --set data.validation_split=grouped"
    )


def start_weights(fresh: Arrays, language_model: LanguageModel, direction: str) -> Arrays:
    """Returns the weights that a network starts from: the head's own, the rest taken over.

    Args:
        fresh: the network's initial weights by name.
        language_model: has the embedding's rows in the classifier's order, and one more.
        direction: "forward" or "backward".

    Raises:
        UsageError: if a layer has another shape there.
    """
    learned = language_model.weights[direction]
    return {
        name: array if name.startswith(_HEAD) else _take_over(name, array, learned)
        for name, array in fresh.items()
    }


def _take_over(
    name: str, fresh: npt.NDArray[np.float32], learned: Arrays
) -> npt.NDArray[np.float32]:
    array = learned.get(name)
    if array is not None and name == "embedding/embeddings":
        # The last row is the end of a review, which a classifier never reads.
        array = array[: len(fresh)]
    if array is None or array.shape != fresh.shape:
        shape = None if array is None else array.shape
        raise UsageError(
            f"The language model does not fit: {name} must have the shape {fresh.shape}. Received: "
            f"{shape}."
        )
    return array


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
