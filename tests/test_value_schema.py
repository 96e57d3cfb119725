"""Checks of plain values: what they let through, and the line that the others end in."""

import math

import pytest

from reelfeel.schema import (
    flag,
    integer,
    many,
    mapping,
    matching,
    number,
    one_of,
    optional,
    record,
    shorten,
    text,
)


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (flag, [True, False], [0, 1, None, "true"]),
        (integer(0, 9), [0, 9], [-1, 10, True, 1.0, "1", None, 2**70]),
        (number(0, 1), [0, 1, 0.5], [True, -0.1, 1.1, math.nan, math.inf, "0", None, 10**400]),
        (number(is_finite=False), [math.nan, -math.inf, 3], [10**400, -(10**400), True, "nan"]),
        (text(least=1, most=3), ["a", "abc"], ["", "abcd", "\ud800", 3, None, b"a"]),
        (matching("[0-9a-f]{4}", "four digits"), ["0a1f"], ["0a1", "0a1f\n", "0A1F", 3, None]),
        (one_of(1, "a"), [1, "a"], [True, 1.0, "b", None, ["a"]]),
        (optional(flag), [None, True], [0, "x"]),
        (many(flag, least=1, most=2), [[True]], [[], [True] * 3, [1], "ab", {}, None, (True,)]),
        (mapping(flag, most=1), [{}, {"a": True}], [{"a": 1}, {"a": True, "b": True}, [], "a"]),
        (record({"a": flag}, required=["a"]), [{"a": True}, {"a": True, "b": 3}],
         [{}, {"a": 1}, [], None]),
        (record({"a": flag}, others=None), [{}, {"a": True}], [{"b": True}, {"a": 0}]),
    ],
)  # fmt: skip
def test_a_check_lets_through_what_it_says_and_nothing_else(check, good, bad):
    for value in good:
        check(value, "field")
    for value in bad:
        with pytest.raises(ValueError, match=r"field.* must be .*\. Received: ") as refusal:
            check(value, "field")
        assert len(str(refusal.value)) < 500
        assert "\n" not in str(refusal.value)


def test_a_value_is_named_by_where_it_stands():
    check = record({"rows": many(record({"loss": number()}))})
    with pytest.raises(ValueError, match=r"history\.rows\[1\]\.loss must be a finite number"):
        check({"rows": [{"loss": 1.0}, {"loss": "x"}]}, "history")


def test_whatever_came_is_shown_short():
    for value in ("x" * 10**6, [[[[1] * 99] * 99] * 99] * 99, 10**4_000, {"a" * 10**6: 1}):
        assert len(shorten(value)) < 1_000
