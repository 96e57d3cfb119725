"""What Python functions return, as values that JSON holds."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from typing import Any


def to_plain(value: Any) -> Any:
    """Returns a result as JSON has it: dictionaries, lists, strings, numbers, bools and None.

    Args:
        value: a dataclass, a mapping, a list, a tuple, a path, or a plain value, nested in any way.

    Returns:
        What `json.loads(json.dumps(...))` would give: fields by name, lists in place of tuples,
        paths as strings.

    Example:

    >>> from reelfeel.values import Attribution
    >>> to_plain({"words": (Attribution("fine", 2, 6, 0.5),)})
    {'words': [{'text': 'fine', 'start': 2, 'end': 6, 'score': 0.5}]}
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value)]
        return {name: to_plain(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {name: to_plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(one) for one in value]
    return os.fspath(value) if isinstance(value, os.PathLike) else value
