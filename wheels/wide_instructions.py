"""Looks through compiled objects for wide instructions where every processor must get through.

`tests/native/test_targets.py` looks through the library of this machine by its symbols. The ones in
wheels have none, so their objects are searched before they are linked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import capstone
import lief

# Of a target, as reelfeel::avx2::... is mangled; macOS puts an underscore before every name.
OF_A_TARGET = re.compile(r"_?_Z+N?K?8reelfeel(4avx2|6avx512|10avx512bf16|3amx)")
# Segments and address size: what may stand before. In 64-bit code C4 and C5 begin the VEX encoding
# (AVX, AVX2, FMA, AMX), 62 the EVEX encoding (AVX-512), and nothing else.
PREFIXES = {0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65, 0x67}
WIDE = {0xC4, 0xC5, 0x62}


def find_leaks(path: Path) -> set[str]:
    """Returns the functions of an object outside a target's namespace that hold wide instructions.

    Args:
        path: an object for x86-64, of Linux, macOS or Windows.
    """
    return {
        name for name, code in read_functions(path) if not OF_A_TARGET.match(name) and is_wide(code)
    }


def is_wide(code: bytes) -> bool:
    """Tells whether machine code holds a wide instruction."""
    reader = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    # It stops at what it does not know, as AMX is; so it is told to name the byte and go on.
    reader.skipdata = True
    starts = ((start, size) for start, size, _, _ in reader.disasm_lite(code, 0))
    return any(
        next((byte for byte in code[start : start + size] if byte not in PREFIXES), 0) in WIDE
        for start, size in starts
    )


def read_functions(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yields name and machine code of each function of an object; sections hold several."""
    places: dict[int, list[tuple[int, str]]] = {}
    codes: dict[int, bytes] = {}
    for section, content, offset, name in _read_symbols(path):
        places.setdefault(section, []).append((offset, name))
        codes[section] = content
    for section, found in places.items():
        found.sort()
        ends = [offset for offset, _ in found[1:]] + [len(codes[section])]
        for (offset, name), end in zip(found, ends, strict=True):
            yield name, codes[section][offset:end]


def _read_symbols(path: Path) -> Iterator[tuple[int, bytes, int, str]]:
    """Yields section, its content, offset in it, and name of each function."""
    if lief.is_elf(str(path)):
        return _read_linux(lief.ELF.parse(str(path)))
    if lief.is_macho(str(path)):
        return _read_macos(lief.MachO.parse(str(path)).at(0))
    return _read_windows(lief.COFF.parse(str(path)))


def _read_linux(compiled: lief.ELF.Binary) -> Iterator[tuple[int, bytes, int, str]]:
    for symbol in compiled.symtab_symbols:
        if symbol.type == lief.ELF.Symbol.TYPE.FUNC and symbol.section:
            yield symbol.shndx, bytes(symbol.section.content), symbol.value, symbol.name


def _read_macos(compiled: lief.MachO.Binary) -> Iterator[tuple[int, bytes, int, str]]:
    sections = list(compiled.sections)
    for symbol in compiled.symbols:
        number = symbol.numberof_sections
        if number and sections[number - 1].name == "__text":
            section = sections[number - 1]
            start = symbol.value - section.virtual_address
            yield number, bytes(section.content), start, symbol.name


def _read_windows(compiled: lief.COFF.Binary) -> Iterator[tuple[int, bytes, int, str]]:
    for symbol in compiled.symbols:
        if symbol.is_function and symbol.section:
            section = symbol.section
            # A template's function has a section of its own, which has the name.
            name = symbol.name or section.coff_string.string.removeprefix(".text$")
            yield symbol.section_idx, bytes(section.content), symbol.value, name
