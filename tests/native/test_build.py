"""The build compiles the kernels, or goes on without them and says so."""

import importlib.util
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
needs_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="needs g++")


@pytest.fixture
def build(tmp_path, monkeypatch):
    """The build module, working on a small room of its own."""
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (tmp_path / "sources").mkdir()
    monkeypatch.setattr(module, "ROOM", tmp_path)
    monkeypatch.setattr(module, "LIBRARY", tmp_path / "libreelfeel.so")
    monkeypatch.delenv("CXX", raising=False)
    return module


def write_source(build, name, code):
    (build.ROOM / "sources" / name).write_text(code)


def collect(build):
    data = {"artifacts": []}
    build.CustomBuildHook.initialize(None, "standard", data)
    return data


@needs_compiler
def test_the_library_goes_into_a_wheel_for_this_platform(build):
    write_source(build, "one.cpp", 'extern "C" int one() { return 1; }')
    data = collect(build)
    assert build.LIBRARY.exists()
    assert data["artifacts"] == ["src/reelfeel/native/libreelfeel.so"]
    assert data["pure_python"] is False
    assert data["tag"].startswith("py3-none-")
    assert [path.name for path in build.ROOM.iterdir() if path.name.startswith(".")] == []


@needs_compiler
def test_building_again_replaces_the_file_that_processes_have_open(build):
    write_source(build, "one.cpp", 'extern "C" int one() { return 1; }')
    build.build_library()
    before = build.LIBRARY.stat().st_ino
    with build.LIBRARY.open("rb") as opened:
        content = opened.read(64)
        build.build_library()
        opened.seek(0)
        assert opened.read(64) == content
    assert build.LIBRARY.stat().st_ino != before


@pytest.mark.parametrize("compiler", ["", "none", "no-such-compiler -m64"])
def test_without_a_compiler_the_wheel_is_pure_and_a_warning_says_so(
    build, compiler, monkeypatch, capsys
):
    monkeypatch.setenv("CXX", compiler)
    assert collect(build) == {"artifacts": []}
    assert not build.LIBRARY.exists()
    said = capsys.readouterr().err
    assert "no C++ compiler" in said
    assert "stays" not in said


def test_without_a_compiler_the_library_of_a_checkout_stays_and_is_not_packed(
    build, monkeypatch, capsys
):
    monkeypatch.setenv("CXX", "none")
    build.LIBRARY.write_bytes(b"compiled earlier")
    assert collect(build) == {"artifacts": []}
    assert build.LIBRARY.read_bytes() == b"compiled earlier"
    assert "stays, and this checkout uses it" in capsys.readouterr().err


@needs_compiler
def test_code_that_does_not_compile_ends_the_build_with_the_reason(build):
    write_source(build, "wrong.cpp", "int one( { }")
    with pytest.raises(SystemExit, match=r"(?s)did not compile.*wrong\.cpp"):
        build.build_library()
    assert not build.LIBRARY.exists()


def test_the_end_of_a_name_chooses_the_instructions(build):
    assert build.instructions_of(Path("text.cpp")) == ()
    assert "-mavx2" in build.instructions_of(Path("lstm_avx2.cpp"))
    assert "-mavx512bw" in build.instructions_of(Path("lstm_avx512.cpp"))
    assert "-mamx-bf16" in build.instructions_of(Path("lstm_amx.cpp"))


@pytest.mark.parametrize(("machine", "expected"), [("x86_64", True), ("aarch64", False)])
def test_other_processors_leave_out_what_they_cannot_run(build, machine, expected, monkeypatch):
    monkeypatch.setattr(build.platform, "machine", lambda: machine)
    assert build.belongs_here(Path("lstm_amx.cpp")) is expected
    assert build.belongs_here(Path("text.cpp"))
