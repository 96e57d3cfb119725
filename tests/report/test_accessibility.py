"""The page in a browser: axe finds nothing, light and dark, desktop and phone."""

import json
import re
import shutil
import subprocess
from html import unescape

import pytest
from report_samples import make_report_data, simulate

from reelfeel.report.page import write_report

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
DARK = "@media screen and (prefers-color-scheme: dark)"
RUN_AXE = """
axe.run({resultTypes: ["violations"]}).then(result => {
  const found = result.violations.map(one => [one.id, one.nodes.map(node => node.html)]);
  const wide = document.documentElement.scrollWidth > window.innerWidth;
  document.body.setAttribute("data-found", JSON.stringify({found, wide, passes: result.passes.length}));
});
"""  # noqa: E501

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not CHROMIUM or not shutil.which("npm"), reason="needs Chromium and npm, for axe-core"
    ),
]


@pytest.fixture(scope="module")
def axe(tmp_path_factory):
    folder = tmp_path_factory.mktemp("axe")
    done = subprocess.run(
        ["npm", "install", "--silent", "--prefix", str(folder), "axe-core@4"],
        capture_output=True, check=False, timeout=120,
    )  # fmt: skip
    file = folder / "node_modules" / "axe-core" / "axe.min.js"
    if done.returncode or not file.exists():
        pytest.skip("axe-core could not be installed")
    return file.read_text("utf-8")


@pytest.fixture(scope="module")
def html(tmp_path_factory):
    y_true, y_prob = simulate(2_000)
    data = make_report_data(y_true, y_prob, rival_prob=y_prob, warnings=("Beware.",))
    page = write_report(data, tmp_path_factory.mktemp("page") / "report")
    return page.read_text("utf-8")


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
def test_axe_finds_no_violation_and_nothing_is_wider_than_the_screen(
    html, axe, tmp_path, width, is_dark
):
    # The page forbids scripts; the copy for the test allows them.
    page = re.sub(r"<meta http-equiv[^>]*>", "", html)
    page = page.replace(DARK, "@media screen" if is_dark else "@media not all")
    inner = tmp_path / "inner.html"
    inner.write_text(page.replace("</body>", f"<script>{axe}</script><script>{RUN_AXE}</script></body>"))  # noqa: E501  # fmt: skip
    result = look(inner, width, tmp_path / "profile")
    assert result["found"] == []
    assert result["wide"] is False
    assert result["passes"] > 10


def look(page, width, profile):
    done = subprocess.run(
        [
            CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
            "--no-first-run", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", f"--user-data-dir={profile}", f"--window-size={width},2000",
            "--virtual-time-budget=60000", "--dump-dom", page.as_uri(),
        ],
        capture_output=True, check=True, timeout=180, text=True,
    )  # fmt: skip
    found = re.search(r'data-found="([^"]*)"', done.stdout)
    assert found, done.stderr[-500:]
    return json.loads(unescape(found[1]))
