import json

from typer.testing import CliRunner

from reelfeel.cli import app
from reelfeel.config.presets import list_presets
from reelfeel.inference.bundle import read_bundle


def run(*arguments):
    return CliRunner().invoke(app, ["distill", *map(str, arguments)])


def test_a_student_is_made_of_a_model_and_data(home, trained, tmp_path):
    result = run(
        trained, "--data", "mini", "--output", tmp_path / "student", "--preset", "mini",
        "--set", "training.epochs=1", "--set", "training.label_share=0.25", "--seed", "3", "--json",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["validation"]["num_reviews"] == 28
    training = read_bundle(tmp_path / "student").config.training
    assert (training.epochs, training.label_share, training.seed) == (1, 0.25, 3)


def test_a_wrong_setting_is_refused_at_once(tmp_path):
    result = run("none", "--data", "mini", "-o", tmp_path / "x", "--set", "training.label_share=2")
    assert "between 0 and 1" in str(result.exception)


def test_the_help_names_all_presets():
    for command in ("distill", "train"):
        text = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "400"}).stdout
        for name in list_presets():
            assert name in text, (command, name)
