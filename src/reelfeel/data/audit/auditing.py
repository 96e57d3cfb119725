"""Looks a data set over before training: what would spoil it, what would flatter its score."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import combinations

import numpy as np
import numpy.typing as npt

from reelfeel.data.audit.audited_part import AuditedPart
from reelfeel.data.audit.findings import Audit, Finding, rank
from reelfeel.data.audit.label_checks import find_label_problems
from reelfeel.data.audit.languages import check_languages
from reelfeel.data.audit.overlap_checks import check_overlap
from reelfeel.data.audit.text_checks import (
    check_cut,
    check_known,
    check_lengths,
    find_text_problems,
)
from reelfeel.values import Reviews


def audit(
    parts: Mapping[str, Reviews],
    *,
    token_counts: Mapping[str, npt.ArrayLike] | None = None,
    max_tokens: int = 500,
    known_shares: Mapping[str, npt.ArrayLike] | None = None,
    detect_language: Callable[[str], str] | None = None,
) -> Audit:
    """Checks reviews for what would spoil training or flatter a score.

    Errors, which would spoil training, are: doubts about the encoding; a part without reviews; one
    label only, or fewer than two reviews of one; more than 5 % empty texts; more than 5 % of
    reviews whose text also stands under the other label; more than 5 % of a later part's texts
    standing in an earlier one too.
    Everything else is a warning or a note. The reason of each limit stands beside it in the code.

    Args:
        parts: the reviews by the name of their part, train first; a later part is compared with
            each earlier one.
        token_counts: per part, int array of shape `(num_reviews,)`: the length in tokens.
        max_tokens: how many tokens the model will read.
        known_shares: per part, float array of shape `(num_reviews,)`: the share of each text's
            tokens that a vocabulary knows.
        detect_language: from a text to a code such as "en"; `load_language_detector` makes one.

    Returns:
        An Audit; its findings name reviews by id and hold no texts.

    Raises:
        UsageError: if an array has other than one number a review.

    Example:

    >>> import numpy as np
    >>> reviews = Reviews(["A gem", "a  gem", ""], np.array([1, 0, 1], np.int8), ["1", "2", "3"])
    >>> for finding in audit({"train": reviews}).findings:
    ...     if finding.severity == "error":
    ...         print(finding.code, finding.count, finding.examples)
    conflicting_labels 2 ('1', '2')
    few_reviews 1 ('2',)
    empty_texts 1 ('3',)
    """
    measured = [
        AuditedPart.measure(
            name, reviews, (token_counts or {}).get(name), (known_shares or {}).get(name)
        )
        for name, reviews in parts.items()
    ]
    findings = [
        finding for part in measured for finding in _check_part(part, max_tokens, detect_language)
    ]
    for first, second in combinations(measured, 2):
        findings.extend(check_overlap(first, second))
    return Audit(tuple(part.summarize() for part in measured), rank(findings))


def find_data_errors(name: str, reviews: Reviews) -> tuple[Finding, ...]:
    """Returns the errors that `audit` finds in one part, without what it looks for besides.

    Example:

    >>> [found.code for found in find_data_errors("train", Reviews(["Fun."], [1]))]
    ['one_class']
    """
    if not len(reviews):
        return audit({name: reviews}).findings
    part = AuditedPart.measure(name, reviews)
    found = [*_check_reading(part), *find_label_problems(part), *check_lengths(part)]
    return rank([one for one in found if one.severity == "error"])


def _check_part(
    part: AuditedPart, max_tokens: int, detect_language: Callable[[str], str] | None
) -> Iterator[Finding]:
    if not len(part.reviews):
        mend = "Check the file or folder that it was read from."
        yield part.find("error", "no_reviews", [], "there are no reviews", mend)
        return
    yield from _check_reading(part)
    yield from find_label_problems(part)
    yield from find_text_problems(part)
    yield from check_cut(part, max_tokens)
    yield from check_known(part)
    yield from check_languages(part, detect_language)


def _check_reading(part: AuditedPart) -> Iterator[Finding]:
    everything = np.ones(len(part.reviews), dtype=bool)
    for summary in part.reviews.load_summaries:
        for doubt in summary.doubts:
            message, mend = doubt.split(". ", 1)
            yield part.find("error", "encoding", everything, message, mend)
