"""Checks that a built site asks nothing of other hosts when it is read.

    python docs/site/check_requests.py build/site

Scripts, styles, fonts, pictures and frames have to lie beside the pages. Links that a reader may
click are no requests. Ends with 1, and the places, where something would be fetched.
"""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from pathlib import Path

# What a browser fetches by itself: the attribute of each element; a link only with these relations.
FETCHED = {
    "script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src",
    "audio": "src", "embed": "src", "object": "data", "link": "href", "use": "href",
}  # fmt: skip
HARMLESS_RELATIONS = {"canonical", "alternate", "next", "prev", "author", "license"}
REMOTE = re.compile(r"^\s*(?:https?:)?//", re.IGNORECASE)
REMOTE_IN_STYLE = re.compile(
    r"(?:url\(\s*['\"]?|@import\s+['\"])((?:https?:)?//[^'\")\s]+)", re.IGNORECASE
)


class _Requests(HTMLParser):
    """Collects the addresses on other hosts that a page makes a browser fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Looks at one element."""
        values = {name: value or "" for name, value in attrs}
        addresses = [values.get(FETCHED.get(tag, ""), ""), *values.get("srcset", "").split(",")]
        if tag == "link" and set(values.get("rel", "").split()) <= HARMLESS_RELATIONS:
            addresses = []
        self.found += [address for address in addresses if REMOTE.match(address)]
        self.found += REMOTE_IN_STYLE.findall(values.get("style", ""))
        # Diagrams would be drawn by a script that the theme fetches.
        if "mermaid" in values.get("class", "").split():
            self.found.append("the script of mermaid")


def find_requests(site: Path) -> list[str]:
    """Returns a line for each address on another host that a page or a style sheet fetches."""
    found = []
    for page in sorted(site.rglob("*.html")):
        text = page.read_text("utf-8")
        parser = _Requests()
        parser.feed(text)
        found += [f"{page.relative_to(site)}: {address}" for address in parser.found]
        for style in re.findall(r"<style[^>]*>(.*?)</style>", text, re.DOTALL):
            found += [f"{page.relative_to(site)}: {to}" for to in REMOTE_IN_STYLE.findall(style)]
    for sheet in sorted(site.rglob("*.css")):
        addresses = REMOTE_IN_STYLE.findall(sheet.read_text("utf-8"))
        found += [f"{sheet.relative_to(site)}: {address}" for address in addresses]
    return found


def main() -> None:
    """Checks the site that the command line names."""
    if found := find_requests(Path(sys.argv[1])):
        sys.exit("\n".join(["The site would fetch from other hosts:", *found]))


if __name__ == "__main__":
    main()
