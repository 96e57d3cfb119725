"""From raw text to probability, against what a user would pick instead."""

from __future__ import annotations

from harness.suite import Column, Contestant, Figure, Suite
from inputs import Inputs

# What ReelFeel chooses (bfloat16 where the processor multiplies it), and float32.
PRECISIONS = (
    ("reelfeel", "ReelFeel", "auto"),
    ("reelfeel_float32", "ReelFeel, float32", "float32"),
)
RATE = (Column("reviews_per_s", "reviews/s"), Column("seconds", "seconds", 2))


def seed_network(inputs: Inputs) -> Suite:
    """Returns scoring with the seed network against Keras, TF-IDF and fastText."""
    texts, sentence = inputs.test_texts(inputs.sizes.scoring_texts)
    train_texts = str(inputs.train_texts())
    bundle = str(inputs.seed_bundle())
    ours = {"bundle": bundle, "texts": str(texts)}
    peers = {"texts": str(texts), "train_texts": train_texts, "units": 64, "embedding_dim": 128}
    contestants = (
        *_reelfeel(ours),
        _onnxruntime(ours),
        Contestant(
            "keras_taught",
            "Keras on TensorFlow, `predict`, padded to 500",
            "score_keras.py",
            "tensorflow",
            {**peers, "way": "taught"},
            {"KERAS_BACKEND": "tensorflow"},
        ),
        Contestant(
            "keras_buckets",
            "Keras on TensorFlow, our length buckets",
            "score_keras.py",
            "tensorflow",
            {**peers, "way": "buckets"},
            {"KERAS_BACKEND": "tensorflow"},
        ),
        # A thread for each worker: they are as many as there are cores.
        Contestant(
            "sklearn",
            "scikit-learn, TF-IDF 1-2 grams and logistic regression",
            "score_sklearn.py",
            "peers",
            peers,
            {"OMP_NUM_THREADS": "1"},
        ),
        Contestant("fasttext", "fastText, 1-2 grams", "score_fasttext.py", "peers", peers),
    )
    return Suite(
        "scoring",
        "Scoring with 64 units",
        (
            sentence,
            "From raw text to probability. ReelFeel runs the trained preset `seed`; Keras has the "
            "same sizes with random weights, its own TextVectorization and no mask.",
            "scikit-learn and fastText run in as many processes as there are cores, which hold the "
            "model and the texts before the clock starts.",
        ),
        contestants,
        (*RATE, Column("accuracy", "test accuracy", 4)),
        (
            Figure(
                "reviews/s, ReelFeel",
                "reviews_per_s",
                "reelfeel",
                floor=9_000,
                aim=20_000,
                decimals=0,
            ),
            _times("scikit-learn, TF-IDF 1-2 grams", "sklearn", 1.2, 2.5),
            _times("Keras on TensorFlow as taught", "keras_taught"),
            _times("Keras on TensorFlow with our buckets", "keras_buckets"),
            _times("fastText", "fasttext"),
            _times("ONNX Runtime on the same network", "onnxruntime"),
        ),
    )


def shipped_small(inputs: Inputs) -> Suite:
    """Returns scoring with the shipped `small` beside other backends and TF-IDF."""
    texts, sentence = inputs.test_texts(inputs.sizes.share_texts)
    settings = {"bundle": "small", "texts": str(texts)}
    peers = {"texts": str(texts), "train_texts": str(inputs.train_texts())}
    tfidf = Contestant(
        "sklearn",
        "scikit-learn, TF-IDF 1-2 grams and logistic regression",
        "score_sklearn.py",
        "peers",
        peers,
        {"OMP_NUM_THREADS": "1"},
    )
    return Suite(
        "shipped_small",
        "Scoring with `small`",
        (sentence, "From raw text to probability; scikit-learn in as many processes as cores."),
        (*_reelfeel(settings), _onnxruntime(settings), tfidf),
        (*RATE, Column("accuracy", "test accuracy", 4)),
        (
            _times("scikit-learn, TF-IDF 1-2 grams", "sklearn", 2.5, 4),
            _times("ONNX Runtime on the same network", "onnxruntime", 4, 6),
        ),
    )


def shipped_base(inputs: Inputs) -> Suite:
    """Returns scoring with the shipped `base` beside ONNX Runtime and the machine's limit."""
    texts, sentence = inputs.test_texts(inputs.sizes.base_texts)
    settings = {"bundle": "base", "texts": str(texts)}
    size = inputs.sizes.matrix
    product = Contestant(
        "matrix_product",
        f"PyTorch, product of two float32 matrices of {size:,} squared",
        "matrix_product.py",
        settings={"size": size, "precision": "float32", "products": 4},
    )
    return Suite(
        "shipped_base",
        "Scoring with `base`",
        (
            sentence,
            "From raw text to probability. GFLOP/s are of useful operations, 2 x 4 x (features + "
            "units) x units for each real token: work that a table saves counts as done.",
        ),
        (*_reelfeel(settings), _onnxruntime(settings), product),
        (*RATE, Column("gflop_per_s", "GFLOP/s"), Column("accuracy", "test accuracy", 4)),
        (
            _times("ONNX Runtime on the same network", "onnxruntime", 2, 3),
            Figure(
                "ReelFeel float32, share of the matrix-product rate",
                "gflop_per_s",
                "reelfeel_float32",
                "matrix_product",
                floor=0.85,
                aim=1.2,
            ),
        ),
    )


def large_network(inputs: Inputs) -> Suite:
    """Returns scoring with 512 units in both directions against a transformer."""
    texts, sentence = inputs.test_texts(inputs.sizes.large_texts)
    bundle = str(inputs.large_bundle("both"))
    settings = {"bundle": bundle, "texts": str(texts)}
    contestants = (
        *_reelfeel(settings),
        Contestant(
            "transformer",
            "transformer of DistilBERT's size, bfloat16",
            "score_transformer.py",
            settings=settings,
        ),
    )
    return Suite(
        "scoring_large",
        "Scoring with 512 units in both directions",
        (
            sentence,
            "ReelFeel: embedding 256, an LSTM of 512 units forward and one backward. Transformer: "
            "6 layers, 768 wide, 12 heads, 3,072 in between, 30,522 words, random weights, "
            "bfloat16, PyTorch's fused attention, fed by ReelFeel's text engine.",
            "Both read at most 500 tokens and share batches by length.",
        ),
        contestants,
        RATE,
        (_times("a transformer of DistilBERT's size", "transformer", 10, 25),),
    )


def one_review(inputs: Inputs) -> Suite:
    """Returns the time of a single call with a review of 200 words."""
    texts = str(inputs.short_texts(inputs.sizes.calls, num_words=200))
    bundle = str(inputs.seed_bundle())
    peers = {"texts": texts, "train_texts": str(inputs.train_texts())}
    keras = {**peers, "way": "keras", "units": 64, "embedding_dim": 128}
    contestants = (
        *(
            Contestant(
                name,
                label,
                "one_review.py",
                settings={
                    "texts": texts,
                    "bundle": bundle,
                    "way": "reelfeel",
                    "precision": precision,
                },
            )
            for name, label, precision in PRECISIONS
        ),
        Contestant(
            "keras",
            "Keras on TensorFlow, `predict`",
            "one_review.py",
            "tensorflow",
            keras,
            {"KERAS_BACKEND": "tensorflow"},
        ),
        Contestant(
            "sklearn",
            "scikit-learn, TF-IDF 1-2 grams",
            "one_review.py",
            "peers",
            {**peers, "way": "sklearn"},
        ),
        Contestant(
            "transformer",
            "transformer of DistilBERT's size, bfloat16",
            "one_review.py",
            settings={"texts": texts, "bundle": bundle, "way": "transformer"},
        ),
    )
    return Suite(
        "one_review",
        "One review at a time",
        (
            f"{inputs.sizes.calls} calls a round, each with another review of IMDB's test part, "
            "cut to 200 words; 64 units; everything loaded and warm.",
        ),
        contestants,
        (Column("p50_ms", "p50, ms", 2), Column("p99_ms", "p99, ms", 2)),
        (
            _milliseconds("p50_ms", "p50 of ReelFeel, ms", 2, 0.7),
            _milliseconds("p99_ms", "p99 of ReelFeel, ms"),
            *(
                Figure(
                    f"ReelFeel against {whom}, p50",
                    "p50_ms",
                    "reelfeel",
                    name,
                    higher_is_better=False,
                )
                for name, whom in (
                    ("keras", "Keras on TensorFlow"),
                    ("sklearn", "scikit-learn"),
                    ("transformer", "a transformer of DistilBERT's size"),
                )
            ),
        ),
    )


def _reelfeel(settings: dict[str, str]) -> tuple[Contestant, ...]:
    return tuple(
        Contestant(name, label, "score_reelfeel.py", settings={**settings, "precision": precision})
        for name, label, precision in PRECISIONS
    )


def _onnxruntime(settings: dict[str, str]) -> Contestant:
    return Contestant(
        "onnxruntime",
        "ONNX Runtime, float32, the same network and reading of texts",
        "score_reelfeel.py",
        settings={**settings, "backend": "onnxruntime", "precision": "float32"},
    )


def _times(
    whom: str, contestant: str, floor: float | None = None, aim: float | None = None
) -> Figure:
    name = f"ReelFeel against {whom}"
    return Figure(name, "reviews_per_s", "reelfeel", contestant, True, floor, aim)


def _milliseconds(
    metric: str, name: str, floor: float | None = None, aim: float | None = None
) -> Figure:
    return Figure(name, metric, "reelfeel", higher_is_better=False, floor=floor, aim=aim)
