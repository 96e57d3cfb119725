"""Stop anywhere, go on exactly: everything that the next training step depends on, in one file."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from reelfeel.errors import BundleError
from reelfeel.files.plain_files import explain_bundle_errors, parse_json
from reelfeel.files.writing import write_whole
from reelfeel.schema import Check, integer, record, require
from reelfeel.weights import read_layout

# Weights, their best, their mean, and two numbers of Adam's for each.
MAX_CHECKPOINT_BYTES = 4 << 30
COUNT = integer(0, 1 << 40)
_PLACE = {"epoch": COUNT, "step": COUNT}

Arrays = dict[str, npt.NDArray[Any]]
T = TypeVar("T")


@dataclass
class Checkpoint:
    """A training run between two steps.

    Attributes:
        epoch: epochs finished.
        step: steps finished within the running epoch.
        arrays: the state as named arrays, such as `model.*` and `adam.*`.
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
    with explain_damage(path), explain_bundle_errors(f"The checkpoint {path}"):
        read_layout(path, MAX_CHECKPOINT_BYTES)
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            require("progress" in metadata, "its header", "one of a checkpoint", sorted(metadata))
            progress = parse_json(metadata["progress"], "its progress")
            record(_PLACE, required=_PLACE)(progress, "progress")
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        # Those of earlier versions have no sum.
        if metadata.get("sha256") not in (None, _hash(metadata["progress"], arrays)):
            raise ValueError("its content has changed")
        return Checkpoint(progress.pop("epoch"), progress.pop("step"), arrays, progress)


def load_finished(path: Path, read: Callable[[Checkpoint], T]) -> T | None:
    """Reads what a finished run left; None where there is nothing, or it is damaged.

    It is a cache, so what is damaged is removed and made again.

    Args:
        path: the file.
        read: turns it into what is wanted; raises what `explain_damage` knows.
    """
    try:
        finished = load_checkpoint(path)
        if finished is None:
            return None
        with explain_damage(path):
            return read(finished)
    except BundleError:
        path.unlink(missing_ok=True)
        return None


def check_progress(checkpoint: Checkpoint, fields: Mapping[str, Check]) -> None:
    """Refuses what a checkpoint says besides its arrays, if it is not as `fields` have it.

    Raises:
        ValueError: naming the field; see `explain_damage`.
    """
    record(fields, required=fields, others=None)(checkpoint.progress, "progress")


def check_arrays(arrays: Mapping[str, npt.NDArray[Any]], expected: Mapping[str, Any]) -> None:
    """Refuses arrays of a checkpoint that could not take the place of others.

    Args:
        arrays: by name.
        expected: arrays or tensors of the same names, shapes and kinds.

    Raises:
        ValueError: naming the first that differs; see `explain_damage`.
    """
    for name in sorted({*arrays, *expected}):
        require(name in expected, f"the array {name}", "left out", "it is there")
        require(name in arrays, f"the array {name}", "there", "it is missing")
        # A single number is saved as an array of one.
        shape = tuple(expected[name].shape) or (1,)
        require(arrays[name].shape == shape, f"the array {name}", f"{shape}", arrays[name].shape)
        wanted = str(expected[name].dtype).removeprefix("torch.")
        require(str(arrays[name].dtype) == wanted, name, wanted, str(arrays[name].dtype))


@contextlib.contextmanager
def explain_damage(path: Path) -> Iterator[None]:
    """Turns what a damaged checkpoint causes inside the block into a BundleError that names it."""
    try:
        yield
    except (SafetensorError, BundleError, ValueError, KeyError, TypeError, IndexError) as error:
        if str(error).startswith("The checkpoint"):
            raise
        raise BundleError(
            f"The checkpoint {path} is damaged ({error}). Start without --resume to begin anew."
        ) from error


def join_groups(groups: Mapping[str, Arrays]) -> Arrays:
    """Returns the arrays of all groups by `group.name`.

    Example:

    >>> list(join_groups({"model": {"bias": np.zeros(1)}, "best": {}}))
    ['model.bias']
    """
    return {
        f"{group}.{name}": array for group, own in groups.items() for name, array in own.items()
    }


def split_groups(arrays: Arrays, groups: Iterable[str]) -> dict[str, Arrays]:
    """Returns what `join_groups` joined; a group may be empty.

    Raises:
        KeyError: if an array is of none of the groups.
    """
    split: dict[str, Arrays] = {group: {} for group in groups}
    for name, array in arrays.items():
        group, _, rest = name.partition(".")
        split[group][rest] = array
    return split


def _hash(progress: str, arrays: Arrays) -> str:
    digest = hashlib.sha256(progress.encode())
    for name, array in sorted(arrays.items()):
        digest.update(f"\n{name} {array.dtype} {array.shape}\n".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
