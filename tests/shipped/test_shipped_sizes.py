"""What comes with ReelFeel fits into a wheel of 60 MB, and a prediction into little memory."""

import subprocess
import sys
from pathlib import Path

import pytest

import reelfeel
from reelfeel.inference.shipped import NAMES, shipped_folder
from reelfeel.native.inference import has_kernel

MAX_WHEEL_BYTES = 60_000_000


def test_the_package_fits_into_the_wheel_even_uncompressed():
    package = Path(reelfeel.__file__).parent
    files = [file for file in package.rglob("*") if "__pycache__" not in file.parts]
    assert sum(file.stat().st_size for file in files if file.is_file()) < MAX_WHEEL_BYTES


def test_nothing_but_models_is_in_the_folder_of_models():
    if shipped_folder().exists():
        assert {place.name for place in shipped_folder().iterdir()} <= set(NAMES)


MEMORY_OF_A_PREDICTION = """
import sys
from reelfeel.inference.classifier import load

def peak():
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))

before = peak()
load(sys.argv[1], backend="native", precision=sys.argv[2]).predict(["A fine film."])
print(peak() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc")
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_one_prediction_makes_no_table_of_all_words(precision):
    """The products of 30,000 words with 512 units are 245 MB, or 123 MB in bfloat16."""
    if not has_kernel(precision):
        pytest.skip(f"this machine has no native kernel in {precision}")
    command = [sys.executable, "-c", MEMORY_OF_A_PREDICTION, "base", precision]
    grown = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert grown < 90_000
