"""What is compiled for one kind of processor stays in the namespace of that kind.

A wide instruction in a function that others share kills the library on every older processor, and
which functions those are depends on compiler, level and order of the objects. So the built library
is disassembled: that shows it on any machine.
"""

import platform
import re
import shutil
import subprocess

import pytest

from reelfeel.native.library import LIBRARY_PATH

pytestmark = [
    pytest.mark.skipif(
        platform.machine().lower() not in {"x86_64", "amd64"}, reason="only x86 has these targets"
    ),
    pytest.mark.skipif(not LIBRARY_PATH.exists(), reason="the library was not compiled"),
    pytest.mark.skipif(shutil.which("objdump") is None, reason="needs objdump, of binutils"),
]

# Of a target, as reelfeel::avx2::... is mangled; src/common/target_begin.hpp has the list.
OF_A_TARGET = re.compile(r"_Z+N?K?8reelfeel(4avx2|6avx512|10avx512bf16|3amx)")
FUNCTION = re.compile(r"^[0-9a-f]+ <(.+)>:$")
INSTRUCTION = re.compile(r"^\s*[0-9a-f]+:\t((?:[0-9a-f]{2} )+)")
# Segments and address size: what may stand before. In 64-bit code C4 and C5 begin the VEX encoding
# (AVX, AVX2, FMA, AMX), 62 the EVEX encoding (AVX-512), and nothing else.
PREFIXES = {"26", "2e", "36", "3e", "64", "65", "67"}
WIDE = {"c4", "c5", "62"}


def find_leaks(disassembly: str) -> set[str]:
    """Returns the functions outside a target's namespace that hold wide instructions."""
    leaks, function = set(), ""
    for line in disassembly.splitlines():
        if match := FUNCTION.match(line):
            function = match[1]
        elif (match := INSTRUCTION.match(line)) and not OF_A_TARGET.match(function):
            first = next((byte for byte in match[1].split() if byte not in PREFIXES), "")
            if first in WIDE:
                leaks.add(function)
    return leaks


def disassemble(path) -> str:
    command = ["objdump", "--disassemble", "--insn-width=15", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_no_function_that_targets_share_holds_wide_instructions():
    assert find_leaks(disassemble(LIBRARY_PATH)) == set()


def test_the_targets_are_there_and_wide():
    """Else the test above would look for names that no function has."""
    disassembly = disassemble(LIBRARY_PATH)
    hidden = re.sub(OF_A_TARGET, "_Z5other", disassembly)
    assert len(find_leaks(hidden)) >= 4


def test_a_leak_is_named():
    """The shape of the fault that this library once had: a template compiled for AVX-512."""
    leaked = "_ZNSt6vectorIfSaIfEE14_M_fill_assignEmRKf"
    assembly = (
        f"0000000000002a50 <{leaked}>:\n"
        "    2a50:\t55                                           \tpush   %rbp\n"
        "    2a51:\t62 f1 7c 48 28 c8                            \tvmovaps %zmm0,%zmm1\n"
        "0000000000002b00 <_ZN8reelfeel4avx212_GLOBAL__N_13runEv>:\n"
        "    2b00:\tc5 fc 28 c8                                  \tvmovaps %ymm0,%ymm1\n"
        "0000000000002c00 <reelfeel_text_encode>:\n"
        "    2c00:\t0f 28 c8                                     \tmovaps %xmm0,%xmm1\n"
    )
    assert find_leaks(assembly) == {leaked}


def test_nothing_but_what_python_calls_is_exported():
    command = ["nm", "--dynamic", "--defined-only", "--format=posix", str(LIBRARY_PATH)]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    names = {line.split()[0] for line in listed.splitlines()}
    assert names
    assert {name for name in names if not name.startswith("reelfeel_")} == set()
