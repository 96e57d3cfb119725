"""The loop of a language model: it learns, it repeats itself, and it goes on exactly."""

import os
import signal

import numpy as np
import pytest

from reelfeel.config.pretraining import PretrainingConfig
from reelfeel.models.language_model import LanguageNetwork
from reelfeel.training.language_model.directions import LanguageModelJob, pretraining_folder
from reelfeel.training.language_model.sparse_adam import RowAdam
from reelfeel.training.language_model.step import LanguageModelStep, learning_rate
from reelfeel.training.language_model.task import LanguageModelTask
from reelfeel.training.language_model.token_stream import TokenTexts, Windows
from reelfeel.training.loop.checkpoints import load_checkpoint
from reelfeel.training.loop.jobs import run_jobs
from reelfeel.training.loop.progress import Observer
from reelfeel.training.loop.trainer import Trainer

NUM_WORDS, END_ID = 12, 11
TINY = PretrainingConfig(
    embedding_dim=8,
    units=(8, 8),
    epochs=3,
    batch_size=4,
    bptt_length=5,
    learning_rate=0.02,
    warmup_steps=4,
    num_negatives=6,
    embedding_dropout_rate=0.1,
    output_dropout_rate=0.1,
    word_dropout_rate=0.1,
)


def make_texts(num_texts, seed=0):
    """Texts in which every word is followed by the next one, from a random one on."""
    rng = np.random.default_rng(seed)
    texts = []
    for _ in range(num_texts):
        start, length = rng.integers(9), rng.integers(2, 9)
        texts.append([*((start + np.arange(length)) % 9 + 2), END_ID])
    offsets = np.cumsum([0, *map(len, texts)])
    return TokenTexts(np.concatenate(texts).astype(np.int32), offsets)


class StopAt(Observer):
    """Presses Ctrl-C after so many steps."""

    def __init__(self, step):
        self.steps_left = step

    def on_step(self, *args):
        self.steps_left -= 1
        if self.steps_left == 0:
            raise KeyboardInterrupt


def run(folder, config=TINY, observer=None, resume=False, start=None):
    task = LanguageModelTask(make_texts(60), make_texts(20, 1), NUM_WORDS, config, start)
    finished = Trainer(task, folder, observer or Observer()).run(resume=resume)
    return finished.arrays, finished.progress["history"]


def assert_same(first, second):
    assert first.keys() == second.keys()
    for name, array in first.items():
        assert np.array_equal(array, second[name]), name


@pytest.mark.parametrize("step", [1, 7, 19, 20, 50])
def test_an_interrupted_run_resumes_to_the_same_weights(tmp_path, step):
    unbroken, history = run(tmp_path / "unbroken")
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "model", observer=StopAt(step))
    resumed, resumed_history = run(tmp_path / "model", resume=True)
    assert_same(unbroken, resumed)
    losses = [[r["train_loss"] for r in records] for records in (history, resumed_history)]
    assert losses[0] == losses[1]


def test_a_signal_within_a_step_waits_for_its_end(tmp_path, monkeypatch):
    unbroken, _ = run(tmp_path / "unbroken")
    move_rows = RowAdam.step

    def move_rows_and_press_ctrl_c(self, *args):
        move_rows(self, *args)
        if self.num_steps == 23:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(RowAdam, "step", move_rows_and_press_ctrl_c)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "model")
    monkeypatch.setattr(RowAdam, "step", move_rows)
    resumed, _ = run(tmp_path / "model", resume=True)
    assert_same(unbroken, resumed)


def test_it_learns_what_follows_what(tmp_path):
    no_dropout = {f"{name}_dropout_rate": 0.0 for name in ("embedding", "output", "word")}
    config = TINY.updated({"epochs": 10, "learning_rate": 0.05, "units": [16], **no_dropout})
    task = LanguageModelTask(make_texts(150), make_texts(40, 1), NUM_WORDS, config)
    history = Trainer(task, tmp_path, Observer()).run().progress["history"]
    # The first word and the length are chance, nine and seven ways; what lies between follows.
    chance = (np.log(9) + np.log(7)) / 6
    assert history[-1]["held_out_loss"] < chance + 0.25 < history[0]["held_out_loss"]


def test_the_same_seed_gives_the_same_weights_and_another_others(tmp_path):
    first, same, other = (
        run(tmp_path / str(number), TINY.updated({"seed": seed}))[0]
        for number, seed in enumerate((0, 0, 1))
    )
    assert_same(first, same)
    assert not np.array_equal(first["projection/kernel"], other["projection/kernel"])


def test_a_finished_job_is_not_run_again(tmp_path):
    job = LanguageModelJob("forward", tmp_path, TINY, NUM_WORDS, make_texts(60), make_texts(20, 1))
    first, again = (
        run_jobs({"forward": job}, observer, resume=False)["forward"]
        for observer in (Observer(), StopAt(1))
    )
    assert_same(first.weights, again.weights)
    assert (first.history, first.final_loss) == (again.history, again.final_loss)


def test_a_job_survives_its_folder(tmp_path):
    start = LanguageNetwork(TINY, NUM_WORDS, seed=1).named_weights()
    job = LanguageModelJob(
        "backward", tmp_path, TINY, NUM_WORDS, make_texts(3), make_texts(2, 1), start
    )
    job.write(resume=True)
    read, resume = LanguageModelJob.read(tmp_path)
    assert (read.name, read.config, read.num_words, resume) == ("backward", TINY, NUM_WORDS, True)
    for name in ("texts", "held_out"):
        assert getattr(read, name).fingerprint() == getattr(job, name).fingerprint()
    assert_same(read.start_weights, start)


def test_without_resume_it_starts_anew(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "model", observer=StopAt(20))
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "model", observer=StopAt(1))
    assert load_checkpoint(tmp_path / "model" / "checkpoint.safetensors").step == 1


def test_a_step_moves_only_the_rows_that_it_uses(tmp_path):
    # Only ids 2 to 10 and the end stand in the texts; 0 and 1 are neither read nor drawn.
    start = LanguageNetwork(TINY, NUM_WORDS, seed=TINY.seed).named_weights()
    weights, _ = run(tmp_path / "model", start=start)
    moved = (weights["embedding/embeddings"] != start["embedding/embeddings"]).any(axis=1)
    assert moved.tolist() == [False, False, *[True] * 10]


def test_dropout_and_clipping_change_the_result(tmp_path):
    base = TINY.updated(
        {f"{name}_dropout_rate": 0.0 for name in ("embedding", "output", "word")} | {"epochs": 1}
    )
    plain, _ = run(tmp_path / "plain", base)
    for name, value in (
        ("embedding_dropout_rate", 0.5),
        ("output_dropout_rate", 0.5),
        ("word_dropout_rate", 0.5),
        ("max_gradient_norm", 1e-8),
        ("num_negatives", 3),
    ):
        changed, _ = run(tmp_path / name, base.updated({name: value}))
        assert not np.array_equal(
            plain["lstm_1/lstm_cell/kernel"], changed["lstm_1/lstm_cell/kernel"]
        )


def test_the_state_goes_on_from_window_to_window_until_a_pass_ends():
    ids = make_texts(60).ids
    step = LanguageModelStep(np.bincount(ids, minlength=NUM_WORDS), TINY)
    (inputs, targets), *_ = Windows.cut(ids, TINY.batch_size, TINY.bptt_length).read(0)
    step.run(inputs, targets, number=0, num_steps=10)
    states = [state for states in step.states for state in states]
    assert all(state.abs().max() > 0 and not state.requires_grad for state in states)
    step.forget()
    assert not any(state.any() for states in step.states for state in states)


def test_the_folder_depends_on_texts_settings_and_start(home):
    start = LanguageNetwork(TINY, NUM_WORDS, seed=0).named_weights()
    folders = [
        pretraining_folder(config, texts, weights)
        for config, texts, weights in (
            (TINY, make_texts(60), None),
            (TINY.updated({"epochs": 4}), make_texts(60), None),
            (TINY, make_texts(61), None),
            (TINY, make_texts(60).reversed(), None),
            (TINY, make_texts(60), start),
        )
    ]
    assert len(set(folders)) == len(folders)
    saved = {"saved_words": 3, "weight_precision": "float16"}
    same = TINY.updated({"checkpoint_every_s": 1.0, **saved})
    assert pretraining_folder(same, make_texts(60), None) == folders[0]


def test_the_learning_rate_rises_and_falls_to_nearly_nothing():
    config = PretrainingConfig(learning_rate=0.01, warmup_steps=300)
    rates = [learning_rate(config, step, 1_000) for step in range(1_000)]
    assert rates[0] == pytest.approx(0.01 / 300)
    assert max(rates) == rates[299] == pytest.approx(0.01)
    assert rates[-1] < 1e-6
    assert learning_rate(config, 4, 10) == pytest.approx(0.01)  # a short run warms up for half
