"""Presets in stages: each made once, stopped anywhere, gone on with exactly."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
from word_salad import TINY, make_reviews

from reelfeel.config import presets
from reelfeel.config.pretraining import PretrainingConfig
from reelfeel.config.recipes import Recipe, Stage
from reelfeel.config.sections import Config
from reelfeel.config.settings import parse_assignments
from reelfeel.errors import UsageError
from reelfeel.inference.bundle import read_bundle
from reelfeel.models.language_model import read_language_model
from reelfeel.training.loop import jobs
from reelfeel.training.loop.progress import Observer
from reelfeel.training.train import train
from reelfeel.values import Reviews

TINY_TEACHER = Config().updated(
    {
        "data": TINY["data"],
        "model": {"direction": "both", "pooling": "last_max_mean"},
        "training": {
            "epochs": 2,
            "batch_size": 16,
            "virtual_adversarial_norm": 0.3,
            "alarm": False,
        },
    }
)
TINY_STUDENT = TINY_TEACHER.updated({"training": {"virtual_adversarial_norm": 0.0}})
TINY_SECOND = TINY_STUDENT.updated({"training": {"epochs": 1, "learning_rate": 1e-9}})
TINY_SMALL = TINY_STUDENT.updated({"model": {"own_sizes": True, "embedding_dim": 4, "units": [4]}})
TINY_PRETRAINING = PretrainingConfig(
    vocabulary_size=40, embedding_dim=8, units=(8,), epochs=1, batch_size=4, bptt_length=20,
    num_negatives=10, warmup_steps=4, validation_share=0.2,
)  # fmt: skip
TINY_WIDENING = TINY_PRETRAINING.updated({"units": [12]})


def turn(stage, direction):
    """The stage with a classifier of another direction."""
    return replace(stage, config=stage.config.updated({"model": {"direction": direction}}))


LANGUAGE_MODEL = Stage("language model", TINY_PRETRAINING)
TEACHER = Stage("teacher", TINY_TEACHER, start="language model")
STUDENT = Stage("student", TINY_STUDENT, start="language model", teacher="teacher")
TINY_RECIPES = {
    "both": Recipe((LANGUAGE_MODEL, TEACHER, STUDENT)),
    "direct": Recipe((LANGUAGE_MODEL, replace(TEACHER, name="classifier"))),
    "wide": Recipe(
        (
            LANGUAGE_MODEL,
            Stage("wider language model", TINY_WIDENING, start="language model"),
            replace(TEACHER, start="wider language model"),
            STUDENT,
        )
    ),
    "chain": Recipe(
        (
            LANGUAGE_MODEL,
            TEACHER,
            STUDENT,
            Stage("second student", TINY_SECOND, start="student", teacher="student"),
            Stage("third student", TINY_SMALL, start="language model", teacher="second student"),
        )
    ),
    "half": Recipe((LANGUAGE_MODEL, TEACHER, turn(STUDENT, "forward"))),
    "own": Recipe((LANGUAGE_MODEL, TEACHER, replace(STUDENT, config=TINY_SMALL))),
    "ahead": Recipe((LANGUAGE_MODEL, turn(replace(TEACHER, name="classifier"), "forward"))),
}
STAGES = ["language model", "teacher", "student"]
WIDE_STAGES = ["language model", "wider language model", "teacher", "student"]
LONG_STAGES = [*STAGES, "second student", "third student"]


class Witness(Observer):
    """Notes what is done, and presses Ctrl-C after so many steps of all stages together."""

    def __init__(self, stop_at=None):
        self.stop_at, self.steps, self.stages, self.notes = stop_at, [], [], []

    def on_stage(self, number, names):
        assert [*names] in (["language model", "classifier"], STAGES, WIDE_STAGES, LONG_STAGES)
        self.stages.append(number)

    def on_note(self, text):
        self.notes.append(text)

    def on_step(self, *args):
        self.count()

    def count(self):
        self.steps.append(self.stages[-1])
        if len(self.steps) == self.stop_at:
            raise KeyboardInterrupt

    def num_steps(self):
        return {stage: self.steps.count(stage) for stage in sorted(set(self.steps))}


@pytest.fixture(autouse=True)
def tiny_recipes(monkeypatch):
    monkeypatch.setattr(presets, "RECIPES", TINY_RECIPES)
    # One process is sooner done than two have started.
    monkeypatch.setattr(jobs, "run_at_once", lambda jobs: False)


def make_source():
    """60 labelled reviews and 30 texts without a label."""
    reviews = make_reviews(90)
    labels = reviews.labels.copy()
    labels[60:] = -1
    return Reviews(reviews.texts, labels, reviews.ids, source="word salad")


def run(output, preset="both", *, witness=None, **changes):
    return train(
        make_source(), output=output, preset=preset, observer=witness or Witness(), **changes
    ).bundle


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    """A finished run: its home, its bundle and what was seen of it."""
    folder, witness = tmp_path_factory.mktemp("unbroken"), Witness()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REELFEEL_HOME", str(folder / "home"))
        patch.setattr(presets, "RECIPES", TINY_RECIPES)
        patch.setattr(jobs, "run_at_once", lambda jobs: False)
        return folder / "home", run(folder / "model", witness=witness), witness


@pytest.fixture
def finished(unbroken, home):
    """A home in which all stages of "both" are finished."""
    shutil.copytree(unbroken[0], home)
    return home


def assert_same(bundle, expected):
    received = bundle.weights()
    for name, array in expected.weights().items():
        assert np.array_equal(array, received[name]), name


def test_all_stages_are_carried_out_and_described(unbroken):
    home, bundle, witness = unbroken
    assert witness.stages == [1, 2, 3]
    # 48 of 60 learn: three batches, two epochs, two directions; the student has 30 texts more.
    assert witness.num_steps()[2] == 3 * 2 * 2
    assert witness.num_steps()[3] == 5 * 2 * 2
    provenance = bundle.about("provenance")
    stages = provenance["stages"]
    assert [stage["name"] for stage in stages] == STAGES
    assert all(stage["seconds"] > 0 for stage in stages)
    total = sum(stage["seconds"] for stage in stages)
    assert provenance["seconds_total"] == pytest.approx(total, abs=0.11)
    assert bundle.preset == "both"
    [teacher] = home.glob("stages/*/teacher")
    assert provenance["distillation"]["teachers"][0]["model"] == teacher.name
    for number, name in enumerate(STAGES, 1):
        assert any(note.startswith(f"Stage {number} of 3, {name}: ") for note in witness.notes)


def test_every_stage_holds_out_the_same_reviews(unbroken):
    home, bundle, _ = unbroken
    [language_model], [teacher] = (
        home.glob("stages/*/language-model"),
        home.glob("stages/*/teacher"),
    )
    counts = read_language_model(language_model).about["provenance"]["data"]["counts"]
    assert (counts["read"], counts["held_out"]) == (90, 12)
    splits = [one.about("provenance")["split"]["sha256"] for one in (bundle, read_bundle(teacher))]
    assert splits[0] == splits[1]


def test_the_commands_of_the_stages_say_their_settings(unbroken):
    stages = unbroken[1].about("provenance")["stages"]
    typed = stages[1]["command"].partition(" --set ")[2].split(" --set ")
    described = presets.get_preset("seed").updated(parse_assignments(typed))
    assert described == TINY_TEACHER
    assert "--set epochs=1" in stages[0]["command"]


def test_nothing_is_computed_twice(finished, tmp_path, unbroken):
    witness = Witness()
    bundle = run(tmp_path / "again", witness=witness)
    assert witness.steps == []
    assert_same(bundle, unbroken[1])
    before, after = (one.about("provenance")["stages"] for one in (unbroken[1], bundle))
    assert [s["seconds"] for s in before[:2]] == [s["seconds"] for s in after[:2]]
    # What training took then, though it took nothing now; texts are read again.
    assert after[2]["seconds"] > 0


def test_a_changed_student_is_all_that_is_made_anew(finished, tmp_path):
    witness = Witness()
    settings = {"training": {"epochs": 1}}
    run(tmp_path / "model", witness=witness, settings=settings)
    assert witness.num_steps() == {3: 5 * 2}


def test_a_preset_with_one_direction_takes_it_from_one_with_both(finished, tmp_path, unbroken):
    witness = Witness()
    half = run(tmp_path / "half", "half", witness=witness).weights()
    assert witness.steps == []
    both = unbroken[1].weights()
    assert all(np.array_equal(array, both[f"forward/{name}"]) for name, array in half.items())


def test_a_teacher_is_what_another_preset_ends_in(finished, tmp_path):
    witness = Witness()
    bundle = run(tmp_path / "direct", "direct", witness=witness)
    assert witness.steps == []
    [teacher] = finished.glob("stages/*/teacher")
    assert_same(bundle, read_bundle(teacher))
    provenance = bundle.about("provenance")
    assert [stage["name"] for stage in provenance["stages"]] == ["language model", "classifier"]
    of_teacher = read_bundle(teacher).about("provenance")["command"]
    assert provenance["stages"][-1]["command"] == of_teacher
    assert of_teacher.startswith("reelfeel train DATA --from LANGUAGE_MODEL --preset seed --set ")


def test_a_student_of_its_own_size(finished, tmp_path):
    bundle = run(tmp_path / "own", "own")
    assert bundle.weights()["forward/lstm_0/lstm_cell/kernel"].shape == (4, 16)


def test_students_learn_from_each_other_and_one_as_large_goes_on(finished, tmp_path, unbroken):
    first, second = Witness(5), Witness()
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "model", "chain", witness=first)
    bundle = run(tmp_path / "model", "chain", witness=second, resume=True)
    # The first student is what "both" ends in; 48 and 30 texts in batches of 16, two directions.
    assert (first.num_steps(), second.num_steps()) == ({4: 5}, {4: 5, 5: 20})
    student, next_student = (
        read_bundle(next(finished.glob(f"stages/*/{name}")))
        for name in ("student", "second-student")
    )
    assert_same(student, unbroken[1])
    # It learns so slowly that it still is what it started from.
    for name, array in student.weights().items():
        np.testing.assert_allclose(next_student.weights()[name], array, atol=1e-5)
    assert bundle.weights()["forward/lstm_0/lstm_cell/kernel"].shape == (4, 16)
    asked = [one.about("provenance")["distillation"]["teachers"] for one in (next_student, bundle)]
    assert [teacher["model"] for [teacher] in asked] == ["student", "second-student"]
    stages = bundle.about("provenance")["stages"]
    assert [stage["name"] for stage in stages] == LONG_STAGES
    starts = [stage["command"].partition(" --set")[0] for stage in stages[2:]]
    assert starts == [
        f"reelfeel distill {teacher} --data DATA --from {start} --preset chain"
        for teacher, start in [
            ("TEACHER", "LANGUAGE_MODEL"),
            ("STUDENT", "STUDENT"),
            ("SECOND_STUDENT", "LANGUAGE_MODEL"),
        ]
    ]


def test_where_all_read_in_one_direction_so_does_the_language_model(finished, tmp_path):
    witness = Witness()
    bundle = run(tmp_path / "model", "ahead", witness=witness)
    # Those with both directions are other stages, but no half of them is made again.
    weights = [read_language_model(path).weights for path in finished.glob("stages/*/language-*")]
    assert sorted(map(sorted, weights)) == [["backward", "forward"], ["forward"]]
    assert witness.steps == []
    [command, _] = [stage["command"] for stage in bundle.about("provenance")["stages"]]
    assert command.startswith("reelfeel pretrain DATA --direction forward --set ")


def test_a_wider_language_model_goes_on_from_the_first_and_lends_to_the_teacher(finished, tmp_path):
    first, second = Witness(3), Witness()
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "model", "wide", witness=first)
    bundle = run(tmp_path / "model", "wide", witness=second, resume=True)
    assert (first.stages, set(first.steps)) == ([1, 2], {2})
    assert second.stages == [1, 2, 3, 4]
    [wider] = finished.glob("stages/*/wider-language-model")
    assert read_language_model(wider).config.units == (12,)
    units = {read_bundle(path).config.model.units for path in finished.glob("stages/*/teacher")}
    assert units == {(8,), (12,)}
    assert bundle.config.model.units == (8,)
    stages = bundle.about("provenance")["stages"]
    assert [stage["name"] for stage in stages] == WIDE_STAGES
    assert "--from LANGUAGE_MODEL --widen " in stages[1]["command"]
    assert "--set units=[12]" in stages[1]["command"]
    assert "--from WIDER_LANGUAGE_MODEL" in stages[2]["command"]


def test_a_seed_is_that_of_teacher_and_student(finished, tmp_path, unbroken):
    witness = Witness()
    bundle = run(tmp_path / "model", witness=witness, settings={"training": {"seed": 1}})
    assert witness.num_steps() == {2: 12, 3: 20}
    splits = [one.about("provenance")["split"]["sha256"] for one in (bundle, unbroken[1])]
    assert splits[0] == splits[1]


# Within the first and between both directions of each classifier, and within the language model.
@pytest.mark.parametrize(("stage", "step"), [(1, 2), (2, 1), (2, 6), (3, 4), (3, 13)])
def test_a_stopped_chain_goes_on_to_the_same_weights(home, tmp_path, unbroken, stage, step):
    whole = unbroken[2]
    first, second = Witness(whole.steps.index(stage) + step), Witness()
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "model", witness=first)
    assert_same(run(tmp_path / "model", witness=second, resume=True), unbroken[1])
    # Not one step twice.
    assert first.steps + second.steps == whole.steps


def test_other_texts_are_other_stages(finished, tmp_path):
    other = make_reviews(60, seed=1)
    witness = Witness()
    train(other, output=tmp_path / "model", preset="half", observer=witness)
    assert witness.num_steps().keys() == {1, 2, 3}


def test_a_start_is_refused_with_the_mend(home, tmp_path):
    with pytest.raises(UsageError, match="language model of its own"):
        train(make_source(), output=tmp_path / "model", preset="both", start="some/where")


def test_a_table_will_do(home, tmp_path):
    reviews = make_reviews(60)
    rows = [f"{text},{label}" for text, label in zip(reviews.texts, reviews.labels, strict=True)]
    (tmp_path / "table.csv").write_text("\n".join(["text,label", *rows]))
    witness = Witness()
    train(tmp_path / "table.csv", output=tmp_path / "model", preset="half", observer=witness)
    assert witness.stages == [1, 2, 3]


@pytest.mark.parametrize(
    "pattern",
    [
        "stages/*/language-model/forward.safetensors",
        "stages/*/teacher/weights.safetensors",
        "runs/*/finished.safetensors",
        "teachers/*.npz",
    ],
)
def test_a_damaged_cache_is_noticed_and_made_again(finished, tmp_path, unbroken, pattern):
    changed = {}
    for file in finished.glob(pattern):
        content = bytearray(file.read_bytes())
        # Among the numbers of an archive of them; its middle is its own.
        content[len(content) // (3 if file.suffix == ".npz" else 2)] ^= 1
        file.write_bytes(content)
        changed[file] = bytes(content)
    assert changed
    assert_same(run(tmp_path / "again", witness=Witness()), unbroken[1])
    # Some belong to stages that are not needed any more.
    assert any(file.read_bytes() != content for file, content in changed.items())
