"""What comes with ReelFeel fits into a wheel of 60 MB."""

from pathlib import Path

import reelfeel
from reelfeel.runtime.shipped import NAMES, shipped_folder

MAX_WHEEL_BYTES = 60_000_000


def test_the_package_fits_into_the_wheel_even_uncompressed():
    package = Path(reelfeel.__file__).parent
    files = [file for file in package.rglob("*") if "__pycache__" not in file.parts]
    assert sum(file.stat().st_size for file in files if file.is_file()) < MAX_WHEEL_BYTES


def test_nothing_but_models_is_in_the_folder_of_models():
    if shipped_folder().exists():
        assert {place.name for place in shipped_folder().iterdir()} <= set(NAMES)
