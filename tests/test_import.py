"""Importing costs nothing, and the public names are the documented ones."""

import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

import reelfeel
from reelfeel.config.pretraining import PretrainingConfig
from reelfeel.evaluation.reporting.report import ReportSettings

HEAVY = ("keras", "torch", "openvino", "onnxruntime", "sklearn", "polars", "rich.console")


def modules_after(statement: str) -> set[str]:
    code = f"import sys; {statement}; print('\\n'.join(sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return set(result.stdout.split())


@pytest.mark.parametrize("statement", ["import reelfeel", "import reelfeel.cli"])
def test_importing_loads_nothing_heavy(statement):
    assert not modules_after(statement) & set(HEAVY)


def test_prediction_needs_neither_keras_nor_pytorch():
    loaded = modules_after("import reelfeel; reelfeel.load")
    assert not loaded & {"keras", "torch", "onnx", "sklearn"}


def test_public_names_are_there():
    assert set(reelfeel.__all__) == set(reelfeel._HOMES)
    for name in reelfeel.__all__:
        assert getattr(reelfeel, name) is not None
        assert name in dir(reelfeel)


def test_an_unknown_name_is_refused():
    with pytest.raises(AttributeError, match="no attribute 'lode'"):
        _ = reelfeel.lode


def test_every_public_name_is_the_same_after_every_module_is_imported():
    before = {name: getattr(reelfeel, name) for name in reelfeel.__all__}
    source = Path(reelfeel.__file__).parent
    for path in source.rglob("[!_]*.py"):
        import_module(".".join(["reelfeel", *path.relative_to(source).with_suffix("").parts]))
    for name, value in before.items():
        assert getattr(reelfeel, name) is value
    from reelfeel import report

    assert report is before["report"]
    assert callable(report)


@pytest.mark.parametrize(
    "first",
    ["import reelfeel.report", "import reelfeel.report.page", "from reelfeel import report"],
)
def test_a_room_never_takes_the_place_of_a_function_of_its_name(first):
    code = (
        f"{first}; import reelfeel, types; assert type(reelfeel.report) is types.FunctionType; "
        "from reelfeel.report.page import write_report; import reelfeel; "
        "assert type(reelfeel.report) is types.FunctionType; from reelfeel import report; "
        "assert type(report) is types.FunctionType"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def call_all(model, folder):
    """Calls every public name once, in the order of the names."""
    table = folder / "said.csv"
    table.write_text("label,probability\n" + "1,0.9\n0,0.2\n" * 6)
    copy = shutil.copytree(model, folder / "copy")
    short = PretrainingConfig(units=(16,), embedding_dim=16, epochs=1)
    plain = ReportSettings(baselines=(), shows_texts=False, compares_policies=False)
    loaded = reelfeel.load(model)
    calls = {
        "Classifier": lambda: reelfeel.Classifier(loaded.bundle, loaded._session, loaded.backend),
        "Explanation": lambda: reelfeel.Explanation("a", None, (), (), "occlusion"),
        "Prediction": lambda: reelfeel.Prediction("pos", 0.9, 1, False, 0.0),
        "Reviews": lambda: reelfeel.Reviews(["a"], np.array([1], np.int8), ["1"]),
        "calibrate": lambda: reelfeel.calibrate(copy, "mini"),
        "compare": lambda: reelfeel.compare(table, table),
        "evaluate": lambda: reelfeel.evaluate(model, "mini"),
        "evaluate_predictions": lambda: reelfeel.evaluate_predictions(table),
        "load": lambda: reelfeel.load(model),
        "pretrain": lambda: reelfeel.pretrain(
            ["mini"], output=folder / "lm", config=short, directions=("forward",)
        ),
        "report": lambda: reelfeel.report(model, "mini", output=folder / "page", settings=plain),
        "train": lambda: reelfeel.train(
            "mini", output=folder / "m", preset="mini", settings={"training": {"epochs": 1}}
        ),
    }
    assert set(calls) == set(reelfeel.__all__)
    return {name: call() for name, call in calls.items()}


def test_every_public_name_works_after_every_other_one(trained, tmp_path, home):
    # In the second round each name is called after all others.
    for round_name in ("first", "second"):
        (tmp_path / round_name).mkdir()
        answers = call_all(trained, tmp_path / round_name)
        assert answers["report"].is_file()
