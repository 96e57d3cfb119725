"""A loaded model: texts in, probabilities out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from reelfeel.errors import BundleError
from reelfeel.runtime.bundle import Bundle, read_bundle
from reelfeel.runtime.sessions import Session, choose_engine, open_session
from reelfeel.text.batching import pad_batch, plan_scoring_batches
from reelfeel.text.encoder import Encoded, TextEncoder
from reelfeel.types import Prediction

# Texts encoded at a time: bounds the memory for a million of them, costs nothing for a few.
CHUNK_SIZE = 8_192
# Largest difference of a replayed golden answer; float32 engines stay below 1e-5, so a model that
# answers differently is found, and another processor's rounding is not.
GOLDEN_TOLERANCE = 1e-4


def load(path: str | Path, *, engine: str | None = None) -> Engine:
    """Loads a saved model and checks that it answers as it did when it was saved.

    Args:
        path: the folder that `reelfeel train --output` wrote.
        engine: "openvino" or "onnxruntime"; None takes the fastest that is installed.

    Raises:
        BundleError: if the model is missing, foreign, damaged, of a newer format, or gives other
            answers than its golden ones.
        MissingExtraError: if no engine is installed.
    """
    bundle = read_bundle(Path(path))
    name = engine or choose_engine()
    loaded = Engine(bundle, open_session(bundle.path / "graph.onnx", name), name)
    difference = loaded.golden_difference()
    # Not `>`: a NaN has to fail too.
    if not difference <= GOLDEN_TOLERANCE:
        raise BundleError(
            f"The model {path} gives other answers in {name} than when it was saved (largest "
            f"difference {difference:.2g}, allowed {GOLDEN_TOLERANCE:g}). Try the other engine, "
            "or train again."
        )
    return loaded


class Engine:
    """A model ready to predict; made by `load`.

    Every method takes a sequence of 0, 1 or a million texts, each of any length, and answers in
    their order. An engine is not safe to share between threads: load one for each.

    Attributes:
        bundle: the saved model.
        engine_name: what runs the graph.
    """

    def __init__(self, bundle: Bundle, session: Session, engine_name: str) -> None:
        self.bundle = bundle
        self.engine_name = engine_name
        self._session = session
        self._encoder = TextEncoder(bundle.vocabulary, bundle.text_settings)

    def predict_proba(self, texts: Sequence[str]) -> npt.NDArray[np.float64]:
        """Returns the probability of the positive class for each text, float64 `(num_texts,)`.

        Raises:
            UsageError: if `texts` is one string.
            DataError: if an element is not a string.
        """
        probabilities = [self._score(encoded) for encoded in self.encode(texts)]
        return np.concatenate(probabilities) if probabilities else np.empty(0)

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """Returns label, probability and how each text was read.

        Raises:
            UsageError: if `texts` is one string.
            DataError: if an element is not a string.
        """
        return [
            prediction
            for encoded in self.encode(texts)
            for prediction in self._explain_reading(encoded, self._score(encoded))
        ]

    def __call__(self, texts: Sequence[str]) -> list[dict[str, str | float]]:
        """Returns `{"label", "score"}` for each text, as a Hugging Face pipeline does.

        The score is the probability of the label given, not of the positive class.
        """
        negative = self.bundle.label_names[0]
        return [
            {
                "label": prediction.label,
                "score": 1 - prediction.probability
                if prediction.label == negative
                else prediction.probability,
            }
            for prediction in self.predict(texts)
        ]

    def golden_difference(self) -> float:
        """Returns the largest difference between a golden answer and the one given now."""
        golden = self.bundle.golden
        answers = self.predict_proba([answer.text for answer in golden])
        expected = np.array([answer.probability for answer in golden])
        return float(np.abs(answers - expected).max(initial=0.0))

    def encode(self, texts: Sequence[str]) -> Iterator[Encoded]:
        """Yields what the model reads of the texts, some thousand texts at a time, in order.

        Raises:
            UsageError: if `texts` is one string.
            DataError: if an element is not a string.
        """
        if isinstance(texts, str):
            self._encoder.encode(texts)  # refuses it, with the mend
        for start in range(0, len(texts), CHUNK_SIZE):
            yield self._encoder.encode(texts[start : start + CHUNK_SIZE])

    def _score(self, encoded: Encoded) -> npt.NDArray[np.float64]:
        data, logits = self.bundle.config.data, np.empty(len(encoded), np.float32)
        for rows in plan_scoring_batches(encoded.lengths):
            logits[rows] = self._session(pad_batch(encoded.token_ids, rows, data))
        # In float64 and without overflow: exp only ever sees what is not positive.
        decay = np.exp(-np.abs(logits.astype(np.float64)))
        return np.asarray(np.where(logits >= 0, 1, decay) / (1 + decay))

    def _explain_reading(
        self, encoded: Encoded, probabilities: npt.NDArray[np.float64]
    ) -> Iterator[Prediction]:
        threshold = self.bundle.decision.threshold
        for row, probability in enumerate(probabilities.tolist()):
            yield Prediction(
                label=self.bundle.label_names[int(probability >= threshold)],
                probability=probability,
                num_tokens=int(encoded.num_tokens[row]),
                truncated=bool(encoded.truncated[row]),
                unknown_share=float(encoded.unknown_share[row]),
            )
