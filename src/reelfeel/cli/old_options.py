"""Old names of options: accepted for one release, with a warning on stderr."""

from __future__ import annotations

from collections.abc import Sequence

from reelfeel.terminal.lines import say

# By command: the option's name now, by the one it had.
OLD_OPTIONS = {
    "evaluate": {"--engine": "--backend"},
    "predict": {"--engine": "--backend"},
    "pretrain": {"--passes": "--epochs"},
}


def rename_old_options(arguments: Sequence[str]) -> list[str]:
    """Returns a command line with today's names of options, and says which ones are old.

    Args:
        arguments: the command first. What follows `--` is left as it is.

    Example:

    >>> rename_old_options(["predict", "--backend", "numpy", "A fine film."])
    ['predict', '--backend', 'numpy', 'A fine film.']
    """
    renamed = list(arguments)
    names = OLD_OPTIONS.get(renamed[0], {}) if renamed else {}
    end = renamed.index("--") if "--" in renamed else len(renamed)
    for place in range(1, end if names else 1):
        old, equals, value = renamed[place].partition("=")
        if old in names:
            say(f"Warning: {old} is now called {names[old]}.", err=True)
            renamed[place] = f"{names[old]}{equals}{value}"
    return renamed
