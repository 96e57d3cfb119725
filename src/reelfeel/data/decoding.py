"""From bytes to text: which encoding a file is in, and what could not be read."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from pathlib import Path

from reelfeel.data.limits import read_whole

# UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Decoded:
    """A file as text.

    Attributes:
        text: the content, without a byte-order mark.
        encoding: the name of the encoding, as Python knows it.
        num_replaced: bytes or sequences that could not be read and became U+FFFD.
    """

    text: str
    encoding: str
    num_replaced: int = 0


def read_bytes(path: Path) -> bytes:
    """Returns the content of a file, unpacked where it is gzip by content; see `read_whole`."""
    return read_whole(path)


def decode_text(content: bytes) -> Decoded:
    r"""Decodes a file of which nobody said in which encoding it is.

    A byte-order mark decides. Without one, valid UTF-8 is UTF-8, and text in which every second
    byte is zero is UTF-16. What is left is Windows-1252 (Latin-1 where that has no such character),
    unless more non-ASCII characters are valid UTF-8 than not: that is UTF-8 with a few damaged
    bytes, and to read it as Windows-1252 would spoil all the others.

    Args:
        content: the bytes of a file.

    Example:

    >>> decode_text("déjà vu".encode("cp1252"))
    Decoded(text='déjà vu', encoding='cp1252', num_replaced=0)
    >>> decode_text("déjà vu".encode() + b" \xff").num_replaced
    1
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _decode_replacing(content, encoding)
    if (utf16 := _find_utf16(content[:_SAMPLE_BYTES])) is not None:
        return _decode_replacing(content, utf16)
    try:
        return Decoded(content.decode("utf-8"), "utf-8")
    except UnicodeDecodeError:
        return _decode_single_bytes(content)


def _find_utf16(sample: bytes) -> str | None:
    half = len(sample) // 2
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    # English in UTF-16 has a zero in nearly every other byte, and nearly none in the rest.
    if half and odd > 0.4 * half and even < 0.1 * half:
        return "utf-16-le"
    return "utf-16-be" if half and even > 0.4 * half and odd < 0.1 * half else None


def _decode_replacing(content: bytes, encoding: str) -> Decoded:
    try:
        return Decoded(content.decode(encoding), encoding)
    except UnicodeDecodeError:
        text = content.decode(encoding, "replace")
        return Decoded(text, encoding, num_replaced=text.count("\ufffd"))


def _decode_single_bytes(content: bytes) -> Decoded:
    text = content.decode("utf-8", "replace")
    num_replaced = text.count("\ufffd")
    num_valid = sum(1 for character in text if character > "\x7f") - num_replaced
    if num_valid > num_replaced:
        return Decoded(text, "utf-8", num_replaced)
    try:
        return Decoded(content.decode("cp1252"), "cp1252")
    except UnicodeDecodeError:
        return Decoded(content.decode("latin-1"), "latin-1")
