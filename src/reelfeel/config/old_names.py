"""Earlier names of settings: still read everywhere, and kept in the keys of caches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reelfeel.errors import ConfigError

# Of the section [pretraining]: the first name of a setting, by the one it has now.
PRETRAINING_OLD_NAMES = {
    "epochs": "passes",
    "batch_size": "lanes",
    "bptt_length": "window",
    "validation_share": "held_out_share",
}


def read_old_names(values: Mapping[str, Any], old_names: Mapping[str, str]) -> dict[str, Any]:
    """Returns settings under the names that they have now.

    Args:
        values: settings by old or new names.
        old_names: the old name of each that was renamed, by its new one.

    Raises:
        ConfigError: if one setting is given by both of its names.

    Example:

    >>> read_old_names({"passes": 3, "units": [64]}, PRETRAINING_OLD_NAMES)
    {'epochs': 3, 'units': [64]}
    """
    new_names = {old: new for new, old in old_names.items()}
    for old, new in new_names.items():
        if old in values and new in values:
            raise ConfigError(
                f"{old} is the old name of {new}, and both are set. Expected one of them: leave "
                f"{old} out. Received {new}={values[new]!r} and {old}={values[old]!r}."
            )
    return {new_names.get(name, name): value for name, value in values.items()}


def write_old_names(values: Mapping[str, Any], old_names: Mapping[str, str]) -> dict[str, Any]:
    """Returns settings under their first names, such as for a key that must not change.

    Example:

    >>> write_old_names({"epochs": 3}, PRETRAINING_OLD_NAMES)
    {'passes': 3}
    """
    return {old_names.get(name, name): value for name, value in values.items()}
