"""Keras' own layers, on TensorFlow or JAX, as tutorials train them or with our length buckets.

As taught: every review padded to 500, `model.fit`. The network has no mask, as the tutorial has
none: with one TensorFlow takes half as long again. With buckets: the batches that ReelFeel makes,
padded to the same widths, ready in memory before the turn.
"""

import os

import protocol

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras


def build(settings):
    model = keras.Sequential(
        [
            keras.layers.Embedding(10_000, settings["embedding_dim"]),
            keras.layers.LSTM(settings["units"]),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(
        keras.optimizers.Adam(0.001),
        "binary_crossentropy",
        metrics=["accuracy"],
        jit_compile=settings.get("jit_compile", "auto"),
    )
    return model


class Batches(keras.utils.PyDataset):
    """Batches that are ready, in their order."""

    def __init__(self, batches):
        super().__init__()
        self.batches = batches

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, index):
        return self.batches[index]


def two_widths_first(batches):
    """Orders the batches so that the first two differ in width.

    Keras looks at two of them, and takes a width that they share for the width of all.
    """
    first = batches[0]
    other = [batch for batch in batches if batch[0].shape != first[0].shape][:1]
    rest = [batch for batch in batches[1:] if not (other and batch is other[0])]
    return [first, *other, *rest]


def prepare_taught(model, settings):
    ids, labels, _ = protocol.read_reviews(settings["reviews"])
    padded = protocol.pad(ids, 500)
    model.fit(padded[:256], labels[:256], batch_size=64, epochs=2, verbose=0)
    # The last batch of an epoch is smaller, which is a shape of its own.
    model.fit(
        padded[-64 - len(ids) % 64 :], labels[-64 - len(ids) % 64 :], batch_size=64, verbose=0
    )
    return lambda: model.fit(padded, labels, batch_size=64, epochs=1, verbose=0), ids


def prepare_buckets(model, settings):
    ids, _, _ = protocol.read_reviews(settings["reviews"])
    batches = protocol.padded_batches(settings["reviews"])
    warm_up = protocol.one_of_each_width(batches)
    model.fit(Batches(warm_up), epochs=2, verbose=0, shuffle=False)
    dataset = Batches(two_widths_first(batches))
    return lambda: model.fit(dataset, epochs=1, verbose=0, shuffle=False), ids


def prepare(settings):
    if keras.backend.backend() != settings["backend"]:
        raise SystemExit(f"KERAS_BACKEND must be {settings['backend']}.")
    keras.utils.set_random_seed(0)
    ways = {"taught": prepare_taught, "buckets": prepare_buckets}
    train, ids = ways[settings["way"]](build(settings), settings)

    def take_turn():
        _, seconds = protocol.timed(train)
        return protocol.rates(seconds, real_tokens=sum(map(len, ids)), reviews=len(ids))

    return take_turn


if __name__ == "__main__":
    protocol.serve(prepare)
