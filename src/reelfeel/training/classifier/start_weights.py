"""A classifier that starts from a language model: its words, its text settings, its weights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from reelfeel.config.pretraining import PretrainingConfig
from reelfeel.config.sections import SAME_SEED, Config, ModelConfig
from reelfeel.errors import UsageError
from reelfeel.models.language_model import LanguageModel
from reelfeel.text.vocabulary import FIRST_TOKEN_ID, Vocabulary
from reelfeel.training.classifier.pretrained import is_classifier

Arrays = dict[str, npt.NDArray[np.float32]]


def adopt_language_model(config: Config, language_model: LanguageModel) -> Config:
    """Returns the settings of a classifier that is to start from a language model.

    Vocabulary, embedding and LSTMs become as large as its, or with `model.own_sizes` the vocabulary
    no larger; and the validation reviews become those
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
    if config.model.own_sizes:
        size = min(config.data.vocabulary_size, language_model.vocabulary.size)
        return replace(config, data=replace(data, vocabulary_size=size))
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


def describe_loan(config: Config, language_model: LanguageModel) -> str:
    """Says what a language model lends to a classifier.

    Args:
        config: from `adopt_language_model`.
        language_model: the same, or a classifier as one, from `read_start`.
    """
    size, model = config.data.vocabulary_size, config.model
    source = language_model.config
    if model.embedding_dim == source.embedding_dim:
        embeddings = f"embeddings of {model.embedding_dim}"
    else:
        embeddings = f"embeddings of {source.embedding_dim}, projected to {model.embedding_dim}"
    lstms = "its LSTMs" if _lends_lstms(model, source) else "no LSTM: those start from chance"
    lender = "classifier" if is_classifier(language_model) else "language model"
    return f"The {lender} lends {size:,} words, {embeddings}, and {lstms}."


def choose_words(language_model: LanguageModel, size: int) -> Vocabulary:
    """Returns a language model's most frequent words, as many as fit into a vocabulary's size."""
    tokens = language_model.vocabulary.tokens[: size - FIRST_TOKEN_ID]
    return Vocabulary(tokens)


def start_weights(
    fresh: Arrays,
    language_model: LanguageModel,
    config: ModelConfig,
    counts: npt.NDArray[np.int64],
) -> Arrays:
    """Returns the weights that a network starts from: the head's own, of the rest what is lent.

    Args:
        fresh: the network's initial weights by name.
        language_model: has the embedding's rows in the classifier's order, and more.
        config: of the network; its direction is "forward" or "backward".
        counts: `(vocabulary_size,)`: how often each word stands in what is to be learned.

    Raises:
        UsageError: if a layer has another shape there.
    """
    learned = dict(language_model.weights[config.direction])
    # Rows beyond the words that are known here, the last the end of a review, are never read.
    rows = learned["embedding/embeddings"][: len(counts)]
    if config.own_sizes and rows.shape[1] != config.embedding_dim:
        rows = project_embeddings(rows, counts, config.embedding_dim)
    learned["embedding/embeddings"] = rows
    borrowed: tuple[str, ...] = ("embedding/",)
    if _lends_lstms(config, language_model.config):
        # A classifier that is started from has a head too.
        heads = tuple(name for name in learned if name.startswith(("dense/", "logit/")))
        borrowed = ("embedding/", "lstm_", *heads)
    return {
        name: _take_over(name, array, learned) if name.startswith(borrowed) else array
        for name, array in fresh.items()
    }


def project_embeddings(
    rows: npt.NDArray[np.float32], counts: npt.NDArray[np.int64], dim: int
) -> npt.NDArray[np.float32]:
    """Returns embeddings of fewer numbers that lie to each other as nearly as can be as before.

    The principal components of the words as they occur in texts. Their size stays that of the
    language model's, in which the norms of adversarial training are meant, and not the smaller one
    of a network that starts from chance: there, Adam would change them by a tenth in three steps.

    Args:
        rows: `(vocabulary_size, embedding_dim)`.
        counts: `(vocabulary_size,)`: how often each word occurs.
        dim: at most `embedding_dim`.

    Raises:
        UsageError: if more numbers are asked for than there are.

    Example:

    >>> rows = np.array([[3.0, 4.0], [0.0, 0.0], [6.0, 8.0]], np.float32)
    >>> np.abs(project_embeddings(rows, np.array([1, 1, 1]), 1)).round(3).tolist()
    [[0.0], [5.0], [5.0]]
    """
    if dim > rows.shape[1]:
        raise UsageError(
            f"A language model's embeddings of {rows.shape[1]} cannot become larger. Set "
            f"model.embedding_dim to as many or fewer. Received {dim}."
        )
    centred = rows - np.average(rows, axis=0, weights=counts)
    scatter = (centred * counts[:, None]).T @ centred
    _, directions = np.linalg.eigh(scatter.astype(np.float64))
    return np.asarray(centred @ directions[:, ::-1][:, :dim], np.float32)


def _lends_lstms(config: ModelConfig, source: PretrainingConfig) -> bool:
    # All or none: an LSTM means nothing above other numbers than it has learned to read.
    has_its_sizes = (config.embedding_dim, config.units) == (source.embedding_dim, source.units)
    return has_its_sizes or not config.own_sizes


def _take_over(
    name: str, fresh: npt.NDArray[np.float32], learned: Arrays
) -> npt.NDArray[np.float32]:
    array = learned.get(name)
    if array is None or array.shape != fresh.shape:
        shape = None if array is None else array.shape
        raise UsageError(
            f"The language model does not fit: {name} must have the shape {fresh.shape}. Received: "
            f"{shape}."
        )
    return array
