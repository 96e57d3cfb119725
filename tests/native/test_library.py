import os
import shutil
import subprocess
import sys

import pytest

from reelfeel.native import library
from reelfeel.native.library import explain_missing, load_library, processor_features

needs_library = pytest.mark.skipif(load_library() is None, reason="the library is not compiled")
LEVELS = {
    "SSE41": set(),
    "AVX2": {"avx2"},
    "AVX512_CORE": {"avx2", "avx512"},
    "AVX512_CORE_BF16": {"avx2", "avx512", "avx512_bf16"},
    "AVX512_CORE_AMX": {"avx2", "avx512", "avx512_bf16", "amx_bf16"},
}


def compile_library(folder, source):
    (folder / "foreign.c").write_text(source)
    made = folder / "foreign.so"
    subprocess.run(["gcc", "-shared", "-fPIC", folder / "foreign.c", "-o", made], check=True)
    return made


@needs_library
def test_the_library_is_loaded_once():
    assert load_library() is load_library()
    assert explain_missing() is None


@pytest.mark.parametrize("value", ["off", "OFF"])
def test_the_library_can_be_switched_off(monkeypatch, value):
    monkeypatch.setenv("REELFEEL_NATIVE", value)
    assert load_library() is None
    assert processor_features() == frozenset()
    assert "REELFEEL_NATIVE" in explain_missing()


def test_a_missing_library_is_explained(monkeypatch, tmp_path):
    monkeypatch.setattr(library, "LIBRARY_PATH", tmp_path / "none.so")
    assert load_library() is None
    assert "no C++ compiler" in explain_missing()


def test_a_damaged_library_is_explained(monkeypatch, tmp_path):
    (tmp_path / "damaged.so").write_bytes(b"\x7fELF, or not")
    monkeypatch.setattr(library, "LIBRARY_PATH", tmp_path / "damaged.so")
    assert load_library() is None
    assert "cannot be loaded" in explain_missing()


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs a C compiler")
@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("int reelfeel_abi_version(void) { return -7; }", "version -7"),
        ("int something_else(void) { return 1; }", "cannot be loaded"),
    ],
)
def test_a_foreign_library_is_refused(monkeypatch, tmp_path, source, reason):
    monkeypatch.setattr(library, "LIBRARY_PATH", compile_library(tmp_path, source))
    assert load_library() is None
    assert reason in explain_missing()


@needs_library
@pytest.mark.parametrize("level", LEVELS)
def test_one_switch_makes_an_older_machine(monkeypatch, level):
    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
    everything = processor_features()
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", level)
    assert processor_features() == everything & LEVELS[level]


@needs_library
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/cpuinfo")
def test_the_features_are_those_that_the_system_lists(monkeypatch):
    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
    with open("/proc/cpuinfo") as lines:  # noqa: PTH123
        flags = next((line for line in lines if line.startswith("flags")), "").split()
    # An emulated process sees the file of the true machine: tests/emulation/run.py.
    flags = os.environ.get("REELFEEL_EMULATED", " ".join(flags)).split()
    named = {"avx2": "avx2", "avx512": "avx512bw", "avx512_bf16": "avx512_bf16"}
    expected = {ours for ours, theirs in named.items() if theirs in flags}
    assert processor_features() - {"amx_bf16"} == expected
    assert "amx_bf16" in flags or "amx_bf16" not in processor_features()


def test_importing_the_library_module_opens_nothing():
    code = "import reelfeel.native.library as l; assert l._open.cache_info().currsize == 0"
    subprocess.run([sys.executable, "-c", code], check=True)
