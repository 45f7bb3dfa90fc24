"""The saved notebook in JupyterLab and in Notebook 7 themselves, where they are installed, driven in a browser."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import browser
import numpy as np
import pytest
from test_notebook import CELLS, HIDE, Image, colourful, nbformat

TOKEN = "test"


@pytest.mark.parametrize(
    ("package", "address"), [("jupyterlab", "lab/tree"), ("notebook", "notebooks")], ids=["JupyterLab", "Notebook 7"]
)
def test_pictures_are_shown(package, address, tmp_path):
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    if browser.PROGRAM is None:
        pytest.skip("no Chromium is installed")
    cells = [nbformat.v4.new_code_cell(cell) for cell in CELLS[:5]]
    written = nbformat.v4.new_notebook(cells=cells)
    written.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(written, tmp_path / "n.ipynb")
    with server(package, tmp_path) as port, browser.page() as page:
        page.visit(f"http://127.0.0.1:{port}/{address}/n.ipynb?token={TOKEN}", "light", width=1400)
        until(page, "!!document.querySelector('.jp-Notebook .jp-Cell')", "the notebook opens")
        run_all(page)
        until(page, "!!document.querySelector('.jp-OutputArea-output iframe')", "the page of space is framed")
        page.value(HIDE)
        deadline = time.monotonic() + 60
        while True:
            page.photograph(tmp_path / "shot.png", ".jp-OutputArea-output iframe")
            shot = np.asarray(Image.open(tmp_path / "shot.png").convert("RGB")).astype(int)
            if colourful(shot) > 0.005:
                break
            assert time.monotonic() < deadline, "the frame stays blank"
            time.sleep(0.5)
        if keep := os.environ.get("HINTON_SHOTS"):
            page.photograph(Path(keep) / f"{package}.png", ".jp-NotebookPanel, .jp-Notebook")
            shutil.copy(tmp_path / "shot.png", Path(keep) / f"{package}-frame.png")


def enter(page):
    for kind in ("rawKeyDown", "keyUp"):
        page.ask("Input.dispatchKeyEvent", type=kind, modifiers=8, key="Enter", code="Enter", windowsVirtualKeyCode=13)


def run_all(page):
    """Shift and Enter in each cell, as a person does. Cells that are scrolled out of sight are taken off the page, so each
    picture is looked for when its cell was run."""
    until(page, "!!document.querySelector('.jp-Notebook-ExecutionIndicator[data-status=idle]')", "the kernel is ready")
    for number, cell in enumerate(CELLS[:5], 1):
        enter(page)
        if number == 1:
            # JupyterLab takes the focus once more when all of it has arrived.
            while "[ ]" in page.value("document.querySelector('.jp-InputPrompt').textContent"):
                page.value("document.querySelector('.jp-Cell .cm-content').focus()")
                enter(page)
                time.sleep(3)
        until(page, f"[...document.querySelectorAll('.jp-InputPrompt')].some(e => e.textContent.includes('[{number}]'))",
              f"{cell!r} was run")
        if "draw" in cell or "%hinton W" in cell or "animate" in cell:
            picture = (
                "[...document.querySelectorAll('.jp-Cell')].some(c => [...c.querySelectorAll('.jp-InputPrompt')]"
                f".some(e => e.textContent.includes('[{number}]')) && [...c.querySelectorAll('img')]"
                ".some(i => i.naturalWidth > 200))"
            )
            until(page, picture, f"the picture of {cell!r} is there")


def until(page, script, what):
    deadline = time.monotonic() + 60
    while not page.value(script):
        assert time.monotonic() < deadline, f"it never came true that {what}"
        time.sleep(0.5)


class server:
    """A server of Jupyter on a free port, for as long as the block lasts."""

    def __init__(self, package, folder):
        self.folder = folder
        command = "lab" if package == "jupyterlab" else package
        words = [sys.executable, "-m", "jupyter", command, "--no-browser", "--allow-root", "--ServerApp.port=0"]
        words += [f"--ServerApp.root_dir={folder}", f"--IdentityProvider.token={TOKEN}"]
        environment = os.environ | {"JUPYTER_RUNTIME_DIR": str(folder / "runtime"), "HOME": str(folder)}
        # Beside this Python are the other programs that `jupyter` looks for.
        environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
        self.process = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __enter__(self):
        deadline = time.monotonic() + 90
        while True:
            for said in (self.folder / "runtime").glob("jpserver-*.json"):
                try:
                    return json.loads(said.read_text())["port"]
                except ValueError:
                    continue
            assert self.process.poll() is None and time.monotonic() < deadline, "Jupyter did not start"
            time.sleep(0.2)

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
