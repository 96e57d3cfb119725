"""Random tables against what was written into them: no row is lost or changed uncounted."""

import logging

import pytest
from fuzzed_tables import make_json, make_raw, make_written

from reelfeel.data.tables import TableOptions, read_table
from reelfeel.errors import DataError

FAST = range(70)
SLOW = [
    pytest.param(range(start, start + 100), marks=pytest.mark.slow) for start in range(70, 770, 100)
]


@pytest.fixture(autouse=True)
def quiet():
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def read(folder, made, **options):
    path = folder / made.name
    path.write_bytes(made.content)
    return read_table(path, TableOptions(**options))


def rows_of(reviews):
    return list(zip(reviews.texts, map(str, reviews.labels.tolist()), strict=True))


def is_balanced(summary):
    return summary.found == summary.read + sum(one.count for one in summary.passed_over)


@pytest.mark.parametrize("seeds", [FAST, *SLOW])
def test_what_a_csv_library_wrote_is_read_as_it_was_written(tmp_path, seeds):
    num_refused = 0
    for seed in seeds:
        made = make_written(seed)
        assert rows_of(read(tmp_path, made, **made.options)) == made.rows, seed
        try:
            assert rows_of(read(tmp_path, made)) == made.rows, seed
        except DataError:
            num_refused += 1
    # A text with line ends in it can look like rows; most do not.
    assert num_refused < 0.1 * len(seeds)


@pytest.mark.parametrize("seeds", [FAST, *SLOW])
def test_quotation_marks_that_quote_nothing_never_glue_or_change_rows(tmp_path, seeds):
    for seed in seeds:
        made = make_raw(seed)
        plain = read_or_refuse(tmp_path, made, skip_bad_rows=True, **made.options)
        assert (rows_of(plain) if plain else []) == made.rows, seed
        for options in ({}, {"skip_bad_rows": True}):
            reviews = read_or_refuse(tmp_path, made, **options)
            if reviews is None:
                continue
            (summary,) = reviews.load_summaries
            assert is_balanced(summary), seed
            blank = sum(one.count for one in summary.passed_over if "blank" in one.reason)
            assert summary.found - blank >= len(made.rows) + made.num_bad, seed
            known = {(strip_quotes(text), label) for text, label in made.rows}
            assert {(strip_quotes(text), label) for text, label in rows_of(reviews)} <= known, seed


@pytest.mark.parametrize("seeds", [FAST, *SLOW])
def test_json_lines_are_read_or_counted(tmp_path, seeds):
    for seed in seeds:
        made = make_json(seed)
        reviews = read_or_refuse(tmp_path, made, skip_bad_rows=True)
        if reviews is None:
            assert not made.rows, seed
            continue
        assert rows_of(reviews) == made.rows, seed
        assert reviews.load_summaries[0].num_passed_over == made.num_bad, seed
        if made.num_bad:
            assert read_or_refuse(tmp_path, made) is None, seed


def read_or_refuse(folder, made, **options):
    """Only an error of the tree refuses; any other fails the test."""
    try:
        return read(folder, made, **options)
    except DataError:
        return None


def strip_quotes(text):
    """A text wholly inside quotes is read without them, and those doubled inside singly."""
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1].replace('""', '"')
    return text


def test_of_300_tsv_files_with_stray_quotes_none_loses_a_row_in_silence(tmp_path):
    num_read = 0
    for seed in range(300):
        made = make_raw(seed, num_rows=40)
        reviews = read_or_refuse(tmp_path, made)
        if reviews is not None:
            num_read += 1
            assert len(reviews) == len(made.rows), seed
    assert num_read > 50
