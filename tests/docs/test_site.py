"""The site builds in strict mode, asks nothing of other hosts, and holds what the program says."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys

import pytest
from documented_commands import ROOT

import reelfeel
from reelfeel.cli.commands import COMMANDS
from reelfeel.inference.shipped import list_shipped

if importlib.util.find_spec("mkdocs") is None:
    pytest.skip("needs the extra [docs]", allow_module_level=True)
sys.path.insert(0, str(ROOT / "docs" / "site"))

from check_links import find_broken_links, list_anchors
from check_requests import find_requests
from docstrings import fence_examples
from griffe import Docstring
from project_pages import move_links


def build(*options):
    """Builds a site with the options that `make docs` gives, and some more."""
    recipe = re.search(r"/mkdocs (build.*)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", *recipe[1].split(), *options],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the site, built once."""
    folder = tmp_path_factory.mktemp("site")
    result = build("--site-dir", folder)
    assert result.returncode == 0, result.stderr + result.stdout
    return folder


def read_text(page):
    return re.sub(r"<[^>]+>", "", page.read_text("utf-8"))


def test_the_site_asks_nothing_of_other_hosts(site):
    assert find_requests(site) == []
    # What the theme's scripts name besides is for browsers and pages that need it: none here.
    assert not any('class="mermaid"' in page.read_text("utf-8") for page in site.rglob("*.html"))


@pytest.mark.parametrize("link", ["no.md", "#no", "other.md#no", "other.md"])
def test_a_broken_link_or_anchor_fails_the_build(tmp_path, link):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text(f"# Start\n\n[link]({link})\n")
    (tmp_path / "docs" / "other.md").write_text("# Other\n")
    settings = f"INHERIT: {ROOT / 'mkdocs.yml'}\ndocs_dir: docs\nsite_dir: site\n"
    settings += "theme: {name: null, custom_dir: theme}\nhooks: []\nplugins: []\nextra_css: []\n"
    settings += "nav: [index.md, other.md]\nwatch: []\n"
    (tmp_path / "theme").mkdir()
    for name in ("main.html", "404.html"):
        (tmp_path / "theme" / name).write_text("{{ page.content }}")
    (tmp_path / "mkdocs.yml").write_text(settings)
    result = build("--config-file", tmp_path / "mkdocs.yml")
    assert (result.returncode == 0) == (link == "other.md"), result.stderr
    assert result.returncode == 0 or f"'{link}'" in result.stderr


def test_search_works_from_disk(site):
    assert (site / "search" / "search_index.js").read_text("utf-8").startswith("var __index")
    assert "assets/iframe-worker.js" in (site / "index.html").read_text("utf-8")


def test_the_command_reference_is_the_programs(site):
    page = read_text(site / "reference" / "commands.html")
    for command in COMMANDS:
        assert f"$ reelfeel {command} [OPTIONS]" in page
    assert "--no-worse-than" in page
    assert "Exit codes: 0 ok" in page


def test_the_python_reference_has_every_public_name(site):
    page = (site / "reference" / "python.html").read_text("utf-8")
    for name in reelfeel.__all__:
        assert re.search(rf'id="reelfeel[\w.]*\.{name}"', page), name
    # Examples are code, and no quotation.
    assert "<blockquote>" not in page


def test_every_shipped_model_has_its_card(site):
    for model in list_shipped():
        page = read_text(site / "models" / f"{model.name}.html")
        assert "Limits" in page
        assert "library_name" not in page


def test_every_entry_of_the_log_has_an_anchor(site):
    entries = re.findall(r"^## ", (ROOT / "docs" / "log.md").read_text("utf-8"), re.MULTILINE)
    anchors = re.findall(r'<h2 id="([^"]+)"', (site / "log.html").read_text("utf-8"))
    assert len(set(anchors)) == len(entries) > 40


def test_links_of_the_pages_beside_the_site_lead_somewhere(tmp_path):
    for page in [*ROOT.glob("*.md"), ROOT / "docs" / "tutorial" / "README.md"]:
        assert find_broken_links(page) == []
    page = tmp_path / "page.md"
    page.write_text("# A `b` (c)\n[one](no.md) [two](#no) [three](#a-b-c)\n```\n[four](x)\n```\n")
    assert find_broken_links(page) == [
        "page.md: there is no no.md",
        "page.md: page.md has no heading #no",
    ]
    assert list_anchors(page) == {"a-b-c"}


@pytest.mark.parametrize(
    "markup",
    [
        '<script src="https://cdn.example/x.js"></script>',
        '<link rel="stylesheet" href="//fonts.example/css">',
        '<img src="HTTP://example/x.png">',
        '<p style="background: url(https://example/x.png)">',
        '<img srcset="a.png 1x, https://example/x.png 2x">',
        "<style>@import 'https://example/x.css';</style>",
    ],
)
def test_a_request_to_another_host_is_found(tmp_path, markup):
    (tmp_path / "page.html").write_text(markup)
    assert len(find_requests(tmp_path)) == 1


def test_links_to_click_are_no_requests(tmp_path):
    (tmp_path / "page.html").write_text(
        '<a href="https://example">x</a><link rel="canonical" href="https://example">'
        '<img src="x.png">'
    )
    (tmp_path / "sheet.css").write_text("@font-face { src: url('//example/f.woff2') }")
    assert find_requests(tmp_path) == ["sheet.css: //example/f.woff2"]


def test_links_are_moved_with_their_page():
    text = "[a](docs/data.md#options) [b](SECURITY.md) [c](https://x.example) [d](#here)"
    assert move_links(text, "project/changes.md") == (
        "[a](../data.md#options) [b](security.md) [c](https://x.example) [d](#here)"
    )


def test_examples_in_docstrings_are_fenced():
    text = "Adds.\n\nExample:\n\n>>> 1 + 1\n2\n\nMore."
    expected = "Adds.\n\nExample:\n    ```pycon\n    >>> 1 + 1\n    2\n    ```\n\nMore."
    assert fence_examples(Docstring(text)) == expected
