"""An extension of Griffe, which reads the docstrings for the Python reference."""

from __future__ import annotations

import re
from typing import Any

from griffe import Docstring, Extension, Object

# A session of the interpreter that stands at the margin, up to the next empty line.
SESSION = re.compile(r"^>>> .*(?:\n.+)*", re.MULTILINE)


class FencedExamples(Extension):
    """Puts the examples of docstrings between fences: Markdown would read `>>>` as a quotation."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        """Changes the docstring of a function, class or module once it is read."""
        if obj.docstring:
            obj.docstring.value = fence_examples(obj.docstring)


def fence_examples(docstring: Docstring) -> str:
    """Returns the text with its sessions indented, in fences, as Google sections want them."""
    text = SESSION.sub(_fence, docstring.value)
    return re.sub(r"^Example:\n\n(?=    ```)", "Example:\n", text, flags=re.MULTILINE)


def _fence(match: re.Match[str]) -> str:
    lines = ["```pycon", *match[0].splitlines(), "```"]
    return "\n".join(f"    {line}" for line in lines)
