"""The viewer answers from this process, and only to those who have its key."""

import http.client
import http.server
import json
import threading
import urllib.error
import urllib.request

import numpy as np
import pytest

import hinton


def asked(viewer, route, key=None):
    page, _, own = viewer.address.partition("#k=")
    request = urllib.request.Request(f"{page}api/{route}", headers={"X-Hinton-Key": own if key is None else key})
    return urllib.request.urlopen(request, timeout=20).read()


def test_a_model_in_memory_is_viewed(tmp_path):
    model = {"fc.weight": np.arange(12, dtype="f4").reshape(3, 4)}
    with hinton.view(model) as viewer:
        assert viewer.is_open and "http://127.0.0.1:" in viewer.address
        page = urllib.request.urlopen(viewer.address.split("#")[0], timeout=20).read()
        assert b"<html" in page
        assert "fc.weight" in json.dumps(json.loads(asked(viewer, "catalogue")))
        with pytest.raises(urllib.error.HTTPError):
            asked(viewer, "catalogue", key="0" * 32)
        bundle, _ = viewer._repr_mimebundle_()
        assert viewer.address in bundle["text/html"] and bundle["image/png"].startswith("iVBOR")
        assert viewer.address in repr(viewer)
    assert not viewer.is_open and "closed" in repr(viewer)
    # What a notebook keeps needs no server.
    kept = viewer._repr_mimebundle_()[0]["text/html"]
    assert kept.index("<img") < kept.index("<iframe"), "where frames are taken away the picture stays"
    assert 'sandbox="allow-scripts"' in kept and len(kept) < 1 << 20
    viewer.save(tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text("utf-8") == viewer.html()
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(viewer.address.split("#")[0], timeout=5)


def test_files_and_taken_ports(tmp_path):
    np.save(tmp_path / "w.npy", np.eye(3))
    with hinton.view(tmp_path / "w.npy") as viewer:
        port = int(viewer.address.split(":")[2].split("/")[0])
        with pytest.raises(OSError) as raised:
            hinton.view(tmp_path / "w.npy", port=port)
        assert "0 for any" in raised.value.cure
    with pytest.raises(FileNotFoundError):
        hinton.view(tmp_path / "nothing.npy")
    with pytest.raises(ValueError):
        hinton.view(np.eye(3), host="nowhere")
    with pytest.raises(TypeError):
        hinton.view()


class Ranges(http.server.BaseHTTPRequestHandler):
    """A server of one file, by ranges."""

    body = b""
    asked: list = []

    def do_HEAD(self):
        self.answer(send=False)

    def do_GET(self):
        self.answer(send=True)

    def answer(self, send):
        if not self.path.startswith("/w.npy"):
            self.send_error(404)
            return
        body, status, headers = self.body, 200, {}
        if wanted := self.headers.get("Range"):
            first, last = wanted.removeprefix("bytes=").split("-")
            start, end = int(first), min(int(last or len(body) - 1), len(body) - 1)
            headers["Content-Range"] = f"bytes {start}-{end}/{len(body)}"
            body, status = body[start : end + 1], 206
            Ranges.asked.append((start, end))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("ETag", '"one"')
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if send:
            self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.mark.filterwarnings("ignore::hinton.HintonWarning")
def test_an_address_opens_as_a_path_does(tmp_path):
    array = np.random.default_rng(2).normal(size=(40, 30))
    np.save(tmp_path / "w.npy", array)
    Ranges.body = (tmp_path / "w.npy").read_bytes()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ranges)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}/w.npy"
    try:
        opened = hinton.open(address)
        np.testing.assert_array_equal(opened[opened.names[0]].numpy(), array)
        assert Ranges.asked
        assert hinton.diff(address, tmp_path / "w.npy").same
        assert hinton.draw(address).size
        with pytest.raises(OSError):
            hinton.open(address.replace("w.npy", "x.npy"))
        count = len(Ranges.asked)
        with hinton.max_download("1kB"), pytest.raises(OSError, match="past the 1000 of max_download") as raised:
            hinton.open(address + "?again").summary()
        assert "max_download" in raised.value.cure and len(Ranges.asked) == count
        assert hinton.open(address + "?again").summary()["tensors"]
        with pytest.raises(ValueError, match="500MB"):
            hinton.max_download("much")
    finally:
        server.shutdown()
    with pytest.raises(OSError) as raised:
        hinton.open("ftp://host/model.safetensors")
    assert "https://" in raised.value.cure
