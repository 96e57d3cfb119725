"""Writes the Python reference: a directive of mkdocstrings for each public name."""

from __future__ import annotations

import reelfeel

INTRODUCTION = """# Python

```python
import reelfeel

classifier = reelfeel.load("base")
classifier.predict(["A slow start, but what an ending."])
```

These are all public names. `import reelfeel` imports neither Keras nor PyTorch; a name is loaded
when it is first used. Every error is a `reelfeel.errors.ReelFeelError`.
"""


def write_python_reference() -> str:
    """Returns a page with a section for each name in `reelfeel.__all__`, classes last."""
    names = sorted(reelfeel.__all__, key=lambda name: (name[0].isupper(), name))
    return "\n".join([INTRODUCTION, *(f"::: reelfeel.{name}\n" for name in names)])
