"""The seed network as tutorials train it: Keras on TensorFlow, all reviews padded to 500."""

import json
import os
import sys
import time

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np


class Stopwatch(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.seconds = []

    def on_epoch_begin(self, epoch, logs=None):
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self.started)


def main():
    data, epochs, masked = np.load(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "masked"
    model = keras.Sequential(
        [
            keras.layers.Embedding(10_000, 128, mask_zero=masked),
            keras.layers.LSTM(64),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.001), "binary_crossentropy", metrics=["accuracy"])
    watch = Stopwatch()
    model.fit(
        data["token_ids"],
        data["labels"].astype("float32"),
        batch_size=64,
        epochs=epochs,
        verbose=0,
        callbacks=[watch],
    )
    print(json.dumps(watch.seconds))


if __name__ == "__main__":
    main()
