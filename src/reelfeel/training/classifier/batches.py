"""Reviews as the network takes them: rectangles of token ids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch

from reelfeel.config.sections import DataConfig
from reelfeel.metrics.logits import to_probabilities
from reelfeel.text.batching import pad_batch, plan_scoring_batches, plan_training_batches
from reelfeel.training.classifier.records import EncodedReviews

if TYPE_CHECKING:
    import keras

IdLists = Sequence[npt.NDArray[np.int32]]

# Bounds the memory of a scoring batch: 64,000 timesteps of 64 units are 16 MB a layer.
_MAX_BATCH_TOKENS, _MAX_BATCH_SIZE = 64_000, 256
# Told apart from an epoch's order, which has two numbers for a seed.
_STREAM = 1


def make_batch(token_ids: IdLists, rows: npt.NDArray[np.intp], data: DataConfig) -> torch.Tensor:
    """Returns the ids of some reviews, int32 `(len(rows), timesteps)`, padded on the right."""
    return torch.from_numpy(pad_batch(token_ids, rows, data))


class UnlabelledStream:
    """Batches of reviews without labels, as many as a run asks for, in passes over all of them.

    Where the stream stands is a function of the step, so that no checkpoint has to hold it.

    Args:
        token_ids: one int32 array per review.
        batch_size: reviews in a batch.
        seed: of the order.
        data: how reviews are padded.
    """

    def __init__(self, token_ids: IdLists, batch_size: int, seed: int, data: DataConfig) -> None:
        self.token_ids, self.batch_size, self.seed, self.data = token_ids, batch_size, seed, data
        self.lengths = np.array([len(ids) for ids in token_ids])
        self._pass, self._plan = -1, self._plan_pass(0)

    def batch(self, step: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Returns ids and lengths of the batch that goes with a step, counted from 0."""
        # Every pass has as many batches as the first.
        wanted, place = divmod(step, len(self._plan))
        if wanted != self._pass:
            self._pass, self._plan = wanted, self._plan_pass(wanted)
        rows = self._plan[place]
        ids = make_batch(self.token_ids, rows, self.data)
        return ids, torch.from_numpy(self.lengths[rows])

    def _plan_pass(self, number: int) -> list[npt.NDArray[np.intp]]:
        rng = np.random.default_rng([self.seed, number, _STREAM])
        return plan_training_batches(self.lengths, self.batch_size, rng)


def predict_logits(
    model: keras.Model, reviews: EncodedReviews, data: DataConfig
) -> npt.NDArray[np.float64]:
    """Returns the logit of class 1 for each review, float64 `(num_reviews,)`."""
    logits = np.empty(len(reviews.labels))
    with torch.no_grad():
        for rows in plan_scoring_batches(reviews.lengths(), _MAX_BATCH_TOKENS, _MAX_BATCH_SIZE):
            batch = make_batch(reviews.token_ids, rows, data)
            logits[rows] = model(batch, training=False).cpu().numpy()
    return logits


def predict_probabilities(
    model: keras.Model, reviews: EncodedReviews, data: DataConfig
) -> npt.NDArray[np.float64]:
    """Returns the probability of class 1 for each review, float64 `(num_reviews,)`."""
    return to_probabilities(predict_logits(model, reviews, data))
