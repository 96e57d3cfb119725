"""One part of a data set with what every check needs, measured once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from reelfeel.data.audit.duplicates import fold_text
from reelfeel.data.audit.findings import Finding, PartSummary, Severity
from reelfeel.errors import UsageError
from reelfeel.values import Reviews

_NUM_EXAMPLES = 5


@dataclass(frozen=True, eq=False)
class AuditedPart:
    """A part of a data set and its measures.

    Attributes:
        name: such as "train".
        reviews: the reviews.
        folded: the folded texts, by which duplicates are found.
        num_words: int array of shape `(num_reviews,)`, words between white space.
        num_tokens: int array of shape `(num_reviews,)`, or None where tokens were not counted.
        known_shares: float array of shape `(num_reviews,)`, the share of each text's tokens that a
            vocabulary knows, or None.
    """

    name: str
    reviews: Reviews
    folded: Sequence[str]
    num_words: npt.NDArray[np.intp]
    num_tokens: npt.NDArray[Any] | None = None
    known_shares: npt.NDArray[Any] | None = None

    @classmethod
    def measure(
        cls,
        name: str,
        reviews: Reviews,
        num_tokens: npt.ArrayLike | None = None,
        known_shares: npt.ArrayLike | None = None,
    ) -> AuditedPart:
        """Measures a part.

        Raises:
            UsageError: if one of the arrays has other than one value a review.
        """
        return cls(
            name,
            reviews,
            folded=[fold_text(text) for text in reviews.texts],
            num_words=np.array([len(text.split()) for text in reviews.texts], dtype=np.intp),
            num_tokens=_check_length(num_tokens, name, len(reviews)),
            known_shares=_check_length(known_shares, name, len(reviews)),
        )

    @property
    def is_labelled(self) -> bool:
        """Whether any review has a label."""
        return bool((self.reviews.labels >= 0).any())

    def count_label(self, label: int) -> int:
        """Returns how many reviews have this label."""
        return int((self.reviews.labels == label).sum())

    def find(
        self, severity: Severity, code: str, concerned: Any, message: str, mend: str
    ) -> Finding:
        """Makes a finding about the reviews at which the bool array `concerned` is true."""
        rows = np.flatnonzero(concerned)
        return Finding(
            severity,
            code,
            self.name,
            message,
            mend,
            count=len(rows),
            share=len(rows) / len(self.reviews) if len(self.reviews) else 0.0,
            examples=tuple(str(self.reviews.ids[row]) for row in rows[:_NUM_EXAMPLES]),
        )

    def summarize(self) -> PartSummary:
        """Returns the sizes of this part."""
        movies = self.reviews.movies
        return PartSummary(
            name=self.name,
            source=self.reviews.source,
            num_reviews=len(self.reviews),
            num_positive=self.count_label(1),
            num_negative=self.count_label(0),
            num_unlabelled=self.count_label(-1),
            num_unique=len(set(self.reviews.texts)),
            num_movies=None if movies is None else len(set(movies) - {""}),
            words=_summarize_lengths(self.num_words),
            tokens=None if self.num_tokens is None else _summarize_lengths(self.num_tokens),
            load_summaries=self.reviews.load_summaries,
        )


def _check_length(
    values: npt.ArrayLike | None, name: str, num_reviews: int
) -> npt.NDArray[Any] | None:
    if values is None:
        return None
    array = np.asarray(values)
    if array.shape != (num_reviews,):
        raise UsageError(
            f"Expected one number a review of {name!r}, shape ({num_reviews},). "
            f"Received shape {array.shape}."
        )
    return array


def _summarize_lengths(lengths: npt.NDArray[Any]) -> dict[str, float]:
    if not len(lengths):
        return dict.fromkeys(("mean", "median", "p90", "p99", "max"), 0.0)
    median, p90, p99 = np.percentile(lengths, [50, 90, 99]).tolist()
    mean, largest = float(lengths.mean()), float(lengths.max())
    return {"mean": mean, "median": median, "p90": p90, "p99": p99, "max": largest}
