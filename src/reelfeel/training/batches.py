"""Reviews as the network takes them: rectangles of token ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch

from reelfeel.config import DataConfig
from reelfeel.text.batching import pad_batch, plan_scoring_batches
from reelfeel.training.records import EncodedReviews

if TYPE_CHECKING:
    import keras

# Bounds the memory of a scoring batch: 64,000 timesteps of 64 units are 16 MB a layer.
_MAX_BATCH_TOKENS, _MAX_BATCH_SIZE = 64_000, 256


def make_batch(
    reviews: EncodedReviews, rows: npt.NDArray[np.intp], data: DataConfig
) -> torch.Tensor:
    """Returns the ids of some reviews, int32 `(len(rows), timesteps)`, padded on the right."""
    return torch.from_numpy(pad_batch(reviews.token_ids, rows, data))


def predict_probabilities(
    model: keras.Model, reviews: EncodedReviews, data: DataConfig
) -> npt.NDArray[np.float64]:
    """Returns the probability of class 1 for each review, float64 `(num_reviews,)`."""
    logits = np.empty(len(reviews.labels))
    with torch.no_grad():
        for rows in plan_scoring_batches(reviews.lengths(), _MAX_BATCH_TOKENS, _MAX_BATCH_SIZE):
            logits[rows] = model(make_batch(reviews, rows, data), training=False).numpy()
    # Clipped only where a probability has long rounded to 0 or 1, so that exp does not overflow.
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -700, 700))))
