"""Which texts a language model learns from, which are kept apart, and which it must never see."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from reelfeel.data.audit.duplicates import hash_texts
from reelfeel.data.loading import load_reviews, load_unlabelled
from reelfeel.data.plain_texts import read_plain_texts
from reelfeel.data.sets.imdb_test_hashes import read_test_hashes
from reelfeel.data.splitting import split_train_validation
from reelfeel.data.tables import TableOptions
from reelfeel.errors import DataError, SchemaError, UsageError
from reelfeel.text.cleaning import clean
from reelfeel.text_hashes import add_texts
from reelfeel.values import UNLABELLED, Reviews

Hashes = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Corpus:
    """Texts without labels.

    Attributes:
        texts: to learn from.
        held_out: to judge by, none of them in `texts`.
        counts: how many texts were read, left out for which reason, and kept.
        sources: where the texts came from.
        rows: int array: for each of `texts`, its place among the texts it was chosen from.
    """

    texts: Sequence[str]
    held_out: Sequence[str]
    counts: dict[str, int]
    sources: tuple[str, ...] = field(default=())
    rows: npt.NDArray[np.intp] = field(default_factory=lambda: np.empty(0, np.intp), compare=False)

    def describe(self) -> str:
        """Returns one sentence with the counts."""
        counts = self.counts
        return (
            f"Texts: {counts['read']:,} read, {counts['used']:,} to learn from, "
            f"{counts['held_out']:,} held out. Left out: {counts['equal_to_test']:,} that equal a "
            f"review of IMDB's test set, {counts['equal_to_held_out']:,} that equal a held-out "
            f"text, {counts['empty']:,} without a word."
        )

    def fingerprint(self) -> str:
        """Returns the SHA-256, in hexadecimal, of all texts in their order."""
        digest = hashlib.sha256()
        for texts in (self.texts, self.held_out):
            digest.update(f"{len(texts)}\n".encode())
            add_texts(digest, texts)
        return digest.hexdigest()


def read_corpus(
    sources: Iterable[str | Path | Reviews],
    *,
    validation_share: float = 0.1,
    split_seed: int = 0,
    data_dir: str | Path | None = None,
    options: TableOptions | None = None,
) -> Corpus:
    """Reads texts to learn from without labels, and leaves out what would make figures dishonest.

    No file of a test part is read. Texts that equal a review of IMDB's test set, after cleaning and
    folding of case and white space, are left out by their hashes.

    Args:
        sources: "imdb" (its train and unlabelled parts), what `load_reviews` takes (its train
            part), what `read_plain_texts` takes, or reviews at hand: labels are not needed.
        validation_share: share of the texts held out. Of labelled reviews the validation part of
            `split_train_validation` is, which is what a classifier with this share and seed
            holds out; of others any texts.
        split_seed: of that choice.
        data_dir: a local copy of "imdb".
        options: names of columns and meaning of labels, for tables.

    Raises:
        UsageError: if there is no such source, or `data_dir` is given without "imdb".
        DataError: if a source is refused, or nothing is left to learn from.

    Example:

    >>> corpus = read_corpus(["mini"], validation_share=0.2)
    >>> corpus.counts["read"] == len(corpus.texts) + len(corpus.held_out)
    True
    """
    kept: list[str] = []
    held_out: list[str] = []
    names: list[str] = []
    sources = list(sources)
    if data_dir is not None and "imdb" not in sources:
        raise UsageError(f"A data folder goes with 'imdb' only. Received {sources}.")
    for source in sources:
        reviews, *others = _read_parts(source, data_dir, options)
        names += [part.source for part in (reviews, *others)]
        is_held_out = _choose_held_out(reviews, validation_share, split_seed).tolist()
        for text, chosen in zip(reviews.texts, is_held_out, strict=True):
            (held_out if chosen else kept).append(text)
        for part in others:
            kept += part.texts
    return exclude_texts(kept, held_out, tuple(names))


def exclude_texts(
    texts: Sequence[str], held_out: Sequence[str], sources: tuple[str, ...] = ()
) -> Corpus:
    """Leaves out of `texts` what equals a held-out text or a review of IMDB's test set.

    Held-out texts that equal a review of the test set are left out too. Two texts are equal if they
    are so after cleaning and folding of case and white space.

    Args:
        texts: to learn from.
        held_out: to judge by.
        sources: where they came from.

    Raises:
        DataError: if no text or no held-out text is left.
    """
    test = read_test_hashes()
    hashes, held_out_hashes = hash_cleaned(texts), hash_cleaned(held_out)
    empty = hash_cleaned([""])
    are_empty = np.isin(hashes, empty)
    in_test = np.isin(hashes, test)
    in_held_out = np.isin(hashes, held_out_hashes) & ~are_empty & ~in_test
    used = np.flatnonzero(~(are_empty | in_test | in_held_out))
    good = np.flatnonzero(~np.isin(held_out_hashes, np.concatenate([test, empty])))
    if not (len(used) and len(good)):
        raise DataError(
            "There are too few texts to learn from. Expected some to learn and some to hold out; "
            f"add texts. Received {len(texts) + len(held_out):,}, of which {len(used):,} to learn "
            f"from and {len(good):,} to hold out are left."
        )
    held_out_in_test = int(np.isin(held_out_hashes, test).sum())
    counts = {
        "read": len(texts) + len(held_out),
        "equal_to_test": int(in_test.sum()) + held_out_in_test,
        "equal_to_held_out": int(in_held_out.sum()),
        "empty": int(are_empty.sum()) + len(held_out) - len(good) - held_out_in_test,
        "held_out": len(good),
        "used": len(used),
    }
    return Corpus(
        [texts[row] for row in used.tolist()],
        [held_out[row] for row in good.tolist()],
        counts,
        sources,
        used,
    )


def hash_cleaned(texts: Iterable[str]) -> Hashes:
    """Returns the hash of each text as it is after cleaning and folding of case and white space."""
    return hash_texts(map(clean, texts))


def _read_parts(
    source: str | Path | Reviews, data_dir: str | Path | None, options: TableOptions | None
) -> list[Reviews]:
    """Returns the parts of a source; from the first, some are held out."""
    copy = data_dir if source == "imdb" else None
    if isinstance(source, (str, Path)) and Path(source).suffix.lower() == ".txt":
        return [read_plain_texts(source, options)]
    try:
        labelled = load_reviews(source, "train", data_dir=copy, options=options)
    except SchemaError:
        if source == "imdb":
            raise
        return [read_plain_texts(source, options)]  # without labels, then
    unlabelled = load_unlabelled(source, data_dir=copy)
    return [labelled] if unlabelled is None else [labelled, unlabelled]


def _choose_held_out(reviews: Reviews, share: float, seed: int) -> npt.NDArray[np.bool_]:
    labelled = np.flatnonzero(reviews.labels != UNLABELLED)
    # No classifier can be trained on less; the labels then say nothing.
    if (np.bincount(reviews.labels[labelled], minlength=2) > 1).all():
        split = split_train_validation(reviews.take(labelled), validation_share=share, seed=seed)
        return np.isin(np.arange(len(reviews)), labelled[split.validation])
    # By the text, so that copies of one text go the same way.
    distinct, numbers = np.unique(hash_cleaned(reviews.texts), return_inverse=True)
    order = np.random.default_rng(seed).permutation(len(distinct))
    return np.isin(numbers, order[: max(1, round(len(distinct) * share))])
