"""Times files at addresses against their limits, and the model of docs/scale.md, with a server on loopback that is as far away
as is said: 20 ms to each answer, 100 MB/s for each client.

    python tools/time_remote.py target/release/hinton [--write]

With --write the tables take the place of those in docs/benchmarks.md and docs/scale.md. It needs numpy. Wall time says something on
a quiet machine only.
"""

import http.server
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

import numpy as np

LATENCY = 0.020
BANDWIDTH = 100e6
ROOT = pathlib.Path(__file__).resolve().parent.parent


class Far(http.server.BaseHTTPRequestHandler):
    """Ranges of files, after a while and at a pace."""

    protocol_version = "HTTP/1.1"
    wbufsize = 0
    folder = "."
    bandwidth = BANDWIDTH
    asked: list[tuple[str, int]] = []
    #: When the way to each client, told by its name, is free again.
    free: dict[str | None, float] = {}
    lock = threading.Lock()

    def log_message(self, *_):
        pass

    def do_GET(self):
        # /w1/… is the first of several clients, each with a way of its own.
        client, path = re.match(r"(?:/(w\d+)(?=/))?(.*)", self.path.partition("?")[0]).groups()
        file = os.path.join(self.folder, path.lstrip("/"))
        time.sleep(LATENCY)
        if not os.path.isfile(file):
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        size = os.path.getsize(file)
        found = re.match(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        start, end = (int(found[1]), min(int(found[2]) + 1, size)) if found else (0, size)
        self.send_response(206 if found else 200)
        self.send_header("ETag", f'"{size}"')
        self.send_header("Content-Length", str(end - start))
        if found:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{size}")
        self.end_headers()
        with self.lock:
            self.asked.append((path, end - start))
        with open(file, "rb") as data:
            data.seek(start)
            while start < end:
                part = data.read(min(256 << 10, end - start))
                with self.lock:
                    begin = max(time.perf_counter(), self.free.get(client, 0))
                    self.free[client] = until = begin + len(part) / self.bandwidth
                time.sleep(max(0, until - time.perf_counter()))
                self.wfile.write(part)
                start += len(part)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        """A client that goes away is no fault."""


def shard(path, tensors, dtype="BF16"):
    """A safetensors file of zeros that takes no room."""
    header, offset = {}, 0
    for name, shape in tensors:
        size = int(np.prod(shape)) * 2
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(8 + len(text) + offset)


def models(folder):
    """A sharded model of 100 GB, a matrix of 134 MB, and one of four shards of 100 MB with values."""
    index, shards = {}, 20
    for number in range(shards):
        file = f"model-{number + 1:05}-of-{shards:05}.safetensors"
        tensors = [(f"layers.{number}.{place}.weight", [8192, 8192]) for place in range(37)]
        shard(folder / "large" / file, tensors)
        index |= {name: file for name, _ in tensors}
    text = json.dumps({"metadata": {}, "weight_map": index})
    (folder / "large" / "model.safetensors.index.json").write_text(text)
    random = np.random.default_rng(0)
    normal = random.normal(0, 0.02, 8192 * 8192).astype(np.float32)
    bits = (normal.view(np.uint32) >> 16).astype("<u2")
    shard(folder / "one.safetensors", [("w", [8192, 8192])])
    size = (folder / "one.safetensors").stat().st_size
    with open(folder / "one.safetensors", "r+b") as file:
        file.seek(size - bits.nbytes)
        file.write(bits.tobytes())
    parts = {}
    for number in range(4):
        name = f"part-{number}.safetensors"
        shard(folder / "parts" / name, [(f"layers.{number}.weight", [6400, 8192])])
        with open(folder / "parts" / name, "r+b") as file:
            size = file.seek(0, 2)
            file.seek(size - 6400 * 8192 * 2)
            file.write(bits[: 6400 * 8192].tobytes())
        parts[f"layers.{number}.weight"] = name
    (folder / "parts" / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": parts}))


def timed(words, times=3):
    """Seconds of a command, the middle of several; its requests, and bytes of bodies."""
    runs = []
    for _ in range(times):
        Far.asked.clear()
        begun = time.perf_counter()
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        runs.append((time.perf_counter() - begun, len(Far.asked), sum(size for _, size in Far.asked)))
    return sorted(runs)[len(runs) // 2]


def tiles(hinton, url):
    """Median seconds and most requests of tiles at level 0 that were not looked at before."""
    server = subprocess.Popen([hinton, "view", "--no-open", url], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        base, key = server.stdout.readline().strip().split("#k=")

        def ask(question):
            request = urllib.request.Request(f"{base}api/{question}", headers={"X-Hinton-Key": key})
            return urllib.request.urlopen(request, timeout=60).read()

        seconds, requests = [], []
        for row in range(1, 30, 3):
            Far.asked.clear()
            begun = time.perf_counter()
            ask(f"tiles?q=0.r.0.{row}.5")
            seconds.append(time.perf_counter() - begun)
            requests.append(len(Far.asked))
        return statistics.median(seconds), max(requests)
    finally:
        server.kill()


def simulated(hinton, base, folder, total):
    """Seconds of a model in parts on so many workers at once, measured, and by the model of docs/scale.md."""
    rows = []
    for workers in (1, 2, 4):
        Far.asked.clear()
        Far.bandwidth = 25e6
        begun = time.perf_counter()
        parts = [
            subprocess.Popen(
                [hinton, "summary", f"{base}/w{part}/parts/model.safetensors.index.json"]
                + ["--part", f"{part}/{workers}", "--threads", "1", "-o", folder / f"{part}.hs"],
                stderr=subprocess.DEVNULL,
            )
            for part in range(1, workers + 1)
        ]
        if any(part.wait() for part in parts):
            raise SystemExit("a part failed")
        took = time.perf_counter() - begun
        # Headers: the index, and two waits for the shards, which are asked for eight at a time.
        expected = 3 * LATENCY + total / workers / Far.bandwidth
        rows.append((workers, took, expected))
    Far.bandwidth = BANDWIDTH
    return rows


def main():
    words = sys.argv[1:]
    write = "--write" in words
    hinton = os.path.abspath([word for word in words if word != "--write"][0])
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "large").mkdir()
        (folder / "parts").mkdir()
        models(folder)
        Far.folder = name
        server = Server(("127.0.0.1", 0), Far)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{server.server_port}"
        rows = []
        seconds, requests, _ = timed([hinton, "inspect", f"{base}/large/model.safetensors.index.json"])
        rows.append(("listing a sharded model of 100 GB, 20 shards", "0.5 s", f"{seconds:.2f} s, {requests} requests"))
        transfer = 8192 * 8192 * 2 / BANDWIDTH
        seconds, requests, size = timed([hinton, "draw", f"{base}/one.safetensors", "-o", folder / "one.png"])
        rows.append(("picture of a matrix of 8192 × 8192 bf16, exact", f"{1.2 * transfer:.2f} s (1.2 × the transfer)", f"{seconds:.2f} s, {requests} requests, {size / 1e6:.0f} MB"))
        seconds, requests = tiles(hinton, f"{base}/large/model.safetensors.index.json")
        rows.append(("a tile at level 0 of that model", "0.1 s, 2 requests", f"{seconds:.2f} s, at most {requests} requests"))
        total = 4 * 6400 * 8192 * 2
        model = simulated(hinton, base, folder, total)
    table = ["| what | at most | measured |", "| --- | --- | --- |"]
    table += [f"| {what} | {most} | {measured} |" for what, most, measured in rows]
    scale = ["| workers | computed | measured |", "| --- | --- | --- |"]
    scale += [f"| {workers} | {expected:.1f} s | {took:.1f} s |" for workers, took, expected in model]
    print("\n".join(table), "\n".join(scale), sep="\n\n")
    if write:
        put(ROOT / "docs/benchmarks.md", "<!-- time_remote -->", table)
        put(ROOT / "docs/scale.md", "<!-- time_remote -->", scale)


def put(path, mark, table):
    """Writes a table behind its mark, in place of the one that is there."""
    before, after = path.read_text().split(mark, 1)
    rest = re.sub(r"\A\n*(\|[^\n]*\n)*\n*", "", after)
    path.write_text("\n".join([before + mark, "", *table, "", rest]))


if __name__ == "__main__":
    main()
