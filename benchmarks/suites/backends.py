"""ReelFeel's backends by themselves: how near the machine's limit, at which sizes, on what."""

from __future__ import annotations

from harness.suite import Column, Contestant, Figure, Suite
from inputs import Inputs

# What `ONEDNN_MAX_CPU_ISA` makes of a machine that has AMX.
OLDER = (
    ("everything", "all that the processor has", {}),
    ("no_amx", "without AMX", {"ONEDNN_MAX_CPU_ISA": "AVX512_CORE_BF16"}),
    ("no_bfloat16", "without AMX and AVX512-BF16", {"ONEDNN_MAX_CPU_ISA": "AVX512_CORE"}),
    ("avx2", "without AVX-512", {"ONEDNN_MAX_CPU_ISA": "AVX2"}),
)


def matrix_share(inputs: Inputs) -> Suite:
    """Returns inference at 512 units beside the machine's rate of matrix products."""
    texts, sentence = inputs.test_texts(inputs.sizes.share_texts)
    settings = {"bundle": str(inputs.large_bundle("forward")), "texts": str(texts)}
    size = inputs.sizes.matrix
    contestants = (
        Contestant(
            "matrix_product",
            f"PyTorch, product of two bfloat16 matrices of {size:,} squared",
            "matrix_product.py",
            settings={"size": size, "precision": "bfloat16", "products": 8},
        ),
        *(
            Contestant(
                f"reelfeel_{precision}",
                f"ReelFeel, {precision}, LSTM of 512 units",
                "score_reelfeel.py",
                settings={**settings, "precision": precision},
            )
            for precision in ("bfloat16", "float32")
        ),
    )
    return Suite(
        "matrix_share",
        "Share of the machine's matrix-product rate",
        (
            sentence,
            "Embedding 256, LSTM 512, raw text to probability: text engine and embedding are in "
            "the time. Counted are only 2 x 4 x (256 + 512) x 512 operations for each real token.",
        ),
        contestants,
        (
            Column("gflop_per_s", "GFLOP/s"),
            Column("real_tokens_per_s", "real tokens/s"),
            Column("reviews_per_s", "reviews/s"),
        ),
        (
            Figure(
                "share of the matrix-product rate, bfloat16",
                "gflop_per_s",
                "reelfeel_bfloat16",
                "matrix_product",
                floor=0.5,
                aim=0.7,
            ),
        ),
    )


def texts_to_ids(inputs: Inputs) -> Suite:
    """Returns the text engine by itself."""
    texts, sentence = inputs.test_texts(inputs.sizes.scoring_texts)
    settings = {"texts": str(texts), "train_texts": str(inputs.train_texts())}
    contestants = (
        Contestant(
            "reelfeel",
            "ReelFeel: cleaned, split, looked up, cut and padded",
            "texts_to_ids.py",
            settings={**settings, "bundle": str(inputs.seed_bundle()), "way": "reelfeel"},
        ),
        Contestant(
            "keras",
            "Keras, TextVectorization, padded to 500",
            "texts_to_ids.py",
            "tensorflow",
            {**settings, "way": "keras"},
            {"KERAS_BACKEND": "tensorflow"},
        ),
    )
    return Suite(
        "texts_to_ids",
        "Text to ids",
        (sentence,),
        contestants,
        (Column("reviews_per_s", "reviews/s"), Column("seconds", "seconds", 2)),
        (
            Figure(
                "reviews/s, ReelFeel",
                "reviews_per_s",
                "reelfeel",
                floor=40_000,
                aim=80_000,
                decimals=0,
            ),
            Figure("ReelFeel against TextVectorization", "reviews_per_s", "reelfeel", "keras"),
        ),
    )


def number_of_texts(inputs: Inputs) -> Suite:
    """Returns what a text costs in calls with few and many of them."""
    return _sizes(
        inputs,
        "number",
        inputs.sizes.numbers,
        "texts in a call",
        "Cost against the number of texts",
        "IMDB's test reviews; beyond 25,000 they repeat.",
    )


def length_of_texts(inputs: Inputs) -> Suite:
    """Returns what short and long texts cost."""
    return _sizes(
        inputs,
        "length",
        inputs.sizes.lengths,
        "words in a text",
        "Cost against the length of texts",
        "Words of IMDB's test reviews, one after the other; 100,000 words a call, at least 4 and "
        "at most 1,000 texts. The model reads the last 500 tokens of a longer text.",
    )


def _sizes(
    inputs: Inputs, way: str, sizes: tuple[int, ...], header: str, title: str, condition: str
) -> Suite:
    texts, _ = inputs.test_texts(inputs.sizes.scoring_texts)
    settings = {"bundle": str(inputs.seed_bundle()), "texts": str(texts), "sizes": list(sizes)}
    contestants = tuple(
        Contestant(
            f"reelfeel_{precision}",
            f"{precision}, microseconds a text",
            "sizes.py",
            settings={**settings, "way": way, "precision": precision},
        )
        for precision in ("bfloat16", "float32")
    )
    return Suite(
        f"{way}_of_texts",
        title,
        (condition, "Raw text to probability, preset `seed`, loaded and warm."),
        contestants,
        sweep=header,
        rounds=inputs.sizes.sweep_rounds,
    )


def older_machines_scoring(inputs: Inputs) -> Suite:
    """Returns scoring on one core and on processors without the newest instructions."""
    texts, sentence = inputs.test_texts(inputs.sizes.share_texts)
    settings = {"bundle": str(inputs.seed_bundle()), "texts": str(texts)}
    contestants = _older("score_reelfeel.py", settings)
    return Suite(
        "older_machines_scoring",
        "Scoring on fewer cores and older processors",
        (sentence, "Raw text to probability, preset `seed`.", _HOW),
        contestants,
        (Column("reviews_per_s", "reviews/s"),),
        _against_everything("reviews_per_s"),
    )


def older_machines_training(inputs: Inputs) -> Suite:
    """Returns training on one core and on processors without the newest instructions."""
    reviews, sentence = inputs.training_reviews(inputs.sizes.steps_512)
    settings = {"reviews": str(reviews), "units": 64, "embedding_dim": 128}
    contestants = _older("train_reelfeel.py", {**settings, "precision": "auto"})
    return Suite(
        "older_machines_training",
        "Training on fewer cores and older processors",
        (sentence, "The seed network, with the kernel that ReelFeel chooses there.", _HOW),
        contestants,
        (Column("real_tokens_per_s", "real tokens/s"),),
        _against_everything("real_tokens_per_s"),
    )


_HOW = (
    "The instructions are taken away with ONEDNN_MAX_CPU_ISA, the cores with the processor "
    "affinity."
)


def _older(script: str, settings: dict[str, str]) -> tuple[Contestant, ...]:
    machines = (
        *((name, label, variables, None) for name, label, variables in OLDER),
        ("one_core", "one core", {}, 1),
    )
    return tuple(
        Contestant(name, label, script, settings=settings, variables=variables, cores=cores)
        for name, label, variables, cores in machines
    )


def _against_everything(metric: str) -> tuple[Figure, ...]:
    # What a loss of cores or instructions leaves; a later run shows where a fallback got slower.
    return tuple(
        Figure(f"{label}, share of the full speed", metric, name, "everything")
        for name, label in (
            ("no_amx", "without AMX"),
            ("no_bfloat16", "without AMX and AVX512-BF16"),
            ("avx2", "without AVX-512"),
            ("one_core", "one core"),
        )
    )
