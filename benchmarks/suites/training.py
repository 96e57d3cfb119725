"""Training the network of the preset `seed`, and larger ones, against other stacks."""

from __future__ import annotations

from harness.suite import Column, Contestant, Figure, Suite
from inputs import Inputs

COLUMNS = (
    Column("real_tokens_per_s", "real tokens/s"),
    Column("reviews_per_s", "reviews/s"),
    Column("seconds", "seconds", 2),
)
SAME_WORK = (
    "Real tokens are those of the reviews, padding left out; a rate counts the same ones for all.",
    "As taught: batches of 64 reviews, every review padded to 500 tokens, Adam, dropout 0.5, no "
    "mask (one costs TensorFlow half as much again). Our length buckets: the very batches that "
    "ReelFeel makes, padded to the same widths, ready in memory before the clock starts.",
    "ReelFeel clips gradients, averages weights, pads its batches and writes checkpoints while the "
    "clock runs; the others do not.",
)


def seed_network(inputs: Inputs) -> Suite:
    """Returns one epoch of the seed network, everyone as taught and with our buckets."""
    reviews, sentence = inputs.training_reviews(inputs.sizes.epoch_steps)
    sizes = {"reviews": str(reviews), "units": 64, "embedding_dim": 128}
    contestants = (
        _reelfeel(sizes),
        _keras(sizes, "tensorflow", "taught"),
        _keras(sizes, "tensorflow", "buckets"),
        _keras(sizes, "jax", "taught"),
        _keras(sizes, "jax", "buckets"),
        _torch(sizes, "float32", "taught"),
        _torch(sizes, "float32", "buckets"),
        _torch(sizes, "bfloat16", "buckets"),
    )
    return Suite(
        "training_seed",
        "Training the seed network",
        (sentence, "Embedding 10,000 x 128, LSTM 64, a dense unit.", *SAME_WORK),
        contestants,
        COLUMNS,
        (
            _times("Keras on TensorFlow as taught", "keras_tensorflow_taught", 4, 8),
            _times("Keras on TensorFlow with our buckets", "keras_tensorflow_buckets", 2, 3.5),
            _times("Keras on JAX as taught", "keras_jax_taught"),
            _times("Keras on JAX with our buckets", "keras_jax_buckets"),
            _times("PyTorch float32 as taught", "torch_float32_taught", 3, 6),
            _times("PyTorch float32 with our buckets", "torch_float32_buckets", 1.5, 2.5),
            _times("PyTorch bfloat16 with our buckets", "torch_bfloat16_buckets"),
        ),
    )


def units_512(inputs: Inputs) -> Suite:
    """Returns a number of steps at 512 units, everyone with the same buckets."""
    return _large(inputs, 512, inputs.sizes.steps_512)


def units_1024(inputs: Inputs) -> Suite:
    """Returns a number of steps at 1,024 units, everyone with the same buckets."""
    return _large(inputs, 1024, inputs.sizes.steps_1024)


def _large(inputs: Inputs, units: int, steps: int) -> Suite:
    reviews, sentence = inputs.training_reviews(steps)
    sizes = {"reviews": str(reviews), "units": units, "embedding_dim": 256}
    contestants = (
        _reelfeel(sizes),
        _reelfeel(sizes, "float32"),
        _keras(sizes, "tensorflow", "buckets"),
        _keras(sizes, "jax", "buckets"),
        _torch(sizes, "float32", "buckets"),
        _torch(sizes, "bfloat16", "buckets"),
    )
    return Suite(
        f"training_{units}",
        f"Training {units} units",
        (sentence, f"Embedding 10,000 x 256, LSTM {units}, a dense unit.", *SAME_WORK),
        contestants,
        COLUMNS,
        (
            _times("Keras on TensorFlow with our buckets", "keras_tensorflow_buckets", 2.5, 4),
            _times("Keras on JAX with our buckets", "keras_jax_buckets"),
            _times("PyTorch float32 with our buckets", "torch_float32_buckets", 1.3, 1.8),
            _times("PyTorch bfloat16 with our buckets", "torch_bfloat16_buckets"),
        ),
    )


def _times(
    whom: str, contestant: str, floor: float | None = None, aim: float | None = None
) -> Figure:
    name = f"ReelFeel against {whom}"
    return Figure(name, "real_tokens_per_s", "reelfeel", contestant, True, floor, aim)


def _reelfeel(sizes: dict[str, object], precision: str = "auto") -> Contestant:
    chosen = precision == "auto"
    return Contestant(
        "reelfeel" if chosen else f"reelfeel_{precision}",
        "ReelFeel" if chosen else f"ReelFeel, {precision}",
        "train_reelfeel.py",
        settings={**sizes, "precision": precision},
    )


def _keras(sizes: dict[str, object], backend: str, way: str) -> Contestant:
    names = {"tensorflow": "TensorFlow", "jax": "JAX"}
    described = {"taught": "as taught", "buckets": "our length buckets"}
    return Contestant(
        f"keras_{backend}_{way}",
        f"Keras on {names[backend]}, {described[way]}",
        "train_keras.py",
        python=backend,
        settings={**sizes, "backend": backend, "way": way},
        variables={"KERAS_BACKEND": backend},
    )


def _torch(sizes: dict[str, object], precision: str, way: str) -> Contestant:
    described = {"taught": "as taught", "buckets": "our length buckets"}
    return Contestant(
        f"torch_{precision}_{way}",
        f"PyTorch `nn.LSTM`, {precision}, {described[way]}",
        "train_torch.py",
        settings={**sizes, "precision": precision, "way": way},
    )
