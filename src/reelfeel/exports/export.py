"""Writes a saved model for other software: the network in a file, and the reading rules beside it.

A network takes token ids. Which ids a text has is half of the model, so its rules go along: as data
(`NAME.reading.json`), in words (`NAME.reading.md`), and as a reader in one file of plain Python
(`reelfeel_reader.py`). The temperature is worked into the network: it gives calibrated
probabilities.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

from reelfeel.errors import UsageError
from reelfeel.exports.prose import write_prose
from reelfeel.exports.reading_rules import list_reading_rules
from reelfeel.files.outputs import claim_output
from reelfeel.files.writing import add_ending, write_whole
from reelfeel.inference.bundle import Bundle
from reelfeel.inference.classifier import Classifier, load
from reelfeel.inference.graph import encode_probability_graph

READER = "reelfeel_reader.py"


def export_model(
    model: str | Path, output: str | Path | None = None, *, format: str = "keras", overwrite: bool
) -> list[Path]:
    """Writes a model as a file for other software, with the rules of reading beside it.

    Args:
        model: the folder of a saved model, or the name of one that comes with ReelFeel.
        output: the file of the network, which ends in `.keras` or `.onnx`; None writes it beside
            the folder of the model, or here for a name, called as the model is.
        format: "keras": Keras' own layers, or "onnx": one file, weights included.
        overwrite: whether files that are there may be replaced.

    Returns:
        The files: of the network, the rules as data, the rules in words, the reader.

    Raises:
        UsageError: if an argument is wrong, or a file is there and may not be replaced.
        BundleError: if the model is damaged.
        MissingExtraError: if Keras is needed and not installed.
        ReelFeelError: if the disk refuses.
    """
    if format not in _WRITERS:
        raise UsageError(f"--format must be {' or '.join(_WRITERS)}. Received: {format!r}")
    ending = f".{format}"
    network = Path(output) if output is not None else add_ending(model, ending)
    if not network.name.endswith(ending) or network.name == ending:
        raise UsageError(
            f"The name of a file in this format ends in {ending}. Give such a name, or another "
            f"--format. Received: {network}"
        )
    with claim_output(network, overwrite=overwrite, is_folder=False):
        classifier = load(model, precision="float32")
        name = network.name.removesuffix(ending)
        beside = _describe(classifier, network.with_name(name), network.with_name(READER))
        return _write_all(classifier.bundle, network, beside, overwrite=overwrite)


def _write_all(
    bundle: Bundle, network: Path, beside: Mapping[Path, bytes], *, overwrite: bool
) -> list[Path]:
    with ExitStack() as claimed:
        for file, content in beside.items():
            # Another format of the same model, or the reader of another model, is as good.
            if not (file.is_file() and file.read_bytes() == content):
                claimed.enter_context(claim_output(file, overwrite=overwrite, is_folder=False))
        # First what needs Keras, which may be missing.
        with write_whole(network) as unfinished:
            _WRITERS[network.suffix.removeprefix(".")](bundle, unfinished)
        for file, content in beside.items():
            with write_whole(file) as unfinished:
                unfinished.write_bytes(content)
    return [network, *beside]


def _describe(classifier: Classifier, base: Path, reader: Path) -> dict[Path, bytes]:
    """Returns what goes beside the network, by path."""
    rules = list_reading_rules(classifier, base.name)
    return {
        # ASCII only: patterns have halves of characters, which no encoding has.
        add_ending(base, ".reading.json"): json.dumps(rules, indent=0).encode("ascii"),
        add_ending(base, ".reading.md"): write_prose(rules).encode(),
        reader: Path(__file__).with_name(READER).read_bytes(),
    }


def _write_keras(bundle: Bundle, path: Path) -> None:
    from reelfeel.models.stock import export_keras

    weights = bundle.calibrated_weights()
    export_keras(bundle.config.model, bundle.vocabulary.size, weights, path)


def _write_onnx(bundle: Bundle, path: Path) -> None:
    weights = bundle.calibrated_weights()
    path.write_bytes(encode_probability_graph(bundle.config.model, weights))


_WRITERS: dict[str, Callable[[Bundle, Path], None]] = {"keras": _write_keras, "onnx": _write_onnx}
