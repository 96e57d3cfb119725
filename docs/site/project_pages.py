"""Pages of the site that are kept elsewhere: the root's Markdown, and the cards of the models."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = Path("src/reelfeel/shipped")
# Where a file of the root stands on the site; the links to it are turned there.
PROJECT_PAGES = {
    "ARCHITECTURE.md": "project/architecture.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "SECURITY.md": "project/security.md",
    "CHANGELOG.md": "project/changes.md",
}
LINK = re.compile(r"(\]\()([^)#\s]+)(#[^)\s]*)?(\))")


def collect_project_pages() -> dict[str, str]:
    """Returns the text of each page by its place on the site."""
    pages = {
        place: move_links((ROOT / name).read_text("utf-8"), place)
        for name, place in PROJECT_PAGES.items()
    }
    cards = sorted((ROOT / SHIPPED).glob("*/README.md"))
    return pages | {f"models/{card.parent.name}.md": read_card(card) for card in cards}


def read_card(path: Path) -> str:
    """Returns a model's card without the head that is written for model registries."""
    text = path.read_text("utf-8")
    return text.split("---\n", 2)[2].lstrip() if text.startswith("---\n") else text


def move_links(text: str, place: str) -> str:
    """Turns links that hold from the root of the project into ones that hold from `place`.

    Example:

    >>> move_links("[data](docs/data.md), [why](SECURITY.md#a)", "project/changes.md")
    '[data](../data.md), [why](security.md#a)'
    """

    def move(match: re.Match[str]) -> str:
        target = match[2]
        if "://" in target:
            return match[0]
        target = PROJECT_PAGES.get(target, target.removeprefix("docs/"))
        relative = posixpath.relpath(target, posixpath.dirname(place))
        return f"{match[1]}{relative}{match[3] or ''}{match[4]}"

    return LINK.sub(move, text)
