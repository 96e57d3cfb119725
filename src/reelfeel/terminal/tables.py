"""Tables and progress bars for a terminal, escaped."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from reelfeel.terminal.escaping import for_terminal
from reelfeel.terminal.lines import LostStream


def open_console(*, stderr: bool = False, **options: Any) -> Console:
    """Returns a console that takes every text for a text: no markup, no emoji codes, no control.

    Args:
        stderr: whether it writes to stderr; a terminal there that is gone ends no work.
        **options: of `rich.console.Console`.
    """
    plain: dict[str, Any] = {"markup": False, "emoji": False, "highlight": False}
    if stderr:
        plain["file"] = LostStream()
    return _Console(**{**plain, **options})


class _Console(Console):
    """Escapes control characters: in strings before they are laid out, else after."""

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(for_terminal(text), **options)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=for_terminal(segment.text))
