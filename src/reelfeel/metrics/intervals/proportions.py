"""Wilson's interval for a proportion."""

from __future__ import annotations

import math
from typing import NamedTuple

from reelfeel.errors import UsageError

# The 97.5 % point of the normal distribution: 95 % lie between minus and plus this.
NORMAL_95 = 1.959963984540054


class Interval(NamedTuple):
    """A 95 % interval: `lower` and `upper` end, both included."""

    lower: float
    upper: float


def wilson_interval(successes: float, count: float) -> Interval:
    """Returns the 95 % interval of a share, honest for few reviews and for shares near 0 and 1.

    Args:
        successes: how often it happened, from 0 to `count`.
        count: how often it could have happened, more than 0.

    Returns:
        Interval within [0, 1] that contains `successes / count`, and is never of width 0.

    Raises:
        UsageError: if `count` is not above 0 or `successes` not between 0 and `count`.

    Example:

    >>> lower, upper = wilson_interval(10, 10)
    >>> round(lower, 3), upper
    (0.722, 1.0)

    Source:
        Wilson, 1927, JASA 22; recommended by Brown, Cai and DasGupta, 2001, Statistical Science 16.
    """
    if not 0 <= successes <= count or count <= 0:
        raise UsageError(
            "A share needs a count above 0 and successes from 0 to that count; received "
            f"{successes} of {count}."
        )
    share, spread = successes / count, NORMAL_95**2 / count
    centre = share + spread / 2
    half_width = math.sqrt(spread * share * (1 - share) + spread**2 / 4)
    # Rounding must not push an end past the share, nor past 0 or 1.
    lower = 0.0 if successes == 0 else (centre - half_width) / (1 + spread)
    upper = 1.0 if successes == count else (centre + half_width) / (1 + spread)
    return Interval(min(lower, share), max(upper, share))
