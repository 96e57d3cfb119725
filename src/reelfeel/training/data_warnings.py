"""Tells the user before training how the reviews were loaded, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence

from reelfeel.data.audit.auditing import find_data_errors
from reelfeel.data.audit.findings import Finding
from reelfeel.errors import SchemaError
from reelfeel.load_summary import LoadSummary
from reelfeel.training.progress import Observer
from reelfeel.values import Reviews


def tell_of_reviews(reviews: Reviews, observer: Observer, *, strict: bool) -> None:
    """Tells what was read and passed over, and what `reelfeel check-data` calls an error.

    Args:
        reviews: to learn from.
        observer: is told.
        strict: whether errors are refused.

    Raises:
        SchemaError: with all errors, if `strict`.
    """
    note_load_summaries(reviews.load_summaries, observer)
    errors = find_data_errors("train", reviews)
    if errors and strict:
        said = " ".join(_spell(error) for error in errors)
        raise SchemaError(
            f"{reviews.source} is not fit for training: {said} Expected data in which reelfeel "
            "check-data finds no error; mend it, or leave --strict out (in Python: strict=False) "
            f"to train in spite of it. Received {len(reviews):,} reviews."
        )
    for error in errors:
        observer.on_note(f"reelfeel check-data calls this an error: {_spell(error)}")


def note_load_summaries(load_summaries: Sequence[LoadSummary], observer: Observer) -> None:
    """Tells what became of everything in each source."""
    for summary in load_summaries:
        observer.on_note(str(summary))


def _spell(error: Finding) -> str:
    return f"{error.message[:1].upper()}{error.message[1:]}. {error.mend}"
