"""The style of pictures, and how they are written as SVG and PNG, the same bytes every time.

Every colour has a name on the page, so that the one SVG serves a light and a dark screen: colours
of the standalone file become CSS variables when it is put into the page.
"""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font

# Okabe and Ito's palette for the colour-blind, 2008; `page.css` has the same names for dark.
POSITIVE, NEGATIVE = "#0072b2", "#d55e00"
INK, MUTED, GRID, SURFACE = "#1d2229", "#5a6370", "#dfe3e8", "#ffffff"
_VARIABLES = {
    POSITIVE: "--positive",
    NEGATIVE: "--negative",
    INK: "--ink",
    MUTED: "--muted",
    GRID: "--grid",
    SURFACE: "--surface",
}
FONT = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
# Inches. Small, because type has to stay readable when a phone shrinks the picture.
WIDTH, HEIGHT = 4.4, 3.3
STYLE: Any = {
    "axes.edgecolor": MUTED,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 9.5,
    "figure.facecolor": SURFACE,
    "axes.facecolor": SURFACE,
    "font.family": ["DejaVu Sans"],
    "font.size": 9.5,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "legend.frameon": False,
    "legend.fontsize": 9.0,
    "lines.linewidth": 1.8,
    "lines.solid_capstyle": "round",
    "text.color": INK,
    # A user's `$` is a dollar and not mathematics.
    "text.parse_math": False,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    # Identifiers come from a hash; with a salt of our own they are the same in every run.
    "svg.hashsalt": "reelfeel",
    # Text stays text: it is laid out with a wide font, so that any font of a reader fits.
    "svg.fonttype": "none",
}


@dataclass(frozen=True)
class Picture:
    """One picture in both formats: a standalone SVG in light colours, and a PNG."""

    svg: str
    png: bytes

    def for_page(self, prefix: str, description: str) -> str:
        """Returns the SVG as a part of an HTML page, with the page's colours and font.

        Args:
            prefix: put before every identifier, so that no two pictures share one.
            description: the alternative text, as plain text.
        """
        body = self.svg[self.svg.index("<svg") :]
        body = re.sub(r"<metadata>.*?</metadata>|<style[^>]*>.*?</style>", "", body, flags=re.S)
        body = re.sub(r'\s(?:xmlns(?::\w+)?|version)="[^"]*"', "", body)
        body = re.sub(r'\bid="', f'id="{prefix}-', body)
        body = re.sub(r'xlink:href="#', f'href="#{prefix}-', body)
        body = re.sub(r"url\(#", f"url(#{prefix}-", body)
        body = re.sub(r"(\d\.\d\d)\d+", r"\1", body)
        for colour, variable in _VARIABLES.items():
            body = body.replace(colour, f"var({variable})")
        label = _escape(description)
        return body.replace("<svg", f'<svg role="img" aria-label="{label}" focusable="false"', 1)


def draw(
    paint: Callable[[Figure], None], *, width: float = WIDTH, height: float = HEIGHT
) -> Picture:
    """Draws a picture.

    Args:
        paint: is given an empty figure.
        width: in inches.
        height: in inches.

    Returns:
        Picture; the same bytes for the same numbers and the same matplotlib.
    """
    # A context of matplotlib's settings, left as it was found; pyplot is never imported.
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        paint(figure)
        svg, png = io.StringIO(), io.BytesIO()
        figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
        # Both formats in one layout, worked out once.
        figure.set_layout_engine("none")
        figure.savefig(png, format="png", dpi=220, metadata={"Software": None})
    return Picture(svg.getvalue(), png.getvalue())


def label_axes(axes: Axes, x: str, y: str) -> None:
    """Names both axes."""
    axes.set_xlabel(x)
    axes.set_ylabel(y)


def use_unit_square(axes: Axes) -> None:
    """Shows 0 to 1 on both axes, at one scale, with a little air for lines along the border."""
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")


def is_drawable(text: str) -> bool:
    """Whether the pictures' font has every character, and they run from left to right.

    >>> is_drawable("good"), is_drawable("\u05d8\u05d5\u05d1"), is_drawable("\u6f22")
    (True, False, False)
    """
    from_right = {"R", "AL", "AN"}
    known = _characters()
    return all(
        ord(sign) in known and unicodedata.bidirectional(sign) not in from_right for sign in text
    )


def drawable_name(name: str, label: int) -> str:
    """Returns a class' name for a picture, or a plain one where the picture cannot write it.

    >>> drawable_name("positive", 1), drawable_name("\u6f22", 1)
    ('positive', 'class 1')
    """
    short = name if len(name) <= 16 else f"{name[:15].rstrip()}…"
    return (
        short if short.strip() and short.isprintable() and is_drawable(short) else f"class {label}"
    )


@cache
def _characters() -> frozenset[int]:
    return frozenset(FT2Font(str(FONT)).get_charmap())


def _escape(text: str) -> str:
    for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(sign, entity)
    return text
