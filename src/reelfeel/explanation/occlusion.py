"""Occlusion: how much the logit changes when a part of the text is left out.

Parts are spans of tokens: a word, or a sentence. The text without each of them is one variant, and
all variants are scored in one call.

In a review that says everything three times, no single word is missed. So words are also left out
of thinned texts, where less stands in for them: on reviews of IMDB's validation that finds words
which move the verdict more, judged by another model too (docs/explanations.md has the figures).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from reelfeel.metrics.logits import to_logits
from reelfeel.text.vocabulary import UNKNOWN_ID

TextIds = npt.NDArray[np.int32]
Scores = npt.NDArray[np.float64]
# For each text its token ids, at least one; the answer is the probability of the positive class.
ScoreTokenIds = Callable[[Sequence[TextIds]], Scores]
# The first token of a part, and the one behind its last.
Span = tuple[int, int]

# A review is thinned to every eighth word, in eight ways, but never below eight words. Chosen among
# 2, 3, 4, 8 and 16 on 150 validation reviews; 16 is no better on insertion.
NUM_THINNED, FEWEST_THINNED_PARTS = 8, 8


def occlude(score: ScoreTokenIds, token_ids: TextIds, spans: Sequence[Span]) -> Scores:
    """Returns how much each part of a text adds to the log-odds of the positive class.

    Args:
        score: from token ids of some texts to their probabilities; called once.
        token_ids: int32 array of shape `(length,)`, the text as the model reads it.
        spans: the parts, which may overlap.

    Returns:
        float64 array of shape `(len(spans),)`: the logit of the text less that of the text without
        the part. Empty where there are no parts.

    Example:

    >>> def share_of_twos(texts):
    ...     return np.array([np.mean(ids == 2) for ids in texts])
    >>> occlude(share_of_twos, np.array([2, 3, 3], np.int32), [(0, 1), (1, 2)]).round(2).tolist()
    [35.35, -0.69]

    Source:
        Li, Monroe and Jurafsky, 2016, arXiv:1612.08220 (erasure).
    """
    if not spans:
        return np.empty(0)
    logits = to_logits(score([token_ids, *(leave_out(token_ids, [span]) for span in spans)]))
    return np.asarray(logits[0] - logits[1:])


def occlude_twice(
    score: ScoreTokenIds,
    token_ids: TextIds,
    words: Sequence[Span],
    sentences: Sequence[Span] = (),
) -> Scores:
    """Returns how much each word adds, in the whole text and in a thinned one, the mean of both.

    Args:
        score: from token ids of some texts to their probabilities; called at most twice.
        token_ids: int32 array of shape `(length,)`, the text as the model reads it.
        words: the parts of the text, one after the other; together they are the text. Fewer than
            16 are not thinned.
        sentences: larger parts, which are left out of the whole text only.

    Returns:
        float64 array of shape `(len(words) + len(sentences),)`, in log-odds of the positive class.

    Example:

    >>> def any_twos(texts):
    ...     return np.array([0.9 if 2 in ids else 0.5 for ids in texts])
    >>> ids, words = np.full(12, 2, np.int32), [(i, i + 1) for i in range(12)]
    >>> occlude_twice(any_twos, ids, words, [(0, 12)]).round(1).tolist()[-2:]
    [0.0, 2.2]
    """
    scores = occlude(score, token_ids, [*words, *sentences])
    num_thinned = min(NUM_THINNED, len(words) // FEWEST_THINNED_PARTS)
    if num_thinned > 1:
        scores[: len(words)] += _occlude_thinned(score, token_ids, words, num_thinned)
        scores[: len(words)] /= 2
    return scores


def _occlude_thinned(
    score: ScoreTokenIds, token_ids: TextIds, words: Sequence[Span], num_thinned: int
) -> Scores:
    variants: list[TextIds] = []
    for first in range(num_thinned):
        parts = [token_ids[start:stop] for start, stop in words[first::num_thinned]]
        variants.append(np.concatenate(parts))
        variants += [np.concatenate(parts[:i] + parts[i + 1 :]) for i in range(len(parts))]
    logits = to_logits(score(variants))
    drops, done = np.empty(len(words)), 0
    for first in range(num_thinned):
        size = len(drops[first::num_thinned])
        drops[first::num_thinned] = logits[done] - logits[done + 1 : done + 1 + size]
        done += 1 + size
    return drops


def leave_out(token_ids: TextIds, spans: Sequence[Span]) -> TextIds:
    """Returns a text without some of its parts; one unknown token where nothing is left.

    Example:

    >>> leave_out(np.array([5, 6, 7], np.int32), [(0, 1), (2, 3)]).tolist()
    [6]
    """
    kept = np.ones(len(token_ids), np.bool_)
    for start, stop in spans:
        kept[start:stop] = False
    return keep(token_ids, kept)


def keep(token_ids: TextIds, kept: npt.NDArray[np.bool_]) -> TextIds:
    """Returns the tokens where `kept` is true; one unknown token where it never is.

    That is how an empty text is read, too.
    """
    return token_ids[kept] if kept.any() else np.array([UNKNOWN_ID], np.int32)
