"""Checks made before slow imports: inputs exist, and outputs can be written."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any


def refuse_early(
    output: Path,
    *,
    force: bool,
    sources: Iterable[Any] = (),
    models: Iterable[str | Path | None] = (),
) -> None:
    """Checks the paths given to a training; none of this needs Keras.

    Args:
        output: the folder to be written.
        force: whether it may be replaced.
        sources: data sets, files, folders, patterns and lists of them, to be read; None is passed
            over.
        models: names or folders of models to be read; None is passed over.

    Raises:
        UsageError: if a source is not there or no file, or the output may not be replaced.
        BundleError: if there is no such model.
    """
    from reelfeel.data.loading import refuse_missing
    from reelfeel.files.writing import refuse_existing

    refuse_existing(output, overwrite=force)
    for source in sources:
        if source is not None:
            refuse_missing(source)
    for model in models:
        if model is not None:
            _refuse_missing_model(model)


def _refuse_missing_model(model: str | Path) -> None:
    from reelfeel.errors import BundleError
    from reelfeel.inference.shipped import find_model

    if not find_model(model).is_dir():
        raise BundleError(
            f"There is no model at {model}. Expected a folder that `reelfeel pretrain --output` or "
            "`reelfeel train --output` wrote, or a name that `reelfeel models` lists."
        )
