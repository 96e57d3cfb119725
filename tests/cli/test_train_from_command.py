import csv
import json

from typer.testing import CliRunner

from reelfeel.cli import app
from reelfeel.data.sets.mini import load_mini
from reelfeel.inference.bundle import read_bundle


def run(*arguments):
    return CliRunner().invoke(app, [*map(str, arguments)])


def write_table(path, num_labelled):
    """Writes reviews with labels to a table, and those without beside it as lines of text."""
    reviews = load_mini("train")
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["review", "verdict"])
        for row in range(num_labelled):
            rows.writerow([reviews.texts[row], ("thumb down", "thumb up")[reviews.labels[row]]])
    others = [" ".join(text.split()) for text in reviews.texts[num_labelled:]]
    path.with_suffix(".txt").write_text("\n".join(others))
    return path


def test_a_table_of_few_labels_with_names_of_its_own_becomes_a_model(home, trained, tmp_path):
    table, model = write_table(tmp_path / "mine.csv", 40), tmp_path / "model"
    result = run(
        "train", table, "--from", trained, "--output", model, "--json", "--seed", "3",
        "--text-column", "review", "--label-column", "verdict",
        "--positive", "thumb up", "--negative", "thumb down",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["validation"]["num_reviews"] == 40
    bundle = read_bundle(model)
    assert bundle.label_names == ("thumb down", "thumb up")
    assert bundle.config.training.seed == 3
    answer = run("predict", "a wonderful film", "--model", model)
    assert "thumb" in answer.stdout


def test_what_is_chosen_is_said_with_the_reason(home, trained, tmp_path):
    table = write_table(tmp_path / "mine.csv", 20)
    result = run(
        "train", table, "--from", trained, "-o", tmp_path / "m",
        "--unlabelled", table.with_suffix(".txt"),
        "--text-column", "review", "--label-column", "verdict",
        "--positive", "thumb up", "--negative", "thumb down",
    )  # fmt: skip
    said = " ".join(result.output.split())
    assert "20 labels and 120 texts without: only a head is fitted" in said


def test_a_wrong_setting_is_refused_before_anything_is_read(tmp_path):
    result = run(
        "train", "none.csv", "--from", "none", "-o", tmp_path / "m", "--set", "model.unit=1"
    )
    assert "model.unit is not a setting" in str(result.exception)


def test_a_model_that_is_not_there_is_named_with_what_is_expected(home, tmp_path):
    result = run("train", "mini", "--from", tmp_path / "none", "-o", tmp_path / "m")
    assert "reelfeel pretrain" in str(result.exception)


def test_texts_without_labels_are_refused_where_nothing_learns_from_them(home, tmp_path):
    table = write_table(tmp_path / "mine.csv", 20)
    others = table.with_suffix(".txt")
    result = run("train", "mini", "--unlabelled", others, "-o", tmp_path / "m", "--preset", "mini")
    assert "--from" in str(result.exception)
