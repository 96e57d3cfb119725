"""One review after the other, each a call of its own: how long a call takes.

The texts are different ones, cut to the same number of words, so that no answer and no word list
of a whole text can be remembered.
"""

import time
from pathlib import Path

import numpy as np
import protocol


def open_reelfeel(settings):
    from reelfeel_classifier import open_classifier

    return open_classifier(settings).predict_proba


def open_transformer(settings):
    from transformer import Scorer

    from reelfeel.inference.bundle import read_bundle
    from reelfeel.text.encoder import TextEncoder

    bundle = read_bundle(Path(settings["bundle"]))
    return Scorer(TextEncoder(bundle.vocabulary, bundle.text_settings))


def open_keras(settings):
    import score_keras as peer

    train_texts, _ = protocol.read_texts(settings["train_texts"])
    vectorize = peer.keras.layers.TextVectorization(max_tokens=10_000, output_sequence_length=500)
    vectorize.adapt(peer.tf.data.Dataset.from_tensor_slices(train_texts).batch(1024))
    model = peer.build(settings)
    return lambda texts: peer.score_taught(model, vectorize, texts)


def open_sklearn(settings):
    import score_sklearn as peer

    texts, labels = protocol.read_texts(settings["train_texts"])
    model = peer.make_pipeline(
        peer.TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
        peer.LogisticRegression(C=10, max_iter=200),
    ).fit(texts, labels)
    return lambda texts: model.predict_proba(texts)[:, 1]


WAYS = {
    "reelfeel": open_reelfeel,
    "transformer": open_transformer,
    "keras": open_keras,
    "sklearn": open_sklearn,
}


def prepare(settings):
    texts, _ = protocol.read_texts(settings["texts"])
    score = WAYS[settings["way"]](settings)

    def take_turn():
        latencies = []
        for text in texts:
            started = time.perf_counter()
            score([text])
            latencies.append(time.perf_counter() - started)
        milliseconds = np.array(latencies) * 1_000
        return {
            "p50_ms": float(np.median(milliseconds)),
            "p99_ms": float(np.percentile(milliseconds, 99)),
        }

    take_turn()
    return take_turn


if __name__ == "__main__":
    protocol.serve(prepare)
