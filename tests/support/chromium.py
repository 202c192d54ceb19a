"""A real Chromium for the tests, spoken to over its DevTools protocol: open a page, evaluate, click, press keys."""

import base64
import contextlib
import itertools
import json
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

from websockets.sync.client import connect

OPTIONS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--hide-scrollbars",
    "--remote-debugging-address=127.0.0.1",
    "--remote-debugging-port=0",
]
PATIENCE = 30.0  # seconds: generous, because a busy machine must not fail a test


class Chromium:
    """One browser process; ``close`` ends it."""

    def __init__(self, program: str, profile: Path) -> None:
        call = [program, *OPTIONS, f"--user-data-dir={profile}", "about:blank"]
        self._process = subprocess.Popen(call, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        port_file = profile / "DevToolsActivePort"
        end = time.monotonic() + PATIENCE
        while not (port_file.is_file() and "\n" in port_file.read_text()):
            assert time.monotonic() < end and self._process.poll() is None, "Chromium did not start"
            time.sleep(0.05)
        self._address = f"http://127.0.0.1:{port_file.read_text().split()[0]}"

    def open(self, url: str, *, width: int = 1400, height: int = 1000) -> "Tab":
        """Open a page and return when its script has run."""
        request = urllib.request.Request(f"{self._address}/json/new?about:blank", method="PUT")
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            target = json.load(answer)
        return Tab(target["webSocketDebuggerUrl"], url, width, height)

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE)


class Tab:
    """One page. ``errors`` are the exceptions and blocked requests that it reported."""

    def __init__(self, address: str, url: str, width: int, height: int) -> None:
        self._open = contextlib.ExitStack()
        self._socket = self._open.enter_context(connect(address, max_size=None))
        self._ids = itertools.count(1)
        self.errors: list[str] = []
        for domain in ("Page", "Runtime", "Log"):
            self.send(f"{domain}.enable")
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.send("Emulation.setFocusEmulationEnabled", enabled=True)  # other tabs are open too
        self.send("Page.navigate", url=url)
        self.wait("location.href !== 'about:blank' && document.readyState === 'complete'")

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call one method of the protocol and return its result."""
        number = next(self._ids)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv(timeout=PATIENCE))
            if message.get("id") == number:
                assert "error" not in message, message["error"]
                return message["result"]
            if message.get("method") == "Runtime.exceptionThrown":
                details = message["params"]["exceptionDetails"]
                self.errors.append(details.get("exception", {}).get("description", details["text"]))
            elif message.get("method") == "Log.entryAdded" and message["params"]["entry"]["level"] == "error":
                self.errors.append(message["params"]["entry"]["text"])

    def value(self, expression: str) -> Any:
        """Return the value of a JavaScript expression."""
        result = self.send("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def wait(self, expression: str) -> None:
        """Return when the expression is true."""
        end = time.monotonic() + PATIENCE
        while not self.value(expression):
            assert time.monotonic() < end, f"never true: {expression}; errors: {self.errors}"
            time.sleep(0.05)

    def texts(self, selector: str) -> list[str]:
        """Return the text of every element that fits and is drawn."""
        fitting = f"[...document.querySelectorAll({json.dumps(selector)})].filter(one => one.getClientRects().length)"
        return self.value(f"{fitting}.map(one => one.textContent)")

    def choose(self, selector: str, value: str) -> None:
        """Set a control as a reader does."""
        found = f"const one = document.querySelector({json.dumps(selector)}); one.value = {json.dumps(value)};"
        events = "for (const name of ['input', 'change']) one.dispatchEvent(new Event(name, {bubbles: true}));"
        self.value(f"{{{found}{events}}}")

    def move(self, selector: str, across: float, down: float = 0.5) -> tuple[float, float]:
        """Move the pointer over an element, to a share of its width and height; returns where it is."""
        self.value(f"document.querySelector({json.dumps(selector)}).scrollIntoView({{block: 'center'}})")
        box = self.value(f"document.querySelector({json.dumps(selector)}).getBoundingClientRect().toJSON()")
        x, y = box["x"] + across * box["width"], box["y"] + down * box["height"]
        self.send("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y, buttons=0)
        return x, y

    def drag(self, selector: str, start: float, end: float) -> None:
        """Press at one share of an element's width and release at another."""
        for kind, share in (("mousePressed", start), ("mouseMoved", end), ("mouseReleased", end)):
            x, y = self.move(selector, share) if kind == "mousePressed" else self._at(selector, share)
            self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=1, clickCount=1)

    def _at(self, selector: str, share: float) -> tuple[float, float]:
        box = self.value(f"document.querySelector({json.dumps(selector)}).getBoundingClientRect().toJSON()")
        return box["x"] + share * box["width"], box["y"] + box["height"] / 2

    def click(self, selector: str) -> None:
        """Press and release the pointer on an element."""
        x, y = self.move(selector, 0.5)
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def press(self, key: str) -> None:
        """Press and release a key, for the element that has the focus."""
        text = {"text": key} if len(key) == 1 else {}
        for kind in ("keyDown", "keyUp"):
            self.send("Input.dispatchKeyEvent", type=kind, key=key, **(text if kind == "keyDown" else {}))

    def picture(self, path: Path) -> None:
        """Save what is seen as a PNG."""
        path.write_bytes(base64.b64decode(self.send("Page.captureScreenshot", format="png")["data"]))

    def close(self) -> None:
        self.send("Page.close")
        self._open.close()
