"""Notebooks are executed, saved, converted to HTML and opened in a browser: the pictures are there without a kernel."""

import base64
import io
import os
import shutil
import time
from pathlib import Path

import browser
import numpy as np
import pytest

import hinton

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
nbconvert = pytest.importorskip("nbconvert")
Image = pytest.importorskip("PIL.Image")

EXAMPLES = Path(__file__).parents[1] / "examples"

CELLS = [
    "import numpy as np, hinton\n%load_ext hinton\nW = np.random.default_rng(0).normal(size=(12, 20))",
    "hinton.draw(W)",
    "%hinton W chart=heatmap cmap=viridis",
    "hinton.animate([W * step for step in range(1, 4)], chart='heatmap', fps=4)",
    "hinton.space('2-3-tanh-3-tanh-2', scale=2)",
    "hinton.diff({'w': W}, {'w': W * 1.5})",
    "hinton.train('digits', epochs=1)",
    "hinton.view({'w': np.tile(W, (20, 10))})",
]


@pytest.fixture(scope="module")
def notebook(tmp_path_factory):
    """A notebook after it ran and was saved and read again, as a file."""
    folder = tmp_path_factory.mktemp("notebook")
    written = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    nbclient.NotebookClient(written, timeout=120, kernel_name="python3").execute(cwd=str(folder))
    nbformat.write(written, folder / "n.ipynb")
    return folder / "n.ipynb"


@pytest.mark.parametrize("example", sorted(EXAMPLES.glob("*.ipynb")), ids=lambda path: path.stem)
def test_the_examples_run(example, tmp_path):
    written = nbformat.read(example, 4)
    assert not any(cell.get("outputs") for cell in written.cells), "examples are kept without their outputs"
    nbclient.NotebookClient(written, timeout=120, kernel_name="python3").execute(cwd=str(tmp_path))
    nbformat.write(written, tmp_path / example.name)
    shown = [output.data for cell in written.cells for output in cell.get("outputs", []) if "data" in output]
    assert sum("image/png" in data for data in shown) >= 3
    assert any("text/html" in data for data in shown)
    assert os.path.getsize(tmp_path / example.name) < 6 << 20
    if keep := os.environ.get("HINTON_SHOTS"):
        shutil.copy(tmp_path / example.name, keep)


def outputs(notebook, cell):
    return nbformat.read(notebook, 4).cells[cell].outputs


def test_pictures_are_in_the_saved_notebook(notebook):
    for cell in (1, 2, 3, 4, 6):
        (output,) = outputs(notebook, cell)
        image = Image.open(io.BytesIO(base64.b64decode(output.data["image/png"])))
        assert image.width > 200 and not is_blank(np.asarray(image.convert("RGB"))), CELLS[cell]
        assert "<hinton." in output.data["text/plain"]
    # Each is what the package draws, to the byte.
    W = np.random.default_rng(0).normal(size=(12, 20))
    drawn = hinton.draw(W, name="array").encode("png", dpi=192)
    assert base64.b64decode(outputs(notebook, 1)[0].data["image/png"]) == drawn
    assert "relative change 50 %" in outputs(notebook, 5)[0].data["text/markdown"]
    for cell in (4, 7):
        page = outputs(notebook, cell)[0].data["text/html"]
        assert 'sandbox="allow-scripts"' in page and len(page) < 1 << 20
    assert os.path.getsize(notebook) < 6 << 20


def test_the_converted_page_shows_them_in_a_browser(notebook, tmp_path):
    if browser.PROGRAM is None:
        pytest.skip("no Chromium is installed: the converted notebook was not looked at")
    html, _ = nbconvert.HTMLExporter().from_filename(str(notebook))
    (tmp_path / "n.html").write_text(html, encoding="utf-8")
    corners = {}
    with browser.page() as page:
        for scheme in ("light", "dark"):
            page.open(tmp_path / "n.html", scheme)
            count = page.value("document.querySelectorAll('.jp-RenderedImage img').length")
            assert count == 4
            for index in range(count):
                ask = f"(i => i.complete && i.naturalWidth)(document.querySelectorAll('.jp-RenderedImage img')[{index}])"
                assert page.value(ask) > 200
            shot = looked_at(page, tmp_path, scheme, ".jp-RenderedImage img")
            assert not is_blank(shot)
            # Behind the frames lie pictures, which would be seen while the frames load.
            page.value(HIDE)
            # Points and maps in their frames are drawn by the pages' own programs, without a kernel or a server.
            for title in ("step by step", "The viewer"):
                deadline = time.monotonic() + 60
                while colourful(shot := looked_at(page, tmp_path, scheme, f'iframe[title*="{title}"]')) < 0.01:
                    assert time.monotonic() < deadline, f"{scheme}: {title}: the frame stays blank"
                    time.sleep(0.5)
            corners[scheme] = int(shot[5, 5].mean())
    # It follows the theme of the one who looks.
    assert corners["light"] > 200 > 60 > corners["dark"]


HIDE = "document.querySelectorAll('iframe').forEach(f => (f.previousElementSibling || {style: {}}).style.visibility = 'hidden')"


def looked_at(page, folder, scheme, selector):
    path = folder / f"{scheme}-{len(selector)}.png"
    page.photograph(path, selector)
    if keep := os.environ.get("HINTON_SHOTS"):
        shutil.copy(path, keep)
    return np.asarray(Image.open(path).convert("RGB")).astype(int)


def colourful(pixels):
    """The share of pixels that are neither white nor black nor grey."""
    return ((pixels.max(axis=2) - pixels.min(axis=2)) > 60).mean()


def is_blank(pixels):
    return (pixels == pixels[0, 0]).all()
