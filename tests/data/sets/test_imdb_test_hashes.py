"""The hashes that come with ReelFeel are those of IMDB's test reviews."""

import numpy as np

from reelfeel.data.audit.duplicates import hash_texts
from reelfeel.data.sets.imdb_test_hashes import read_test_hashes
from reelfeel.text.cleaning import clean


def test_they_are_rebuilt_from_the_data_set(real_imdb):
    """The file holds `rebuilt.astype("<u8").tobytes()`: distinct hashes, rising."""
    rebuilt = np.unique(hash_texts(map(clean, real_imdb["test"].texts)))
    assert np.array_equal(rebuilt, read_test_hashes())


def test_they_are_distinct_and_rising():
    hashes = read_test_hashes()
    assert len(hashes) > 24_000
    assert (np.diff(hashes.astype(object)) > 0).all()
