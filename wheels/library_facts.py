"""What a compiled library says of itself, in the same words for Linux, macOS and Windows."""

from __future__ import annotations

import re
from typing import NamedTuple

import lief

# zig's linker names the beginning of each macOS library so; nothing can refer to them from outside,
# since macOS looks a name up in the library that it was linked from.
_OF_THE_LINKER = {"_mh_dylib_header", "__dso_handle"}


class LibraryFacts(NamedTuple):
    """Names, needs and origin of a library.

    Attributes:
        exported: the names that can be called from outside, as in C.
        needed: the libraries that the system has to have.
        least_version: what it needs of the system: glibc's version, or macOS'; () for none.
        own_name: what it calls itself, "" for nothing, and where it looks for others.
        signed: whether it holds a code signature.
    """

    exported: frozenset[str]
    needed: frozenset[str]
    least_version: tuple[int, ...]
    own_name: str
    signed: bool


def read_facts(content: bytes) -> LibraryFacts:
    """Reads a library for any of the three systems.

    Raises:
        ValueError: if it is no such library.
    """
    library = lief.parse(list(content))
    for kind, read in (
        (lief.ELF.Binary, _read_linux),
        (lief.MachO.Binary, _read_macos),
        (lief.PE.Binary, _read_windows),
    ):
        if isinstance(library, kind):
            return read(library)
    raise ValueError(
        "The file is no library that can be read. Expected one for Linux, macOS or Windows. "
        f"Received {len(content):,} bytes that begin with {content[:8]!r}."
    )


def _read_linux(library: lief.ELF.Binary) -> LibraryFacts:
    versions = [
        tuple(int(part) for part in re.findall(r"\d+", needed.name))
        for file in library.symbols_version_requirement
        for needed in file.get_auxiliary_symbols()
    ]
    tags = lief.ELF.DynamicEntry.TAG
    named = [
        str(entry.value if not hasattr(entry, "name") else entry.name)
        for entry in library.dynamic_entries
        if entry.tag in {tags.SONAME, tags.RPATH, tags.RUNPATH}
    ]
    return LibraryFacts(
        exported=frozenset(symbol.name for symbol in library.exported_symbols),
        needed=frozenset(library.libraries),
        least_version=max(versions, default=()),
        own_name=" ".join(named),
        signed=False,
    )


def _read_macos(library: lief.MachO.Binary) -> LibraryFacts:
    exported = {symbol.name.removeprefix("_") for symbol in library.exported_symbols}
    command = library.build_version if library.has_build_version else library.version_min
    version = command.minos if library.has_build_version else command.version
    own_name = lief.MachO.LoadCommand.TYPE.ID_DYLIB
    return LibraryFacts(
        exported=frozenset(exported - _OF_THE_LINKER),
        needed=frozenset(item.name for item in library.libraries if item.command != own_name),
        least_version=tuple(version)[:2],
        own_name=" ".join(item.name for item in library.libraries if item.command == own_name),
        signed=library.has_code_signature,
    )


def _read_windows(library: lief.PE.Binary) -> LibraryFacts:
    entries = library.get_export().entries if library.has_exports else []
    return LibraryFacts(
        exported=frozenset(entry.name for entry in entries),
        needed=frozenset(item.name.lower() for item in library.imports),
        least_version=(),
        own_name=library.get_export().name if library.has_exports else "",
        signed=False,
    )
