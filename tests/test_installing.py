"""Every place that says how to install PyTorch says the same, without CUDA and pinned."""

import re
from pathlib import Path

import pytest

from reelfeel.errors import MissingExtraError
from reelfeel.extras import CPU_TORCH, require_extra

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("page", ["README.md", "docs/tutorial/README.md"])
def test_pages_say_the_command_of_the_messages(page):
    assert f"    {CPU_TORCH}\n" in (ROOT / page).read_text("utf-8")


def test_the_version_is_that_of_the_constraints():
    pinned = re.search(r"^torch==\S+$", (ROOT / "constraints.txt").read_text("utf-8"), re.M)
    assert f" {pinned[0]} " in CPU_TORCH
    for page in ROOT.glob("docs/**/*.md"):
        for said in re.findall(r"install (torch==[0-9.]+[0-9])", page.read_text("utf-8")):
            assert said == pinned[0], page


def test_make_tries_the_index_of_the_messages_first():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert f"TORCH_INDEX ?= {CPU_TORCH.split()[-1]}\n" in makefile


def test_a_missing_torch_is_told_with_the_way_around_cuda(monkeypatch):
    monkeypatch.setattr("reelfeel.extras.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=re.escape(CPU_TORCH)):
        require_extra("train", "keras", "torch")
    with pytest.raises(MissingExtraError) as caught:
        require_extra("report", "matplotlib")
    assert CPU_TORCH not in str(caught.value)
