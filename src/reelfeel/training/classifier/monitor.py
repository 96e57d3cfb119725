"""Checks after every epoch whether a run learns."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from reelfeel.config.sections import Config
from reelfeel.training.classifier.records import EncodedReviews
from reelfeel.training.loop.alarm import (
    Diagnosis,
    Evidence,
    diagnose,
    find_symptom,
    predict_with_bag_of_words,
    shows_learning,
)
from reelfeel.training.loop.checkpoints import Arrays


class NotLearningMonitor:
    """Says why a run does not learn, after every epoch, and remembers whether it ever did.

    Args:
        train: the reviews that are learned from.
        validation: the reviews that are judged by.
        config: all settings.
        start_weights: of the network, by name, before its first step.
    """

    def __init__(
        self,
        train: EncodedReviews,
        validation: EncodedReviews,
        config: Config,
        start_weights: Arrays,
    ) -> None:
        self.train, self.validation, self.config = train, validation, config
        self.start_weights = start_weights
        self.has_learned = False

    def look(
        self, steps: int, y_prob: npt.NDArray[np.float64], train_loss: float, weights: Arrays
    ) -> Diagnosis | None:
        """Returns why a run does not learn; None where it does, or where it is too early to say.

        Args:
            steps: taken so far.
            y_prob: of the validation reviews.
            train_loss: mean of the epoch, in nats.
            weights: by name.
        """
        y_true = self.validation.labels
        self.has_learned |= shows_learning(y_true, y_prob, train_loss, steps)
        symptom = find_symptom(y_true, y_prob, train_loss, steps)
        # A bad epoch of a run that has learned is mended by keeping the best one; NaN stays NaN.
        if symptom is None or (self.has_learned and np.isfinite(y_prob).all()):
            return None
        return diagnose(symptom, self._evidence(y_prob, train_loss, steps, weights))

    def _evidence(
        self, y_prob: npt.NDArray[np.float64], train_loss: float, steps: int, weights: Arrays
    ) -> Evidence:
        lengths, data = self.train.lengths(), self.config.data
        timesteps = data.max_tokens if data.fixed_timesteps else None
        return Evidence(
            y_true=self.validation.labels,
            y_prob=y_prob,
            y_bag=predict_with_bag_of_words(
                self.train.token_ids,
                self.train.labels,
                self.validation.token_ids,
                data.vocabulary_size,
            ),
            train_loss=train_loss,
            steps=steps,
            learning_rate=self.config.training.learning_rate,
            weight_change=self._weight_change(weights),
            masking=self.config.model.masking,
            padding_share=1 - float(lengths.mean()) / timesteps if timesteps else 0.0,
            unknown_share=self.train.unknown_share,
        )

    def _weight_change(self, weights: Arrays) -> float:
        change = sum(
            float(np.square(weights[name] - start).sum())
            for name, start in self.start_weights.items()
        )
        size = sum(float(np.square(start).sum()) for start in self.start_weights.values())
        return float(np.sqrt(change / size))
