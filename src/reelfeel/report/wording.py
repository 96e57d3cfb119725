"""Formats numbers and names for a report."""

from __future__ import annotations

from collections.abc import Sequence

from reelfeel.metrics.intervals.proportions import Interval

# Between a number and its unit, so that no line breaks there.
NBSP = "\u00a0"
MAX_NAME = 40


def percent(share: float, digits: int = 1) -> str:
    """Writes a share as a percentage.

    >>> percent(0.8691).replace(NBSP, " ")
    '86.9 %'
    """
    return f"{100 * share:.{digits}f}{NBSP}%"


def percent_range(interval: Interval) -> str:
    """Writes the ends of an interval of a share.

    >>> percent_range(Interval(0.865, 0.873)).replace(NBSP, " ")
    '86.5 to 87.3 %'
    """
    return f"{100 * interval.lower:.1f} to {percent(interval.upper)}"


def number_range(interval: Interval) -> str:
    """Writes the ends of an interval of any other number.

    >>> number_range(Interval(0.8649, 0.8731))
    '0.865 to 0.873'
    """
    return f"{interval.lower:.3f} to {interval.upper:.3f}"


def points(difference: float) -> str:
    """Writes a difference of two shares.

    >>> points(0.047).replace(NBSP, " ")
    '4.7 points'
    """
    return f"{100 * difference:.1f}{NBSP}points"


def count(number: int, noun: str = "review") -> str:
    """Writes how many there are of something.

    >>> count(25000).replace(NBSP, " "), count(1).replace(NBSP, " ")
    ('25,000 reviews', '1 review')
    """
    return f"{number:,}{NBSP}{noun}{'' if number == 1 else 's'}"


def p_value(value: float) -> str:
    """Writes a p-value no more exactly than it deserves.

    >>> [p_value(value).replace(NBSP, " ") for value in (0.0312, 0.6, 1e-9)]
    ['p = 0.031', 'p = 0.60', 'p < 0.001']
    """
    if value < 0.001:
        return f"p{NBSP}<{NBSP}0.001"
    return f"p{NBSP}={NBSP}{value:.3f}" if value < 0.1 else f"p{NBSP}={NBSP}{value:.2f}"


def quoted(name: str) -> str:
    r"""Writes a name that a user chose: shortened, and kept from turning the sentence around.

    >>> quoted("positive")
    '“positive”'
    >>> quoted("\u05d8\u05d5\u05d1") == "“\u2068\u05d8\u05d5\u05d1\u2069”"
    True
    """
    short = shortened(name, MAX_NAME)
    # Marks that isolate the direction of writing, so that the words around keep theirs.
    return f"“{short}”" if short.isascii() else f"“\u2068{short}\u2069”"


def shortened(text: str, most: int) -> str:
    """Returns at most `most` characters of a text, without line breaks or control characters.

    >>> shortened("A slow start,  but what an ending.", 14)
    'A slow start, …'
    """
    # A lone half of a character, which files can hold, cannot be written as UTF-8.
    whole = text[: 20 * most].encode("utf-8", "replace").decode("utf-8")
    words = "".join(sign if sign.isprintable() else " " for sign in whole).split()
    flat = " ".join(words)
    return flat if len(flat) <= most else f"{flat[:most].rstrip()} …"


def listed(items: Sequence[str]) -> str:
    """Joins items as a sentence does.

    >>> listed(["good", "fine", "fun"]), listed(["good"])
    ('good, fine and fun', 'good')
    """
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def duration(seconds: float) -> str:
    """Writes a time in the unit that fits it.

    >>> [duration(value).replace(NBSP, " ") for value in (0.0, 0.42, 23.4, 400)]
    ['0 s', '0.4 s', '23 s', '6.7 min']
    """
    if seconds < 0.05:
        return f"0{NBSP}s"
    if seconds < 120:
        return f"{seconds:.1f}{NBSP}s" if seconds < 10 else f"{seconds:.0f}{NBSP}s"
    return f"{seconds / 60:.1f}{NBSP}min" if seconds < 7200 else f"{seconds / 3600:.1f}{NBSP}h"


def size(num_bytes: int) -> str:
    """Writes a size in the unit that fits it.

    >>> [size(value).replace(NBSP, " ") for value in (8, 128_260, 5_430_000)]
    ['8 B', '128 kB', '5.4 MB']
    """
    if num_bytes < 1000:
        return f"{num_bytes}{NBSP}B"
    return f"{num_bytes / 1e3:.0f}{NBSP}kB" if num_bytes < 1e6 else f"{num_bytes / 1e6:.1f}{NBSP}MB"


def describe_lengths(longer_than: int, up_to: int | None) -> str:
    """Names a range of lengths.

    >>> describe_lengths(0, 64), describe_lengths(64, 128), describe_lengths(512, None)
    ('up to 64 tokens', '65 to 128 tokens', 'more than 512 tokens')
    """
    if up_to is None:
        return f"more than {longer_than} tokens"
    return f"{longer_than + 1} to {up_to} tokens" if longer_than else f"up to {up_to} tokens"
