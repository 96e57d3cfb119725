"""Parses settings: TOML files, `section.key=value`, and updates of sections."""

from __future__ import annotations

import dataclasses
import difflib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from reelfeel.errors import ConfigError, DataError
from reelfeel.files.inputs import read_bounded
from reelfeel.schema import shorten

_MAX_TOML_BYTES = 2**20


def read_toml(path: Path) -> dict[str, Any]:
    """Reads a configuration file with the sections `[data]`, `[model]` and `[training]`.

    Raises:
        ConfigError: if the file cannot be read or is not TOML.
    """
    import tomllib  # who gives no settings need not wait for it

    try:
        return tomllib.loads(read_bounded(path, _MAX_TOML_BYTES).decode("utf-8"))
    except (DataError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(
            f"Could not read the configuration {path}: {error}. Expected a TOML file with the "
            "sections [data], [model] and [training]."
        ) from error


def parse_assignments(assignments: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Reads settings as typed on a command line.

    Args:
        assignments: such as `["training.epochs=3", "data.keep=head"]`. Values are TOML; a word
            that is not TOML is taken as text.

    Returns:
        Nested values for `Config.updated`.

    Raises:
        ConfigError: if one is not of the form `section.key=value`.

    Example:

    >>> parse_assignments(["training.epochs=3", "data.keep=head", "model.units=[64, 32]"])
    {'training': {'epochs': 3}, 'data': {'keep': 'head'}, 'model': {'units': [64, 32]}}
    """
    sections: dict[str, dict[str, Any]] = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        section, dot, key = name.strip().partition(".")
        if not (equals and dot and key):
            raise ConfigError(
                "A setting is written section.key=value, such as training.epochs=3. "
                f"Received: {assignment!r}"
            )
        sections.setdefault(section, {})[key] = _parse_value(value.strip())
    return sections


def write_assignment(name: str, value: Any) -> str:
    """Returns a setting as `parse_assignments` reads it.

    Example:

    >>> write_assignment("training.alarm", False), write_assignment("data.keep", "head")
    ('training.alarm=false', 'data.keep=head')
    """
    return f"{name}={value if isinstance(value, str) else json.dumps(value)}"


def update_section(name: str, section: Any, values: Any) -> Any:
    """Returns a copy of a frozen section with some settings replaced.

    Args:
        name: of the section, for messages.
        section: a dataclass.
        values: new values by the name of the setting.

    Raises:
        ConfigError: for an unknown setting, a wrong type or an impossible value.
    """
    if not isinstance(values, Mapping):
        raise ConfigError(f"[{name}] must be a section of settings. Received: {shorten(values)}")
    hints = get_type_hints(type(section))
    checked = {}
    for key, value in values.items():
        require_known(key, list(hints), prefix=f"{name}.")
        checked[key] = _convert(f"{name}.{key}", value, hints[key])
    return dataclasses.replace(section, **checked)


def require_known(key: str, known: list[str], prefix: str) -> None:
    """Refuses a name that is not known, with the nearest one.

    Raises:
        ConfigError: if it is not among `known`.
    """
    if key in known:
        return
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    hint = f"Did you mean {prefix}{near[0]}?" if near else f"Known: {', '.join(known)}."
    raise ConfigError(f"{prefix}{shorten(key)[1:-1]} is not a setting. {hint}")


def _convert(name: str, value: Any, hint: Any) -> Any:
    if get_origin(hint) is tuple and not isinstance(hint, UnionType):
        values = value if isinstance(value, (list, tuple)) else [value]
        return tuple(_convert(name, item, get_args(hint)[0]) for item in values)
    if hint is float and type(value) is int and abs(value) < 2**63:
        return float(value)
    # bool is an int to Python, not to a person.
    if type(value) is not hint:
        raise ConfigError(f"{name} must be of type {hint.__name__}. Received: {shorten(value)}")
    return value


def _parse_value(text: str) -> Any:
    import tomllib

    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (tomllib.TOMLDecodeError, RecursionError):
        return text
