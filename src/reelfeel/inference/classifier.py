"""A loaded model: texts in, probabilities out."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from reelfeel.errors import BundleError
from reelfeel.given_texts import check_texts, in_chunks
from reelfeel.inference.backends.choice import Backend, Session, choose_backend, open_session
from reelfeel.inference.bundle import Bundle, Decision, read_bundle
from reelfeel.inference.golden import refuse_long_replay
from reelfeel.inference.replays import Replay
from reelfeel.inference.shipped import find_model
from reelfeel.inference.travel import Options, Parcel, pack_model, unpack_model
from reelfeel.text.encoder import Encoded, TextEncoder
from reelfeel.text.token_ids import TokenIds
from reelfeel.values import UNSURE, Explanation, Prediction

if TYPE_CHECKING:
    from reelfeel.explanation.gradients import Differentiable

# Texts encoded at a time: bounds the memory for a million of them, costs nothing for a few.
CHUNK_SIZE = 8_192
# Largest difference of a replayed golden answer, by precision. Float32 backends stay below 1e-5, and
# bfloat16 below 0.02 where models doubt most, so a model that answers differently is found, and
# another processor's rounding is not.
GOLDEN_TOLERANCE = {"float32": 1e-4, "bfloat16": 0.05}


def load(
    path: str | Path,
    *,
    backend: str | None = None,
    precision: str = "auto",
    threads: int | None = None,
) -> Classifier:
    """Loads a saved model and checks that it answers as it did when it was saved.

    That check is made once for the same files, library and processor, and remembered under
    `REELFEEL_HOME`.

    Args:
        path: the folder that `reelfeel train --output` wrote, or as a string the name of a model
            that comes with ReelFeel: "base" or "small".
        backend: "native", "openvino", "onnxruntime" or "numpy"; None takes the fastest that is here.
        precision: "auto" is bfloat16 where processor and backend have it; "float32" gives the
            network's exact answers.
        threads: how many share the work, at least 1; None takes the cores that this process may
            use.

    Raises:
        BundleError: if the model is missing, foreign, damaged, of a newer format, or gives other
            answers than its golden ones.
        MissingExtraError: if the backend is not installed.
        UsageError: if there is no such backend or precision.
    """
    backend = choose_backend(backend, precision, threads)
    bundle = read_bundle(find_model(path))
    refuse_long_replay(bundle)
    options = Options(backend, precision, threads)
    loaded = Classifier(bundle, open_session(bundle, backend), backend, options)
    replay = Replay(bundle.path, backend)
    if replay.is_known:
        return loaded
    difference, allowed = loaded.golden_difference(), GOLDEN_TOLERANCE[backend.precision]
    # Not `>`: a NaN has to fail too.
    if not difference <= allowed:
        raise BundleError(
            f"The model {path} gives other answers with {backend} than when it was saved (largest "
            f"difference {difference:.2g}, allowed {allowed:g}). Try another backend, or train "
            "again."
        )
    replay.remember()
    return loaded


class Classifier:
    """A model ready to predict; made by `load`.

    Every method takes an iterable of 0, 1 or a million texts, each of any length, and answers in
    their order. A classifier is safe to share between threads, and can be copied, pickled, and sent
    to other processes: it travels as the path of its model, is loaded anew there, and recognised.

    Attributes:
        bundle: the saved model.
        backend: what runs it: backend, precision and threads.
    """

    def __init__(
        self, bundle: Bundle, session: Session, backend: Backend, options: Options | None = None
    ) -> None:
        self.bundle = bundle
        self.backend = backend
        self._options = options or Options(backend.name, backend.precision, backend.threads)
        self._session = session
        self._encoder = TextEncoder(bundle.vocabulary, bundle.text_settings)

    def __copy__(self) -> Classifier:
        # What runs the network is never changed, so copies share it.
        return Classifier(self.bundle, self._session, self.backend, self._options)

    def __deepcopy__(self, memo: Mapping[int, Any]) -> Classifier:
        return self.__copy__()

    def __reduce__(self) -> tuple[Any, ...]:
        return load_again, (pack_model(self.bundle, self._options), self.bundle.decision)

    def predict_proba(self, texts: Iterable[str]) -> npt.NDArray[np.float64]:
        """Returns the probability of the positive class for each text, float64 `(num_texts,)`.

        Raises:
            UsageError: if `texts` is one string or what else `check_texts` refuses.
            DataError: if an element is not a string.
        """
        probabilities = [self._score(encoded) for encoded in self.encode(texts)]
        return np.concatenate(probabilities) if probabilities else np.empty(0)

    def predict(self, texts: Iterable[str]) -> list[Prediction]:
        """Returns label, probability and how each text was read.

        Raises:
            UsageError: if `texts` is one string or what else `check_texts` refuses.
            DataError: if an element is not a string.
        """
        return [
            prediction
            for encoded in self.encode(texts)
            for prediction in self._explain_reading(encoded, self._score(encoded))
        ]

    def __call__(self, texts: Iterable[str]) -> list[dict[str, str | float]]:
        """Returns `{"label", "score"}` for each text, as a Hugging Face pipeline does.

        The score is the probability of the label given, not of the positive class. Where the model
        abstains the label is "unsure", and the score is that of its best guess.
        """
        negative = self.bundle.label_names[0]
        return [
            {
                "label": prediction.label,
                "score": 1 - prediction.probability
                if prediction.best_guess == negative
                else prediction.probability,
            }
            for prediction in self.predict(texts)
        ]

    def explain(
        self,
        texts: Iterable[str],
        *,
        by: str = "word",
        with_flip: bool = False,
        network: Differentiable | None = None,
    ) -> list[Explanation]:
        """Returns, for each text, the prediction and what its words and sentences did to it.

        Args:
            texts: strings, any number, each of any length.
            by: "word" for the scores of words and sentences, "sentence" for sentences only.
            with_flip: whether to look for the smallest edit that turns the verdict around.
            network: explains by integrated gradients in place of occlusion: this model as a
                `reelfeel.models.differentiation.DifferentiableClassifier`.

        Raises:
            UsageError: if `texts` is one string or what else `check_texts` refuses, or `by` is
                neither.
            DataError: if an element is not a string.
        """
        from reelfeel.explanation.explain import Explainer

        explainer = Explainer(self._encoder, self.predict, self.score_token_ids, network)
        explanations = explainer.explain(texts, by=by)
        if not with_flip:
            return explanations
        threshold = self.bundle.decision.threshold
        return [explainer.find_flip(one, threshold=threshold) for one in explanations]

    def golden_difference(self) -> float:
        """Returns the largest difference between a golden answer and the one given now.

        Golden answers are the network's own, at temperature 1: calibrating a model changes none.
        """
        golden = self.bundle.golden
        encoded = self._encoder.encode([answer.text for answer in golden])
        answers = _sigmoid(self._logits(encoded.token_ids))
        expected = np.array([answer.probability for answer in golden])
        return float(np.abs(answers - expected).max(initial=0.0))

    def encode(self, texts: Iterable[str]) -> Iterator[Encoded]:
        """Yields what the model reads of the texts, some thousand texts at a time, in order.

        Raises:
            UsageError: if `texts` is one string or what else `check_texts` refuses.
            DataError: if an element is not a string.
        """
        for chunk in in_chunks(check_texts(texts), CHUNK_SIZE):
            yield self._encoder.encode(chunk, threads=self.backend.threads)

    def score_token_ids(
        self, token_ids: Sequence[npt.NDArray[np.int32]]
    ) -> npt.NDArray[np.float64]:
        """Returns the probability of the positive class for texts that are token ids already.

        Args:
            token_ids: for each text an int32 array, not empty and of at most `max_tokens`.

        Returns:
            float64 array of shape `(num_texts,)`: what `predict_proba` gives texts with these ids.
        """
        logits = self._logits(TokenIds.of(token_ids))
        return _sigmoid(logits / self.bundle.decision.temperature)

    def _score(self, encoded: Encoded) -> npt.NDArray[np.float64]:
        logits = self._logits(encoded.token_ids)
        return _sigmoid(logits / self.bundle.decision.temperature)

    def _logits(self, token_ids: TokenIds) -> npt.NDArray[np.float64]:
        return self._session(token_ids).astype(np.float64)

    def _explain_reading(
        self, encoded: Encoded, probabilities: npt.NDArray[np.float64]
    ) -> Iterator[Prediction]:
        decision = self.bundle.decision
        for row, probability in enumerate(probabilities.tolist()):
            guess = self.bundle.label_names[int(probability >= decision.threshold)]
            abstained = decision.abstains(probability)
            yield Prediction(
                label=UNSURE if abstained else guess,
                probability=probability,
                num_tokens=int(encoded.num_tokens[row]),
                truncated=bool(encoded.truncated[row]),
                unknown_share=float(encoded.unknown_share[row]),
                abstained=abstained,
                best_guess=guess,
            )


def load_again(parcel: Parcel, decision: Decision) -> Classifier:
    """Returns the classifier that was pickled, loaded anew.

    Args:
        parcel: what travelled.
        decision: of the classifier, which may have been another than the saved one.

    Raises:
        BundleError: if the model is not there, or is another one by now.
    """
    classifier = _load_parcel(parcel).__copy__()
    classifier.bundle = replace(classifier.bundle, decision=decision)
    return classifier


# A pool sends the classifier with every task, and a load takes as long as hundreds of texts.
@functools.lru_cache(maxsize=2)
def _load_parcel(parcel: Parcel) -> Classifier:
    classifier = load(unpack_model(parcel), **parcel.options._asdict())
    parcel.refuse_other(classifier.bundle)
    return classifier


def _sigmoid(logits: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    # Without overflow: exp only ever sees what is not positive.
    decay = np.exp(-np.abs(logits))
    return np.asarray(np.where(logits >= 0, 1, decay) / (1 + decay))
