"""The saved model: a folder that holds everything a prediction depends on, and proves it is whole.

    config.json          format version, preset, resolved settings, label names, text settings
    vocabulary.json      token <-> id
    weights.safetensors  the only copy of the weights, in Keras' layout
    graph.onnx           the runtime's graph, which reads them from there
    decision.json        threshold
    golden.jsonl         texts of ours with the probabilities that Keras gave them
    SHA256SUMS           over exactly these

Outside the sums, because they are about the model and not part of it: `history.json`,
`metrics.json`, `provenance.json`, `training_texts.json` (hashes, to recognise them in other data),
`README.md` (the model card) and whatever a user puts there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file, save

from reelfeel.config import Config
from reelfeel.errors import BundleError, ConfigError
from reelfeel.files import write_whole
from reelfeel.runtime.graph import write_graph
from reelfeel.text.tokenizer import TextSettings
from reelfeel.text.vocabulary import Vocabulary

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
    """How a probability becomes a label.

    Attributes:
        threshold: probabilities of at least this are class 1.
    """

    threshold: float = 0.5


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
    """

    path: Path
    preset: str
    config: Config
    label_names: tuple[str, str]
    text_settings: TextSettings
    vocabulary: Vocabulary
    decision: Decision
    golden: tuple[GoldenAnswer, ...]

    def weights(self) -> dict[str, npt.NDArray[np.float32]]:
        """Reads the weights by name, in Keras' layout."""
        return dict(load_file(self.path / "weights.safetensors"))

    def about(self, name: str) -> Any:
        """Reads one of the files about the model, such as "metrics"; None where it is missing."""
        file = self.path / f"{name}.json"
        return json.loads(file.read_text("utf-8")) if file.exists() else None


def write_bundle(
    bundle: Bundle,
    weights: Mapping[str, npt.NDArray[np.float32]],
    about: Mapping[str, Any],
    *,
    overwrite: bool = False,
) -> None:
    """Writes a bundle to `bundle.path`, whole or not at all.

    Args:
        bundle: what to save.
        weights: by name, in Keras' layout.
        about: values of `history.json`, `metrics.json` and others by name, and the text of
            "README.md".
        overwrite: whether an existing bundle may be replaced.

    Raises:
        UsageError: if the path exists and `overwrite` is false.
        ReelFeelError: if the disk refuses.
    """
    with write_whole(bundle.path, overwrite=overwrite) as folder:
        folder.mkdir()
        _write_json(folder / "config.json", _config_document(bundle))
        _write_json(folder / "decision.json", asdict(bundle.decision))
        bundle.vocabulary.save(folder / "vocabulary.json")
        lines = [f"{json.dumps(asdict(answer))}\n" for answer in bundle.golden]
        (folder / "golden.jsonl").write_text("".join(lines), "utf-8")
        (folder / "weights.safetensors").write_bytes(save(dict(weights)))
        write_graph(bundle.config.model, folder / "weights.safetensors", folder / "graph.onnx")
        sums = [f"{_sha256(folder / name)}  {name}\n" for name in SUMMED_FILES]
        (folder / "SHA256SUMS").write_text("".join(sums))
        for name, value in about.items():
            write_about(folder, name, value)


def write_about(folder: Path, name: str, value: Any) -> None:
    """Writes a file about a model into its bundle: JSON, or a text where the name ends in .md."""
    if name.endswith(".md"):
        (folder / name).write_text(value, "utf-8")
    else:
        _write_json(folder / f"{name}.json", value)


def read_bundle(path: Path) -> Bundle:
    """Reads a bundle and checks that nothing in it has changed.

    Raises:
        BundleError: if it is missing, foreign, damaged, or of a newer format.
    """
    config = _read_config_document(path)
    _check_sums(path)
    try:
        vocabulary = Vocabulary.load(path / "vocabulary.json")
        sections = {name: config[name] for name in ("data", "model", "training")}
        bundle = Bundle(
            path=path,
            preset=config["preset"],
            config=Config().updated(sections),
            label_names=(config["label_names"][0], config["label_names"][1]),
            text_settings=TextSettings.from_dict(config["text"]),
            vocabulary=vocabulary,
            decision=Decision(**json.loads((path / "decision.json").read_text("utf-8"))),
            golden=_read_golden(path / "golden.jsonl"),
        )
    except (KeyError, IndexError, TypeError, ValueError, ConfigError) as error:
        raise BundleError(
            f"The model {path} has settings that this version of ReelFeel cannot read: {error}. "
            "Train or export it again, or install the version named in its provenance.json."
        ) from error
    if config["vocabulary_fingerprint"] != vocabulary.fingerprint():
        raise BundleError(
            f"The model {path} has the vocabulary of another model: its words would get wrong "
            "numbers. Restore its own vocabulary.json from a copy."
        )
    return bundle


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
            f"There is no model at {path}. Expected a folder that `reelfeel train --output` wrote."
        )
    try:
        config = json.loads(file.read_text("utf-8"))
        version = config["format_version"] if config["format"] == FORMAT else None
    except (OSError, ValueError, KeyError, TypeError):
        version = None
    if version is None:
        raise BundleError(
            f"{path} is not a ReelFeel model: it has no config.json of one. Expected the folder "
            "that `reelfeel train --output` wrote."
        )
    if version > FORMAT_VERSION:
        raise BundleError(
            f"The model {path} has format {version}, written by a newer ReelFeel; this one reads "
            f"up to format {FORMAT_VERSION}. Upgrade with: pip install --upgrade reelfeel"
        )
    return dict(config)


def _check_sums(path: Path) -> None:
    try:
        lines = (path / "SHA256SUMS").read_text("utf-8").splitlines()
        sums = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    except (OSError, ValueError):
        sums = {}
    for name in SUMMED_FILES:
        file = path / name
        if name not in sums or not file.exists() or _sha256(file) != sums[name]:
            raise BundleError(
                f"The model {path} is damaged: {name} is missing or is not the file that was "
                "saved. Restore the folder from a copy, or train again."
            )


def _read_golden(path: Path) -> tuple[GoldenAnswer, ...]:
    lines = path.read_text("utf-8").splitlines()
    return tuple(GoldenAnswer(**json.loads(line)) for line in lines)


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", "utf-8")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
