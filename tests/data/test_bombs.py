"""Bombs: one line, under 1 GB and 20 seconds each; what is harmless is read."""

import json
import os
import shutil
import subprocess
import sys

import bombs
import pytest
from bombs import BOMBS, HARMLESS, MAYBE_HARMLESS, MIB

# Some of each kind; the others are slow together.
FAST = {
    "small_gz", "gz_of_commas", "header_of_40_000_columns", "parquet_with_a_footer_of_gigabytes",
    "tar_of_5_000_headers_x", "xz_of_one_list", "xz_with_a_dictionary_of_gigabytes", "fifo",
    "null_device", "folder_without_rights",
}  # fmt: skip
MOST_BYTES, MOST_SECONDS = 1000 * MIB, 20
# Address space is more than memory: libraries reserve some that they never touch.
ADDRESS_SPACE = 3000 * MIB


# A process counts the memory of the one that started it as its own: here of all tests before. So
# a small one stands between.
LAUNCHER = """
import ctypes, json, os, resource, subprocess, sys

def limit():
    resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[1]),) * 2)
    # Rights mean nothing to the superuser; the program to come is to obey them.
    if os.geteuid() == 0:
        for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
            ctypes.CDLL(None).prctl(24, capability)  # PR_CAPBSET_DROP

process = subprocess.Popen(
    [sys.executable, "-m", "reelfeel", *sys.argv[2:]],
    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=limit,
)
said = process.stdout.read().decode()
_, status, used = os.wait4(process.pid, 0)
process.returncode = os.waitstatus_to_exitcode(status)
seconds = used.ru_utime + used.ru_stime
print(json.dumps([process.returncode, said, used.ru_maxrss * 1024, seconds]))
"""


def run(*arguments, home):
    """Runs a command in a limited process; returns its exit code, its words, bytes and seconds.

    Seconds are those of the processor: another process may have it for a while.
    """
    done = subprocess.run(
        [sys.executable, "-c", LAUNCHER, str(ADDRESS_SPACE), *map(str, arguments)],
        env={**os.environ, "REELFEEL_HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        check=True,
    )
    return tuple(json.loads(done.stdout))


def make(name, folder):
    """Makes a bomb in a process of its own: what that needs would count as ours."""
    made = subprocess.run(
        [sys.executable, bombs.__file__, name, str(folder)], stdout=subprocess.PIPE, check=True
    )
    return os.fsdecode(made.stdout)


@pytest.fixture
def bomb_folder(tmp_path):
    """A folder that can be removed whatever is made in it."""
    (tmp_path / "bomb").mkdir()
    yield tmp_path
    for path in (tmp_path / "bomb").rglob("*"):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o700)
    shutil.rmtree(tmp_path / "bomb")


@pytest.mark.parametrize(
    "name",
    [name if name in FAST else pytest.param(name, marks=pytest.mark.slow) for name in BOMBS],
)
@pytest.mark.timeout(120)
def test_a_bomb_is_refused_in_one_line(name, bomb_folder):
    place = make(name, bomb_folder / "bomb")
    code, said, num_bytes, seconds = run("check-data", place, home=bomb_folder / "home")
    if name in HARMLESS or (name.startswith(MAYBE_HARMLESS) and "Sizes" in said):
        assert "Sizes" in said
        assert code in (0, 3), code  # 3: one review is no training set
    else:
        assert code in (2, 3), (code, said)
        assert said.startswith("Error: "), said
        assert said.count("\n") == 1, said
        assert len(said) < 2_000
    assert num_bytes < MOST_BYTES
    assert seconds < MOST_SECONDS


@pytest.mark.parametrize("place", ["/dev/zero", "/dev/null"])
@pytest.mark.parametrize(
    "command",
    [
        ("train", "mini", "--output", "unwritten", "--config"),
        ("check-data", "imdb", "--data-dir"),
        ("explain", "--file"),
        ("evaluate", "--predictions"),
        pytest.param(
            ("train", "mini", "--from", "language-model", "-o", "unwritten", "--unlabelled"),
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_device_is_refused_wherever_a_file_may_be_named(command, place, bomb_folder):
    code, said, num_bytes, _ = run(*command, place, home=bomb_folder / "home")
    assert code in (1, 2, 3), said
    assert said.startswith("Error: "), said
    assert "device" in said
    assert num_bytes < MOST_BYTES


def test_there_are_more_than_fifty_of_them():
    assert len(BOMBS) > 80
