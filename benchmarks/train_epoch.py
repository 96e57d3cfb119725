"""One epoch of the real IMDB, preset `seed`: ours against the same network in Keras on TensorFlow.

Ours pads each batch to its longest review; the peer pads all reviews to 500 tokens, as tutorials
do. The two alternate, each in a process of its own, and the medians are compared. Run with

    make bench-epoch

which installs TensorFlow in an environment of its own. Needs IMDB (REELFEEL_IMDB or a download).
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from reelfeel.data.imdb import load_imdb
from reelfeel.data.splitting import split_train_validation
from reelfeel.presets import get_preset
from reelfeel.text.batching import pad
from reelfeel.text.encoder import TextEncoder, token_counts
from reelfeel.text.tokenizer import TextSettings
from reelfeel.text.vocabulary import Vocabulary

HERE = Path(__file__).parent
PEERS = HERE / "peers"


def write_token_ids(path: Path) -> int:
    """Saves the training reviews as the preset `seed` reads them; returns the real tokens."""
    config = get_preset("seed").data
    reviews = load_imdb("train")
    split = split_train_validation(reviews, validation_share=config.validation_share, seed=0)
    train = reviews.take(split.train)
    settings = TextSettings(max_tokens=config.max_tokens, keep=config.keep)  # type: ignore[arg-type]
    vocabulary = Vocabulary.build(token_counts(train.texts, settings), size=config.vocabulary_size)
    encoded = TextEncoder(vocabulary, settings).encode(train.texts)
    np.savez(
        path,
        token_ids=pad(encoded.token_ids, config.max_tokens),
        lengths=encoded.lengths,
        labels=train.labels,
    )
    return int(encoded.lengths.sum())


def time_epoch(command: list[object]) -> list[float]:
    """Runs one contestant; returns the seconds of its epochs but the first, which warms up."""
    result = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=True
    )
    return list(json.loads(result.stdout.splitlines()[-1]))[1:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tensorflow-python", required=True, help="a Python with TensorFlow")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--output", type=Path, default=HERE / "results" / "train_epoch.json")
    arguments = parser.parse_args()
    peer = arguments.tensorflow_python
    contestants: dict[str, tuple[str | Path, ...]] = {
        "reelfeel": (sys.executable, PEERS / "reelfeel_seed.py"),
        # Without a mask, as the tutorial has it: with one it learns, and takes half as long again.
        "keras_tensorflow": (peer, PEERS / "keras_tensorflow_seed.py", "unmasked"),
    }
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "seed.npz"
        num_tokens = write_token_ids(data)
        for _ in range(arguments.rounds):
            for name, (python, script, *options) in contestants.items():
                seconds[name] += time_epoch([python, script, data, 2, *options])
                print(name, [round(value, 1) for value in seconds[name]], flush=True)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    ratio = medians["keras_tensorflow"] / medians["reelfeel"]
    result = {
        "what": "seconds of one training epoch, preset seed, 22,500 IMDB reviews",
        "machine": {"processor": platform.processor() or platform.machine()},
        "seconds": seconds,
        "median_seconds": medians,
        "real_tokens_per_s": {name: num_tokens / value for name, value in medians.items()},
        "times_faster": ratio,
    }
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(result, indent=2) + "\n")
    print(f"{ratio:.2f} times faster than Keras on TensorFlow, as taught")


if __name__ == "__main__":
    main()
