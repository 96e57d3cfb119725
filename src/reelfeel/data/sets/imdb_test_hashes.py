"""Hashes of IMDB's test reviews, so that training can leave them out without reading them.

A language model must not learn from a review of the test set, and 269 of them stand among the
unlabelled ones. No stage of training may open a test file to find them; so their hashes come with
ReelFeel. `tests/data/sets/test_imdb_test_hashes.py` rebuilds the file from the data set.
"""

from __future__ import annotations

from importlib import resources

import numpy as np
import numpy.typing as npt

_FILE = "imdb_test_hashes.bin"


def read_test_hashes() -> npt.NDArray[np.uint64]:
    """Returns the hashes of IMDB's test reviews, as `hash_texts` gives them of cleaned texts.

    Returns:
        uint64 array, rising, one for each distinct review.

    Example:

    >>> len(read_test_hashes())
    24799
    """
    content = (resources.files("reelfeel.data.sets") / _FILE).read_bytes()
    return np.frombuffer(content, dtype="<u8")
