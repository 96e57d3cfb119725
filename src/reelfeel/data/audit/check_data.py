"""Loads a data set whole and looks it over before anything is trained on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Unpack

from reelfeel.data.audit.auditing import audit
from reelfeel.data.audit.findings import Audit
from reelfeel.data.audit.languages import load_language_detector
from reelfeel.data.loading import load_parts, local_copy
from reelfeel.data.options import TableKeywords, TableOptions, make_options
from reelfeel.errors import UsageError
from reelfeel.text.encoder import count_tokens
from reelfeel.values import Reviews


def check_data(
    *sources: Any,
    max_tokens: int = 500,
    data_dir: str | Path | None = None,
    options: TableOptions | None = None,
    on_note: Callable[[str], None] = lambda note: None,
    **table: Unpack[TableKeywords],
) -> Audit:
    """Checks reviews for what would spoil training or flatter a score.

    Args:
        *sources: each as `train` takes it: a data set, a folder, an archive, a table, a frame,
            `Reviews`. All parts of one are compared with each other; several are compared too,
            train first.
        max_tokens: how many tokens the model will read, at least 1.
        data_dir: a local copy of "imdb".
        options: column names and the meaning of labels, for tables.
        on_note: is told what happens next, in words.
        **table: fields of `TableOptions` to set, such as `text_column="review"`.

    Returns:
        Audit, whose findings name reviews by id and hold no texts. Languages are looked at where
        the extra `[audit]` is installed.

    Raises:
        UsageError: if an argument is wrong, or a source is named twice.
        DataError: if the reviews are refused.

    Example:

    >>> found = check_data({"text": ["A gem.", "a  gem.", "Dull."], "label": [1, 0, 0]})
    >>> found.has_errors, [one.code for one in found.findings if one.severity == "error"]
    (True, ['conflicting_labels', 'few_reviews'])
    """
    if max_tokens < 1:
        raise UsageError(
            "max_tokens is how many tokens the model will read. Expected at least 1. "
            f"Received {max_tokens}."
        )
    on_note("Reading the reviews")
    parts = _load(sources, data_dir, make_options(options, **table))
    on_note("Checking the reviews")
    return audit(
        parts,
        token_counts={name: count_tokens(reviews.texts) for name, reviews in parts.items()},
        max_tokens=max_tokens,
        detect_language=load_language_detector(),
    )


def _load(
    sources: Sequence[Any], data_dir: str | Path | None, options: TableOptions
) -> dict[str, Reviews]:
    names = [_name(source, place) for place, source in enumerate(sources, start=1)]
    if not names or len(set(names)) < len(names):
        raise UsageError(
            f"Name each source once, and at least one. Received {', '.join(names) or 'none'}."
        )
    parts = {}
    for source, name in zip(sources, names, strict=True):
        loaded = load_parts(source, data_dir=local_copy(source, data_dir), options=options)
        for part, reviews in loaded.items():
            parts[part if len(names) == 1 else f"{name} {part}".removesuffix(" all")] = reviews
    return parts


def _name(source: Any, place: int) -> str:
    return str(source) if isinstance(source, str | Path) else f"source {place}"
