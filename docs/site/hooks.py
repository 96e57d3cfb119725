"""What MkDocs calls while it builds the site: adds the pages that are made, not kept."""

from __future__ import annotations

import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

# MkDocs loads this file by its path, and its neighbours have to be found too.
sys.path.insert(0, str(Path(__file__).parent))

from command_reference import write_command_reference
from project_pages import collect_project_pages
from python_reference import write_python_reference


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the command reference, the Python reference, the model cards and the root's pages."""
    pages = collect_project_pages() | {
        "reference/commands.md": write_command_reference(),
        "reference/python.md": write_python_reference(),
    }
    for place, text in pages.items():
        files.append(File.generated(config, place, content=text))
    return files
