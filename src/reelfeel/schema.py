"""Checks plain values read from files: a type and a range for each.

A check is a function of a value and its name; it returns nothing, or raises ValueError with what
was expected and what came. Untrusted files are read through such checks only.

    check = record({"seed": integer(0, 99), "note": text(most=20)}, required=["seed"])
    check({"seed": 3}, "settings")
"""

from __future__ import annotations

import math
import re
import reprlib
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from reelfeel.errors import BundleError

Check = Callable[[Any, str], None]

MAX_SHOWN = 200
_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 100
_SHORT.maxlong = 40
_SHORT.maxlevel = 3
_SURROGATE = re.compile("[\ud800-\udfff]")


def shorten(value: object) -> str:
    """Returns a value as Python writes it, on one line and short, however large it is.

    Example:

    >>> len(shorten("x" * 10_000)) < 120
    True
    """
    shown = " ".join(_SHORT.repr(value).split("\n"))
    return shown if len(shown) <= MAX_SHOWN else f"{shown[:MAX_SHOWN]}..."


def require(holds: bool, name: str, expected: str, value: object) -> None:
    """Raises ValueError that names a value and says what it should be, unless `holds`.

    Example:

    >>> require(False, "seed", "from 0 to 9", 12)
    Traceback (most recent call last):
        ...
    ValueError: seed must be from 0 to 9. Received: 12
    """
    if not holds:
        raise ValueError(f"{name} must be {expected}. Received: {shorten(value)}")


def anything(value: Any, name: str) -> None:
    """Accepts every value: what nobody reads; its depth and size are bounded by its file."""


def flag(value: Any, name: str) -> None:
    """Accepts true and false."""
    require(type(value) is bool, name, "true or false", value)


def integer(least: int, most: int) -> Check:
    """Accepts whole numbers from `least` to `most`; true is none."""

    def check(value: Any, name: str) -> None:
        holds = type(value) is int and least <= value <= most
        require(holds, name, f"a whole number from {least} to {most}", value)

    return check


def number(least: float = -math.inf, most: float = math.inf, *, is_finite: bool = True) -> Check:
    """Accepts numbers from `least` to `most`; no infinite ones and no NaN if `is_finite`."""

    def check(value: Any, name: str) -> None:
        # A whole number may be larger than any float, which no sum of floats survives.
        holds = type(value) is float or (type(value) is int and abs(value) <= sys.float_info.max)
        if holds and (is_finite or not math.isnan(value)):
            holds = least <= value <= most and (not is_finite or abs(value) < math.inf)
        kind = "a finite number" if is_finite else "a number"
        bounds = "" if (least, most) == (-math.inf, math.inf) else f" from {least:g} to {most:g}"
        require(holds, name, f"{kind}{bounds}", value)

    return check


def text(*, least: int = 0, most: int = 10_000, has_halves: bool = False) -> Check:
    """Accepts strings of some length.

    Args:
        least: characters.
        most: characters.
        has_halves: whether there may be halves of characters, as in a path that is not UTF-8; such
            a text can be shown, and not be written to a file.
    """

    def check(value: Any, name: str) -> None:
        holds = isinstance(value, str) and least <= len(value) <= most
        require(holds, name, f"a text of {least} to {most} characters", value)
        is_whole = has_halves or _SURROGATE.search(value) is None
        require(is_whole, name, "a text without half characters", value)

    return check


def matching(pattern: str, expected: str) -> Check:
    """Accepts strings that a regular expression matches as a whole."""
    compiled = re.compile(pattern)

    def check(value: Any, name: str) -> None:
        holds = isinstance(value, str) and compiled.fullmatch(value) is not None
        require(holds, name, expected, value)

    return check


def one_of(*choices: Any) -> Check:
    """Accepts the choices, by value and type."""

    def check(value: Any, name: str) -> None:
        holds = any(type(value) is type(choice) and value == choice for choice in choices)
        require(holds, name, f"one of {', '.join(map(repr, choices))}", value)

    return check


def optional(check: Check) -> Check:
    """Accepts what a check accepts, and null."""

    def check_unless_none(value: Any, name: str) -> None:
        if value is not None:
            check(value, name)

    return check_unless_none


def many(check: Check, *, least: int = 0, most: int = 1_000_000) -> Check:
    """Accepts lists of some length, each element of which a check accepts."""

    def check_each(values: Any, name: str) -> None:
        holds = isinstance(values, list) and least <= len(values) <= most
        require(holds, name, f"a list of {least} to {most} values", values)
        for place, value in enumerate(values):
            check(value, f"{name}[{place}]")

    return check_each


def mapping(check: Check, *, most: int = 1_000) -> Check:
    """Accepts objects of any keys, each value of which a check accepts."""

    def check_each(values: Any, name: str) -> None:
        holds = isinstance(values, dict) and len(values) <= most
        require(holds, name, f"an object of at most {most} values", values)
        for key, value in values.items():
            text(most=200)(key, f"a key of {name}")
            check(value, f"{name}.{key}")

    return check_each


def record(
    fields: Mapping[str, Check], *, required: Iterable[str] = (), others: Check | None = anything
) -> Check:
    """Accepts objects whose fields their checks accept.

    Args:
        fields: the check of each field that is known.
        required: fields that must be there.
        others: the check of all other fields; None allows no others.
    """
    names = tuple(required)

    def check(values: Any, name: str) -> None:
        require(isinstance(values, dict), name, "an object", values)
        missing = [field for field in names if field not in values]
        require(not missing, name, f"an object with {', '.join(missing)}", values)
        for key, value in values.items():
            one = fields.get(key, others)
            require(one is not None, name, f"an object of {', '.join(fields)} only", key)
            one(value, f"{name}.{key}")  # type: ignore[misc]

    return check


def refuse_other_version(name: str, version: Any, newest: int) -> None:
    """Refuses what a later version wrote, and what has no version at all.

    Args:
        name: for messages, such as "The model runs/x".
        version: what its description says.
        newest: the last that this version reads.

    Raises:
        BundleError: if it cannot be read.

    Example:

    >>> refuse_other_version("The model x", 2, 2)
    """
    try:
        integer(1, 1 << 40)(version, "format_version")
    except ValueError as error:
        raise BundleError(f"{name} cannot be read: {error}.") from error
    if version > newest:
        raise BundleError(
            f"{name} has format {version}, written by a newer ReelFeel; this one reads up to "
            f"format {newest}. Upgrade with: pip install --upgrade reelfeel"
        )
