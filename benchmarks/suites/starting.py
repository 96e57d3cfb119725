"""What it takes until the first answer: a process's start, and the installation."""

from __future__ import annotations

from harness.suite import Column, Contestant, Figure, Suite
from inputs import Inputs


def cold_start(inputs: Inputs) -> Suite:
    """Returns the time of a whole process that answers one text."""
    starts = {"starts": inputs.sizes.starts}
    bundle = str(inputs.seed_bundle())
    contestants = (
        *(
            Contestant(
                name,
                f"`reelfeel predict TEXT --model {shown}`",
                "cold_start.py",
                settings={**starts, "way": "reelfeel", "bundle": model},
            )
            for name, shown, model in (
                ("reelfeel", "MODEL", bundle),
                ("reelfeel_small", "small", "small"),
                ("reelfeel_base", "base", "base"),
            )
        ),
        Contestant(
            "python",
            "Python itself, doing nothing",
            "cold_start.py",
            settings={**starts, "way": "python"},
        ),
        Contestant(
            "keras",
            "Keras on TensorFlow, the same network, one `predict`",
            "cold_start.py",
            "tensorflow",
            {**starts, "way": "keras"},
            {"KERAS_BACKEND": "tensorflow"},
        ),
    )
    return Suite(
        "cold_start",
        "Cold start",
        (
            f"Whole processes, {inputs.sizes.starts} a round; files are in the system's cache, "
            "since the first start is not counted.",
        ),
        contestants,
        (Column("seconds", "seconds", 2), Column("slowest_s", "slowest, seconds", 2)),
        (
            *(
                Figure(name, "seconds", ours, higher_is_better=False, floor=floor, aim=aim)
                for name, ours, floor, aim in (
                    ("`reelfeel predict`, seconds", "reelfeel", 1.0, 0.5),
                    ("`reelfeel predict` with `small`, seconds", "reelfeel_small", 0.4, 0.25),
                    ("`reelfeel predict` with `base`, seconds", "reelfeel_base", 0.7, 0.4),
                )
            ),
            Figure(
                "ReelFeel against Keras on TensorFlow",
                "seconds",
                "reelfeel",
                "keras",
                higher_is_better=False,
            ),
        ),
    )


def install_size(inputs: Inputs) -> Suite:
    """Returns the disk space of what a user installs."""
    del inputs
    contestants = tuple(
        Contestant(name, label, "install_size.py", name)
        for name, label in (
            ("base", "`pip install reelfeel`"),
            ("tensorflow", "environment of the Keras-on-TensorFlow peer"),
        )
    )
    return Suite(
        "install_size",
        "Size of the installation",
        ("Files in `site-packages`, without pip and setuptools; megabytes of 1,000,000 bytes.",),
        contestants,
        (Column("size_mb", "MB"), Column("num_packages", "packages")),
        (
            Figure(
                "base install, MB",
                "size_mb",
                "base",
                higher_is_better=False,
                floor=400,
                aim=250,
                decimals=0,
            ),
        ),
        rounds=1,
    )
