"""What the package costs, beside what people use instead: `cargo xtask python bench` builds and runs it.

`--markdown FILE` writes the section of docs/benchmarks.md as well. Peers that are not installed are left out by name.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy

import hinton


@dataclass
class Row:
    """One figure, what it may be at most, and what the others take."""

    what: str
    figure: float
    most: float
    unit: str
    beside: str = ""

    def kept(self) -> str:
        return "kept" if self.figure <= self.most else "MISSED"

    def text(self, value: float) -> str:
        places = 2 if self.unit == "%" else 3 if self.unit == "s" and value < 10 else 0
        return f"{value:.{places}f} {self.unit}"

    def line(self) -> str:
        return f"{self.what}: {self.text(self.figure)} of {self.text(self.most)}: {self.kept()}  {self.beside}"


def least(jobs: dict[str, Callable[[], object]], runs: int) -> dict[str, float]:
    """The least seconds of each, by turns, so that a busy machine is busy for all."""
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(runs):
        for name, job in jobs.items():
            begun = time.perf_counter()
            job()
            times[name].append(time.perf_counter() - begun)
    return {name: min(found) for name, found in times.items()}


def has(*names: str) -> bool:
    missing = [name for name in names if importlib.util.find_spec(name) is None]
    if missing:
        print(f"{', '.join(missing)}: not installed, left out")
    return not missing


def ended(*words: str) -> Callable[[], object]:
    return lambda: subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)


def imports() -> Row:
    """Of processes of their own."""
    least_of = least({"numpy": ended("-c", "import numpy"), "both": ended("-c", "import numpy, hinton; hinton.draw")}, 25)
    beyond = (least_of["both"] - least_of["numpy"]) * 1e3
    return Row("`import hinton` and `hinton.draw`, beyond numpy's", beyond, 30, "ms", f"numpy: {least_of['numpy'] * 1e3:.0f} ms")


def drawing() -> Row:
    values = numpy.random.default_rng(0).normal(size=(4096, 4096)).astype("f4")
    jobs: dict[str, Callable[[], object]] = {"ours": lambda: hinton.draw(values)._repr_mimebundle_()}
    if has("matplotlib"):
        import matplotlib

        matplotlib.use("Agg")
        from matplotlib import pyplot

        def peer() -> None:
            figure, ax = pyplot.subplots(figsize=(6.4, 4.8), dpi=192)
            figure.colorbar(ax.imshow(values, cmap="RdBu", vmin=-4, vmax=4))
            figure.savefig(io.BytesIO(), format="png")
            pyplot.close(figure)

        jobs["matplotlib"] = peer
    found = least(jobs, 7)
    beside = f"matplotlib: {found['matplotlib']:.3f} s" if "matplotlib" in found else ""
    return Row("`hinton.draw(W)` of 4096 x 4096 f32, to what a notebook keeps", found["ours"], 0.15, "s", beside)


def statistics_of_a_file(folder: Path) -> Row:
    """1 GB of float32: the package beside the command, which is in it."""
    path = folder / "large.npy"
    numpy.save(path, numpy.random.default_rng(0).normal(size=(16_384, 16_384)).astype("f4"))
    code = "import hinton, sys; print(hinton.open(sys.argv[1]).summary())"
    found = least({"ours": ended("-c", code, str(path)), "command": ended("-m", "hinton", "inspect", "--stats", str(path))}, 25)
    path.unlink()
    beside = f"the command: {found['command']:.3f} s; both with Python's start"
    return Row("`hinton.open(…).summary()` of 1 GB", found["ours"], found["command"] * 1.05, "s", beside)


def memory(folder: Path) -> Row | None:
    """The peak of a process that draws an array of 4 GB, beyond the array and what it had before."""
    path = folder / "huge.npy"
    numpy.lib.format.open_memmap(path, "w+", "f4", (32_768, 32_768)).flush()
    code = (
        "import numpy, hinton, sys, threading, time\n"
        "def anonymous():\n"
        "    return next(int(line.split()[1]) for line in open('/proc/self/status') if line.startswith('RssAnon'))\n"
        "values = numpy.load(sys.argv[1], mmap_mode='r')\n"
        "before, most, done = anonymous(), [0], []\n"
        "def watch():\n"
        "    while not done: most[0] = max(most[0], anonymous()); time.sleep(0.002)\n"
        "watcher = threading.Thread(target=watch); watcher.start()\n"
        "hinton.draw(values).encode('png'); done.append(1); watcher.join()\n"
        "print(most[0] - before)\n"
    )
    if not Path("/proc/self/status").exists():
        print("no /proc: the memory of draw is not measured")
        return None
    said = subprocess.run([sys.executable, "-c", code, str(path)], check=True, capture_output=True, text=True)
    path.unlink()
    return Row("memory of `hinton.draw` of 4 GB, at its peak, beyond the array", int(said.stdout) / 1000, 100, "MB")


STEPS = 600


def recording(folder: Path) -> list[Row]:
    """An MLP for MNIST on batches of 128, recorded; as `wandb.watch` does it, a histogram of every weight and gradient
    at every step; and with TensorBoard's histograms of both."""
    if not has("torch"):
        return []
    import torch

    # CPU seconds of one thread and of the recorder's, which other programs disturb less than the clock's.
    torch.set_num_threads(1)
    torch.manual_seed(0)
    x, y = torch.randn(4096, 784), torch.randint(0, 10, (4096,))

    def loop(step: Callable[[torch.nn.Module, torch.Tensor, int], None], steps: int = STEPS) -> float:
        model = torch.nn.Sequential(
            torch.nn.Linear(784, 512), torch.nn.ReLU(), torch.nn.Linear(512, 256), torch.nn.ReLU(), torch.nn.Linear(256, 10)
        )
        optimizer = torch.optim.SGD(model.parameters(), 0.05)
        begun, cpu = time.perf_counter(), time.process_time()
        for index in range(steps):
            rows = slice(index * 128 % 4096, index * 128 % 4096 + 128)
            loss = torch.nn.functional.cross_entropy(model(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step(model, loss, index)
        walls.append(time.perf_counter() - begun)
        return (time.process_time() - cpu) / steps

    walls: list[float] = []
    shares: list[float] = []
    counts: list[int] = []

    def recorded() -> float:
        kept = contextlib.ExitStack()
        rec: list[hinton.Recorder] = []

        def step(model: torch.nn.Module, loss: torch.Tensor, _: int) -> None:
            if not rec:
                rec.append(kept.enter_context(hinton.record(folder / f"run{len(counts)}", model)))
            rec[0].step(loss=loss)

        took = loop(step)
        shares.append(rec[0].spent / walls[-1])
        counts.append(rec[0].recorded)
        kept.close()
        return took

    def histograms(model: torch.nn.Module, _: torch.Tensor, __: int) -> None:
        for value in model.parameters():
            for array in (value.detach(), value.grad):
                torch.histc(array, 64).tolist()

    takes: dict[str, list[float]] = {"alone": [], "recorded": [], "hooks": [], "tensorboard": []}
    board = None
    if has("tensorboard"):
        from torch.utils.tensorboard import SummaryWriter

        board = SummaryWriter(folder / "board")

    def boarded(model: torch.nn.Module, _: torch.Tensor, index: int) -> None:
        for name, value in model.named_parameters():
            board.add_histogram(name, value, index)
            board.add_histogram(f"{name}.grad", value.grad, index)

    for _ in range(5):
        takes["alone"].append(loop(lambda *_: None))
        takes["recorded"].append(recorded())
        takes["hooks"].append(loop(histograms, 100))
        if board is not None:
            takes["tensorboard"].append(loop(boarded, 20))
    if board is not None:
        board.close()
    base = min(takes["alone"])
    slower = (min(takes["recorded"]) / base - 1) * 100
    beside = [f"the loop alone: {base * 1e3:.2f} ms of CPU a step; all of the recorder, its thread included: {slower:+.1f} %"]
    beside += [f"{name}: {(min(takes[key]) / base - 1) * 100:+.0f} %" for key, name in
               (("hooks", "a histogram of every weight and gradient, as `wandb.watch`"), ("tensorboard", "TensorBoard's histograms"))
               if takes[key]]
    beside.append(f"{min(counts)} to {max(counts)} of {STEPS} steps with weights")
    return [Row("recording an MLP for MNIST in torch, every step allowed: what the loop waits, of its time",
                statistics.median(shares) * 100, 1, "%", "; ".join(beside))]


HEAD = """Measured by `cargo xtask python bench` with a release build, the least of several runs by turns; of the recording, loops of
{steps} steps on batches of 128.

| job | hinton | at most | | beside it |
| --- | ---: | ---: | --- | --- |
"""


def main() -> None:
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for measured in (imports, drawing, lambda: statistics_of_a_file(folder), lambda: memory(folder), lambda: recording(folder)):
            found = measured()
            for row in found if isinstance(found, list) else [found]:
                if row is not None:
                    rows.append(row)
                    print(row.line(), flush=True)
    after = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    machine = (f"hinton {hinton.__version__}, Python {sys.version.split()[0]}, numpy {numpy.__version__}, {os.cpu_count()} cores, "
               f"load of the machine {load:.1f} before and {after:.1f} after")
    print(machine)
    if "--markdown" in sys.argv:
        lines = [f"| {row.what} | {row.text(row.figure)} | {row.text(row.most)} | {row.kept()} | {row.beside} |\n" for row in rows]
        text = HEAD.format(steps=STEPS) + "".join(lines) + f"\n{machine}.\n"
        Path(sys.argv[sys.argv.index("--markdown") + 1]).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
