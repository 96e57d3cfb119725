"""The page: one HTML file that needs nothing else, and the pictures as files beside it."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

from reelfeel.extras import require_extra

# Here and not at the door of the room: `evaluate` takes intervals and words from this room too, and
# draws nothing.
require_extra("report", "matplotlib", "wordcloud", "jinja2", "sklearn")

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from reelfeel import __version__
from reelfeel.files.writing import add_ending, refuse_existing, write_whole
from reelfeel.metrics.table import LOSSES
from reelfeel.report.gallery import Exhibit, hang_comparison, hang_pictures
from reelfeel.report.metric_table import MEANINGS, METRIC_TITLES, make_table
from reelfeel.report.report_data import ReportData
from reelfeel.report.sections import (
    colour_words,
    describe_abstention,
    describe_slices,
    describe_truncation,
    name_drivers,
)
from reelfeel.report.verdict import write_verdict
from reelfeel.report.wording import NBSP, count, number_range, percent, quoted, shortened

# In the row of large figures under the verdict.
KEY_FIGURES = ("accuracy", "roc_auc", "brier", "ece")


def write_report(data: ReportData, folder: Path, *, overwrite: bool = False) -> Path:
    """Writes a report, whole or not at all.

    Args:
        data: all that it says.
        folder: gets `index.html`, and `pictures/` with a PNG and an SVG file of each picture.
        overwrite: whether an existing folder may be replaced.

    Returns:
        The path of the page.

    Raises:
        UsageError: if the folder exists and `overwrite` is false.
        ReelFeelError: if the disk refuses.
    """
    refuse_existing(folder, overwrite=overwrite)
    comparison, exhibits = hang_comparison(data), hang_pictures(data)
    page = render_page(data, comparison, exhibits)
    with write_whole(folder) as unfinished:
        (unfinished / "pictures").mkdir(parents=True)
        for exhibit in (*exhibits, comparison):
            if exhibit and exhibit.picture:
                file = unfinished / "pictures" / exhibit.name
                add_ending(file, ".svg").write_text(exhibit.picture.svg, "utf-8")
                add_ending(file, ".png").write_bytes(exhibit.picture.png)
        (unfinished / "index.html").write_text(page, "utf-8")
    return folder / "index.html"


def render_page(data: ReportData, comparison: Exhibit | None, exhibits: list[Exhibit]) -> str:
    """Returns the page as HTML: no script, no request to anywhere, every text escaped.

    Args:
        data: all that it says.
        comparison: what `hang_comparison` returned for them; None leaves it out.
        exhibits: what `hang_pictures` did.
    """
    environment = Environment(
        loader=PackageLoader("reelfeel.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": percent, "quoted": quoted, "shortened": shortened}
    environment.filters |= {"coloured": colour_words, "drivers": name_drivers}
    page = environment.get_template("page.html").render(
        data=data,
        css=_read_css(),
        verdict=write_verdict(data),
        figures=_list_key_figures(data),
        table=make_table(data),
        comparison=comparison and (comparison, _embed(comparison)),
        exhibits=[(exhibit, _embed(exhibit)) for exhibit in exhibits],
        meanings=[(METRIC_TITLES[name], MEANINGS[name]) for name in METRIC_TITLES],
        slices=describe_slices(data),
        truncation=describe_truncation(data),
        abstention=describe_abstention(data),
        num_reviews=count(len(data.y_true)),
        version=__version__,
    )
    # Half a character, which a file can hold, is no UTF-8: a question mark stands for it.
    return page.encode("utf-8", "replace").decode("utf-8")


def _read_css() -> Markup:
    css = resources.files("reelfeel.report") / "templates" / "page.css"
    return Markup(css.read_text("utf-8"))  # noqa: S704  # our own file, not a user's text


def _embed(exhibit: Exhibit) -> Markup | None:
    if exhibit.picture is None:
        return None
    # matplotlib escapes every text that it draws.
    return Markup(exhibit.picture.for_page(exhibit.name, exhibit.alternative))  # noqa: S704


def _list_key_figures(data: ReportData) -> list[dict[str, Any]]:
    measured = data.model.measured
    figures = []
    for name in KEY_FIGURES:
        value, interval = getattr(measured.metrics, name), measured.intervals[name]
        figures.append(
            {
                "title": METRIC_TITLES[name],
                "direction": "lower is better" if name in LOSSES else "higher is better",
                "value": "undefined" if value is None else f"{value:.3f}",
                "interval": f"95{NBSP}%: {number_range(interval)}" if interval else "",
            }
        )
    return figures
