"""The wheel, installed in a fresh environment outside the checkout, does the whole job."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from reelfeel.inference.shipped import list_shipped

ROOT = Path(__file__).parents[1]
NUM_ROWS = 2_000


def write_reviews(path, seed):
    """Writes rows of filler words with an opinion word or two, some of them mixed."""
    rng = np.random.default_rng(seed)
    opinions = (["dull", "awful", "boring", "weak"], ["great", "lovely", "funny", "moving"])
    filler = ["film", "story", "scene", "actor", "the", "a", "was", "and", "music", "plot"]
    rows = []
    for _ in range(NUM_ROWS):
        label = int(rng.integers(2))
        words = list(rng.choice(filler, rng.integers(5, 60)))
        for kind in (label, label, int(rng.random() < 0.9) ^ label ^ 1):
            words.insert(int(rng.integers(len(words))), str(rng.choice(opinions[kind])))
        rows.append({"review": " ".join(words), "sentiment": ["negative", "positive"][label]})
    pl.DataFrame(rows).write_csv(path)


@pytest.mark.slow
def test_the_wheel_trains_evaluates_and_predicts_in_a_fresh_environment(tmp_path):
    def run(*command):
        environment = {**os.environ, "REELFEEL_HOME": str(tmp_path / "home")}
        environment.pop("PYTHONPATH", None)
        return subprocess.run(
            [str(part) for part in command], cwd=tmp_path, env=environment, check=True,
            capture_output=True, text=True,
        ).stdout  # fmt: skip

    run(sys.executable, "-m", "build", "--wheel", "--outdir", tmp_path, ROOT)
    (wheel,) = tmp_path.glob("*.whl")
    run(sys.executable, "-m", "venv", tmp_path / "venv")
    pip = (tmp_path / "venv" / "bin" / "pip", "install", "--quiet", "--constraint",
           ROOT / "constraints.txt")  # fmt: skip
    run(*pip, "torch")
    run(*pip, f"{wheel}[train]")
    reelfeel = tmp_path / "venv" / "bin" / "reelfeel"
    for name, seed in (("train.csv", 0), ("test.csv", 1)):
        write_reviews(tmp_path / name, seed)
    columns = ("--text-column", "review", "--label-column", "sentiment")
    run(reelfeel, "train", "train.csv", *columns, "--preset", "mini", "-o", "model")
    result = json.loads(
        run(reelfeel, "evaluate", "model", "--data", "test.csv", *columns, "--json")
    )
    assert result["all"]["num_reviews"] == NUM_ROWS
    assert result["all"]["accuracy"] > 0.9
    answer = run(reelfeel, "predict", "-m", "model", "a lovely film and a great story")
    assert answer.startswith("positive\t")
    assert wheel.stat().st_size < 60_000_000
    installed = json.loads(run(reelfeel, "models", "--json"))
    assert [model["name"] for model in installed] == [folder.name for folder in list_shipped()]
    if installed:
        assert "\t" in run(reelfeel, "predict", "A slow start, but what an ending.")


@pytest.mark.slow
def test_wheels_for_all_platforms_are_made_here_pass_and_are_the_same_again(tmp_path):
    pytest.importorskip("ziglang", reason="needs the extra wheels: make wheels")
    import build_wheels

    assert build_wheels.main(["--output", str(tmp_path)]) == 0
    made = {path.name: path.read_bytes() for path in tmp_path.glob("*.whl")}
    assert len(made) == 5
    again = tmp_path / "again"
    assert build_wheels.main(["windows-x86_64", "linux-aarch64", "--output", str(again)]) == 0
    for path in again.iterdir():
        assert made[path.name] == path.read_bytes()
