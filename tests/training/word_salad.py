"""A small labelled corpus that an LSTM learns in seconds."""

import numpy as np

from reelfeel.values import Reviews

GOOD = ("great", "lovely", "funny", "moving", "superb")
BAD = ("dull", "awful", "boring", "clumsy", "weak")
PLAIN = ("film", "story", "actor", "scene", "music", "the", "a", "was", "and", "plot")


def make_reviews(num_reviews, seed=0, min_words=3, max_words=12):
    """Writes word salads whose label is the kind of their opinion words."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(num_reviews) % 2).astype(np.int8)
    texts = []
    for label in labels:
        words = list(rng.choice(PLAIN, rng.integers(min_words, max_words)))
        for _ in range(2):
            words.insert(rng.integers(len(words)), rng.choice(GOOD if label else BAD))
        texts.append(" ".join(words))
    return Reviews(texts, labels, [str(row) for row in range(num_reviews)], source="word salad")


TINY = {
    "data": {"vocabulary_size": 40, "max_tokens": 20, "validation_share": 0.2},
    "model": {"embedding_dim": 8, "units": [8]},
    "training": {"epochs": 3, "batch_size": 16, "learning_rate": 0.01},
}
