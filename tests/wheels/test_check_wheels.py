"""A wheel that would not install or load somewhere is named before anyone gets it."""

import importlib.util
import re
import shutil
import subprocess
import sys
import zipfile

import pytest

pytest.importorskip("lief", reason="needs the extra wheels")
pytest.importorskip("capstone", reason="needs the extra wheels")

import check_wheels
import wide_instructions
from check_wheels import LEAST_VERSIONS, check_facts, check_wheel, find_paths
from compilers import TRIPLES
from library_facts import LibraryFacts, read_facts

needs_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="needs g++")
EXPORTED = frozenset(check_wheels.called_names("linux-x86_64"))
SOUND = {
    "linux-x86_64": LibraryFacts(EXPORTED, frozenset({"libc.so.6"}), (2, 17), "", False),
    "macos-arm64": LibraryFacts(
        EXPORTED,
        frozenset({"/usr/lib/libSystem.B.dylib"}),
        (11, 0),
        "@rpath/libreelfeel.dylib",
        True,
    ),
    "windows-x86_64": LibraryFacts(
        EXPORTED,
        frozenset({"kernel32.dll", "api-ms-win-crt-heap-l1-1-0.dll"}),
        (),
        "reelfeel.dll",
        False,
    ),
}


def compile_file(folder, code, *flags):
    source, compiled = folder / "one.cpp", folder / "one.o"
    source.write_text(code)
    subprocess.run(["g++", *flags, str(source), "-o", str(compiled)], check=True)
    return compiled


def test_what_python_calls_is_looked_for_on_every_platform():
    room = check_wheels.ROOT / "src" / "reelfeel" / "native"
    texts = [path.read_text(encoding="utf-8") for path in room.glob("*.py")]
    called = set(re.findall(r"\.(reelfeel_\w+)", " ".join(texts)))
    assert {"reelfeel_abi_version", "reelfeel_tower_run"} <= called <= EXPORTED
    elsewhere = check_wheels.called_names("linux-aarch64")
    assert {"reelfeel_abi_version", "reelfeel_text_encode", "reelfeel_tower_run"} <= elsewhere


def test_the_platforms_of_zig_of_the_build_and_of_the_checks_are_the_same():
    spec = importlib.util.spec_from_file_location("build", check_wheels.ROOT / "hatch_build.py")
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    assert list(TRIPLES) == list(LEAST_VERSIONS) == list(build.OTHER_PLATFORMS)


@pytest.mark.parametrize("platform", SOUND)
def test_a_sound_library_has_no_problem(platform):
    assert check_facts(SOUND[platform], platform) == []


@pytest.mark.parametrize(
    ("platform", "change", "problem"),
    [
        ("linux-x86_64", {"exported": EXPORTED | {"_Znwm"}}, "exports _Znwm"),
        ("linux-x86_64", {"exported": EXPORTED - {"reelfeel_text_pad"}}, "reelfeel_text_pad"),
        ("linux-x86_64", {"needed": frozenset({"libstdc++.so.6"})}, r"needs libstdc\+\+"),
        ("linux-x86_64", {"least_version": (2, 34)}, r"\(2, 34\)"),
        ("linux-x86_64", {"own_name": "/home/lib"}, "is called '/home/lib'"),
        ("macos-arm64", {"signed": False}, "not signed"),
        ("macos-arm64", {"least_version": (12, 0)}, r"\(12, 0\)"),
        ("macos-arm64", {"needed": frozenset({"/usr/lib/libc++.1.dylib"})}, "needs /usr/lib/libc"),
        ("windows-x86_64", {"needed": frozenset({"libgcc_s_seh-1.dll"})}, "needs libgcc"),
    ],
)
def test_what_a_machine_lacks_or_should_not_see_is_named(platform, change, problem):
    (found,) = check_facts(SOUND[platform]._replace(**change), platform)
    assert re.search(problem, found)


@needs_compiler
def test_a_library_tells_what_it_exports_and_needs(tmp_path):
    code = '#include <cmath>\nextern "C" double shown(double x) { return std::exp(x); }'
    facts = read_facts(compile_file(tmp_path, code, "-shared", "-fPIC").read_bytes())
    assert "shown" in facts.exported
    assert "libm.so.6" in facts.needed
    assert facts.least_version >= (2, 2)


def test_what_is_no_library_is_refused():
    with pytest.raises(ValueError, match=r"no library.*Received 4 bytes"):
        read_facts(b"text")


@needs_compiler
@pytest.mark.parametrize("folder", ["home", "checkout"])
def test_a_folder_of_this_machine_in_a_library_is_named(tmp_path, folder, monkeypatch):
    monkeypatch.setattr(check_wheels, "ROOT", tmp_path / folder)
    content = f"assert in {tmp_path / folder}/src/one.cpp".encode()
    assert str(tmp_path / folder) in find_paths(content)
    assert find_paths(b"src/one.cpp") == []


def test_a_wheel_without_its_library_is_named(tmp_path):
    wheel = tmp_path / "reelfeel-0.1.0-py3-none-win_amd64.whl"
    with zipfile.ZipFile(wheel, "w") as opened:
        opened.writestr("reelfeel/native/libreelfeel.so", b"")
    (problem,) = check_wheel(wheel, "windows-x86_64")
    assert "libreelfeel.so" in problem
    assert "reelfeel.dll" in problem


WIDE_CODE = """
#pragma GCC push_options
#pragma GCC target("avx2")
{opening}
__attribute__((noinline)) void add(float* a, const float* b) {{
    for (int i = 0; i < 64; ++i) a[i] += b[i];
}}
{closing}
#pragma GCC pop_options
"""


@needs_compiler
@pytest.mark.skipif(sys.platform != "linux", reason="compiles for Linux")
def test_wide_instructions_outside_a_target_are_named(tmp_path):
    inside = WIDE_CODE.format(opening="namespace reelfeel { namespace avx2 {", closing="} }")
    outside = WIDE_CODE.format(opening="namespace reelfeel {", closing="}")
    assert wide_instructions.find_leaks(compile_file(tmp_path, inside, "-O3", "-c")) == set()
    leaks = wide_instructions.find_leaks(compile_file(tmp_path, outside, "-O3", "-c"))
    assert leaks == {"_ZN8reelfeel3addEPfPKf"}


def test_instructions_that_the_disassembler_does_not_know_count_as_what_they_begin_with():
    """ldtilecfg, of AMX, between two of the baseline's."""
    assert wide_instructions.is_wide(bytes.fromhex("0f28c8c4e27849000f28c8"))
    assert not wide_instructions.is_wide(bytes.fromhex("0f28c80f28c8"))
