"""The results of an audit: findings in order of severity, and sizes of parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from reelfeel.load_summary import LoadSummary
from reelfeel.plain_values import to_plain

Severity = Literal["error", "warning", "note"]

_RANKS = {"error": 0, "warning": 1, "note": 2}


@dataclass(frozen=True)
class Finding:
    """One thing to know about a data set.

    Attributes:
        severity: "error" for what would spoil training, "warning" for what spoils a score or
            a part of the data, "note" for what is good to know.
        code: a fixed short name for machines, such as "overlap".
        part: the part of the data it is about, such as "train", or two: "train, test".
        message: one sentence for people, with the number.
        mend: what to do about it; one sentence.
        count: how many reviews it concerns.
        share: count as a share of the part's reviews, in [0, 1].
        examples: ids of the first few such reviews, never their texts.
    """

    severity: Severity
    code: str
    part: str
    message: str
    mend: str
    count: int = 0
    share: float = 0.0
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class PartSummary:
    """The sizes of one part.

    Attributes:
        name: the part, such as "train".
        source: where it came from, and what was dropped or replaced on the way.
        num_reviews: all reviews.
        num_positive: reviews of class 1.
        num_negative: reviews of class 0.
        num_unlabelled: reviews without a label.
        num_unique: different texts, compared character by character.
        num_movies: different movies (or groups); None where the source does not say.
        words: lengths in words between white space: mean, median, p90, p99, max.
        tokens: the same in tokens; None where they were not counted.
        load_summaries: what became of everything in each source.
    """

    name: str
    source: str
    num_reviews: int
    num_positive: int
    num_negative: int
    num_unlabelled: int
    num_unique: int
    num_movies: int | None
    words: dict[str, float]
    tokens: dict[str, float] | None
    load_summaries: tuple[LoadSummary, ...] = ()


@dataclass(frozen=True)
class Audit:
    """The result of `audit`.

    Attributes:
        parts: the sizes of each part.
        findings: worst first.
    """

    parts: tuple[PartSummary, ...]
    findings: tuple[Finding, ...]

    @property
    def has_errors(self) -> bool:
        """Whether something was found that would spoil training."""
        return any(finding.severity == "error" for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """Returns plain values: what `reelfeel check-data` prints as JSON."""
        return {
            "fit_for_training": not self.has_errors,
            "parts": {part.name: to_plain(part) for part in self.parts},
            "findings": to_plain(self.findings),
        }


def rank(findings: list[Finding]) -> tuple[Finding, ...]:
    """Returns findings in the order of their weight: severity, then share of reviews.

    Example:

    >>> note = Finding("note", "markup", "train", "...", "...", share=0.9)
    >>> error = Finding("error", "one_class", "train", "...", "...")
    >>> [finding.code for finding in rank([note, error])]
    ['one_class', 'markup']
    """
    return tuple(sorted(findings, key=lambda found: (_RANKS[found.severity], -found.share)))
