"""Chromium by its own protocol, as far as the tests need it: pages are opened, looked at and photographed."""

import base64
import contextlib
import json
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

PROGRAM = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chromium-browser"))), None)

FLAGS = [
    "--headless=new", "--no-sandbox", "--disable-background-networking", "--hide-scrollbars", "--no-first-run",
    "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--remote-debugging-port=0", "about:blank",
]


class Page:
    """A page of a browser: https://chromedevtools.github.io/devtools-protocol over a WebSocket (RFC 6455)."""

    def __init__(self, address):
        host, path = address.removeprefix("ws://").split("/", 1)
        name, port = host.split(":")
        self.socket = socket.create_connection((name, int(port)), timeout=60)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET /{path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.socket.recv(1)
        assert b" 101 " in head.split(b"\r\n")[0], head
        self.count = 0

    def ask(self, method, **parameters):
        self.count += 1
        said = json.dumps({"id": self.count, "method": method, "params": parameters}).encode()
        mask = os.urandom(4)
        size = struct.pack("!BBQ", 0x81, 0x80 | 127, len(said))
        self.socket.sendall(size + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(said)))
        while True:
            answer = json.loads(self.message())
            if answer.get("id") == self.count:
                assert "error" not in answer, answer
                return answer["result"]

    def message(self):
        parts = []
        while True:
            first, second = self.exactly(2)
            length = second & 127
            if length > 125:
                length = int.from_bytes(self.exactly(2 if length == 126 else 8), "big")
            part = self.exactly(length)
            if first & 15 in (0, 1):
                parts.append(part)
                if first & 128:
                    return b"".join(parts)

    def exactly(self, count):
        read = bytearray()
        while len(read) < count:
            part = self.socket.recv(count - len(read))
            if not part:
                raise EOFError("the browser has gone")
            read += part
        return bytes(read)

    def open(self, path, scheme, width=1100):
        """Opens a file and waits until it and its frames rest."""
        return self.visit(Path(path).as_uri(), scheme, width)

    def visit(self, address, scheme, width=1100):
        self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        self.ask("Page.navigate", url=address)
        deadline = time.monotonic() + 60
        while self.value("document.readyState") != "complete" and time.monotonic() < deadline:
            time.sleep(0.1)
        return self

    def value(self, script):
        return self.ask("Runtime.evaluate", expression=script, returnByValue=True)["result"].get("value")

    def photograph(self, path, selector):
        """What the first element of that name shows, as a PNG."""
        box = self.value(
            f"(e => {{ e.scrollIntoView(); const r = e.getBoundingClientRect();"
            f" return [r.x + scrollX, r.y + scrollY, r.width, r.height] }})(document.querySelector({selector!r}))"
        )
        x, y, width, height = box
        clip = {"x": x, "y": y, "width": width, "height": height, "scale": 1}
        png = self.ask("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)["data"]
        Path(path).write_bytes(base64.b64decode(png))
        return path


@contextlib.contextmanager
def page():
    """A page of a browser of its own, which is ended afterwards."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [PROGRAM, f"--user-data-dir={profile}", *FLAGS], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            said = Path(profile) / "DevToolsActivePort"
            deadline = time.monotonic() + 60
            while not (said.exists() and said.read_text().count("\n") >= 1):
                assert process.poll() is None and time.monotonic() < deadline, "Chromium did not start"
                time.sleep(0.05)
            port = said.read_text().split("\n")[0]
            tabs = json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/json", timeout=30))
            yield Page(next(tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page"))
        finally:
            process.terminate()
            process.wait(30)
