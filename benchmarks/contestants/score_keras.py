"""Raw texts to probabilities with Keras on TensorFlow: TextVectorization, then `predict`.

As taught: every text padded to 500. With buckets: sorted by length, padded to the widths that
ReelFeel uses. The weights are random: they do not change the speed.
"""

import os

import numpy as np
import protocol

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
import keras
import tensorflow as tf


def build(settings):
    return keras.Sequential(
        [
            keras.layers.Embedding(10_000, settings["embedding_dim"]),
            keras.layers.LSTM(settings["units"]),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )


def round_width(longest):
    step = max(16, 1 << max(0, (int(longest) - 1).bit_length() - 4))
    return min(500, -(-int(longest) // step) * step)


def score_taught(model, vectorize, texts):
    return model.predict(vectorize(tf.constant(texts)), batch_size=64, verbose=0)[:, 0]


def score_buckets(model, vectorize, texts):
    ids = [row[:500] for row in vectorize(tf.constant(texts)).numpy()]
    order = np.argsort([-len(row) for row in ids], kind="stable")
    probabilities = np.empty(len(texts))
    start = 0
    while start < len(order):
        width = round_width(max(1, len(ids[order[start]])))
        rows = order[start : start + min(512, 65_536 // width)]
        padded = protocol.pad([ids[row] for row in rows], width)
        probabilities[rows] = model.predict_on_batch(padded)[:, 0]
        start += len(rows)
    return probabilities


def prepare(settings):
    texts, _ = protocol.read_texts(settings["texts"])
    train_texts, _ = protocol.read_texts(settings["train_texts"])
    buckets = settings["way"] == "buckets"
    shape = {"ragged": True} if buckets else {"output_sequence_length": 500}
    vectorize = keras.layers.TextVectorization(max_tokens=10_000, **shape)
    vectorize.adapt(tf.data.Dataset.from_tensor_slices(train_texts).batch(1024))
    model = build(settings)
    score = score_buckets if buckets else score_taught

    def take_turn():
        _, seconds = protocol.timed(score, model, vectorize, texts)
        return protocol.rates(seconds, reviews=len(texts))

    take_turn()
    return take_turn


if __name__ == "__main__":
    protocol.serve(prepare)
