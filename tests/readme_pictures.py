"""The pictures of README, taken anew from a report: ``python tests/readme_pictures.py out/report.html`` (needs chromium).

Fewer than 300 kB each: a palette of 64 colours is enough for text on white.
"""

from __future__ import annotations

import base64
import io
import sys
from pathlib import Path

from browser import Page, opened
from PIL import Image

FOLDER = Path(__file__).resolve().parents[1] / "notebooks" / "pictures"
WIDTH, SCALE = 1400, 1.25  # wide enough for the layout with contents at the side; pixels a point
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


def save(page: Page, name: str, x: float, y: float, width: float, height: float) -> None:
    """One part of the page, in its own points from the top left corner."""
    clip = {"x": x, "y": y, "width": width, "height": height, "scale": 1}
    shot = page.call("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)
    with Image.open(io.BytesIO(base64.b64decode(shot["data"]))) as image:
        image.convert("RGB").quantize(64).save(FOLDER / name, optimize=True)
    print(f"{name}: {(FOLDER / name).stat().st_size / 1000:.0f} kB")


def box(page: Page, selector: str) -> tuple[float, float, float, float]:
    found = page.js(
        f"(() => {{ const b = document.querySelector({selector!r}).getBoundingClientRect();"
        "return [b.x + scrollX, b.y + scrollY, b.width, b.height]; })()"
    )
    return tuple(found)


def main(report: Path) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with opened(report) as page:
        page.call("Emulation.setDeviceMetricsOverride", width=WIDTH, height=900, deviceScaleFactor=SCALE, mobile=False)
        x, y, width, _ = box(page, "main")
        bottom = box(page, "#glance .charts, #glance figure")
        save(page, "report.png", x, 0, width, bottom[1] + bottom[3] + 20)
        for name, script, widest in (("exposure.png", OPEN_LINE, 1110), ("finding.png", OPEN_FINDING, 700)):
            id = page.js(script)
            page.js("new Promise(done => setTimeout(done, 500))")
            x, y, width, height = box(page, f"#{id}")
            save(page, name, x - 12, y, min(width, widest) + 24, height + 12)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
