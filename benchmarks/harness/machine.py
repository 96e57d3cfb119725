"""What the machine is, and whether anyone else is using it. Linux only: everything is in /proc."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
# More than this, in cores, and the machine is not quiet.
MAX_OTHER_CORES = 0.2
INSTRUCTION_SETS = (
    "avx2",
    "fma",
    "avx_vnni",
    "avx512f",
    "avx512bw",
    "avx512_vnni",
    "avx512_bf16",
    "avx512_fp16",
    "amx_tile",
    "amx_bf16",
    "amx_int8",
)

# Kinds of processors by the newest instructions that our kernels use, and what makes libraries
# believe in each on a newer one. ONNX Runtime cannot be made to: beside it such a run is hard on
# us.
KINDS = {"amx": "amx_bf16", "avx512bf16": "avx512_bf16", "avx512": "avx512bw", "avx2": "avx2"}
EMULATION = {
    "avx512bf16": {"ONEDNN_MAX_CPU_ISA": "AVX512_CORE_BF16"},
    "avx512": {"ONEDNN_MAX_CPU_ISA": "AVX512_CORE", "MKL_ENABLE_INSTRUCTIONS": "AVX512"},
    "avx2": {
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "ATEN_CPU_CAPABILITY": "avx2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    },
}


@dataclass(frozen=True)
class Busy:
    """Processor seconds used on the whole machine since it started, at a moment."""

    moment: float
    used_s: float
    stolen_s: float

    def cores_since(self, before: Busy, own_s: float = 0.0) -> float:
        """Returns how many cores others used since `before`, on average.

        Args:
            before: an earlier reading.
            own_s: processor seconds since then that do not count as others'.

        Example:

        >>> round(Busy(12.0, 105.0, 0.0).cores_since(Busy(10.0, 100.0, 0.0), own_s=4.0), 2)
        0.5
        """
        seconds = max(self.moment - before.moment, 1e-3)
        return max(0.0, self.used_s - before.used_s - own_s) / seconds


def busy_seconds() -> Busy:
    """Reads the processor seconds of the whole machine; a hypervisor's theft counts as use."""
    fields = Path("/proc/stat").read_text().splitlines()[0].split()[1:9]
    user, nice, system, _, _, interrupts, soft, stolen = (int(field) for field in fields)
    used = user + nice + system + interrupts + soft + stolen
    return Busy(time.monotonic(), used / TICKS_PER_S, stolen / TICKS_PER_S)


def session_seconds(session: int) -> float:
    """Reads the processor seconds of all processes of a session, and of their ended children."""
    total = 0
    for process in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name may hold spaces and brackets; what follows its last bracket does not.
            fields = process.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        if int(fields[3]) == session:
            total += sum(int(field) for field in fields[11:15])
    return total / TICKS_PER_S


def other_cores(seconds: float = 2.0) -> float:
    """Measures how many cores are in use while this process sleeps."""
    before = busy_seconds()
    time.sleep(seconds)
    return busy_seconds().cores_since(before)


def describe_load(cores: float) -> str:
    """Says whether the machine is quiet.

    Example:

    >>> describe_load(0.05)
    'quiet: others use 0.05 cores'
    """
    state = "quiet" if cores <= MAX_OTHER_CORES else "NOT QUIET"
    return f"{state}: others use {cores:.2f} cores"


def available_cores() -> set[int]:
    """Returns the cores that this process may use."""
    return os.sched_getaffinity(0)


def describe_machine() -> dict[str, Any]:
    """Returns processor, cores, instruction sets, memory and system."""
    cpu = _read_fields(Path("/proc/cpuinfo"))
    memory = _read_fields(Path("/proc/meminfo"))
    flags = cpu.get("flags", "").split()
    return {
        "processor": cpu.get("model name", platform.machine()),
        "family_model_stepping": [cpu.get(k) for k in ("cpu family", "model", "stepping")],
        "cores": len(available_cores()),
        "instruction_sets": [name for name in INSTRUCTION_SETS if name in flags],
        "memory_gib": round(int(memory.get("MemTotal", "0").split()[0]) / 2**20, 1),
        "system": f"{platform.system()} {platform.release()}",
        "virtual": "hypervisor" in flags,
    }


def name_kind(instruction_sets: Collection[str], emulated: str | None = None) -> str:
    """Returns the kind of a processor: the folder that its records lie in.

    Args:
        instruction_sets: those that it has, as `/proc/cpuinfo` names them.
        emulated: the older kind that libraries were made to believe in.

    Example:

    >>> name_kind(["avx2", "fma"]), name_kind(["avx2", "amx_bf16"], "avx2")
    ('avx2', 'avx2-on-amx')
    """
    own = next((kind for kind, name in KINDS.items() if name in instruction_sets), "other")
    return f"{emulated}-on-{own}" if emulated else own


def describe_commit(root: Path) -> dict[str, Any]:
    """Returns the commit of the source, and whether files differ from it."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(root), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.stdout.strip()

    return {"commit": git("rev-parse", "HEAD") or None, "changed": bool(git("status", "-s", "src"))}


def _read_fields(path: Path) -> dict[str, str]:
    fields: dict[str, str] = {}
    for line in path.read_text().splitlines():
        name, _, value = line.partition(":")
        fields.setdefault(name.strip(), value.strip())
    return fields
