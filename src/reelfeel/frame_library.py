"""The one door to Polars, whose usual build would end the process on an older processor.

    from reelfeel.frame_library import pl

That build asks for AVX2 and more. Where a processor lacks them Polars warns and goes on, into an
illegal instruction; here it is refused, with what to install.
"""

from __future__ import annotations

import re
import warnings

from reelfeel.errors import MissingExtraError

__all__ = ["pl"]

# The first line of Polars' own check, and the line of what it did not find.
_WARNING = "Missing required CPU features"
_LACKING = re.compile(r"not detected:\s*(.+)")


def _describe(warning: str) -> str:
    found = _LACKING.search(warning)
    lacking = found[1].strip() if found else "what its usual build needs"
    return (
        "Polars, which reads and keeps tables, needs its build for older processors here. Install "
        'it beside the usual one with: pip install "polars[rtcompat]". '
        f"Received a processor without {lacking}"
    )


with warnings.catch_warnings():
    warnings.filterwarnings("error", message=_WARNING, category=RuntimeWarning)
    try:
        import polars as pl
    except RuntimeWarning as warning:
        raise MissingExtraError(_describe(str(warning))) from None
