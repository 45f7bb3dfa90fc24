"""What the package costs, beside what people use instead: `cargo xtask python bench` builds and runs it.

Peers that are not installed are left out by name. Times are medians, on the machine as it is.
"""

from __future__ import annotations

import importlib.util
import io
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy

import hinton


def median(job: Callable[[], object], runs: int) -> float:
    times = []
    for _ in range(runs):
        begun = time.perf_counter()
        job()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def has(*names: str) -> bool:
    missing = [name for name in names if importlib.util.find_spec(name) is None]
    if missing:
        print(f"{', '.join(missing)}: not installed, its rows are left out")
    return not missing


def row(what: str, seconds: float, limit: str, peer: str = "", beside: float | None = None) -> None:
    ratio = "" if beside is None else f"  {peer} {beside * 1e3:.1f} ms, {beside / seconds:.1f} times ours"
    print(f"{what:<58} {seconds * 1e3:9.1f} ms  (at most {limit}){ratio}")


def imports() -> None:
    """Of one process each, by turns, so that a busy machine is busy for both."""
    ours, numpys = [], []
    for _ in range(25):
        for code, times in (("import numpy", numpys), ("import numpy, hinton", ours)):
            begun = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True)
            times.append(time.perf_counter() - begun)
    row("import hinton, beyond numpy's", statistics.median(ours) - statistics.median(numpys), "30 ms")


def drawing() -> None:
    values = numpy.random.default_rng(0).normal(size=(4096, 4096)).astype("f4")
    ours = median(lambda: hinton.draw(values)._repr_mimebundle_(), 7)
    if not has("matplotlib"):
        return row("draw 4096 x 4096 f32 as a notebook shows it", ours, "150 ms")
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    def peer() -> None:
        figure, ax = pyplot.subplots(figsize=(6.4, 4.8), dpi=192)
        figure.colorbar(ax.imshow(values, cmap="RdBu", vmin=-4, vmax=4))
        figure.savefig(io.BytesIO(), format="png")
        pyplot.close(figure)

    row("draw 4096 x 4096 f32 as a notebook shows it", ours, "150 ms", "matplotlib", median(peer, 5))


def statistics_of_a_file(folder: Path) -> None:
    """1 GB of float32: the package beside the command, which is in it."""
    path = folder / "large.npy"
    numpy.save(path, numpy.random.default_rng(0).normal(size=(16_384, 16_384)).astype("f4"))
    words = [sys.executable, "-m", "hinton", "inspect", "--stats", str(path)]
    ours = median(lambda: hinton.open(path).summary(), 5)
    command = median(lambda: subprocess.run(words, check=True, stdout=subprocess.DEVNULL), 5)
    row("open and statistics of 1 GB", ours, "the command's + 5 %", "the command", command)
    path.unlink()


def memory(folder: Path) -> None:
    """The peak of a process that draws an array of 4 GB, beyond the array."""
    path = folder / "huge.npy"
    numpy.lib.format.open_memmap(path, "w+", "f4", (32_768, 32_768)).flush()
    code = (
        "import numpy, hinton, sys\n"
        "values = numpy.load(sys.argv[1], mmap_mode='r')\n"
        "hinton.draw(values).encode('png')\n"
        "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('RssAnon')))\n"
    )
    if not Path("/proc/self/status").exists():
        return print("no /proc: the memory of draw is not measured")
    said = subprocess.run([sys.executable, "-c", code, str(path)], check=True, capture_output=True, text=True)
    print(f"{'memory of draw of 4 GB beyond the array, at its end':<58} {int(said.stdout) / 1000:9.1f} MB  (at most 100 MB)")
    path.unlink()


def recording(folder: Path) -> None:
    """An MLP for MNIST on batches of 128: the loop alone, recorded, and as `wandb.watch` does it: a histogram of every
    weight and gradient at every step, in hooks."""
    if not has("torch"):
        return
    import torch

    torch.manual_seed(0)
    x, y = torch.randn(4096, 784), torch.randint(0, 10, (4096,))

    def loop(step: Callable[[object, object], None], steps: int = 600) -> float:
        model = torch.nn.Sequential(
            torch.nn.Linear(784, 512), torch.nn.ReLU(), torch.nn.Linear(512, 256), torch.nn.ReLU(), torch.nn.Linear(256, 10)
        )
        optimizer = torch.optim.SGD(model.parameters(), 0.05)
        begun = time.perf_counter()
        for index in range(steps):
            rows = slice(index * 128 % 4096, index * 128 % 4096 + 128)
            loss = torch.nn.functional.cross_entropy(model(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step(model, loss)
        return time.perf_counter() - begun

    def histograms(model: object, loss: object) -> None:
        for value in model.parameters():  # type: ignore[attr-defined]
            torch.histc(value.detach(), 64)
            torch.histc(value.grad, 64)

    alone, ours, peers, shares, counts = [], [], [], [], []
    for turn in range(5):
        alone.append(loop(lambda *_: None))
        rec: list[hinton.Recorder] = []

        def record(model: object, loss: object) -> None:
            if not rec:
                rec.append(hinton.record(folder / f"run{turn}", model))
            rec[0].step(loss=loss)

        ours.append(loop(record))
        shares.append(rec[0].spent / ours[-1])
        counts.append(rec[0].recorded)
        rec[0].close()
        peers.append(loop(histograms, 100) * 6)
    base = statistics.median(alone)
    print(f"{'recording an MLP in torch, 600 steps, every step allowed':<58}")
    print(f"    the loop alone {base:.2f} s; recorded {statistics.median(ours):.2f} s"
          f" ({statistics.median(ours) / base * 100 - 100:+.1f} %, at most 1 %)")
    print(f"    the recorder's own count: {max(shares) * 100:.2f} % at most; steps with weights: {counts}")
    print(f"    a histogram of every weight and gradient, as hooks do: {statistics.median(peers):.2f} s"
          f" ({statistics.median(peers) / base * 100 - 100:+.0f} %)")


def main() -> None:
    print(f"hinton {hinton.__version__}, Python {sys.version.split()[0]}, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        imports()
        drawing()
        statistics_of_a_file(folder)
        memory(folder)
        recording(folder)


if __name__ == "__main__":
    main()
