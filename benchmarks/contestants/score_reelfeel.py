"""Raw texts to probabilities with ReelFeel's engine."""

import protocol
from reelfeel_engine import accuracy, open_engine, real_tokens


def prepare(settings):
    engine = open_engine(settings)
    texts, labels = protocol.read_texts(settings["texts"])
    config = engine.bundle.config.model
    num_tokens = real_tokens(engine, texts)
    # Input and recurrent product of four gates, a multiplication and an addition each.
    work = sum(
        2 * 4 * (size + units) * units
        for size, units in zip((config.embedding_dim, *config.units), config.units, strict=False)
    )
    # Two directions are two networks, each with its own embedding.
    work *= 2 if getattr(config, "direction", "forward") == "both" else 1

    def take_turn():
        probabilities, seconds = protocol.timed(engine.predict_proba, texts)
        return {
            **protocol.rates(seconds, reviews=len(texts), real_tokens=num_tokens),
            "gflop_per_s": num_tokens * work / seconds / 1e9,
            "accuracy": accuracy(probabilities, labels),
            # Kept in the JSON: which engine and precision the machine got.
            "runner": str(engine.runner),
        }

    take_turn()
    return take_turn


if __name__ == "__main__":
    protocol.serve(prepare)
