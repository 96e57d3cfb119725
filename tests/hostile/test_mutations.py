"""What strangers made is refused in one line, or gives finite, right-shaped answers; 2 GB, 20 s."""

import json
import os
import select
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hostile_runs import CONFIG, make_fit, make_job, make_pretraining
from mutations import mutate, mutate_bytes, mutate_header, mutate_tensors, replace_file

from reelfeel.config.pretraining import PretrainingConfig
from reelfeel.config.sections import Config, DataConfig, ModelConfig
from reelfeel.inference.bundle import Bundle, Decision, write_bundle
from reelfeel.inference.classifier import load
from reelfeel.inference.golden import with_golden_answers
from reelfeel.models.classifier import build_classifier, named_weights
from reelfeel.models.language_model import LanguageModel, LanguageNetwork, write_language_model
from reelfeel.text.tokenizer import TextSettings
from reelfeel.text.vocabulary import Vocabulary
from reelfeel.weights import round_weights

HERE = Path(__file__).parent
WORDS = ("good", "bad", "film", "a", "the", ".", "not", "plot", "8/10", "!")
# Longer than the 20 seconds that the worker gives itself, where Python is still asked.
SILENCE_S = 40


class Worker:
    """A process that opens paths one after the other; started anew when one has ended it."""

    def __init__(self, **environment):
        self.command = [sys.executable, "-W", "ignore", str(HERE / "worker.py")]
        self.environment = {**os.environ, "OMP_NUM_THREADS": "1", **environment}
        self.process = None

    def open(self, kind, path):
        """Returns what came of it: accepted, refused, foreign, ended, or silent."""
        if self.process is None:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, text=True, env=self.environment, cwd=HERE,
            )  # fmt: skip
        self.process.stdin.write(f"{kind}\t{path}\n")
        self.process.stdin.flush()
        if not select.select([self.process.stdout], [], [], SILENCE_S)[0]:
            self.close()
            return "silent"
        line = self.process.stdout.readline()
        if line:
            return json.loads(line)
        status = self.process.wait()
        self.close()
        return f"ended with {status}"

    def close(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process.stdin.close()
            self.process.stdout.close()
            self.process = None


@pytest.fixture(scope="module")
def workers():
    """Workers by the backend that they open models with, each started when it is first asked."""
    backends = ("onnxruntime", "openvino", "numpy")
    # These map more memory than the models need, before they are asked anything.
    workers = {name: Worker(HOSTILE_BACKEND=name, HOSTILE_ROOMY="1") for name in backends}
    workers |= {"native": Worker(), "training": Worker()}
    yield workers
    for worker in workers.values():
        worker.close()


def save_random(path, model, data):
    """Saves a classifier that nobody trained."""
    vocabulary = Vocabulary(WORDS)
    rng = np.random.default_rng(1)
    network = build_classifier(model, vocabulary.size, seed=0)
    weights = {
        name: rng.normal(size=array.shape, scale=0.3).astype("float32")
        for name, array in named_weights(network).items()
    }
    settings = TextSettings(max_tokens=data.max_tokens, keep=data.keep)
    bundle = Bundle(
        path, "test", Config(data, model), ("neg", "pos"), settings, vocabulary, Decision(), ()
    )
    stored = round_weights(weights, model.weight_precision)
    write_bundle(with_golden_answers(bundle, stored), weights, {})
    return path


@pytest.fixture(scope="module")
def bundles(trained, tmp_path_factory):
    """A trained model with all that is about it, and two others of other shapes."""
    folder = tmp_path_factory.mktemp("bundles")
    both = ModelConfig(embedding_dim=6, units=(5, 7), pooling="last_max_mean", direction="both",
                       dense_units=4, weight_precision="float16")  # fmt: skip
    plain = ModelConfig(embedding_dim=32, units=(16,), masking=False)
    return [
        shutil.copytree(trained, folder / "trained"),
        save_random(folder / "both", both, DataConfig(max_tokens=60, keep="head_tail")),
        save_random(folder / "plain", plain, DataConfig(max_tokens=50, fixed_timesteps=True)),
    ]


@pytest.fixture(scope="module")
def language_model(tmp_path_factory):
    path = tmp_path_factory.mktemp("lm") / "lm"
    config = PretrainingConfig(embedding_dim=6, units=(7, 5), vocabulary_size=13)
    vocabulary = Vocabulary(WORDS)
    weights = {
        direction: LanguageNetwork(config, vocabulary.size + 1, seed=seed).named_weights()
        for seed, direction in enumerate(("forward", "backward"))
    }
    epochs = [{"number": 1, "train_loss": 5.0, "held_out_loss": 4.0, "seconds": 3.0,
               "tokens_per_s": 9.0}]  # fmt: skip
    figures = {"held_out_loss": 4.0, "held_out_perplexity": 54.6, "epochs": epochs}
    about = {
        "figures": {"forward": figures, "backward": figures},
        "provenance": {"hygiene": "none", "seconds": {"fit": 1.0}, "command": "x"},
        "trained_words": 10,
        "golden_loss": {"forward": 3.0, "backward": 3.0},
    }
    model = LanguageModel(config, vocabulary, TextSettings(max_tokens=1_000_000), weights, about)
    write_language_model(model, path)
    return path


def check_folders(worker, kind, originals, seeds, tmp_path):
    """Opens changed copies; returns how many were accepted and how many refused."""
    counts = {"accepted": 0, "refused": 0}
    assert all(worker.open(kind, original) == "accepted" for original in originals)
    for seed in seeds:
        copy = tmp_path / "m" / f"{seed}"
        shutil.copytree(originals[seed % len(originals)], copy)
        done = mutate(copy, seed)
        check_answer(worker.open(kind, copy), f"seed {seed}, {copy}: {done}", counts)
        shutil.rmtree(copy)
    return counts


def check_answer(said, case, counts):
    kind, _, message = said.partition(": ")
    assert kind in counts, f"{said[:2_000]} <- {case}"
    assert "\n" not in message, f"{said[:2_000]} <- {case}"
    assert len(message) < 3_000, f"{said[:2_000]} <- {case}"
    counts[kind] += 1


def test_changed_models_are_refused_in_a_line_or_answer(workers, bundles, tmp_path):
    counts = check_folders(workers["native"], "bundle", bundles, range(90), tmp_path)
    # Both happen, else nothing would be tried.
    assert counts["refused"] > 40
    assert counts["accepted"] > 5


@pytest.mark.parametrize("backend", ["onnxruntime", "openvino", "numpy"])
def test_other_backends_refuse_changed_models_too(workers, bundles, tmp_path, backend):
    check_folders(workers[backend], "bundle", bundles[:2], range(10_000, 10_012), tmp_path)


def test_changed_language_models_are_refused_in_a_line_or_read(workers, language_model, tmp_path):
    seeds = range(20_000, 20_025)
    counts = check_folders(workers["training"], "language-model", [language_model], seeds, tmp_path)
    assert counts["refused"] > 10


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory):
    """A checkpoint of a classifier's training and one of a language model's, both half way."""
    folder = tmp_path_factory.mktemp("checkpoints")
    fit = make_fit(folder)
    run = make_pretraining(folder / "lm")
    (folder / "lm").mkdir()
    for trainer, num_steps in ((fit, 2), (run, 3)):
        batches = trainer.task.plan_epoch(0, 0)
        for number in range(num_steps):
            trainer.state.count_step(trainer.task.take_step(next(batches), number))
        trainer.state.seconds = 1.0
        trainer.save()
    assert CONFIG.training.epochs == 3
    return {"checkpoint": fit.checkpoint_path, "pretraining": run.checkpoint_path}


def check_files(worker, kind, original, seeds, tmp_path):
    counts = {"accepted": 0, "refused": 0}
    assert worker.open(kind, original) == "accepted"
    for seed in seeds:
        rng = np.random.default_rng(seed)
        copy = tmp_path / "c" / f"{seed}" / original.name
        copy.parent.mkdir(parents=True)
        shutil.copy(original, copy)
        make = (mutate_bytes, mutate_header, mutate_tensors, mutate_progress, replace_file)[
            seed % 5
        ]
        done = make(copy, rng)
        check_answer(
            worker.open(kind, copy), f"seed {seed}, {copy}: {make.__name__} {done}", counts
        )
        shutil.rmtree(copy.parent)
    return counts


def mutate_progress(file, rng):
    """Changes what a checkpoint says besides its arrays."""
    from mutations import ODD_VALUES
    from safetensors import safe_open
    from safetensors.numpy import load_file, save_file

    with safe_open(file, framework="numpy") as opened:
        progress = json.loads(opened.metadata()["progress"])
    own = [progress, progress["loop"], progress["task"] or progress][rng.integers(3)]
    key = sorted(own)[rng.integers(len(own))]
    odd = ODD_VALUES[rng.integers(len(ODD_VALUES))]
    if rng.random() < 0.8:
        own[key] = odd
    else:
        del own[key]
    save_file(load_file(file), file, metadata={"progress": json.dumps(progress)})
    return f"{key} = {str(odd)[:40]!r}"


@pytest.mark.parametrize("kind", ["checkpoint", "pretraining"])
def test_changed_checkpoints_are_refused_in_a_line_or_gone_on_from(
    workers, checkpoints, tmp_path, kind
):
    counts = check_files(workers["training"], kind, checkpoints[kind], range(15), tmp_path)
    assert counts["refused"] > 5


def make_cache(folder):
    from reelfeel.baselines.cached_scores import BaselineScores, _keep
    from reelfeel.training.distillation import teachers

    folder.mkdir(parents=True)
    teachers._keep(folder / "teacher.npz", np.array([0.1, 0.2, 0.9, 1.0, 0.0]), 3.0)
    _keep(BaselineScores("tfidf", np.linspace(0, 1, 5), 1.0, 9.0, 10), folder / "scores")
    for name in ("costs.json", "scores.npz"):
        shutil.move(folder / "scores" / name, folder / name)
    (folder / "scores").rmdir()
    make_job(folder).write(resume=False)
    return folder


def check_caches(worker, seeds, tmp_path):
    counts = {"accepted": 0, "refused": 0}
    assert worker.open("cache", make_cache(tmp_path / "whole")) == "accepted"
    for seed in seeds:
        rng = np.random.default_rng(seed)
        folder = make_cache(tmp_path / "k" / f"{seed}")
        files = sorted(folder.iterdir())
        file = files[rng.integers(len(files))]
        make = (mutate_bytes, replace_file)[seed % 2]
        done = make(file, rng)
        case = f"seed {seed}, {file}: {make.__name__} {done}"
        check_answer(worker.open("cache", folder), case, counts)
        shutil.rmtree(folder)


def test_changed_caches_are_refused_in_a_line_or_made_anew(workers, tmp_path):
    check_caches(workers["training"], range(15), tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(3_000)
def test_three_thousand_changes_are_refused_in_a_line_or_answered(
    workers, bundles, language_model, checkpoints, tmp_path
):
    check_folders(workers["native"], "bundle", bundles, range(30_000, 31_900), tmp_path)
    for place, backend in enumerate(("onnxruntime", "openvino", "numpy")):
        first = 40_000 + 100 * place
        check_folders(workers[backend], "bundle", bundles, range(first, first + 100), tmp_path)
    worker, seeds = workers["training"], range(50_000, 50_400)
    check_folders(worker, "language-model", [language_model], seeds, tmp_path)
    for kind, path in checkpoints.items():
        check_files(worker, kind, path, range(60_000, 60_100), tmp_path)
    check_caches(worker, range(70_000, 70_200), tmp_path)


def test_every_model_that_was_saved_is_still_read(bundles):
    for folder in bundles:
        assert np.isfinite(load(folder).predict_proba(["good film"])).all()
