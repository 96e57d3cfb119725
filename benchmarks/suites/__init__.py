"""The suites in the order in which they run, by name; each is built from inputs when it is run."""

from collections.abc import Callable

from harness.suite import Suite
from inputs import Inputs

from suites import backends, scoring, starting, training

SUITES: dict[str, Callable[[Inputs], Suite]] = {
    "training_seed": training.seed_network,
    "training_512": training.units_512,
    "training_1024": training.units_1024,
    "scoring": scoring.seed_network,
    "scoring_large": scoring.large_network,
    "shipped_small": scoring.shipped_small,
    "shipped_base": scoring.shipped_base,
    "one_review": scoring.one_review,
    "cold_start": starting.cold_start,
    "install_size": starting.install_size,
    "matrix_share": backends.matrix_share,
    "texts_to_ids": backends.texts_to_ids,
    "number_of_texts": backends.number_of_texts,
    "length_of_texts": backends.length_of_texts,
    "older_machines_scoring": backends.older_machines_scoring,
    "older_machines_training": backends.older_machines_training,
}
