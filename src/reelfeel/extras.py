"""The door of a room whose packages are optional: one line that says what to install."""

from __future__ import annotations

from importlib.util import find_spec

from reelfeel.errors import MissingExtraError

# PyTorch's own index of builds without CUDA; the version is that of constraints.txt.
CPU_TORCH = "pip install torch==2.13.0 --index-url https://download.pytorch.org/whl/cpu"


def require_extra(extra: str, *packages: str) -> None:
    """Checks that optional packages are installed, without importing them.

    Args:
        extra: the name of ReelFeel's extra that brings them, such as "train".
        packages: import names, such as "keras".

    Raises:
        MissingExtraError: naming what is missing and the command that installs it.

    Example:

    >>> require_extra("train", "not_a_package")
    Traceback (most recent call last):
        ...
    reelfeel.errors.MissingExtraError: This needs the package not_a_package, which is not installed.
    Install it with: pip install "reelfeel[train]"
    """
    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        plural = len(missing) > 1
        first = (
            f"Without an NVIDIA GPU first: {CPU_TORCH}\n(where that can be reached; else pip "
            "fetches gigabytes of CUDA packages on Linux, which run without a GPU too)\n"
        )
        raise MissingExtraError(
            f"This needs the package{'s' * plural} {', '.join(missing)}, which "
            f"{'are' if plural else 'is'} not installed.\n"
            f"{first if 'torch' in missing else ''}"
            f'Install {"them" if plural else "it"} with: pip install "reelfeel[{extra}]"'
        )
