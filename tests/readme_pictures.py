"""The pictures of README, taken anew from a report and from the notebooks in JupyterLab (needs chromium):
``python tests/readme_pictures.py out/report.html``.

Fewer than 300 kB each: a palette of 64 colours is enough for text on white.
"""

from __future__ import annotations

import base64
import io
import sys
import tempfile
from pathlib import Path

from browser import Page, opened
from lab import Lab, lab, workspace
from PIL import Image

FOLDER = Path(__file__).resolve().parents[1] / "notebooks" / "pictures"
WIDTH, SCALE = 1400, 1.25  # wide enough for the layout with contents at the side; pixels a point
HIGH = 1150  # points of JupyterLab's window
CELL = '.mark-rect path[aria-label*="fjord"][aria-label*="Data security"]'
LATE = "[...window.panel.node.querySelector('.rv').querySelectorAll('.rv-row')].find(r => r.textContent.includes('Late')).click()"
OPEN_LINE = """(() => {
  document.querySelectorAll('details').forEach(d => d.open = false);
  const ledger = [...document.querySelectorAll('details.ledger')].find(d => d.textContent.includes('Harbour'));
  ledger.open = true;
  const line = [...ledger.querySelectorAll('details.line')].find(d =>
    d.querySelector('.what').textContent == 'Automatic renewal');
  line.open = true;
  return line.id;
})()"""
OPEN_FINDING = """(() => {
  document.querySelectorAll('details').forEach(d => d.open = false);
  const found = [...document.querySelectorAll('article.finding')].find(a => a.dataset.group == 'late_payment' &&
    a.closest('details.contract').textContent.includes('fjord_analytics.pdf'));
  found.closest('details.contract').open = true;
  found.querySelector('details.picture').open = true;
  return found.id;
})()"""


def save(page: Page, name: str, x: float, y: float, width: float, height: float, whole: bool = True) -> None:
    """One part of the page, in its own points from the top left corner. ``whole``: also what the window does not show,
    for which the browser lays the page out anew."""
    clip = {"x": x, "y": y, "width": width, "height": height, "scale": 1}
    shot = page.call("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=whole)
    with Image.open(io.BytesIO(base64.b64decode(shot["data"]))) as image:
        image.convert("RGB").quantize(64).save(FOLDER / name, optimize=True)
    print(f"{name}: {(FOLDER / name).stat().st_size / 1000:.0f} kB")


def box(page: Page, selector: str) -> tuple[float, float, float, float]:
    found = page.js(
        f"(() => {{ const b = document.querySelector({selector!r}).getBoundingClientRect();"
        "return [b.x + scrollX, b.y + scrollY, b.width, b.height]; })()"
    )
    return tuple(found)


def of_cell(window: Lab, selector: str, name: str) -> None:
    """The output of the notebook's cell that holds the element, as far down as the window shows it."""
    window.page.js("new Promise(done => setTimeout(done, 800))")
    x, y, width, height = window.page.js(
        f"(() => {{ const b = window.panel.node.querySelector({selector!r}).closest('.jp-OutputArea-output');"
        " b.scrollIntoView({block: 'start'}); const r = b.getBoundingClientRect(); return [r.x, r.y, r.width, r.height]; })()"
    )
    save(window.page, name, x, y, width, min(height, HIGH - y - 40), whole=False)


def notebooks() -> None:
    """A pick in the map, and the review of a clause beside its page."""
    with tempfile.TemporaryDirectory() as folder, lab(workspace(Path(folder)), f"1180,{HIGH}") as window:
        window.run("01_portfolio.ipynb")
        window.wait("window.panel.node.querySelectorAll('.mark-rect path').length > 50", "the map is drawn")
        window.click(CELL)
        of_cell(window, "table.evidence", "map.png")
        window.run("04_contract_review.ipynb")
        window.wait("window.panel.node.querySelectorAll('.rv .rv-mark').length > 1", "the viewer is drawn")
        window.page.js(LATE)
        window.wait("window.panel.node.querySelector('.rv .rv-facts') !== null", "the finding is shown")
        window.click(".rv .rv-accept")
        window.wait("window.panel.node.querySelector('.rv .rv-said') !== null", "the decision is kept")
        of_cell(window, ".rv", "viewer.png")


def main(report: Path) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    notebooks()
    with opened(report) as page:
        page.call("Emulation.setDeviceMetricsOverride", width=WIDTH, height=900, deviceScaleFactor=SCALE, mobile=False)
        x, y, width, _ = box(page, "main")
        bottom = box(page, "#glance .charts, #glance figure")
        save(page, "report.png", x, 0, width, bottom[1] + bottom[3] + 20)
        for name, script, widest in (("exposure.png", OPEN_LINE, 1110), ("finding.png", OPEN_FINDING, 860)):
            id = page.js(script)
            page.js("new Promise(done => setTimeout(done, 500))")
            x, y, width, height = box(page, f"#{id}")
            save(page, name, x - 12, y, min(width, widest) + 24, height + 12)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
