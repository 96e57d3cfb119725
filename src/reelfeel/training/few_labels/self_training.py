"""Self-training: a head that learns from its own answers to texts without labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reelfeel.training.few_labels.linear_head import ClassLabels, Fit, FloatArray, Head, Rows

# Two groups of texts are looked for in so many principal components.
NUM_COMPONENTS = 100
# A labelled review weighs as much as so many unlabelled ones. After so many steps nothing moves.
_LABEL_WEIGHT, _NUM_STEPS = 3.0, 12


@dataclass(frozen=True)
class SelfTraining:
    """Self-training: a head learns from its own answers to texts without labels, many times.

    Each step fits the head to what it is sure of, and less to what it doubts. In principal
    components of one spread this is the search for a direction in which texts fall into two groups
    (Hyvarinen, 1999, IEEE Transactions on Neural Networks 10), begun at the labels' answer and held
    by them.

    Attributes:
        basis: `(width, components)`, to components of spread 1.
        known: components of the labelled reviews.
        labels: theirs.
        texts: scaled features of the texts without labels.
        others: their components.
        products: `others.T @ others`.
    """

    basis: FloatArray
    known: FloatArray
    labels: ClassLabels
    texts: FloatArray
    others: FloatArray
    products: FloatArray

    @classmethod
    def of(cls, known: FloatArray, labels: ClassLabels, others: FloatArray) -> SelfTraining:
        """Takes scaled features."""
        values, vectors = np.linalg.eigh(others.T @ others / len(others))
        # Of features that move together there are fewer components than were asked for.
        kept = np.flatnonzero(values > 1e-9 * values[-1])[-NUM_COMPONENTS:]
        basis = vectors[:, kept] / np.sqrt(values[kept])
        components = others @ basis
        products = components.T @ components
        return cls(basis, known @ basis, labels, others, components, products)

    def follow(self, fit: Fit, rows: Rows) -> Head:
        """Returns what becomes of the head that `fit` finds on some labelled reviews."""
        head = fit(rows)
        known, signs = self.known[rows], 2.0 * self.labels[rows] - 1
        matrix = self.products + _LABEL_WEIGHT * known.T @ known
        share = float((signs > 0).mean())
        answers = head.logits(self.texts)
        for _ in range(_NUM_STEPS):
            sure = np.tanh(_standardise(answers, share))
            wanted = self.others.T @ sure + _LABEL_WEIGHT * known.T @ signs
            weights = np.linalg.solve(matrix, wanted)
            answers = self.others @ weights
        return _place(Head(self.basis @ weights, 0.0), answers, share)


def _standardise(answers: FloatArray, share: float) -> FloatArray:
    # As many above 0 as the labelled reviews have positive ones: else one group would win all.
    return np.asarray(2 * (answers - np.quantile(answers, 1 - share)) / answers.std())


def _place(head: Head, answers: FloatArray, share: float) -> Head:
    factor = 2 / float(answers.std())
    return Head(head.kernel * factor, -factor * float(np.quantile(answers, 1 - share)))
