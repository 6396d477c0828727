"""JupyterLab over a folder, opened in a headless chromium: notebooks are opened, run and looked at as a person does."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from browser import Page, started

ROOT = Path(__file__).resolve().parents[1]
OPEN = """(async () => {
  const panel = await jupyterapp.commands.execute('docmanager:open', {path: 'notebooks/NAME'});
  await panel.context.ready;
  await panel.sessionContext.ready;
  window.panel = panel;
  jupyterapp.shell.activateById(panel.id);
  return panel.sessionContext.session?.kernel?.name;
})()"""
RUN = """(async () => {
  if (AGAIN) await window.panel.sessionContext.restartKernel();
  await jupyterapp.commands.execute('notebook:run-all-cells');
  return window.panel.content.model.toJSON();
})()"""
DRAWN = "[...window.panel.node.querySelectorAll('.jp-RenderedSVG img')].map(i => i.complete && i.naturalWidth > 50)"  # charts as pictures


def workspace(folder: Path) -> Path:
    """A copy of the notebooks beside the sample data, with a store of its own that they share, as in a clone."""
    shutil.copytree(ROOT / "notebooks", folder / "notebooks", ignore=shutil.ignore_patterns(".*", "pictures"))
    (folder / "data").symlink_to(ROOT / "data")
    (folder / "out").mkdir()
    return folder


class Lab:
    """One server and one window. ``page.js`` sees the notebook that was opened last as ``window.panel``."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page, self.folder = page, folder
        self.open: set[str] = set()

    def run(self, name: str) -> dict[str, Any]:
        """Opens ``notebooks/NAME``, runs all its cells, and gives it back with its outputs; where it is open it gets a
        new kernel first."""
        again = name in self.open
        assert self.page.js(OPEN.replace("NAME", name)) == "python3"
        self.open.add(name)
        return self.page.js(RUN.replace("AGAIN", "true" if again else "false"))

    def show(self, name: str) -> None:
        """Brings a notebook to the front that was run and not closed, or runs it."""
        if name in self.open:
            self.page.js(OPEN.replace("NAME", name))
        else:
            self.run(name)

    def close(self, name: str) -> None:
        """Closes the notebook that is in front, with its kernel, without asking whether to save."""
        self.open.remove(name)
        self.page.js(
            "(async () => { const p = window.panel; await p.sessionContext.shutdown(); await p.context.revert();"
            " p.dispose(); })()"
        )

    def wait(self, expression: str, what: str, seconds: float = 60) -> Any:
        """What the expression gives, once that is true."""
        return until(lambda: self.page.js(expression), what, seconds)

    def click(self, selector: str, nth: int = 0) -> None:
        """The mouse pressed and released in the middle of an element of the notebook."""
        x, y = self.page.js(
            f"(() => {{ const e = window.panel.node.querySelectorAll({selector!r})[{nth}];"
            " e.scrollIntoView({block: 'center'}); const b = e.getBoundingClientRect();"
            " return [b.x + b.width / 2, b.y + b.height / 2]; })()"
        )
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self.page.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)


def until(found: Callable[[], Any], what: str, seconds: float) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := found():
            return value
        time.sleep(0.1)
    raise AssertionError(f"{what}: not within {seconds:.0f} s")


@contextmanager
def lab(folder: Path, size: str = "1500,1300") -> Iterator[Lab]:
    """JupyterLab on a free port of this machine, its settings in ``folder``, and a window that shows it."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    token = secrets.token_hex(16)
    homes = {"CONFIG": "JUPYTER_CONFIG_DIR", "RUNTIME": "JUPYTER_RUNTIME_DIR", "WORK": "JUPYTERLAB_WORKSPACES_DIR"}
    homes |= {"SETTINGS": "JUPYTERLAB_SETTINGS_DIR", "IPYTHON": "IPYTHONDIR"}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}",
               f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={folder}", "--LabApp.expose_app_in_browser=True",
               "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]  # fmt: skip
    homes = {name: str(folder / f".{key.lower()}") for key, name in homes.items()}
    asks = folder / ".settings" / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    asks.parent.mkdir(parents=True, exist_ok=True)
    asks.write_text('{"fetchNews": "false"}')  # or a window asks, over the notebook
    log = folder / "lab.log"
    with log.open("w") as out:
        server = subprocess.Popen(command, env={**os.environ, **homes}, stdout=out, stderr=out, cwd=folder)
    try:
        until(lambda: _answers(server, f"http://127.0.0.1:{port}/api?token={token}", log), "JupyterLab answers", 120)
        with started(size, timeout=400) as page:
            page.call("Page.navigate", url=f"http://127.0.0.1:{port}/lab?token={token}&reset")
            opened = Lab(page, folder)
            opened.wait("Boolean(window.jupyterapp?.commands.hasCommand('notebook:run-all-cells'))", "Lab opens", 120)
            page.js("jupyterapp.restored.then(() => true)")
            page.js("jupyterapp.commands.execute('application:toggle-left-area').then(() => true)")
            yield opened
    finally:
        server.terminate()
        server.wait(timeout=60)


def _answers(server: subprocess.Popen[bytes], url: str, log: Path) -> bool:
    assert server.poll() is None, log.read_text()[-2000:]
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=5) as reply:
            return bool(reply.status == 200)
    except OSError:
        return False
