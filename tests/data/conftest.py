"""What the tests of this room share: a small copy of IMDB, and the real one where it is."""

import os

import pytest
from imdb_copies import SMALL_COUNTS, small_copy

from reelfeel.data.sets import imdb


@pytest.fixture
def small_imdb(monkeypatch, tmp_path):
    """Makes 11 reviews the whole of IMDB, and gives this test a home of its own."""
    monkeypatch.setattr(imdb, "EXPECTED_COUNTS", SMALL_COUNTS)
    monkeypatch.setenv("REELFEEL_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("REELFEEL_IMDB", raising=False)
    return small_copy()


@pytest.fixture(scope="session")
def real_imdb():
    """Gives train and test of the real IMDB."""
    if not os.environ.get("REELFEEL_IMDB"):
        pytest.skip("REELFEEL_IMDB does not name a copy of IMDB")
    return {part: imdb.load_imdb(part) for part in ("train", "test")}
