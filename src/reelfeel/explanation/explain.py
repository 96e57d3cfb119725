"""From texts to explanations: what each word and sentence did, and what would flip the verdict."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np

from reelfeel.errors import UsageError
from reelfeel.explanation.flip import find_flips
from reelfeel.explanation.gradients import Differentiable, integrate_gradients
from reelfeel.explanation.occlusion import ScoreTokenIds, Span, occlude_twice
from reelfeel.explanation.sentences import split_sentences
from reelfeel.given_texts import check_texts
from reelfeel.text.encoder import TextEncoder, ends_kept
from reelfeel.text.tokenizer import Token
from reelfeel.values import Attribution, Explanation, Flip, Prediction

UNITS = ("word", "sentence")
# Of a text with more tokens than this, neighbours share a score: the cost of occlusion grows with
# the product of parts and tokens, and nobody reads a thousand numbers.
MAX_PARTS = 1_000
# Sets that `find_flip` tries on the model itself before it gives up.
MAX_TRIALS = 8

Predict = Callable[[Sequence[str]], list[Prediction]]


class Explainer:
    """Explains what a classifier says about texts.

    Args:
        encoder: how the classifier reads texts.
        predict: from texts to its answers, as `Classifier.predict`.
        score: from token ids to probabilities, as `Classifier.score_token_ids`.
        network: for integrated gradients in place of occlusion; None for occlusion.
    """

    def __init__(
        self,
        encoder: TextEncoder,
        predict: Predict,
        score: ScoreTokenIds,
        network: Differentiable | None = None,
    ) -> None:
        self._encoder = encoder
        self._predict = predict
        self._score = score
        self._network = network

    def explain(self, texts: Iterable[str], *, by: str = "word") -> list[Explanation]:
        """Returns an explanation for each text.

        Args:
            texts: strings, any number, each of any length.
            by: "word", for the scores of words and sentences, or "sentence", for those of
                sentences only: a review of 500 words then costs some 20 variants and not 500.

        Raises:
            UsageError: if `texts` is one string or what else `check_texts` refuses, or `by` is
                neither.
            DataError: if an element is not a string.
        """
        if by not in UNITS:
            raise UsageError(f"A text is explained by one of {UNITS}. Received by={by!r}")
        texts = list(check_texts(texts))  # read twice here, and a generator can be read once
        predictions = self._predict(texts)
        return [
            self._explain(text, prediction, by)
            for text, prediction in zip(texts, predictions, strict=True)
        ]

    def find_flip(self, explanation: Explanation, *, threshold: float) -> Explanation:
        """Returns the explanation with the smallest edit found that flips its verdict.

        Words are left out, or sentences where the explanation has no words. The edited text is
        given to the model as a user would give it, and counts only if the verdict is another.

        Args:
            explanation: what `explain` returned.
            threshold: from this probability on the verdict is positive.
        """
        text, units = explanation.text, explanation.words or explanation.sentences
        tokens = self._encoder.read(text)
        if not tokens:
            return explanation
        words, sentences = self._divide(text, tokens, explanation.prediction)
        spans = words if explanation.words else sentences
        token_ids = self._encoder.vocabulary.encode(token.text for token in tokens)
        support = [unit.score for unit in units]
        found = find_flips(self._score, token_ids, spans, support, threshold=threshold)
        for parts, _ in zip(found, range(MAX_TRIALS), strict=False):
            removed = tuple(units[part] for part in parts)
            edited = remove_parts(text, removed)
            prediction = self._predict([edited])[0]
            if prediction.best_guess != explanation.prediction.best_guess:
                return replace(explanation, flip=Flip(removed, edited, prediction))
        return explanation

    def _explain(self, text: str, prediction: Prediction, by: str) -> Explanation:
        tokens = self._encoder.read(text)
        method = "integrated-gradients" if self._network else "occlusion"
        if not tokens:
            return Explanation(text, prediction, (), (), method)
        words, sentences = self._divide(text, tokens, prediction)
        words = words if by == "word" else []
        scores, error = self._attribute(tokens, words, sentences)
        parts = [
            _attribute_part(text, tokens, span, score)
            for span, score in zip([*words, *sentences], scores, strict=True)
        ]
        return Explanation(
            text, prediction, tuple(parts[: len(words)]), tuple(parts[len(words) :]), method, error
        )

    def _divide(
        self, text: str, tokens: Sequence[Token], prediction: Prediction
    ) -> tuple[list[Span], list[Span]]:
        cut_at = ends_kept(self._encoder.settings)[0] if prediction.truncated else None
        return share_parts(len(tokens)), split_sentences(text, tokens, cut_at=cut_at)

    def _attribute(
        self, tokens: Sequence[Token], words: Sequence[Span], sentences: Sequence[Span]
    ) -> tuple[list[float], float | None]:
        token_ids = self._encoder.vocabulary.encode(token.text for token in tokens)
        if self._network is None:
            return occlude_twice(self._score, token_ids, words, sentences).tolist(), None
        found = integrate_gradients(self._network, token_ids)
        # Integrated gradients add up, so that a part's score is the sum over its tokens.
        parts = [*words, *sentences]
        return [float(found.scores[a:b].sum()) for a, b in parts], found.convergence_error


def share_parts(num_tokens: int, most: int = MAX_PARTS) -> list[Span]:
    """Divides tokens into at most `most` parts of nearly equal size: one token each, if they fit.

    >>> share_parts(3), share_parts(5, most=2)
    ([(0, 1), (1, 2), (2, 3)], [(0, 2), (2, 5)])
    """
    num_parts = min(num_tokens, most)
    bounds = (np.arange(num_parts + 1) * num_tokens // max(num_parts, 1)).tolist()
    return list(itertools.pairwise(bounds))


def remove_parts(text: str, parts: Sequence[Attribution]) -> str:
    """Returns a text without some of its parts, which come in its order.

    What stood on either side of a part does not grow together into a new word.

    Example:

    >>> text = "no.Way, man"
    >>> remove_parts(text, [Attribution(".", 2, 3, 0.0), Attribution("man", 8, 11, 0.0)])
    'no Way, '
    """
    pieces, done = [], 0
    for part in parts:
        pieces.append(text[done : part.start])
        done = part.end
        if text[part.start - 1 : part.start].strip() and text[done : done + 1].strip():
            pieces.append(" ")
    return "".join([*pieces, text[done:]])


def _attribute_part(text: str, tokens: Sequence[Token], span: Span, score: float) -> Attribution:
    start, end = tokens[span[0]].start, tokens[span[1] - 1].end
    return Attribution(text[start:end], start, end, score)
