"""Adds texts to a checksum, so that different lists of texts give different checksums."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol


class Digest(Protocol):
    """A checksum that is being computed, such as `hashlib.sha256()`."""

    def update(self, data: bytes, /) -> None:
        """Adds bytes."""


def add_texts(digest: Digest, texts: Iterable[str], *, prefix: str = "") -> None:
    r"""Adds texts to a checksum, each with its length in bytes before it.

    The length keeps ("ab", "c") and ("a", "bc") apart. Half a surrogate pair, from a broken
    conversion, has bytes too.

    Args:
        digest: such as `hashlib.sha256()`.
        texts: any strings.
        prefix: what stands before each length.

    Example:

    >>> import hashlib
    >>> first, second = hashlib.sha256(), hashlib.sha256(b"2\nab1\nc")
    >>> add_texts(first, ["ab", "c"])
    >>> first.hexdigest() == second.hexdigest()
    True
    """
    for text in texts:
        encoded = text.encode("utf-8", "surrogatepass")
        digest.update(f"{prefix}{len(encoded)}\n".encode())
        digest.update(encoded)
