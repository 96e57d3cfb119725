"""How a contestant talks with the harness. Needs nothing but Python: every environment has it.

A contestant is a script with a function that loads and warms up, and returns the function that one
turn measures. Told "go" on standard input it takes its turn, and answers with a line of JSON.
"""

import json
import os
import sys
import time
from importlib.metadata import distributions
from pathlib import Path

import numpy as np


def serve(prepare):
    """Loads a contestant and lets it take its turns until standard input ends.

    Args:
        prepare: takes the settings, returns a function without arguments that takes a turn and
            returns what it reports, numbers by name.
    """
    channel = os.fdopen(os.dup(1), "w")
    # Whatever a library prints goes to the log, not between the answers.
    os.dup2(2, 1)
    take_turn = prepare(json.loads(sys.argv[1]))
    _answer(channel, {"versions": {d.metadata["Name"]: d.version for d in distributions()}})
    for line in sys.stdin:
        if line.strip() == "go":
            _answer(channel, take_turn())


def rates(seconds, **amounts):
    """Reports a time, and amounts a second: `rates(2.0, reviews=10)` has `reviews_per_s` 5."""
    return {
        "seconds": seconds,
        **{f"{name}_per_s": amount / seconds for name, amount in amounts.items()},
    }


def timed(function, *arguments):
    """Returns what a function returns, and the seconds it took."""
    started = time.perf_counter()
    result = function(*arguments)
    return result, time.perf_counter() - started


def read_texts(path):
    """Reads texts and labels that `inputs.py` wrote."""
    document = json.loads(Path(path).read_text("utf-8"))
    return document["texts"], np.array(document["labels"])


def read_reviews(path):
    """Reads encoded reviews and their batches, and the labels, that `inputs.py` wrote.

    Returns:
        ids (a list of int32 arrays), labels, and batches (a list of arrays of indices).
    """
    data = np.load(path)
    ids = np.split(data["ids"], np.cumsum(data["lengths"])[:-1])
    batches = np.split(data["rows"], np.cumsum(data["batch_sizes"])[:-1])
    return ids, data["labels"].astype("float32"), batches


def pad(ids, width):
    """Returns an int32 rectangle, padded on the right with 0."""
    padded = np.zeros((len(ids), width), "int32")
    for row, numbers in enumerate(ids):
        padded[row, : len(numbers)] = numbers
    return padded


def padded_batches(path):
    """Returns the batches of `read_reviews` as pairs of ids and labels, padded to their widths."""
    ids, labels, batches = read_reviews(path)
    widths = np.load(path)["widths"].tolist()
    return [
        (pad([ids[row] for row in rows], width), labels[rows])
        for rows, width in zip(batches, widths, strict=True)
    ]


def one_of_each_width(batches):
    """Returns one batch of every distinct width: to warm up with, where a new shape is slow."""
    return list({batch[0].shape: batch for batch in batches}.values())


def _answer(channel, document):
    channel.write(json.dumps(document) + "\n")
    channel.flush()
