"""Bundles: saved models as folders with everything a prediction depends on, and checksums.

    config.json          format version, preset, resolved settings, label names, text settings
    vocabulary.json      token <-> id
    weights.safetensors  the only copy of the weights, in Keras' layout
    graph.onnx           the runtime's graph, which reads them from there
    decision.json        temperature, threshold, abstain band, and what they were fitted on
    golden.jsonl         texts of ours with the probabilities that Keras gave them, temperature 1
    SHA256SUMS           over exactly these

Outside the sums, because they are about the model and not part of it: `history.json`,
`metrics.json`, `provenance.json`, `training_texts.json` and `calibration_texts.json` (hashes, to
recognise them in other data), `README.md` (the model card) and whatever a user puts there.

The weights are float32; with `weight_precision: "float16"` they are stored in half the size, and
every backend casts them to float32 when it loads them. They are named after their layers, `E` for
`embedding_dim`, `U` for the units of an LSTM and `P` for the width that the pooling hands on (`U`
of the last LSTM, or three times that: last, max and mean, in this order):

    embedding/embeddings               (vocabulary size, E)   row 0 is padding
    lstm_0/lstm_cell/kernel            (E, 4 U)               gates in the order i, f, c, o
    lstm_0/lstm_cell/recurrent_kernel  (U, 4 U)
    lstm_0/lstm_cell/bias              (4 U,)
    lstm_1/...                         reads the outputs of lstm_0, and so on
    dense/kernel, dense/bias           (P, D), (D,)           only with `dense_units`
    logit/kernel, logit/bias           (P or D, 1), (1,)

With `direction: "both"` there are two of each, under `forward/` and `backward/`, and the model's
logit is the mean of theirs. A backward network reads each row from its last token to its first.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from reelfeel.config.sections import Config
from reelfeel.errors import BundleError, ConfigError
from reelfeel.files.plain_files import explain_bundle_errors, parse_json, read_json_file, read_plain
from reelfeel.files.writing import (
    SUMS,
    allow_sums,
    find_damaged,
    refuse_existing,
    renew_sums,
    write_sums,
    write_whole,
)
from reelfeel.inference.bundle_schema import (
    ABOUT,
    CONFIG,
    GOLDEN,
    MAX_GOLDEN,
    MAX_GOLDEN_BYTES,
    check_decision,
)
from reelfeel.inference.shipped import CLASSIFIERS
from reelfeel.schema import refuse_other_version, require
from reelfeel.text.tokenizer import TextSettings
from reelfeel.text.vocabulary import Vocabulary
from reelfeel.weight_shapes import Shapes, classifier_shapes
from reelfeel.weights import (
    WeightArray,
    Weights,
    check_layout,
    read_layout,
    read_stored_weights,
    read_weights,
    write_weights,
)

MAX_SMALL_BYTES = 1 << 20
FORMAT = "reelfeel-bundle"
FORMAT_VERSION = 1
SUMMED_FILES = (
    "config.json",
    "decision.json",
    "golden.jsonl",
    "graph.onnx",
    "vocabulary.json",
    "weights.safetensors",
)


@dataclass(frozen=True)
class Decision:
    """How the network's logit becomes a probability, a label, or a confession of doubt.

    Attributes:
        threshold: probabilities of at least this are class 1; between 0 and 1, as a model whose
            answer is always the same decides nothing.
        temperature: the logit is divided by this before the sigmoid, above 0.
        abstain_lower: the model abstains where the probability lies above this and below
            `abstain_upper`; None where it never does.
        abstain_upper: see `abstain_lower`.
        calibration: what the other values were fitted on and what they promise, as plain values;
            None where they are the defaults.

    Example:

    >>> Decision(abstain_lower=0.2, abstain_upper=0.8).abstains(0.3)
    True
    """

    threshold: float = 0.5
    temperature: float = 1.0
    abstain_lower: float | None = None
    abstain_upper: float | None = None
    calibration: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        band = (self.abstain_lower, self.abstain_upper)
        if not 0 < self.threshold < 1 or not 0 < self.temperature < math.inf:
            raise ValueError(f"no decision can be made with {self}")
        if band != (None, None) and (None in band or not 0 <= band[0] <= band[1] <= 1):  # type: ignore[operator]
            raise ValueError(f"an abstain band needs two rising probabilities, not {band}")

    def abstains(self, probability: float) -> bool:
        """Whether a probability lies inside the abstain band."""
        if self.abstain_lower is None or self.abstain_upper is None:
            return False
        return self.abstain_lower < probability < self.abstain_upper


@dataclass(frozen=True)
class GoldenAnswer:
    """A text and the probability of class 1 that the model must give it."""

    text: str
    probability: float


@dataclass(frozen=True)
class Bundle:
    """A saved model, read and checked.

    Attributes:
        path: its folder.
        preset: the name its settings started from.
        config: its resolved settings.
        label_names: the user's names of class 0 and class 1.
        text_settings: how texts become tokens.
        vocabulary: token <-> id.
        decision: how a probability becomes a label.
        golden: texts with the probabilities that the model must give them.
        fingerprint: SHA-256, in hexadecimal, of the sums of its files as they were read; "" for a
            model that was not.
    """

    path: Path
    preset: str
    config: Config
    label_names: tuple[str, str]
    text_settings: TextSettings
    vocabulary: Vocabulary
    decision: Decision
    golden: tuple[GoldenAnswer, ...]
    fingerprint: str = ""

    def shapes(self) -> Shapes:
        """Returns the shape of each of its weights by name, as its settings ask for them."""
        return classifier_shapes(self.config.model, self.vocabulary.size)

    def weights(self) -> dict[str, npt.NDArray[np.float32]]:
        """Reads the weights by name, in Keras' layout.

        Raises:
            BundleError: if they are not those of the settings, or not finite.
        """
        precision = self.config.model.weight_precision
        return read_weights(self.path / "weights.safetensors", self.shapes(), precision)

    def stored_weights(self) -> dict[str, WeightArray]:
        """Reads the weights by name in the precision of the file; raises what `weights` does."""
        precision = self.config.model.weight_precision
        return read_stored_weights(self.path / "weights.safetensors", self.shapes(), precision)

    def calibrated_weights(self) -> dict[str, npt.NDArray[np.float32]]:
        """Reads the weights with the temperature worked into the last layer, for other software."""
        scale = np.float32(1 / self.decision.temperature)
        return {
            name: values * scale if name.split("/")[-2] == "logit" else values
            for name, values in self.weights().items()
        }

    def about(self, name: str) -> Any:
        """Reads one of the files about the model, such as "metrics"; None where it is missing.

        Raises:
            BundleError: if the file is damaged, or holds something else than it should.
        """
        file = self.path / f"{name}.json"
        if not file.exists():
            return None
        value = read_json_file(file)
        try:
            ABOUT[name](value, name)
        except ValueError as error:
            raise BundleError(
                f"{file} does not say what it should about the model: {error}. Restore it from a "
                "copy, or remove it: the model answers without it."
            ) from error
        return value


def write_bundle(
    bundle: Bundle,
    weights: Weights,
    about: Mapping[str, Any],
    *,
    overwrite: bool = False,
) -> None:
    """Writes a bundle to `bundle.path`, whole or not at all.

    Args:
        bundle: what to save.
        weights: by name, in Keras' layout; stored in the precision of the settings.
        about: values of `history.json`, `metrics.json` and others by name, and the text of
            "README.md".
        overwrite: whether an existing bundle may be replaced.

    Raises:
        BundleError: if a weight is not a finite number.
        UsageError: if the path exists and `overwrite` is false.
        ReelFeelError: if the disk refuses.
    """
    from reelfeel.inference.graph import write_graph  # who only predicts never needs it

    if not bundle.golden:
        raise BundleError(
            "A model is saved with at least one golden answer, by which it is recognised when it "
            "is loaded. Give some of its answers in `golden`. Received none."
        )
    refuse_existing(bundle.path, overwrite=overwrite)
    with write_whole(bundle.path) as folder:
        folder.mkdir()
        _write_json(folder / "config.json", _config_document(bundle))
        _write_json(folder / "decision.json", asdict(bundle.decision))
        bundle.vocabulary.save(folder / "vocabulary.json")
        lines = [f"{json.dumps(asdict(answer))}\n" for answer in bundle.golden]
        (folder / "golden.jsonl").write_text("".join(lines), "utf-8")
        precision = bundle.config.model.weight_precision
        write_weights(folder / "weights.safetensors", weights, precision)
        write_graph(bundle.config.model, folder / "weights.safetensors", folder / "graph.onnx")
        write_sums(folder, SUMMED_FILES)
        for name, value in about.items():
            write_about(folder, name, value)


def write_about(folder: Path, name: str, value: Any) -> None:
    """Writes a file about a model into its bundle: JSON, or a text where the name ends in .md."""
    if name.endswith(".md"):
        # Paths and commands may hold bytes that are no UTF-8.
        (folder / name).write_bytes(value.encode("utf-8", "backslashreplace"))
    else:
        _write_json(folder / f"{name}.json", value)


def write_decision(path: Path, decision: Decision, about: Mapping[str, Any]) -> None:
    """Replaces the decision of a saved model; its weights stay as they are.

    File by file, so that the folder stays the same one: it may be where a shell stands. Until the
    last step both decisions fit the sums, so a kill leaves the model with one of them.

    Args:
        path: the folder of the model.
        decision: the new one.
        about: further files about the model, as `write_bundle` takes them.

    Raises:
        BundleError: if the model is damaged.
        ReelFeelError: if the disk refuses.
    """
    _read_config_document(path)
    _check_sums(path)
    for name, value in about.items():
        with write_whole(path / f"{name}.json") as unfinished:
            write_about(unfinished.parent, name, value)
    file = path / "decision.json"
    with write_whole(file) as unfinished:
        _write_json(unfinished, asdict(decision))
        digest = hashlib.sha256(unfinished.read_bytes()).hexdigest()
        allow_sums(path, {file.name: digest})
    renew_sums(path, SUMMED_FILES)


def read_bundle(path: Path) -> Bundle:
    """Reads a bundle and checks that nothing in it has changed, and that it is one of ours.

    An attacker can rewrite the checksums too, so every field is checked for type, range and its
    relation to the others, and the weights for the shapes that the settings imply.

    Raises:
        BundleError: if it is missing, foreign, damaged, absurd, or of a newer format.
    """
    with explain_bundle_errors(f"The model {path}"):
        return _read_checked(path)


def _read_checked(path: Path) -> Bundle:
    config = _read_config_document(path)
    _check_sums(path)
    try:
        CONFIG(config, "config.json")
        bundle = _read_parts(path, config)
        _check_relations(bundle)
    except (KeyError, IndexError, TypeError, ValueError, ConfigError) as error:
        raise BundleError(
            f"The model {path} has settings that this version of ReelFeel cannot read: {error}. "
            "Train or export it again, or install the version named in its provenance.json."
        ) from error
    if config["vocabulary_fingerprint"] != bundle.vocabulary.fingerprint():
        raise BundleError(
            f"The model {path} has the vocabulary of another model: its words would get wrong "
            "numbers. Restore its own vocabulary.json from a copy."
        )
    weights = path / "weights.safetensors"
    precision = bundle.config.model.weight_precision
    check_layout(weights, read_layout(weights), bundle.shapes(), precision)
    return bundle


def _read_parts(path: Path, config: Mapping[str, Any]) -> Bundle:
    decision = read_json_file(path / "decision.json", MAX_SMALL_BYTES)
    check_decision(decision, "decision.json")
    sections = {name: config[name] for name in ("data", "model", "training")}
    return Bundle(
        path=path,
        preset=config["preset"],
        config=Config().updated(sections),
        label_names=(config["label_names"][0], config["label_names"][1]),
        text_settings=TextSettings.from_dict(config["text"]),
        vocabulary=Vocabulary.load(path / "vocabulary.json"),
        decision=Decision(**decision),
        golden=_read_golden(path / "golden.jsonl"),
        fingerprint=hashlib.sha256(read_plain(path / SUMS, MAX_SMALL_BYTES)).hexdigest(),
    )


def _check_relations(bundle: Bundle) -> None:
    data, text = bundle.config.data, bundle.text_settings
    for name, read, trained in (
        ("max_tokens", text.max_tokens, data.max_tokens),
        ("keep", text.keep, data.keep),
    ):
        require(read == trained, f"text.{name}", f"{trained!r}, as data.{name} is", read)
    size = bundle.vocabulary.size
    expected = f"at least {size}, the ids of its vocabulary"
    require(size <= data.vocabulary_size, "data.vocabulary_size", expected, data.vocabulary_size)


def _config_document(bundle: Bundle) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "preset": bundle.preset,
        "label_names": list(bundle.label_names),
        "text": bundle.text_settings.to_dict(),
        "vocabulary_fingerprint": bundle.vocabulary.fingerprint(),
        **bundle.config.to_dict(),
    }


def _read_config_document(path: Path) -> dict[str, Any]:
    file = path / "config.json"
    if not path.exists():
        raise BundleError(
            f"There is no model at {path}. Expected a folder that `reelfeel train --output` wrote, "
            f"or the name of a model that comes with ReelFeel: {' or '.join(CLASSIFIERS)}."
        )
    if (path / "language_model.json").exists():
        only = [one for one in ("forward", "backward") if (path / f"{one}.safetensors").exists()]
        # Without settings of one's own, a classifier wants both.
        choice = f"--set model.direction={only[0]} " if len(only) == 1 else ""
        raise BundleError(
            f"{path} is a language model, which labels nothing by itself. It is where a classifier "
            f"starts from: reelfeel train DATA --from {path} {choice}--output MODEL"
        )
    if not path.is_dir():
        raise BundleError(
            f"{path} is not a ReelFeel model: it is no folder. Expected the folder that `reelfeel "
            "train --output` wrote."
        )
    config = read_json_file(file, MAX_SMALL_BYTES) if file.exists() else None
    config = config if isinstance(config, dict) else {}
    version = config.get("format_version")
    if version is None or config.get("format") != FORMAT:
        raise BundleError(
            f"{path} is not a ReelFeel model: it has no config.json of one. Expected the folder "
            "that `reelfeel train --output` wrote."
        )
    refuse_other_version(f"The model {path}", version, FORMAT_VERSION)
    return dict(config)


def _check_sums(path: Path) -> None:
    damaged = find_damaged(path, SUMMED_FILES)
    if damaged:
        raise BundleError(
            f"The model {path} is damaged: {damaged} is missing or is not the file that was "
            "saved. Restore the folder from a copy, or train again."
        )


def _read_golden(path: Path) -> tuple[GoldenAnswer, ...]:
    lines = read_plain(path, MAX_GOLDEN_BYTES).splitlines()
    expected = f"from 1 to {MAX_GOLDEN} answers"
    require(1 <= len(lines) <= MAX_GOLDEN, path.name, expected, len(lines))
    answers = []
    for number, line in enumerate(lines, 1):
        answer = parse_json(line, f"Line {number} of {path}")
        GOLDEN(answer, f"line {number} of {path.name}")
        answers.append(GoldenAnswer(**answer))
    return tuple(answers)


def _write_json(path: Path, value: Any) -> None:
    # What is no UTF-8, as in the path of a file, becomes what JSON itself writes for it: \udcff.
    content = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    path.write_bytes(content.encode("utf-8", "backslashreplace"))
