"""Texts that a command is given as its arguments, on standard input or in a file."""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import typer.core

from reelfeel.errors import UsageError

# Endings by which a word that names no file is still the name of one, mistyped.
_FILE_ENDINGS = {
    *(".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".parquet", ".pq", ".arrow"),
    *(".feather", ".xlsx", ".xls", ".gz", ".zip", ".bz2", ".xz", ".zst", ".tar", ".tgz", ".html"),
}


class TextsCommand(typer.core.TyperCommand):
    """A command whose arguments are texts: one that begins with a dash is no option by accident."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parses the arguments, once none of them is a text that would be taken for an option."""
        _refuse_dashes(ctx.info_name or "", args, self.params)
        return super().parse_args(ctx, args)


def refuse_files(texts: Sequence[str], command: str, option: str) -> None:
    """Raises UsageError where a text is the name of a file, or looks like one.

    Args:
        texts: as they were typed.
        command: such as "predict".
        option: of that command, which reads a file.
    """
    for text in texts:
        is_there = text != "-" and _exists(text)
        if is_there or _looks_like_file(text):
            raise UsageError(
                f"A text was expected, and {text!r} {'is' if is_there else 'looks like'} the name "
                f"of a file. Its content is read with: reelfeel {command} {option} "
                f"{shlex.quote(text)}\nThe name itself is taken as a text from a pipe: echo "
                f"{shlex.quote(text)} | reelfeel {command} -"
            )


def read_texts(texts: Sequence[str], encoding: str | None = None) -> Iterator[list[str]]:
    """Yields the texts of a command in groups: those typed, or for `-` what standard input has.

    Args:
        texts: as they were typed.
        encoding: of standard input; None finds it out.

    Raises:
        UsageError: if `-` stands beside texts, or standard input is closed.
        DataError: if standard input holds no lines of text.
    """
    if "-" not in texts:
        yield list(texts)
        return
    if len(texts) > 1:
        raise UsageError(
            "- reads all texts from standard input, one a line, and stands alone. Leave it out, or "
            f"the texts beside it. Received {len(texts)} arguments."
        )
    import sys

    from reelfeel.cli.texts.lines import stream_lines

    yield from stream_lines(sys.stdin, encoding)


def _refuse_dashes(command: str, arguments: Sequence[str], params: Sequence[Any]) -> None:
    options = {name: option for option in params for name in option.opts + option.secondary_opts}
    options |= dict.fromkeys(("-h", "--help"))
    is_value = False
    for argument in arguments:
        if argument == "--":
            return
        if is_value or argument == "-" or not argument.startswith("-"):
            is_value = False
            continue
        name = argument.partition("=")[0] if argument.startswith("--") else argument
        if name not in options and not _is_glued(argument, options):
            near = difflib.get_close_matches(name, list(options), n=1, cutoff=0.7)
            raise UsageError(
                f"{argument!r} begins with a dash and is no option of {command}."
                f"{f' Did you mean {near[0]}?' if near else ''} A text that begins so stands "
                f"behind --, as in: reelfeel {command} -- {shlex.quote(argument)}"
            )
        option = options.get(argument)
        is_value = option is not None and not getattr(option, "is_flag", False)


def _is_glued(argument: str, options: Mapping[str, Any]) -> bool:
    """Whether an argument is a short option with its value behind it, such as `-msmall`."""
    from reelfeel.inference.shipped import find_model

    if argument[:2] not in options or argument[:2] == "-h":
        return False
    return _exists(str(find_model(argument[2:].removeprefix("="))))


def _exists(text: str) -> bool:
    try:
        return bool(text.strip()) and Path(text).exists()
    except (OSError, ValueError):  # too long for a path, or with a character that none has
        return False


def _looks_like_file(text: str) -> bool:
    return len(text.split()) == 1 and Path(text.lower()).suffix in _FILE_ENDINGS
