"""Explanations of verdicts, from a model and texts."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from reelfeel.errors import UsageError
from reelfeel.inference.classifier import Classifier, load
from reelfeel.values import Explanation

if TYPE_CHECKING:
    from reelfeel.models.differentiation import DifferentiableClassifier

METHODS = ("occlusion", "integrated-gradients")


def explain(
    texts: Iterable[str],
    model: str | Path | Classifier = "base",
    *,
    by: str = "word",
    method: str = "occlusion",
    with_flip: bool = False,
) -> list[Explanation]:
    """Says of each text which words and sentences made the verdict.

    Args:
        texts: strings, any number, each of any length.
        model: the name of a model that comes with ReelFeel, the folder of a saved one, or a loaded
            one.
        by: "word" scores words and sentences, "sentence" only sentences.
        method: "occlusion" leaves each part out and looks at the change; "integrated-gradients"
            follows the network's gradients, and needs the extra `[train]`.
        with_flip: whether to look for the smallest edit that turns the verdict around.

    Returns:
        One Explanation a text, in their order; none for no texts. Scores are in log-odds of the
        positive class. `to_dict()` of each is the line that `reelfeel explain --json` prints.

    Raises:
        UsageError: if `texts` is one string or nothing of texts, or another argument is wrong.
        DataError: if an element of `texts` is not a string.
        BundleError: if the model is missing or damaged.
        MissingExtraError: if integrated gradients are asked for and Keras is not installed.

    Example:

    >>> [found] = explain(["A lovely film."])
    >>> found.prediction.label, max(found.words, key=lambda word: word.score).text
    ('pos', 'lovely')
    """
    if method not in METHODS:
        raise UsageError(
            f"There is no such method to explain by. Expected {' or '.join(METHODS)}. "
            f"Received {method!r}."
        )
    classifier = model if isinstance(model, Classifier) else load(model)
    network = _open_network(classifier) if method == "integrated-gradients" else None
    return classifier.explain(texts, by=by, with_flip=with_flip, network=network)


def _open_network(classifier: Classifier) -> DifferentiableClassifier:
    # Inside: only this method needs Keras and PyTorch.
    from reelfeel.models.differentiation import DifferentiableClassifier

    bundle = classifier.bundle
    return DifferentiableClassifier(
        bundle.config.model,
        bundle.config.data,
        bundle.vocabulary.size,
        bundle.weights(),
        temperature=bundle.decision.temperature,
    )
