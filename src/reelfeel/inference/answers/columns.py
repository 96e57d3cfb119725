"""The columns that scoring adds to a row, and their names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from reelfeel.errors import SchemaError
from reelfeel.values import UNSURE

if TYPE_CHECKING:
    from reelfeel.frame_library import pl
    from reelfeel.inference.classifier import Classifier

Columns = Mapping[str, Sequence[object]]

ANSWERS = ("predicted_label", "probability", "abstained", "truncated", "model")
# More say nothing: answers are equal on every processor to some four digits.
_DIGITS = 6


@dataclass(frozen=True)
class Answers:
    """What a model says about the texts of a shard, as columns; row `i` of each is about text `i`.

    Attributes:
        labels: of the predicted class, or "unsure".
        probabilities: float64 array of shape `(num_texts,)`, of the positive class.
        abstained: bool array.
        truncated: bool array: whether the model read only a part of the text.
        unknown_shares: float array: the share of tokens read that the vocabulary lacks.
    """

    labels: Sequence[str]
    probabilities: npt.NDArray[np.float64]
    abstained: npt.NDArray[np.bool_]
    truncated: npt.NDArray[np.bool_]
    unknown_shares: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.labels)

    def columns(self, model: str, prefix: str = "") -> Columns:
        """Returns the added columns by name, as plain Python values.

        Args:
            model: the name of the model.
            prefix: of the names.
        """
        values: tuple[Sequence[object], ...] = (
            self.labels,
            self.probabilities.round(_DIGITS).tolist(),
            self.abstained.tolist(),
            self.truncated.tolist(),
            [model] * len(self),
        )
        return dict(zip(added_names(prefix), values, strict=True))


def added_names(prefix: str) -> list[str]:
    """Returns the names of the added columns, in order."""
    return [f"{prefix}{name}" for name in ANSWERS]


def added_types(prefix: str) -> dict[str, Any]:
    """Returns the Polars types of the added columns by name, in order."""
    from reelfeel.frame_library import pl

    kinds = (pl.String, pl.Float64, pl.Boolean, pl.Boolean, pl.String)
    return dict(zip(added_names(prefix), kinds, strict=True))


def answer_texts(classifier: Classifier, texts: Sequence[str]) -> Answers:
    """Returns what a model says about texts.

    Raises:
        DataError: if an element is no string.
    """
    decision = classifier.bundle.decision
    names = np.array(classifier.bundle.label_names, dtype=object)
    parts = list(classifier.read_and_score(texts))
    if not parts:
        none = np.empty(0, dtype=bool)
        return Answers([], np.empty(0), none, none, np.empty(0))
    probabilities = np.concatenate([scores for _, scores in parts])
    abstained = np.array([decision.abstains(one) for one in probabilities.tolist()], dtype=bool)
    labels = names[(probabilities >= decision.threshold).astype(int)]
    labels[abstained] = UNSURE
    return Answers(
        labels.tolist(),
        probabilities,
        abstained,
        np.concatenate([encoded.truncated for encoded, _ in parts]).astype(bool),
        np.concatenate([encoded.unknown_share for encoded, _ in parts]).astype(np.float64),
    )


def refuse_collisions(names: Iterable[str], prefix: str) -> None:
    """Refuses an input that has columns of the names that are added: nothing is overwritten.

    Raises:
        SchemaError: if it has.
    """
    there = set(names)
    both = [name for name in added_names(prefix) if name in there]
    if both:
        raise SchemaError(
            f"The input has columns that scoring adds: {', '.join(both)}. Expected none of them; "
            f"choose other names with --prefix, such as --prefix {prefix}reelfeel_."
        )


def add_columns(frame: pl.DataFrame, columns: Columns, prefix: str) -> pl.DataFrame:
    """Returns a frame with the added columns behind its own.

    Args:
        frame: of Polars.
        columns: what `Answers.columns` gave.
        prefix: of their names.

    Raises:
        SchemaError: if it has one of them already.
    """
    from reelfeel.frame_library import pl

    refuse_collisions(frame.columns, prefix)
    types = added_types(prefix)
    return frame.with_columns(pl.Series(name, columns[name], kind) for name, kind in types.items())
