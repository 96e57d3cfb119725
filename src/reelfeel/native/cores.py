"""The number of cores and threads to use; in a container often fewer than the machine has."""

from __future__ import annotations

import functools
import os
from pathlib import Path, PurePosixPath

from reelfeel.errors import UsageError

# Where Linux mounts the control groups, and says in which of them a process is.
CGROUP_ROOT, CGROUP_MEMBERSHIP = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


def available_cores() -> int:
    """Returns how many cores this process may use, at least 1.

    The cores that it may run on, or fewer where its container has a quota of processor time
    (`docker run --cpus`, a limit in Kubernetes): more threads than that would stop each other.

    Example:

    >>> 1 <= available_cores() <= os.cpu_count()
    True
    """
    quota = _own_quota()
    cores = _count_scheduled_cores()
    return cores if quota is None else max(1, min(cores, int(quota)))


def read_quota(root: Path, membership: Path) -> float | None:
    """Returns how many cores' worth of time the control groups allow; None where they do not say.

    Args:
        root: where the control groups are mounted.
        membership: a file such as `/proc/self/cgroup`: `number:controllers:/path` in each line.

    Returns:
        The smallest quota of the group and all that it is part of, in either version of control
        groups.
    """
    quotas = []
    for line in _read(membership).splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if not controllers:
            quotas += [_read_quota_2(root / place) for place in _with_parents(path)]
        elif "cpu" in controllers.split(","):
            for mounted in ("cpu", controllers):
                quotas += [_read_quota_1(root / mounted / place) for place in _with_parents(path)]
    return min((quota for quota in quotas if quota is not None), default=None)


@functools.cache
def check_threads(threads: int | None) -> int:
    """Returns how many threads to use: what was asked for, or as many as there are cores.

    Raises:
        UsageError: if `threads` is no whole number or below 1.

    Example:

    >>> check_threads(3)
    3
    """
    if threads is None:
        return available_cores()
    if not isinstance(threads, int) or threads < 1:
        raise UsageError(
            "threads must be a whole number of at least 1, or None for all cores; received "
            f"{threads!r}."
        )
    return threads


def _own_quota() -> float | None:
    # Some ten files, and whoever encodes one text after the other asks every time.
    return read_quota(CGROUP_ROOT, CGROUP_MEMBERSHIP)


def _count_scheduled_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _with_parents(path: str) -> list[PurePosixPath]:
    # In a container the path may be the host's, and only the last of these exist.
    inside = PurePosixPath(path.lstrip("/"))
    return [inside, *inside.parents]


def _read_quota_2(group: Path) -> float | None:
    quota, _, period = _read(group / "cpu.max").partition(" ")
    return _divide(quota, period)


def _read_quota_1(group: Path) -> float | None:
    return _divide(_read(group / "cpu.cfs_quota_us"), _read(group / "cpu.cfs_period_us"))


def _divide(quota: str, period: str) -> float | None:
    try:
        cores = int(quota) / int(period)
    except (ValueError, ZeroDivisionError):  # "max", or no such file
        return None
    return cores if cores > 0 else None  # -1 is no quota either


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeError):
        return ""
