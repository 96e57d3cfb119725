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
    (tmp_path / "src").mkdir()
    shutil.copy(module.SOURCES / "exports.map", tmp_path / "src")
    monkeypatch.setattr(module, "ROOM", tmp_path)
    monkeypatch.setattr(module, "SOURCES", tmp_path / "src")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.delenv("REELFEEL_PLATFORM", raising=False)
    return module


def write_source(build, name, code):
    (build.SOURCES / name).write_text(code)


def library_of(build):
    return build.ROOM / "libreelfeel.so"


def collect(build):
    data = {"artifacts": [], "force_include": {}}
    build.CustomBuildHook.initialize(None, "standard", data)
    return data


@needs_compiler
def test_the_library_goes_into_a_wheel_for_this_platform(build):
    write_source(build, "one.cpp", 'extern "C" int one() { return 1; }')
    data = collect(build)
    assert library_of(build).exists()
    assert data["artifacts"] == ["src/reelfeel/native/libreelfeel.so"]
    assert data["pure_python"] is False
    assert data["tag"].startswith("py3-none-")
    assert [path.name for path in build.ROOM.iterdir() if path.name.startswith(".")] == []


@needs_compiler
def test_building_again_replaces_the_file_that_processes_have_open(build):
    write_source(build, "one.cpp", 'extern "C" int one() { return 1; }')
    build.build_library()
    before = library_of(build).stat().st_ino
    with library_of(build).open("rb") as opened:
        content = opened.read(64)
        build.build_library()
        opened.seek(0)
        assert opened.read(64) == content
    assert library_of(build).stat().st_ino != before


@pytest.mark.parametrize("compiler", ["", "none", "no-such-compiler -m64"])
def test_without_a_compiler_the_wheel_is_pure_and_a_warning_says_so(
    build, compiler, monkeypatch, capsys
):
    monkeypatch.setenv("CXX", compiler)
    assert collect(build) == {"artifacts": [], "force_include": {}}
    assert not library_of(build).exists()
    said = capsys.readouterr().err
    assert "no C++ compiler" in said
    assert "stays" not in said


def test_without_a_compiler_the_library_of_a_checkout_stays_and_is_not_packed(
    build, monkeypatch, capsys
):
    monkeypatch.setenv("CXX", "none")
    library_of(build).write_bytes(b"compiled earlier")
    assert collect(build) == {"artifacts": [], "force_include": {}}
    assert library_of(build).read_bytes() == b"compiled earlier"
    assert "stays, and this checkout uses it" in capsys.readouterr().err


@needs_compiler
def test_code_that_does_not_compile_ends_the_build_with_the_reason(build):
    write_source(build, "wrong.cpp", "int one( { }")
    with pytest.raises(SystemExit, match=r"(?s)did not compile.*wrong\.cpp"):
        build.build_library()
    assert not library_of(build).exists()


@needs_compiler
def test_a_file_is_compiled_once_for_each_of_its_targets(build, monkeypatch, tmp_path):
    code = "#ifdef REELFEEL_TARGET_{0}\nint of_{0};\n#endif\n"
    write_source(build, "one.cpp", code.format("PORTABLE") + code.format("AVX2"))
    monkeypatch.setattr(build, "TARGETS", {"one.cpp": ("portable", "avx2")})
    objects = build.compile_all(build.find_compiler(), tmp_path)
    assert {path.name for path in objects} == {
        f"one-{target}.o" for target in build.targets_of("one.cpp")
    }
    for path in objects:
        assert f"of_{path.stem.removeprefix('one-').upper()}".encode() in path.read_bytes()


def test_every_file_with_targets_is_there(build):
    sources = ROOT / "src" / "reelfeel" / "native" / "src"
    assert [name for name in build.TARGETS if not (sources / name).is_file()] == []


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_other_processors_leave_out_what_they_cannot_run(build, machine, monkeypatch):
    monkeypatch.setattr(build.platform, "machine", lambda: machine)
    targets = ("portable", "avx2", "avx512") if machine == "x86_64" else ("portable",)
    assert build.targets_of("inference/float32_kernel.cpp") == targets
    assert build.targets_of("text/text.cpp") == ("portable",)


def name_platform(build, monkeypatch, platform, compiler="g++"):
    monkeypatch.setenv("REELFEEL_PLATFORM", platform)
    monkeypatch.setenv("CXX", compiler)
    return build.wanted_platform()


@needs_compiler
def test_a_library_for_another_platform_leaves_the_one_of_this_machine_alone(build, monkeypatch):
    write_source(build, "one.cpp", 'extern "C" int one() { return 1; }')
    library_of(build).write_bytes(b"of this machine")
    wanted = name_platform(build, monkeypatch, "linux-aarch64")
    data = collect(build)
    assert wanted.library == build.ROOT / "build" / "linux-aarch64" / "libreelfeel.so"
    assert data["force_include"] == {str(wanted.library): "reelfeel/native/libreelfeel.so"}
    assert data["tag"] == "py3-none-manylinux2014_aarch64"
    assert data["artifacts"] == []
    assert library_of(build).read_bytes() == b"of this machine"


@pytest.mark.parametrize(
    ("platform", "name", "is_x86"),
    [
        ("linux-x86_64", "libreelfeel.so", True),
        ("linux-aarch64", "libreelfeel.so", False),
        ("macos-x86_64", "libreelfeel.dylib", True),
        ("macos-arm64", "libreelfeel.dylib", False),
        ("windows-x86_64", "reelfeel.dll", True),
    ],
)
def test_each_platform_has_its_file_name_and_its_targets(
    build, platform, name, is_x86, monkeypatch
):
    wanted = name_platform(build, monkeypatch, platform)
    assert wanted.library.name == name
    targets = build.targets_of("inference/float32_kernel.cpp", wanted)
    assert ("avx2" in targets) == is_x86


def test_a_platform_that_is_not_known_is_refused(build, monkeypatch):
    with pytest.raises(SystemExit, match=r"Expected linux-x86_64.*Received: 'solaris'"):
        name_platform(build, monkeypatch, "solaris")


def test_another_platform_is_not_compiled_with_the_compiler_of_this_one(build, monkeypatch):
    monkeypatch.setenv("REELFEEL_PLATFORM", "linux-aarch64")
    with pytest.raises(SystemExit, match=r"in CXX.*Received none"):
        build.wanted_platform()


def test_python_looks_for_the_name_that_the_build_writes(build):
    from reelfeel.native.library import LIBRARY_PATH

    assert build.wanted_platform().library.name == LIBRARY_PATH.name
