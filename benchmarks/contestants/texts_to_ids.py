"""Raw texts to padded ids: ReelFeel's text engine, and Keras' TextVectorization."""

import protocol


def open_reelfeel(settings):
    from pathlib import Path

    from reelfeel.inference.bundle import read_bundle
    from reelfeel.text.batching import pad_batch, plan_scoring_batches
    from reelfeel.text.encoder import TextEncoder

    bundle = read_bundle(Path(settings["bundle"]))
    encoder = TextEncoder(bundle.vocabulary, bundle.text_settings)

    def encode(texts):
        encoded = encoder.encode(texts)
        for rows in plan_scoring_batches(encoded.lengths):
            pad_batch(encoded.token_ids, rows, bundle.config.data)

    return encode


def open_keras(settings):
    import score_keras as peer

    train_texts, _ = protocol.read_texts(settings["train_texts"])
    vectorize = peer.keras.layers.TextVectorization(max_tokens=10_000, output_sequence_length=500)
    vectorize.adapt(peer.tf.data.Dataset.from_tensor_slices(train_texts).batch(1024))
    return lambda texts: vectorize(peer.tf.constant(texts)).numpy()


def prepare(settings):
    texts, _ = protocol.read_texts(settings["texts"])
    encode = {"reelfeel": open_reelfeel, "keras": open_keras}[settings["way"]](settings)

    def take_turn():
        _, seconds = protocol.timed(encode, texts)
        return protocol.rates(seconds, reviews=len(texts))

    take_turn()
    return take_turn


if __name__ == "__main__":
    protocol.serve(prepare)
