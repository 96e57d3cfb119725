"""The models that come with ReelFeel, found by their names.

    base            labels English film reviews; what commands take where no model is named
    small           labels them with a smaller network, faster
    language-model  for teaching a classifier from few labels: `reelfeel train DATA --from ...`

They lie in the folder `shipped` of the package. A name is a reserved word: a folder that is called
the same is written `./base`.
"""

from __future__ import annotations

import os
from pathlib import Path

from reelfeel.errors import BundleError, UsageError

CLASSIFIERS = ("base", "small")
NAMES = (*CLASSIFIERS, "language-model")


def find_model(model: str | os.PathLike[str]) -> Path:
    """Returns the folder of a model.

    Args:
        model: one of `NAMES`, or the path of a folder, which need not exist. A `Path` is always a
            path; a string that is a name means the model that comes with ReelFeel.

    Raises:
        UsageError: if `model` is neither a string nor a path.
        BundleError: if a model of that name is not in this installation.

    Example:

    >>> find_model("runs/mine").name
    'mine'
    >>> find_model(Path("base"))
    PosixPath('base')
    """
    if not isinstance(model, str | os.PathLike):
        raise UsageError(
            f"Expected the name of a model ({', '.join(CLASSIFIERS)}) or the path of its folder, "
            f"as a string or a path. Received a value of type {type(model).__name__}."
        )
    if not isinstance(model, str) or model not in NAMES:
        return Path(model)
    folder = shipped_folder() / model
    if not folder.is_dir():
        raise BundleError(
            f"The model {model} is missing from this installation of ReelFeel. Expected its folder "
            "in the installed package: install ReelFeel again, or name the folder of another "
            f"model. A folder of your own that is called {model} is written ./{model}."
        )
    return folder


def is_shipped(path: Path) -> bool:
    """Whether a folder is that of a model that comes with ReelFeel."""
    return path.resolve().parent == shipped_folder().resolve()


def name_model(path: Path) -> str:
    """Returns what a model is called: its name where it comes with ReelFeel, else its path."""
    return path.resolve().name if is_shipped(path) else str(path)


def refuse_shipped(path: Path, purpose: str) -> None:
    """Raises UsageError where a model comes with ReelFeel, and so is not to be changed.

    Args:
        path: the folder of a model.
        purpose: what would change it, such as "Calibrating".
    """
    if is_shipped(path):
        raise UsageError(
            f"{purpose} would change a model that comes with ReelFeel, for every user of this "
            f"installation. Copy its folder and name the copy. Received {path.resolve().name}, "
            f"which lies in {path}"
        )


def shipped_folder() -> Path:
    """Returns the folder that holds one folder for each model."""
    # Not importlib.resources: backends open the files by their paths, so there have to be files, and
    # its import would cost every command some 10 ms.
    return Path(__file__).parents[1] / "shipped"


def list_shipped() -> list[Path]:
    """Returns the folders of the models that are here, in the order of `NAMES`."""
    return [folder for name in NAMES if (folder := shipped_folder() / name).is_dir()]
