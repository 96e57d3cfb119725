"""A whole process, from the command to its end, several times a turn."""

import os
import statistics
import subprocess
import sys
from pathlib import Path

import protocol

KERAS = """
import os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
import keras
import tensorflow as tf
layers = keras.layers
vectorize = layers.TextVectorization(output_sequence_length=500, vocabulary=["a", "film"])
model = keras.Sequential([layers.Embedding(10_000, 128), layers.LSTM(64), layers.Dense(1)])
print(model.predict(vectorize(tf.constant(["A film."])), verbose=0))
"""
TEXT = "A slow start, but what an ending. I left the cinema smiling."


def prepare(settings):
    programs = {
        "reelfeel": [
            str(Path(sys.executable).with_name("reelfeel")),
            *("predict", TEXT, "--model", str(settings.get("bundle"))),
        ],
        "python": [sys.executable, "-c", "pass"],
        "keras": [sys.executable, "-c", KERAS],
    }
    command = programs[settings["way"]]

    def start_once():
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=dict(os.environ))

    def take_turn():
        seconds = [protocol.timed(start_once)[1] for _ in range(settings["starts"])]
        return {"seconds": statistics.median(seconds), "slowest_s": max(seconds)}

    start_once()
    return take_turn


if __name__ == "__main__":
    protocol.serve(prepare)
