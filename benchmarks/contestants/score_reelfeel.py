"""Raw texts to probabilities with ReelFeel's classifier."""

import protocol
from reelfeel_classifier import accuracy, open_classifier, real_tokens


def prepare(settings):
    classifier = open_classifier(settings)
    texts, labels = protocol.read_texts(settings["texts"])
    config = classifier.bundle.config.model
    num_tokens = real_tokens(classifier, texts)
    # Input and recurrent product of four gates, a multiplication and an addition each.
    work = sum(
        2 * 4 * (size + units) * units
        for size, units in zip((config.embedding_dim, *config.units), config.units, strict=False)
    )
    # Two directions are two networks, each with its own embedding.
    work *= 2 if getattr(config, "direction", "forward") == "both" else 1

    def take_turn():
        probabilities, seconds = protocol.timed(classifier.predict_proba, texts)
        return {
            **protocol.rates(seconds, reviews=len(texts), real_tokens=num_tokens),
            "gflop_per_s": num_tokens * work / seconds / 1e9,
            "accuracy": accuracy(probabilities, labels),
            # Kept in the JSON: which classifier and precision the machine got.
            "backend": str(classifier.backend),
        }

    take_turn()
    return take_turn


if __name__ == "__main__":
    protocol.serve(prepare)
