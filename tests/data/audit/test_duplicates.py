import random

import numpy as np

from reelfeel.data.audit.duplicates import find_shared, fold_text, number_groups


def witness_groups(num_rows, columns):
    """Groups by walking from row to row: slow, and plain to see."""
    groups, left = [], set(range(num_rows))
    while left:
        group = frontier = {min(left)}
        while frontier:
            keys = [{column[row] for row in group} - {""} for column in columns]
            reached = {
                row
                for row in left
                if any(column[row] in known for column, known in zip(columns, keys, strict=True))
            }
            frontier = reached - group
            group = group | reached
        groups.append(group)
        left -= group
    return groups


def test_groups_are_what_a_walk_from_row_to_row_finds():
    rng = random.Random(0)
    for _ in range(50):
        size = rng.randrange(1, 40)
        columns = [[rng.choice(["", *"abcdefghijkl"]) for _ in range(size)] for _ in range(2)]
        numbers = number_groups(size, *columns)
        found = [set(np.flatnonzero(numbers == number).tolist()) for number in np.unique(numbers)]
        assert found == witness_groups(size, columns)


def test_empty_keys_join_nothing():
    assert number_groups(3, ["", "", ""], [None, None, None], None).tolist() == [0, 1, 2]
    assert number_groups(0, []).tolist() == []


def test_folding_forgets_case_and_white_space_only():
    assert (
        fold_text(" A\u00a0Gem,\n\tSTRASSE ") == fold_text("a gem, stra\u00dfe") == "a gem, strasse"
    )
    assert fold_text("a gem!") != fold_text("a gem")


def test_shared_texts_are_found_after_folding():
    assert find_shared(["A  gem", "a bore", ""], ["a GEM", ""]).tolist() == [True, False, False]
    assert find_shared([], ["a"]).shape == (0,)
