"""Checks two parts for texts or movies in both, which inflate a test score."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from reelfeel.data.audit.audited_part import AuditedPart
from reelfeel.data.audit.findings import Finding
from reelfeel.data.audit.label_checks import find_conflicts

# IMDB has 0.5 % of its test reviews in train. Beyond 5 %, learning by heart alone moves accuracy by
# more than most improvements do, and a test says little.
_MAX_OVERLAP = 0.05


def check_overlap(first: AuditedPart, second: AuditedPart) -> Iterator[Finding]:
    """Yields what the second part shares with the first: texts, labels, movies."""
    seen = set(first.folded) - {""}
    shared = np.array([text in seen for text in second.folded], dtype=bool)
    if shared.any():
        both_labelled = first.is_labelled and second.is_labelled
        yield second.find(
            "error" if both_labelled and shared.mean() > _MAX_OVERLAP else "warning",
            "overlap",
            shared,
            f"{shared.sum():,} texts ({shared.mean():.1%}) stand in {first.name} too",
            f"Remove them from {first.name}, or report scores with and without them.",
        )
    yield from _check_conflicts(first, second, shared)
    yield from _check_movies(first, second)


def _check_conflicts(
    first: AuditedPart, second: AuditedPart, shared: np.ndarray
) -> Iterator[Finding]:
    folded = [*first.folded, *second.folded]
    labels = np.concatenate([first.reviews.labels, second.reviews.labels])
    conflicting = find_conflicts(folded, labels)[len(first.folded) :] & shared
    within = find_conflicts(list(second.folded), second.reviews.labels)
    conflicting &= ~within  # those were found already
    if conflicting.any():
        yield second.find(
            "warning",
            "conflicting_overlap",
            conflicting,
            f"{conflicting.sum():,} texts have the other label in {first.name}",
            "See whether one of the parts has its labels swapped; decide which label is right.",
        )


def _check_movies(first: AuditedPart, second: AuditedPart) -> Iterator[Finding]:
    if first.reviews.movies is None or second.reviews.movies is None:
        return
    seen = set(first.reviews.movies) - {""}
    shared = np.array([movie in seen for movie in second.reviews.movies], dtype=bool)
    if shared.any():
        num_movies = len(seen & set(second.reviews.movies))
        yield second.find(
            "note",
            "shared_movies",
            shared,
            f"{shared.sum():,} reviews are about movies (groups) that {first.name} holds too; such "
            f"movies: {num_movies:,}",
            "A model may know a movie's name, not its review; keep movies apart if they are many.",
        )
