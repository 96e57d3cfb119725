"""Checks the links of the Markdown that is read beside the site: README.md and its neighbours.

    python docs/site/check_links.py

MkDocs checks the pages of the site. This checks the root's files as they stand in the repository:
every relative link names a file, and every anchor a heading of it. Ends with 1 where one does not.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"\]\(([^()\s]+)\)")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def find_broken_links(page: Path) -> list[str]:
    """Returns a line for each relative link of a page that leads nowhere."""
    broken = []
    for link in LINK.findall(_without_code(page)):
        if "://" in link or link.startswith("mailto:"):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists():
            broken.append(f"{page.name}: there is no {name}")
        elif anchor and target.suffix == ".md" and anchor not in list_anchors(target):
            broken.append(f"{page.name}: {name or page.name} has no heading #{anchor}")
    return broken


def list_anchors(page: Path) -> set[str]:
    """Returns the anchors of a page's headings, as repositories and MkDocs make them."""
    seen: Counter[str] = Counter()
    anchors = set()
    for heading in re.findall(r"^#+ (.+)$", _without_code(page), re.MULTILINE):
        plain = re.sub(r"[`*]|\]\([^)]*\)|\[", "", heading).strip().lower()
        slug = re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", plain)).strip("-")
        anchors.add(f"{slug}_{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return anchors


def _without_code(page: Path) -> str:
    return FENCE.sub("", page.read_text("utf-8"))


def main() -> None:
    """Checks the root's pages and the tutorial's index; prints what is broken."""
    pages = [*sorted(ROOT.glob("*.md")), ROOT / "docs" / "tutorial" / "README.md"]
    if broken := [line for page in pages for line in find_broken_links(page)]:
        sys.exit("\n".join(broken))


if __name__ == "__main__":
    main()
