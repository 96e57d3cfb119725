"""Detects a file's encoding and decodes it."""

from __future__ import annotations

import codecs
from dataclasses import dataclass, replace

from reelfeel.errors import UsageError

# UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE_BYTES = 4096
# Vietnamese, the richest in accents of the languages written in Latin letters, has 30 % and is not
# written in one byte a letter; Czech has 15 %, French 4 %.
_MANY_ACCENTED = 0.4
_ENOUGH_LETTERS = 20
_PLAIN = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32")


@dataclass(frozen=True, slots=True)
class Decoded:
    """A file as text.

    Attributes:
        text: the content, without a byte-order mark.
        encoding: the name of the encoding, as Python knows it.
        num_replaced: bytes or sequences that could not be read and became U+FFFD.
        is_guess: whether nothing in the content says that it is this encoding.
    """

    text: str
    encoding: str
    num_replaced: int = 0
    is_guess: bool = False

    def notes(self) -> list[str]:
        """Returns what a reader of the text should know, in sentences."""
        notes = []
        if self.encoding.lower() not in _PLAIN:
            notes.append(f"It is not UTF-8; it was read as {self.encoding}.")
        if self.num_replaced:
            notes.append(
                f"It holds {self.num_replaced:,} byte sequences that are not valid "
                f"{self.encoding}; each became U+FFFD."
            )
        return notes

    def doubts(self) -> list[str]:
        """Returns what speaks against the encoding, in sentences; nothing where it was named."""
        if not self.is_guess:
            return []
        letters = [character for character in self.text[:1_000_000] if character.isalpha()]
        accented = sum(character > "\x7f" for character in letters)
        if accented < _MANY_ACCENTED * len(letters) or len(letters) < _ENOUGH_LETTERS:
            return []
        return [
            f"Read as {self.encoding}, {accented / len(letters):.0%} of its letters are accented: "
            "it is probably in another encoding. Name that, such as --encoding cp1251 for Russian, "
            "--encoding cp1253 for Greek, --encoding gb18030 for Chinese or --encoding shift_jis "
            "for Japanese."
        ]


def decode_text(content: bytes, encoding: str | None = None) -> Decoded:
    r"""Decodes a file in the encoding that was named, or in the one that it shows.

    A byte-order mark decides. Without one, valid UTF-8 is UTF-8, and text in which every second
    byte is zero is UTF-16. What is left is Windows-1252 (Latin-1 where that has no such character),
    unless more non-ASCII characters are valid UTF-8 than not: that is UTF-8 with a few damaged
    bytes, and to read it as Windows-1252 would spoil all the others.

    Args:
        content: the bytes of a file.
        encoding: as Python names it; None finds it out.

    Example:

    >>> decode_text("déjà vu".encode("cp1252"))
    Decoded(text='déjà vu', encoding='cp1252', num_replaced=0, is_guess=True)
    >>> decode_text("déjà vu".encode() + b" \xff").num_replaced
    1
    """
    if encoding is not None:
        decoded = _decode_replacing(content, encoding)
        return replace(decoded, text=decoded.text.removeprefix("\ufeff"))
    for mark, marked in _MARKS:
        if content.startswith(mark):
            return _decode_replacing(content, marked)
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
    except UnicodeError:
        pass
    try:
        text = content.decode(encoding, "replace")
    except UnicodeError as error:  # codecs for other things than files, such as "idna"
        raise UsageError(
            f"The encoding {encoding!r} cannot read this file: {error}. Expected that of a text "
            "file; name another with --encoding, or leave it out to have it found."
        ) from error
    else:
        return Decoded(text, encoding, num_replaced=text.count("\ufffd"))


def _decode_single_bytes(content: bytes) -> Decoded:
    text = content.decode("utf-8", "replace")
    num_replaced = text.count("\ufffd")
    num_valid = sum(1 for character in text if character > "\x7f") - num_replaced
    if num_valid > num_replaced:
        return Decoded(text, "utf-8", num_replaced)
    try:
        return Decoded(content.decode("cp1252"), "cp1252", is_guess=True)
    except UnicodeDecodeError:
        return Decoded(content.decode("latin-1"), "latin-1", is_guess=True)
