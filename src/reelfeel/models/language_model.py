"""The language model: Embedding, LSTMs, a projection, and a softmax tied to the embedding.

A language model is saved as a folder:

    language_model.json   format version, settings, text settings, directions, figures, provenance
    vocabulary.json       token <-> id
    forward.safetensors   weights of the model that reads left to right, in Keras' layout
    backward.safetensors  weights of the one that reads right to left
    SHA256SUMS            over exactly these
    README.md             the model card

A classifier takes over `embedding/embeddings` and the `lstm_*` weights, by these names.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from reelfeel.config.pretraining import DIRECTIONS, PretrainingConfig
from reelfeel.errors import BundleError, ReelFeelError
from reelfeel.files.plain_files import explain_bundle_errors, read_json_file
from reelfeel.files.writing import SUMS, find_damaged, refuse_existing, write_sums, write_whole
from reelfeel.models.language_model_schema import CHECK, OLD_EPOCHS
from reelfeel.models.lstm import FusedLSTM
from reelfeel.schema import refuse_other_version, require
from reelfeel.text.tokenizer import TextSettings
from reelfeel.text.vocabulary import Vocabulary
from reelfeel.weight_shapes import language_model_shapes
from reelfeel.weights import Weights, read_weights, write_weights

States = list[list[Any]]

FORMAT, FORMAT_VERSION = "reelfeel-language-model", 1
_DESCRIPTION, _VOCABULARY = "language_model.json", "vocabulary.json"
MAX_DESCRIPTION_BYTES = 16 << 20
# Of the description: what is no fact about the model.
_FIELDS = {"format", "format_version", "directions", "vocabulary_file", "vocabulary_fingerprint",
           "text", "pretraining"}  # fmt: skip
# AWD-LSTM's (Merity et al., 2017): the rows are outputs of the softmax as well as inputs.
_EMBEDDING_RANGE = 0.1
# Weights that have a row for each word.
_BY_WORD = ("embedding/embeddings", "softmax/bias")


class LanguageNetwork:
    """The layers of a language model of one direction, built and ready to be called.

    Args:
        config: sizes and precision.
        num_rows: rows of the embedding; the last is the end of a review.
        seed: of the initial weights.

    Attributes:
        embedding: `keras.layers.Embedding`, which the softmax shares.
        lstms: the LSTM layers, first to last; each returns all outputs and its states.
        projection: `keras.layers.Dense` from the last LSTM's units to the embedding's channels.
        softmax_bias: `keras.Variable` of shape `(num_rows,)`.
    """

    def __init__(self, config: PretrainingConfig, num_rows: int, *, seed: int) -> None:
        # One seed for the network, one of its own for each layer that draws; Keras wants int32.
        seeds = iter((np.random.SeedSequence(seed).generate_state(64) >> 1).tolist())
        limit = _EMBEDDING_RANGE
        self.embedding = keras.layers.Embedding(
            num_rows,
            config.embedding_dim,
            embeddings_initializer=keras.initializers.RandomUniform(-limit, limit, next(seeds)),
            name="embedding",
        )
        self.embedding.build((None, None))
        self.lstms = _build_lstms(config, seeds)
        self.projection = keras.layers.Dense(
            config.embedding_dim,
            kernel_initializer=keras.initializers.GlorotUniform(seed=next(seeds)),
            name="projection",
        )
        self.projection.build((None, config.units[-1]))
        self.softmax_bias = keras.Variable(np.zeros(num_rows, np.float32), name="bias")

    def variables(self) -> dict[str, keras.Variable]:
        """Returns all trained variables by name, such as `lstm_0/lstm_cell/kernel`."""
        layers = (self.embedding, *self.lstms, self.projection)
        named = {variable.path: variable for layer in layers for variable in layer.weights}
        return named | {"softmax/bias": self.softmax_bias}

    def named_weights(self) -> dict[str, npt.NDArray[np.float32]]:
        """Returns copies of all weights by name."""
        return {
            name: np.array(variable.value.detach().cpu().numpy())
            for name, variable in self.variables().items()
        }

    def assign(self, weights: Weights) -> None:
        """Sets all weights by name.

        Raises:
            ValueError: if a name is missing or too many, or a shape differs.
        """
        variables = self.variables()
        if variables.keys() != weights.keys():
            raise ValueError(
                f"The weights must be named {sorted(variables)}. Received: {sorted(weights)}"
            )
        for name, variable in variables.items():
            variable.assign(weights[name])

    def zero_states(self, num_rows: int) -> States:
        """Returns states of zeros, `[hidden, cell]` of shape `(num_rows, units)`, for each LSTM."""
        zeros = keras.ops.zeros
        return [[zeros((num_rows, lstm.units)) for _ in range(2)] for lstm in self.lstms]


def _build_lstms(config: PretrainingConfig, seeds: Any) -> list[FusedLSTM]:
    lstms = []
    input_dim = config.embedding_dim
    for index, units in enumerate(config.units):
        lstm = FusedLSTM(
            units,
            precision=config.precision,
            return_sequences=True,
            return_state=True,
            kernel_initializer=keras.initializers.GlorotUniform(seed=next(seeds)),
            recurrent_initializer=keras.initializers.Orthogonal(seed=next(seeds)),
            name=f"lstm_{index}",
        )
        lstm.build((None, None, input_dim))
        lstms.append(lstm)
        input_dim = units
    return lstms


@dataclass(frozen=True)
class LanguageModel:
    """A saved language model, read.

    Attributes:
        config: its settings.
        vocabulary: token <-> id; the embedding has one row more, for the end of a review.
        text_settings: how texts become tokens; whole texts are read.
        weights: by direction and name, float32, in Keras' layout.
        about: figures by direction, and provenance.
    """

    config: PretrainingConfig
    vocabulary: Vocabulary
    text_settings: TextSettings
    weights: dict[str, dict[str, npt.NDArray[np.float32]]]
    about: dict[str, Any] = field(default_factory=dict)

    @property
    def end_id(self) -> int:
        """The id that stands behind every text: the last row of the embedding."""
        return self.vocabulary.size


def keep_frequent_words(model: LanguageModel, num_words: int) -> LanguageModel:
    """Returns a language model that knows its most frequent words only; the others are unknown.

    Args:
        model: its vocabulary is by descending count.
        num_words: how many words stay; 0, or more than there are, keeps all.
    """
    if not 0 < num_words < len(model.vocabulary.tokens):
        return model
    vocabulary = Vocabulary(model.vocabulary.tokens[:num_words])
    rows = [*range(vocabulary.size), model.end_id]
    weights = {
        direction: {name: array[rows] if name in _BY_WORD else array for name, array in own.items()}
        for direction, own in model.weights.items()
    }
    config = replace(model.config, vocabulary_size=vocabulary.size + 1)
    return replace(model, config=config, vocabulary=vocabulary, weights=weights)


def write_language_model(
    model: LanguageModel, path: Path, *, card: str = "", overwrite: bool = False
) -> None:
    """Writes a language model as a folder, whole or not at all.

    Args:
        model: its weights are stored in the precision of its settings.
        path: the folder.
        card: the text of its README.md.
        overwrite: whether an existing folder may be replaced.

    Raises:
        BundleError: if a weight is not a finite number.
        UsageError: if the path exists and `overwrite` is false.
        ReelFeelError: if the disk refuses.
    """
    description = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "directions": [name for name in DIRECTIONS if name in model.weights],
        "vocabulary_file": _VOCABULARY,
        "vocabulary_fingerprint": model.vocabulary.fingerprint(),
        "text": model.text_settings.to_dict(),
        "pretraining": model.config.to_dict(),
        **model.about,
    }
    refuse_existing(path, overwrite=overwrite)
    with write_whole(path) as folder:
        folder.mkdir()
        (folder / _DESCRIPTION).write_text(json.dumps(description, indent=2) + "\n", "utf-8")
        model.vocabulary.save(folder / _VOCABULARY)
        for direction, weights in model.weights.items():
            file = folder / f"{direction}.safetensors"
            write_weights(file, weights, model.config.weight_precision)
        write_sums(folder, sorted(file.name for file in folder.iterdir()))
        (folder / "README.md").write_bytes(card.encode("utf-8", "backslashreplace"))


def read_language_model(path: str | Path) -> LanguageModel:
    """Reads a language model that `reelfeel pretrain` wrote.

    Args:
        path: its folder. Weights stored with 16 bits come back as float32.

    Raises:
        BundleError: if it is missing, foreign, damaged, or of a newer format.
    """
    path = Path(path)
    with explain_bundle_errors(f"The language model {path}"):
        stored = _read_description(path)
        try:
            CHECK(stored, _DESCRIPTION)
            return _read_parts(path, stored)
        except (KeyError, TypeError, ValueError, ReelFeelError) as error:
            raise BundleError(
                f"The language model {path} is damaged or incomplete: {error} Restore the folder "
                "from a copy, or run reelfeel pretrain again."
            ) from error


def _read_parts(path: Path, stored: dict[str, Any]) -> LanguageModel:
    directions = stored["directions"]
    _check_sums(path, directions)
    config = PretrainingConfig().updated(stored["pretraining"])
    vocabulary = Vocabulary.load(path / _VOCABULARY)
    if stored["vocabulary_fingerprint"] != vocabulary.fingerprint():
        raise ValueError(
            "It has the vocabulary of another model: its words would get wrong numbers."
        )
    num_rows, size = vocabulary.size + 1, config.vocabulary_size
    require(num_rows <= size, "pretraining.vocabulary_size", f"at least {num_rows}", size)
    shapes = language_model_shapes(config.embedding_dim, config.units, num_rows)
    weights = {
        name: read_weights(path / f"{name}.safetensors", shapes, config.weight_precision)
        for name in directions
    }
    about = {name: value for name, value in stored.items() if name not in _FIELDS}
    for figures in about.get("figures", {}).values():
        if OLD_EPOCHS in figures:
            figures["epochs"] = figures.pop(OLD_EPOCHS)
    text_settings = TextSettings.from_dict(stored["text"])
    return LanguageModel(config, vocabulary, text_settings, weights, about)


def _read_description(path: Path) -> dict[str, Any]:
    file = path / _DESCRIPTION
    stored = (
        read_json_file(file, MAX_DESCRIPTION_BYTES) if path.is_dir() and file.exists() else None
    )
    stored = stored if isinstance(stored, dict) else {}
    version = stored.get("format_version")
    if version is None or stored.get("format") != FORMAT:
        raise BundleError(
            f"There is no language model at {path}. Expected a folder that `reelfeel pretrain "
            "--output` wrote."
        )
    refuse_other_version(f"The language model {path}", version, FORMAT_VERSION)
    return dict(stored)


def _check_sums(path: Path, directions: list[str]) -> None:
    # The first language models were written without sums.
    weights = [f"{direction}.safetensors" for direction in directions]
    names = [_DESCRIPTION, _VOCABULARY, *weights] if (path / SUMS).exists() else []
    damaged = find_damaged(path, names)
    if damaged:
        raise ValueError(f"{damaged} is not the file that was saved.")
