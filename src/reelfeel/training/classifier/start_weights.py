"""The weights that a network starts from, where a model lends some of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from reelfeel.config.sections import Config
from reelfeel.errors import UsageError
from reelfeel.training.classifier.pretrained import Pretrained, lends_lstms

NamedWeights = dict[str, npt.NDArray[np.float32]]


def start_weights(
    fresh: NamedWeights, pretrained: Pretrained, config: Config, counts: npt.NDArray[np.int64]
) -> NamedWeights:
    """Returns the weights that a network starts from: the head's own, of the rest what is lent.

    Args:
        fresh: the network's initial weights by name.
        pretrained: has the embedding's rows in the classifier's order, and more.
        config: all settings; the direction of the network is "forward" or "backward".
        counts: `(vocabulary_size,)`: how often each word stands in what is to be learned.

    Raises:
        UsageError: if a layer has another shape there.
    """
    learned = dict(pretrained.weights[config.model.direction])
    # Rows beyond the words that are known here, the last the end of a review, are never read.
    rows = learned["embedding/embeddings"][: len(counts)]
    if config.model.own_sizes and rows.shape[1] != config.model.embedding_dim:
        rows = project_embeddings(rows, counts, config.model.embedding_dim)
    learned["embedding/embeddings"] = rows
    borrowed: tuple[str, ...] = ("embedding/",)
    if lends_lstms(pretrained, config):
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


def _take_over(
    name: str, fresh: npt.NDArray[np.float32], learned: NamedWeights
) -> npt.NDArray[np.float32]:
    array = learned.get(name)
    if array is None or array.shape != fresh.shape:
        shape = None if array is None else array.shape
        raise UsageError(
            f"The language model does not fit: {name} must have the shape {fresh.shape}. Received: "
            f"{shape}."
        )
    return array
