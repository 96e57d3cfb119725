"""The door of a room whose packages are optional: one line that says what to install."""

from __future__ import annotations

from importlib.util import find_spec

from reelfeel.errors import MissingExtraError


def require(extra: str, *packages: str) -> None:
    """Checks that optional packages are installed, without importing them.

    Args:
        extra: the name of ReelFeel's extra that brings them, such as "train".
        packages: import names, such as "keras".

    Raises:
        MissingExtraError: naming what is missing and the command that installs it.

    Example:

    >>> require("train", "not_a_package")
    Traceback (most recent call last):
        ...
    reelfeel.errors.MissingExtraError: This needs the package not_a_package, which is not installed.
    Install it with: pip install "reelfeel[train]"
    """
    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        plural = len(missing) > 1
        raise MissingExtraError(
            f"This needs the package{'s' * plural} {', '.join(missing)}, which "
            f"{'are' if plural else 'is'} not installed.\n"
            f'Install {"them" if plural else "it"} with: pip install "reelfeel[{extra}]"'
        )
