"""Stop anywhere, go on exactly: everything that the next training step depends on, in one file."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from reelfeel.errors import BundleError
from reelfeel.files import write_whole

Arrays = dict[str, npt.NDArray[Any]]


@dataclass
class Checkpoint:
    """A training run between two steps.

    Attributes:
        epoch: epochs finished.
        step: steps finished within the running epoch.
        arrays: the state as named arrays: `model.*`, `optimizer.*`, `best.*`.
        progress: everything else, as JSON values: running sums, history, the best epoch.
    """

    epoch: int
    step: int
    arrays: Arrays
    progress: dict[str, Any] = field(default_factory=dict)


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Writes a checkpoint; a kill while it writes leaves the one before.

    Raises:
        ReelFeelError: if the disk refuses.
    """
    # Python's floats survive JSON exactly, infinities included.
    progress = json.dumps(
        {"epoch": checkpoint.epoch, "step": checkpoint.step, **checkpoint.progress}
    )
    arrays = {name: np.ascontiguousarray(array) for name, array in checkpoint.arrays.items()}
    header = {"progress": progress, "sha256": _hash(progress, arrays)}
    with write_whole(path) as unfinished:
        # Not save_file: it raises an error of its own where the disk is full.
        unfinished.write_bytes(save(arrays, metadata=header))


def load_checkpoint(path: Path) -> Checkpoint | None:
    """Reads a checkpoint; None where there is none.

    Raises:
        BundleError: if the file is damaged.
    """
    if not path.exists():
        return None
    try:
        with safe_open(path, framework="numpy") as file:
            header = file.metadata()
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        progress = json.loads(header["progress"])
        # Those of earlier versions have no sum.
        if header.get("sha256") not in (None, _hash(header["progress"], arrays)):
            raise ValueError("its content has changed")
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        raise BundleError(
            f"The checkpoint {path} is damaged ({error}). Start without --resume to begin anew."
        ) from error
    return Checkpoint(progress.pop("epoch"), progress.pop("step"), arrays, progress)


def load_finished(path: Path) -> Checkpoint | None:
    """Reads what a finished run left; None where there is nothing, or it is damaged.

    It is a cache, so what is damaged is removed and made again.
    """
    try:
        return load_checkpoint(path)
    except BundleError:
        path.unlink(missing_ok=True)
        return None


def _hash(progress: str, arrays: Arrays) -> str:
    digest = hashlib.sha256(progress.encode())
    for name, array in sorted(arrays.items()):
        digest.update(f"\n{name} {array.dtype} {array.shape}\n".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
