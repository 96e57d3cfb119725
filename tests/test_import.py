"""Importing costs nothing, and the public names are the documented ones."""

import subprocess
import sys

import pytest

import reelfeel

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
