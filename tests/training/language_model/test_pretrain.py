"""From texts to a saved language model, and onwards from it."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from word_salad import make_reviews

from reelfeel.config.pretraining import PretrainingConfig
from reelfeel.errors import ReelFeelError, UsageError
from reelfeel.models.language_model import read_language_model
from reelfeel.training.language_model.directions import LanguageModelJob
from reelfeel.training.language_model.pretrain import pretrain
from reelfeel.training.language_model.save import measure_golden_loss
from reelfeel.training.language_model.token_stream import TokenTexts
from reelfeel.training.loop.jobs import run_in_processes
from reelfeel.training.loop.progress import Observer

TINY = PretrainingConfig(
    vocabulary_size=40,
    embedding_dim=8,
    units=(8,),
    epochs=2,
    batch_size=4,
    bptt_length=20,
    learning_rate=0.02,
    warmup_steps=4,
    num_negatives=10,
)


@pytest.fixture
def texts(tmp_path):
    path = tmp_path / "texts.txt"
    path.write_text("\n".join(make_reviews(120).texts))
    return path


class Recorder(Observer):
    """Keeps the notes, and presses Ctrl-C after so many steps."""

    def __init__(self, stop_at=None):
        self.notes, self.steps, self.stop_at = [], 0, stop_at

    def on_note(self, text):
        self.notes.append(text)

    def on_step(self, *args):
        self.steps += 1
        if self.steps == self.stop_at:
            raise KeyboardInterrupt


def run(texts, output, **changes):
    arguments = {"config": TINY, "directions": ["forward"], **changes}
    return pretrain([texts], output=output, **arguments)


def test_one_direction_is_trained_and_saved_with_its_figures(home, tmp_path, texts):
    observer = Recorder()
    model = run(texts, tmp_path / "lm", observer=observer)
    assert model.vocabulary.size < 40
    assert list(model.weights) == ["forward"]
    figures = model.about["figures"]["forward"]
    assert len(figures["epochs"]) == 2
    assert figures["epochs"][1]["held_out_loss"] < figures["epochs"][0]["held_out_loss"]
    assert figures["held_out_perplexity"] == pytest.approx(np.exp(figures["held_out_loss"]))
    counts = model.about["provenance"]["data"]["counts"]
    assert counts["used"] + counts["held_out"] + counts["equal_to_held_out"] == 120
    assert "Texts: 120 read" in observer.notes[0]
    assert str(tmp_path) not in json.dumps(model.about["figures"])


def test_words_of_held_out_texts_alone_are_unknown(home, tmp_path):
    path = tmp_path / "texts.txt"
    path.write_text("\n".join([*(f"the film was good {n % 3}" for n in range(3)), "odd odd odd"]))
    config = PretrainingConfig(**{**TINY.__dict__, "validation_share": 0.25, "batch_size": 1})
    vocabularies = [
        run(path, tmp_path / str(seed), config=config.updated({"split_seed": seed})).vocabulary
        for seed in range(12)
    ]
    assert {"odd" in vocabulary.ids for vocabulary in vocabularies} == {True, False}


def test_an_interrupted_run_goes_on_to_the_same_weights(home, tmp_path, texts):
    unbroken = run(texts, tmp_path / "unbroken").weights["forward"]
    for folder in (home / "runs").iterdir():
        (folder / "finished.safetensors").unlink()
    with pytest.raises(KeyboardInterrupt):
        run(texts, tmp_path / "lm", observer=Recorder(stop_at=9))
    assert not (tmp_path / "lm").exists()
    resumed = run(texts, tmp_path / "lm", resume=True).weights["forward"]
    for name, array in unbroken.items():
        assert np.array_equal(array, resumed[name]), name


def test_a_finished_run_is_reused_by_content(home, tmp_path, texts):
    first = run(texts, tmp_path / "first")
    observer = Recorder()
    again = run(texts, tmp_path / "again", observer=observer)
    assert observer.steps == 0
    assert any("finished already" in note for note in observer.notes)
    assert again.about["figures"] == first.about["figures"]
    other = Recorder()
    run(texts, tmp_path / "other", config=TINY.updated({"seed": 1}), observer=other)
    assert other.steps > 0


def test_how_a_model_is_saved_does_not_train_it_anew(home, tmp_path, texts):
    whole = run(texts, tmp_path / "whole")
    observer = Recorder()
    saved = TINY.updated({"saved_words": 5, "weight_precision": "float16"})
    small = run(texts, tmp_path / "small", config=saved, observer=observer)
    assert observer.steps == 0
    assert small.vocabulary.tokens == whole.vocabulary.tokens[:5]
    assert small.about["trained_words"] == len(whole.vocabulary.tokens) > 5
    kernel = "lstm_0/lstm_cell/kernel"
    expected = whole.weights["forward"][kernel].astype("float16").astype("float32")
    np.testing.assert_array_equal(small.weights["forward"][kernel], expected)
    sizes = [
        (tmp_path / name / "forward.safetensors").stat().st_size for name in ("whole", "small")
    ]
    assert sizes[1] < 0.6 * sizes[0]


def test_a_saved_model_has_its_golden_loss_and_its_card(home, tmp_path, texts):
    model = run(texts, tmp_path / "lm", directions=["backward"])
    loss = model.about["golden_loss"]["backward"]
    assert measure_golden_loss(model, "backward") == pytest.approx(loss, abs=1e-6)
    weights = {**model.weights["backward"], "softmax/bias": np.arange(model.end_id + 1.0)}
    changed = replace(model, weights={"backward": weights})
    assert measure_golden_loss(changed, "backward") != pytest.approx(loss, abs=1e-3)
    card = (tmp_path / "lm" / "README.md").read_text()
    provenance = model.about["provenance"]
    for fact in (provenance["command"], provenance["hygiene"], provenance["data"]["sha256"]):
        assert fact in card
    assert f"{model.about['figures']['backward']['held_out_perplexity']:.2f} backward" in card


def test_training_goes_on_from_an_earlier_model_with_its_words(home, tmp_path, texts):
    first = run(texts, tmp_path / "first")
    more = tmp_path / "more.txt"
    more.write_text("\n".join(f"{text} unheard" for text in make_reviews(120, seed=1).texts))
    bigger = TINY.updated({"units": [16], "learning_rate": 1e-9, "epochs": 1})
    second = run(more, tmp_path / "second", config=bigger, start=tmp_path / "first")
    assert second.vocabulary == first.vocabulary
    assert second.config.units == (8,)
    for name, array in first.weights["forward"].items():
        np.testing.assert_allclose(second.weights["forward"][name], array, atol=1e-5)
    with pytest.raises(UsageError, match="no backward direction"):
        run(texts, tmp_path / "third", directions=["backward"], start=tmp_path / "first")


def test_an_existing_output_is_not_replaced_unasked(home, tmp_path, texts):
    (tmp_path / "lm").mkdir()
    with pytest.raises(UsageError, match="--force"):
        run(texts, tmp_path / "lm")
    assert not home.exists()


def test_a_failure_in_another_process_is_this_ones(tmp_path):
    texts = TokenTexts(np.array([2, 3, 4], np.int32), np.array([0, 3]))
    jobs = {
        name: LanguageModelJob(name, tmp_path / name, TINY, 5, texts, texts)
        for name in ("forward", "backward")
    }
    with pytest.raises(ReelFeelError, match="too short for a batch_size of 4"):
        run_in_processes(jobs, Observer(), resume=False)
    with pytest.raises(ReelFeelError, match="not finished"):
        jobs["forward"].take_result(None)


def test_the_command_trains_both_directions_side_by_side(home, tmp_path, texts):
    settings = [
        part
        for name in (
            "vocabulary_size=40",
            "batch_size=4",
            "bptt_length=20",
            "embedding_dim=8",
            "units=8",
        )
        for part in ("--set", name)
    ]
    command = [sys.executable, "-m", "reelfeel", "pretrain", texts, "--preset", "mini", "--epochs"]
    command += ["2", "--output", tmp_path / "lm", *settings, "--json"]
    result = subprocess.run(
        list(map(str, command)), capture_output=True, check=False, env={**os.environ}
    )
    assert result.returncode == 0, result.stderr.decode()
    printed = json.loads(result.stdout)
    model = read_language_model(Path(printed["model"]))
    assert set(model.weights) == {"forward", "backward"}
    first, second = (
        model.weights[direction]["lstm_0/lstm_cell/kernel"] for direction in model.weights
    )
    assert not np.array_equal(first, second)
    assert b"backward  epoch  2/2" in result.stderr


def test_a_wider_model_goes_on_from_where_a_narrow_one_stopped(home, tmp_path, texts):
    narrow = run(texts, tmp_path / "narrow")
    wider = TINY.updated({"units": [12], "epochs": 1, "learning_rate": 1e-9})
    model = run(texts, tmp_path / "wide", config=wider, start=tmp_path / "narrow", widened=True)
    assert (model.config.units, model.vocabulary.tokens) == ((12,), narrow.vocabulary.tokens)
    before, after = (one.about["figures"]["forward"]["held_out_loss"] for one in (narrow, model))
    assert after == pytest.approx(before, abs=0.002)
    # Unless it is asked for, an earlier model keeps its size.
    same = run(texts, tmp_path / "same", config=wider, start=tmp_path / "narrow")
    assert same.config.units == (8,)


def test_what_cannot_be_widened_is_refused(home, tmp_path, texts):
    with pytest.raises(UsageError, match="--from"):
        run(texts, tmp_path / "lm", widened=True)
    run(texts, tmp_path / "narrow")
    config = TINY.updated({"units": [4]})
    with pytest.raises(UsageError, match="at least as wide"):
        run(texts, tmp_path / "lm", config=config, start=tmp_path / "narrow", widened=True)
