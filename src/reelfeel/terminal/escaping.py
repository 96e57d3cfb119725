"""Escapes users' texts for a terminal, a spreadsheet or XML.

A path, a label, the name of a column or a review can hold anything. Here is each rule once; HTML
has its own, the escaping of the standard library and of Jinja.
"""

from __future__ import annotations

import re
import unicodedata

# What a spreadsheet takes for a formula at the start of a cell; also in full width, and behind
# spaces, which some trim.
_FORMULA = re.compile(r"\s*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
# Joins letters and emoji into one sign, or tells where a word may be broken: seen, not obeyed.
_HARMLESS_FORMATS = frozenset("\u00ad\u200c\u200d")
_MAY_STEER = re.compile(
    r"[^\n\t -~\u00a0-\u00ac\u00ae-\u02ff\u0370-\u05ff\u3000-\ud7ff\uac00-\ud7a3]"
)


def for_terminal(text: object) -> str:
    r"""Returns a text that cannot steer a terminal, with what could spelled out, as Python does.

    Escape sequences, bells and other control characters, marks that turn the direction of writing,
    line separators and halves of characters; new lines and tabs stay.

    Args:
        text: any text, or what has one, such as a path.

    Example:

    >>> print(for_terminal("good\x1b[2J film \u202e"))
    good\x1b[2J film \u202e
    """
    return _MAY_STEER.sub(_format, str(text))


def for_line(text: object) -> str:
    r"""Returns a text as `for_terminal` does, on one line: white space becomes single spaces.

    Example:

    >>> for_line("one\n\n  two\x07")
    'one two\\x07'
    """
    return for_terminal(" ".join(str(text).split()))


def for_spreadsheet(value: object) -> object:
    """Returns a value for a cell of a CSV file: a text that would be run begins with an apostrophe.

    Spreadsheets run cells that begin with = + - @ when they open a file. An apostrophe makes them
    texts; it is part of the file. Numbers are left as they are.

    Example:

    >>> for_spreadsheet("=HYPERLINK(...)"), for_spreadsheet("fine"), for_spreadsheet(-1)
    ("'=HYPERLINK(...)", 'fine', -1)
    """
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


def for_xml(text: object) -> str:
    r"""Returns a text that XML can hold: no control characters, no halves of characters.

    Example:

    >>> for_xml("a\x00b")
    'a\\x00b'
    """
    return "".join(
        sign if sign.isprintable() or sign in "\n\t" else _escape(sign) for sign in str(text)
    )


def has_half_character(text: str) -> bool:
    r"""Whether a text holds half of a surrogate pair, which no file in UTF-8 can hold.

    Example:

    >>> has_half_character("fine"), has_half_character("\udcff")
    (False, True)
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _format(found: re.Match[str]) -> str:
    sign = found[0]
    category = unicodedata.category(sign)
    if category in ("Cc", "Cs", "Zl", "Zp") or (category == "Cf" and sign not in _HARMLESS_FORMATS):
        return _escape(sign)
    return sign


def _escape(sign: str) -> str:
    return sign.encode("unicode_escape").decode("ascii")
