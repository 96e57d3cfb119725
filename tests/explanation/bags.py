"""Classifiers simple enough to explain by hand, to judge explanations by."""

import numpy as np

from reelfeel.text.encoder import TextEncoder
from reelfeel.text.vocabulary import Vocabulary
from reelfeel.values import Prediction

WORDS = ("good", "bad", "fine", "dull", "film", "the", ".", "!", "not")
WEIGHTS = {"good": 2.0, "bad": -2.5, "fine": 0.75, "dull": -1.0, "film": 0.25}


class WordBag:
    """A logistic regression over words: the log-odds are the sum of the words' weights."""

    def __init__(self, *, bias=0.0, **encoder_settings):
        self.encoder = TextEncoder(Vocabulary(WORDS), **encoder_settings)
        self.weights = np.zeros(self.encoder.vocabulary.size)
        for word, weight in WEIGHTS.items():
            self.weights[self.encoder.vocabulary.ids[word]] = weight
        self.bias = bias
        self.calls = []

    def score(self, token_ids):
        self.calls.append(len(token_ids))
        logits = [self.bias + self.weights[ids].sum() for ids in token_ids]
        return 1 / (1 + np.exp(-np.array(logits)))

    def predict(self, texts):
        encoded = self.encoder.encode(texts)
        return [
            Prediction("pos" if p >= 0.5 else "neg", float(p), int(n), bool(n > length), 0.0)
            for p, n, length in zip(
                self.score(list(encoded.token_ids)), encoded.num_tokens, encoded.lengths,
                strict=True,
            )
        ]  # fmt: skip
