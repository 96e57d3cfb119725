import os
import re
from pathlib import Path

import pytest

from reelfeel.native import cores
from reelfeel.native.cores import available_cores, read_quota


def write(root, files):
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


@pytest.mark.parametrize(
    ("membership", "files", "expected"),
    [
        # Version 2, in a container of its own.
        ("0::/\n", {"cpu.max": "150000 100000\n"}, 1.5),
        ("0::/\n", {"cpu.max": "max 100000\n"}, None),
        # The smallest of a group and all that it is part of.
        ("0::/a/b\n", {"a/b/cpu.max": "max 100000", "a/cpu.max": "300000 100000"}, 3),
        ("0::/a/b\n", {"a/b/cpu.max": "200000 50000", "a/cpu.max": "300000 100000"}, 3),
        # The path is the host's, the mounted groups are the container's.
        ("0::/docker/abc\n", {"cpu.max": "200000 100000"}, 2),
        # Version 1, under either name of the controller.
        (
            "3:cpu,cpuacct:/x\n2:memory:/x\n",
            {
                "cpu,cpuacct/x/cpu.cfs_quota_us": "50000",
                "cpu,cpuacct/x/cpu.cfs_period_us": "100000",
            },
            0.5,
        ),
        ("1:cpu:/\n", {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, None),
        ("1:cpu:/\n", {"cpu/cpu.cfs_quota_us": "400000", "cpu/cpu.cfs_period_us": "100000"}, 4),
        ("2:cpuset:/\n", {"cpu/cpu.cfs_quota_us": "1", "cpu/cpu.cfs_period_us": "1"}, None),
        ("0::/\n", {"cpu.max": "broken"}, None),
        ("0::/\n", {"cpu.max": "100 0"}, None),
        ("", {}, None),
    ],
)
def test_the_quota_is_the_smallest_that_the_groups_name(tmp_path, membership, files, expected):
    write(tmp_path, {"membership": membership})
    write(tmp_path / "root", files)
    assert read_quota(tmp_path / "root", tmp_path / "membership") == expected


def test_without_control_groups_there_is_no_quota(tmp_path):
    assert read_quota(tmp_path, tmp_path / "missing") is None


@pytest.mark.parametrize(
    ("quota", "scheduled", "expected"), [(None, 8, 8), (2.9, 8, 2), (0.5, 8, 1), (64.0, 8, 8)]
)
def test_whole_cores_within_the_quota_are_used(monkeypatch, quota, scheduled, expected):
    monkeypatch.setattr(cores, "_own_quota", lambda: quota)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(scheduled)), raising=False)
    assert available_cores() == expected


def test_a_system_that_does_not_say_where_a_process_may_run_has_all_its_cores(monkeypatch):
    # macOS and Windows.
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(cores, "_own_quota", lambda: None)
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    assert available_cores() == 7
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert available_cores() == 1


def test_nobody_else_asks_the_system_for_its_cores():
    source = Path(cores.__file__).parents[1]
    asking = [
        path.relative_to(source).as_posix()
        for path in source.rglob("*.py")
        if re.search(r"cpu_count|sched_getaffinity|process_cpu_count", path.read_text("utf-8"))
    ]
    assert asking == ["native/cores.py"]
