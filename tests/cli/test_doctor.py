import pytest

from reelfeel.cli.doctor import _find_kernels
from reelfeel.native.library import load_library


@pytest.mark.skipif(load_library() is None, reason="the library is not compiled")
def test_doctor_names_the_instructions_of_the_compiled_kernels(monkeypatch):
    assert _find_kernels()["compiled kernels"].startswith("loaded; instructions: ")
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "SSE41")
    assert _find_kernels()["compiled kernels"].endswith("no special ones")


def test_doctor_says_why_there_are_no_compiled_kernels(monkeypatch):
    monkeypatch.setenv("REELFEEL_NATIVE", "off")
    assert "REELFEEL_NATIVE=off" in _find_kernels()["compiled kernels"]
