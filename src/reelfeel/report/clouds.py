"""Clouds of words: the bigger, the more of it."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import PathPatch
from matplotlib.textpath import TextPath
from matplotlib.transforms import Affine2D
from wordcloud import STOPWORDS, WordCloud

from reelfeel.report.figures import FONT, NEGATIVE, POSITIVE, Picture, draw, is_drawable

MAX_WORDS = 70
# Longer ones are links and noise, and one of them would shrink all others.
MAX_LETTERS = 24
# Pixels of the layout; the picture itself is drawn in curves.
_WIDTH, _HEIGHT, _HALF_HEIGHT = 620, 400, 240
_COLOURS = {"positive": POSITIVE, "negative": NEGATIVE}

WordWeights = Sequence[tuple[str, float]]


def is_plain_word(word: str) -> bool:
    """Whether a cloud of frequent words has a place for this one: letters, and no stop word.

    >>> [is_plain_word(word) for word in ("film", "the", "8/10", "don't")]
    [True, False, False, False]
    """
    letters = word.replace("'", "")
    return len(word) > 1 and letters.isalpha() and word.lower() not in STOPWORDS and fits(word)


def fits(word: str) -> bool:
    """Whether a picture can show this word at all: not endless, in a script of its font.

    >>> fits("10/10"), fits("." * 3), fits("a" * 10_000)
    (True, False, False)
    """
    has_content = any(sign.isalnum() for sign in word)
    return has_content and len(word) <= MAX_LETTERS and is_drawable(word)


def plot_cloud(weights: WordWeights, kind: str) -> Picture:
    """Draws one cloud, of as many words as find a place at a readable size.

    Args:
        weights: words with their weights, all above 0, at least one.
        kind: "positive" or "negative", for the colour.
    """
    return draw(lambda figure: _paint(figure.add_subplot(), weights, kind, _HEIGHT), height=2.9)


def plot_two_clouds(
    positive: WordWeights, negative: WordWeights, titles: tuple[str, str]
) -> Picture:
    """Draws a cloud for the positive words above one for the negative words, neither empty.

    Args:
        positive: words with their weights, all above 0, at least one.
        negative: the same.
        titles: of the upper and the lower cloud, drawable.
    """

    def paint(figure: Figure) -> None:
        upper, lower = figure.subplots(2, 1)
        _paint(upper, positive, "positive", _HALF_HEIGHT)
        _paint(lower, negative, "negative", _HALF_HEIGHT)
        for axes, title in zip((upper, lower), titles, strict=True):
            axes.set_title(title, loc="left")

    return draw(paint, height=3.9)


def _paint(axes: Axes, weights: WordWeights, kind: str, height: int) -> None:
    axes.set(xlim=(0, _WIDTH), ylim=(height, 0), aspect="equal")
    axes.set_axis_off()
    cloud = WordCloud(
        width=_WIDTH,
        height=height,
        font_path=str(FONT),
        max_words=MAX_WORDS,
        max_font_size=76,
        min_font_size=14,
        relative_scaling=0.6,
        prefer_horizontal=1,
        margin=5,
        random_state=0,
        # Its own colours would import pyplot; the colour is ours anyway.
        color_func=lambda *_, **__: "black",
    ).generate_from_frequencies(dict(weights))
    font = FontProperties(fname=str(FONT))
    for (word, _), size, (top, left), _, _ in cloud.layout_:
        path = TextPath((0, 0), word, size=size, prop=font)
        # The layout names the upper left corner of the ink; the path's own origin is elsewhere.
        ink = path.get_extents()
        place = Affine2D().scale(1, -1).translate(left - ink.x0, top + ink.y1)
        axes.add_patch(PathPatch(place.transform_path(path), color=_COLOURS[kind], linewidth=0))
