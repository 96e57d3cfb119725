"""How a loaded model goes to another process: by its place, and what it has to be when it is there.

Weights, kernels and sessions are addresses in one process. What travels is the model's name or the
path of its folder, the fingerprint of its files, and how it was asked for.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import NamedTuple

from reelfeel.errors import BundleError
from reelfeel.files.plain_files import read_plain
from reelfeel.files.writing import MAX_SUMS_BYTES, SUMS
from reelfeel.inference.bundle import Bundle
from reelfeel.inference.shipped import is_shipped


class Options(NamedTuple):
    """How a model was asked for; see `reelfeel.load`."""

    backend: str | None
    precision: str
    threads: int | None


class Parcel(NamedTuple):
    """A model on its way.

    Attributes:
        place: the path of its folder, or the name of one that comes with ReelFeel.
        is_name: whether it is a name.
        fingerprint: of its files.
        options: how it was asked for.
    """

    place: str
    is_name: bool
    fingerprint: str
    options: Options

    def refuse_other(self, bundle: Bundle) -> None:
        """Raises BundleError where a model is not the one that was sent."""
        if bundle.fingerprint != self.fingerprint:
            raise BundleError(
                f"The model {self.place} is not the one that was sent to this process: its files "
                "have changed, or differ between the machines. Load it again where it is sent "
                f"from. Expected the fingerprint {self.fingerprint[:16]}. Received "
                f"{bundle.fingerprint[:16]}"
            )


def pack_model(bundle: Bundle, options: Options) -> Parcel:
    """Returns what travels of a loaded model.

    Raises:
        BundleError: if its folder is gone or holds another model by now: who unpacks it would find
            nothing, or something else.
    """
    is_name = is_shipped(bundle.path)
    place = bundle.path.resolve().name if is_name else os.path.abspath(bundle.path)  # noqa: PTH100
    found = hashlib.sha256(read_plain(bundle.path / SUMS, MAX_SUMS_BYTES)).hexdigest()
    parcel = Parcel(place, is_name, bundle.fingerprint, options)
    if found != bundle.fingerprint:
        raise BundleError(
            f"The model {bundle.path} cannot be sent to another process: its folder holds another "
            "one than was loaded. Load it again. Expected the fingerprint "
            f"{bundle.fingerprint[:16]}. Received {found[:16]}"
        )
    return parcel


def unpack_model(parcel: Parcel) -> str | Path:
    """Returns what to load: a name, or a path that is never taken for a name."""
    return parcel.place if parcel.is_name else Path(parcel.place)
