"""Recognises files that ReelFeel wrote: only these may be replaced."""

from __future__ import annotations

import json
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

from reelfeel.files.scratch import is_leftover

# In the head of every page that ReelFeel writes.
PAGE_MARK = '<meta name="generator" content="ReelFeel'
# What systems put into folders by themselves.
_LITTER = frozenset({".DS_Store", "Thumbs.db", "desktop.ini", ".directory"})
_HEAD_BYTES = 4_096
# How files begin that have no format of our own.
_HEADS = (
    re.compile(rb"id,label,predicted_label,probability,num_tokens,"),
    re.compile(rb'\{\s*"seeds": \[\s*\{\s*"seed": '),
    re.compile(rb"<\?xml [^>]*\?>\s*<testsuites><testsuite name="),
    # An exported network and what stands beside it.
    re.compile(rb"\x08.\x12\x08reelfeel", re.DOTALL),
    re.compile(rb'\{\s*"format": "reelfeel-reading"'),
    re.compile(rb"# How to read texts for .*reelfeel_reader\.py", re.DOTALL),
    re.compile(rb'"""Reads texts for a network that ReelFeel exported'),  # as it was first written
    re.compile(rb'"""Converts texts to token ids for an exported network'),
    re.compile(rb"<!doctype html>.*" + re.escape(PAGE_MARK.encode()), re.DOTALL),
)


@dataclass(frozen=True)
class _Kind:
    """A folder as ReelFeel writes it.

    Attributes:
        description: the JSON file that says what it is; "" where its first file does by its head.
        format: what stands there as "format"; "" for any.
        names: pattern of the files that belong to it.
        parts: patterns of the files in its folders, by the name of the folder.
    """

    description: str
    format: str
    names: str
    parts: tuple[tuple[str, str], ...] = ()


_KINDS = (
    _Kind(
        "config.json",
        "reelfeel-bundle",
        r"(config|decision|vocabulary|metrics|provenance|training_texts|calibration\w*"
        r"|history(_\w+)?)\.json|golden\.jsonl|weights\.safetensors|graph\.onnx|README\.md"
        r"|SHA256SUMS",
    ),
    _Kind(
        "language_model.json",
        "reelfeel-language-model",
        r"(language_model|vocabulary)\.json|(forward|backward)\.safetensors|README\.md|SHA256SUMS",
    ),
    _Kind("seeds.json", "", r"seeds\.json"),
    _Kind("", "", r"index\.html", (("pictures", r".+\.(svg|png)"),)),
)


def find_foreign(path: Path) -> Path | None:
    """Returns the first thing in an existing place that ReelFeel did not write; None for none.

    Args:
        path: a file, known by its content, or a folder, known by its layout. Of a link only the
            link itself is looked at, since nothing else would be replaced.

    Example:

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     (Path(folder) / "thesis.txt").touch()
    ...     find_foreign(Path(folder)).name, find_foreign(Path(folder) / "thesis.txt")
    ('thesis.txt', None)
    """
    if path.is_symlink():
        return None
    if not path.is_dir():
        return None if _is_own_file(path) else path
    children = [child for child in sorted(path.iterdir()) if not _is_litter(child)]
    kind = _find_kind(path)
    if kind is None:
        return children[0] if children else None
    for child in children:
        foreign = _find_foreign_in(child, kind)
        if foreign:
            return foreign
    return None


def _find_foreign_in(child: Path, kind: _Kind) -> Path | None:
    parts = dict(kind.parts)
    if child.is_dir() and child.name in parts:
        files = sorted(child.iterdir())
        foreign = [file for file in files if not re.fullmatch(parts[child.name], file.name)]
        return foreign[0] if foreign else None
    if child.is_file() and re.fullmatch(kind.names, child.name):
        return None
    return find_foreign(child)


def _find_kind(path: Path) -> _Kind | None:
    for kind in _KINDS:
        if kind.description:
            if _says_format(path / kind.description, kind.format):
                return kind
        elif (path / "index.html").is_file() and PAGE_MARK in _read_head(path / "index.html"):
            return kind
    return None


def _says_format(path: Path, name: str) -> bool:
    if not path.is_file():
        return False
    # Not parsed: a damaged model is one too, and this is asked before anything is read.
    head = _read_head(path)
    return head.lstrip().startswith("{") and (not name or f'"format": "{name}"' in head)


def _read_head(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(_HEAD_BYTES).decode("utf-8", "replace")


def _is_own_file(path: Path) -> bool:
    if not path.is_file():
        return False
    if not path.stat().st_size:
        return True
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    return any(pattern.match(head) for pattern in _HEADS) or _is_exported_model(path)


def _is_exported_model(path: Path) -> bool:
    """Whether it is a `.keras` file whose input is called as ours is."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open("config.json") as file:
            config = json.loads(file.read(2**24))
        return any(layer["name"] == "token_ids" for layer in config["config"]["layers"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError, zipfile.BadZipFile):
        return False


def _is_litter(path: Path) -> bool:
    return path.name in _LITTER or is_leftover(path.name)
