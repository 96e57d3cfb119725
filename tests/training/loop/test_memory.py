import subprocess
import sys

import pytest

COUNT_FAULTS = """
import resource
import numpy as np
from reelfeel.training.loop.memory import keep_freed_memory

def count_faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        np.ones(2_000_000)  # 16 MB: 4,000 pages
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

before, done = count_faults(), keep_freed_memory()
count_faults()
print(before, done, count_faults())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc only")
def test_freed_blocks_are_used_again_without_new_pages():
    # In a process of its own: the setting lasts as long as the process.
    printed = subprocess.run(
        [sys.executable, "-c", COUNT_FAULTS], check=True, capture_output=True, text=True
    )
    before, done, after = printed.stdout.split()
    if done == "False":
        pytest.skip("not glibc")
    assert int(after) < 100 < int(before)
