"""The values that rooms hand to each other: frozen, plain fields, no behaviour worth hiding."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from reelfeel.columns import list_labels, list_texts, list_values
from reelfeel.errors import UsageError
from reelfeel.load_summary import LoadSummary

NEGATIVE, POSITIVE, UNLABELLED = 0, 1, -1
# What a model that abstains says in place of a class.
UNSURE = "unsure"
# From this share of unknown words on, an answer says so. No test review of IMDB has more than 0.22,
# with the words of `base` or `small`.
_NOTABLE_UNKNOWN_SHARE = 0.5


@dataclass(frozen=True)
class Reviews:
    """Reviews as columns; row `i` of every column is about the same review.

    Every column is taken by position and checked: its length, its types, its values.

    Attributes:
        texts: the reviews as the source gave them, uncleaned: a list, an array, a series or any
            other iterable of str.
        labels: int8 array of shape `(num_reviews,)`: 1 positive, 0 negative, -1 unlabelled; made
            from any column of such numbers or of bool.
        ids: one name per review, unique within its source, for messages and reports; "review 1",
            "review 2" and so on where none are given.
        ratings: int8 array of stars, 0 where unknown; None where the source has none.
        movies: the movie each review is about, as any string; None where the source does not say.
        label_names: the user's own names of class 0 and class 1.
        source: where the reviews came from, for messages and provenance.
        columns: further columns that were asked for, by name, as text; "" where a value is missing.
        load_summaries: what became of everything in the sources that the reviews were read from.

    Raises:
        UsageError: if a column is none, differs in length from the texts, or holds a wrong value;
            if texts and labels are series whose indices say different rows.
        DataError: if a text is no string.

    Example:

    >>> Reviews(["A bore.", "A gem."], [0, 1]).ids
    ['review 1', 'review 2']
    >>> Reviews(["A bore.", "A gem."], [0])
    Traceback (most recent call last):
    ...
    reelfeel.errors.UsageError: Expected one label for each of the 2 texts. Received 1 labels.
    """

    texts: Sequence[str]
    labels: npt.NDArray[np.int8]
    ids: Sequence[str] = ()
    ratings: npt.NDArray[np.int8] | None = None
    movies: Sequence[str] | None = None
    label_names: tuple[str, str] = ("negative", "positive")
    source: str = "memory"
    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)
    load_summaries: tuple[LoadSummary, ...] = ()

    def __post_init__(self) -> None:
        _refuse_other_order(self.texts, self.labels)
        texts, labels = list_texts(self.texts), list_labels(self.labels)
        _refuse_length("label", labels, len(texts))
        ids = list_values(self.ids, "ids") or [f"review {n}" for n in range(1, len(texts) + 1)]
        for name, column in (
            ("id", ids),
            ("rating", self.ratings),
            ("movie", self.movies),
            *self.columns.items(),
        ):
            if column is not None:
                _refuse_length(name, column, len(texts))
        for name, value in (("texts", texts), ("labels", labels), ("ids", ids)):
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, indices: npt.NDArray[np.intp]) -> Reviews:
        """Returns the reviews at `indices`, an int array, in that order."""
        return replace(
            self,
            texts=[self.texts[i] for i in indices],
            labels=self.labels[indices],
            ids=[self.ids[i] for i in indices],
            ratings=None if self.ratings is None else self.ratings[indices],
            movies=None if self.movies is None else [self.movies[i] for i in indices],
            columns={name: [values[i] for i in indices] for name, values in self.columns.items()},
        )

    def fingerprint(self) -> str:
        """Returns the SHA-256, in hexadecimal, of all texts and labels in their order."""
        digest = hashlib.sha256()
        for text, label in zip(self.texts, self.labels.tolist(), strict=True):
            encoded = text.encode("utf-8", "surrogatepass")
            # The length keeps ("ab", "c") and ("a", "bc") apart.
            digest.update(f"{label} {len(encoded)}\n".encode())
            digest.update(encoded)
        return digest.hexdigest()


def _refuse_length(name: str, column: Sequence[object] | npt.NDArray[np.int8], num: int) -> None:
    if len(column) != num:
        raise UsageError(
            f"Expected one {name} for each of the {num:,} texts. Received {len(column):,} {name}s."
        )


def _refuse_other_order(texts: object, labels: object) -> None:
    """Refuses two series that name other rows in the same places: which belong together?"""
    indices = [getattr(column, "index", None) for column in (texts, labels)]
    if any(index is None or callable(index) for index in indices):
        return
    first, second = (list(index) if index is not None else [] for index in indices)
    if len(first) == len(second) and first != second:
        raise UsageError(
            "Texts and labels are series whose indices differ, so it is not certain which belong "
            "together. Take both from one frame, or pass texts.to_numpy() and labels.to_numpy() to "
            f"go by position. Received the indices {first[:3]} and {second[:3]}, and so on."
        )


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model says about one text.

    Attributes:
        label: the name of the predicted class, in the words of the training data; "unsure" where
            the model abstains. Every way out shows this one.
        probability: of the positive class (class 1), in [0, 1].
        num_tokens: tokens in the text before anything was cut; 0 where there was nothing to read.
        truncated: whether the model read only a part of the text.
        unknown_share: share in [0, 1] of the tokens read that are not in the vocabulary.
        abstained: whether the model is too unsure to be believed, by the band that `reelfeel
            calibrate` stored; without one, never.
        best_guess: the name of the class that is nearer, also where the model abstains.

    Example:

    >>> Prediction("unsure", 0.55, 3, False, 0.0, abstained=True, best_guess="pos").best_guess
    'pos'
    >>> Prediction("pos", 0.9, 3, False, 0.0).best_guess
    'pos'
    """

    label: str
    probability: float
    num_tokens: int
    truncated: bool
    unknown_share: float
    abstained: bool = False
    best_guess: str = ""

    def __post_init__(self) -> None:
        if not self.best_guess:
            object.__setattr__(self, "best_guess", self.label)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader has to know of how the text was read; empty for most texts.

        Example:

        >>> Prediction("pos", 0.9, 812, True, 0.0).notes
        ('cut: 812 words, not all were read',)
        """
        if not self.num_tokens:
            return ("nothing to read",)
        notes = []
        if self.truncated:
            notes.append(f"cut: {self.num_tokens:,} words, not all were read")
        if self.unknown_share >= _NOTABLE_UNKNOWN_SHARE:
            notes.append(f"{self.unknown_share:.0%} of the words are unknown")
        return tuple(notes)


@dataclass(frozen=True, slots=True)
class Attribution:
    """What a part of a text did to the verdict.

    Attributes:
        text: the part, as it stands in the text.
        start: offset of its first character in the text as it was given.
        end: offset behind its last character.
        score: in log-odds of the positive class: above 0 it speaks for the positive class, below 0
            for the negative one, and 0.69 doubles the odds.
    """

    text: str
    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class Flip:
    """A small edit of a text that turns the verdict around; the model was asked.

    Attributes:
        removed: what is left out, in the order of the text.
        text: what remains.
        prediction: what the model says about the rest.
    """

    removed: tuple[Attribution, ...]
    text: str
    prediction: Prediction


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a model said what it said about one text.

    Attributes:
        text: the text as it was given.
        prediction: what the model says about it, as `Classifier.predict` answers.
        words: what each word and mark did, in the order of the text; of a text too long to be read
            whole, only what was read. Empty where only sentences were asked for.
        sentences: the same for each sentence.
        method: "occlusion" or "integrated-gradients".
        convergence_error: how far the scores of integrated gradients are from adding up to what
            they explain, in log-odds; None for occlusion, which does not promise to add up.
        flip: the smallest edit found that turns the verdict around; None where none was found or
            asked for.
    """

    text: str
    prediction: Prediction
    words: tuple[Attribution, ...]
    sentences: tuple[Attribution, ...]
    method: str
    convergence_error: float | None = None
    flip: Flip | None = None
