"""A headless chromium with the network off, driven over its debugging protocol. For tests that must see a page drawn."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = next((p for n in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(n))), None)
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage", "--no-first-run",
    "--hide-scrollbars", "--proxy-server=127.0.0.1:9", "--remote-debugging-port=0", "--remote-allow-origins=*", "--window-size=1400,1000",
]  # fmt: skip


class Page:
    """One open page: ``js`` evaluates an expression, ``events`` are what the browser reported while it loaded and after."""

    def __init__(self, socket: Any) -> None:
        self.socket, self.count, self.events = socket, 0, []

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        self.count += 1
        self.socket.send(json.dumps({"id": self.count, "method": method, "params": params}))
        while True:
            message = json.loads(self.socket.recv())
            if message.get("id") == self.count:
                assert "error" not in message, message
                return message["result"]
            self.events.append(message)

    def js(self, expression: str) -> Any:
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def of(self, method: str) -> list[dict[str, Any]]:
        return [e["params"] for e in self.events if e.get("method") == method]


@contextmanager
def started(size: str = "", timeout: float = 60) -> Iterator[Page]:
    """A browser with an empty page. ``size``: "width,height" in pixels; ``timeout``: seconds to wait for an answer."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed: nothing was opened in a browser")
    websocket = pytest.importorskip("websocket", reason="websocket-client is missing: nothing was opened in a browser")
    flags = [*(f for f in FLAGS if "window-size" not in f), f"--window-size={size}"] if size else FLAGS
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [CHROMIUM, *flags, f"--user-data-dir={profile}", "about:blank"], stderr=subprocess.DEVNULL
        )
        try:
            port = _port(Path(profile) / "DevToolsActivePort", process)
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
                f"http://127.0.0.1:{port}/json", timeout=20
            ) as reply:
                target = next(t for t in json.load(reply) if t["type"] == "page")
            socket = websocket.create_connection(
                target["webSocketDebuggerUrl"], timeout=timeout, http_no_proxy=["127.0.0.1"]
            )
            page = Page(socket)
            for domain in ("Page", "Network", "Runtime", "Log"):
                page.call(f"{domain}.enable")
            yield page
            socket.close()
        finally:
            process.terminate()
            process.wait(timeout=20)


@contextmanager
def opened(path: Path) -> Iterator[Page]:
    """The file, loaded, with every address but its own out of reach."""
    with started() as page:
        page.call("Page.navigate", url=path.resolve().as_uri())
        for _ in range(200):
            if page.js("document.readyState") == "complete" and page.js("location.protocol") == "file:":
                break
            time.sleep(0.1)
        yield page


def _port(file: Path, process: subprocess.Popen[bytes]) -> int:
    for _ in range(300):
        if file.is_file() and (text := file.read_text().split()):
            return int(text[0])
        if process.poll() is not None:
            pytest.skip(f"chromium did not start (exit code {process.returncode}): nothing was opened in a browser")
        time.sleep(0.1)
    pytest.skip("chromium did not answer within 30 s: nothing was opened in a browser")
