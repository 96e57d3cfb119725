"""Raw texts to probabilities with a transformer of DistilBERT's size."""

import protocol
from transformer import Scorer

from reelfeel.inference.classifier import load
from reelfeel.text.encoder import TextEncoder


def prepare(settings):
    classifier = load(settings["bundle"])
    texts, _ = protocol.read_texts(settings["texts"])
    num_tokens = int(sum(encoded.lengths.sum() for encoded in classifier.encode(texts)))
    score = Scorer(TextEncoder(classifier.bundle.vocabulary, classifier.bundle.text_settings))

    def take_turn():
        _, seconds = protocol.timed(score, texts)
        return protocol.rates(seconds, reviews=len(texts), real_tokens=num_tokens)

    take_turn()
    return take_turn


if __name__ == "__main__":
    protocol.serve(prepare)
