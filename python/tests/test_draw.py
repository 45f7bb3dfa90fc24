"""Pictures: the same as the command's, with its settings as keywords."""

import subprocess
import sys
import sysconfig
from pathlib import Path

import numpy as np
import pytest

import hinton

W = np.random.default_rng(0).normal(size=(6, 8)).astype("f4")


def command(*words, **keywords):
    hinton_command = Path(sysconfig.get_path("scripts")) / f"hinton{sysconfig.get_config_var('EXE') or ''}"
    return subprocess.run([hinton_command, *map(str, words)], capture_output=True, **keywords)


@pytest.fixture
def file(tmp_path):
    np.savez(tmp_path / "w.npz", **{"fc1.weight": W, "fc1.bias": W[0]})
    return tmp_path / "w.npz"


@pytest.mark.parametrize(
    "settings, words",
    [
        ({}, []),
        ({"chart": "heatmap", "cmap": "viridis"}, ["--as", "heatmap", "--cmap", "viridis"]),
        ({"range": (-1, 2.5), "legend": False}, ["--range=-1..2.5", "--no-legend"]),
        ({"annotate": True, "chart": "heatmap"}, ["--annotate", "--as", "heatmap"]),
        ({"transpose": True, "title": "a title"}, ["--transpose", "--title", "a title"]),
    ],
)
def test_a_picture_is_the_command_s_to_the_byte(file, tmp_path, settings, words):
    drawn = hinton.open(file).draw("fc1.weight", **settings)
    done = command("draw", file, "-t", "fc1.weight", "-o", tmp_path / "c.png", *words)
    assert done.returncode == 0, done.stderr
    drawn.save(tmp_path / "p.png")
    assert (tmp_path / "p.png").read_bytes() == (tmp_path / "c.png").read_bytes()


def test_the_command_and_its_exit_codes(file):
    assert b"fc1.weight" in command("inspect", file).stdout
    assert command("draw", file, "--cmap", "viridsi").returncode == 2
    assert command("draw", "nowhere.npz").returncode == 1
    module = subprocess.run([sys.executable, "-m", "hinton", "--version"], capture_output=True)
    assert hinton.__version__.encode() in module.stdout


def test_named_charts():
    for chart in ("hinton", "heatmap", "histogram"):
        assert getattr(hinton, chart)(W).encode("svg") == hinton.draw(W, chart=chart).encode("svg")


def test_a_picture_in_every_form(tmp_path):
    picture = hinton.draw(W, name="weights")
    pixels = picture.to_numpy(dpi=96)
    assert pixels.ndim == 3 and pixels.shape[2] == 4 and pixels.dtype == np.uint8
    assert abs(pixels.shape[1] - picture.size[0] * 96 / 72) <= 1
    bundle, size = picture._repr_mimebundle_()
    assert bundle["image/png"].startswith("iVBOR")
    assert "hinton.Picture" in bundle["text/plain"]
    assert abs(size["image/png"]["width"] - pixels.shape[1]) <= 1
    assert picture.html().startswith("<img") and "alt=" in picture.html()
    assert picture.encode("svg").startswith(b"<svg")
    assert len(picture.text(columns=60, rows=20, colors=0).splitlines()) > 3
    for name in ("a.pdf", "a.svg", "a.png"):
        picture.save(tmp_path / name)
        assert (tmp_path / name).stat().st_size > 100
    with pytest.raises(ValueError):
        picture.save(tmp_path / "a.docx")
    with pytest.raises(OSError):
        picture.save(tmp_path / "no" / "folder" / "a.png")


def test_errors_name_keywords_and_have_a_cure():
    with pytest.raises(ValueError) as raised:
        hinton.draw(W, cmap="viridsi")
    assert "--" not in str(raised.value) and "viridis" in raised.value.cure
    assert "`hinton.colormaps()` shows all" in raised.value.cure
    with pytest.raises(TypeError, match='no keyword "cmpa"') as raised:
        hinton.draw(W, cmpa="viridis")
    assert "cmap" in raised.value.cure
    with pytest.raises(TypeError):
        hinton.draw(W, range=object())
    with pytest.raises(ValueError):
        hinton.draw(W, chart="hintn")
    with pytest.raises(TypeError, match="transpose"):
        hinton.draw(W, transpose="yes")


def test_what_a_person_should_know_is_a_warning():
    with pytest.warns(hinton.HintonWarning) as told:
        hinton.draw(W, chart="histogram", annotate=True)
    assert told[0].filename == __file__
    assert "--" not in str(told[0].message)


@pytest.mark.parametrize(
    "settings", [{"transpose": "yes"}, {"cmap": True}, {"range": object()}, {"chart": "hintn"}, {"sise": 3}, {"legend": 3}]
)
def test_every_wrong_setting_has_a_cure(settings):
    with pytest.raises((TypeError, ValueError)) as raised:
        hinton.draw(W, **settings)
    assert raised.value.cure and f"help: {raised.value.cure}" in raised.value.__notes__


@pytest.mark.parametrize(
    "wrong",
    [{"range": "abc"}, {"size": "big"}, {"size": 0}, {"theme": "blue"}, {"preset": "x"}, {"columns": 0}, {"title": object()},
     {"annotate": "{"}, {"range": (1, [2])}],
    ids=lambda wrong: f"{next(iter(wrong))}",
)
def test_what_a_setting_does_not_take_names_it_and_has_a_cure(wrong):
    (keyword,) = wrong
    with pytest.raises((TypeError, ValueError), match=f"^{keyword}") as raised:
        hinton.draw(W, chart="heatmap", **wrong)
    assert raised.value.cure and "--" not in raised.value.cure


def test_libraries_that_are_not_there_are_named_with_their_cure(monkeypatch, file):
    # None in the table of modules is a module that cannot be imported.
    for name in ("PIL", "PIL.Image", "matplotlib", "keras", "dask", "ray"):
        monkeypatch.setitem(sys.modules, name, None)
    for package, use in {
        "pillow": lambda: hinton.draw(W).to_pil(),
        "matplotlib": hinton.register,
        "keras": lambda: hinton.callbacks.keras("run"),
        "dask": lambda: hinton.dask.summary(file),
        "ray": lambda: hinton.ray.summary(file),
    }.items():
        with pytest.raises(ModuleNotFoundError, match=f"{package} is not installed") as raised:
            use()
        assert raised.value.cure == f"pip install {package}"


WRONG = {
    "threads": lambda: hinton.draw(W, threads=-1),
    "tensors": lambda: hinton.draw({"a": W}, W),
    "name": lambda: hinton.draw(W, name=3),
    "columns": lambda: hinton.draw(W).text(columns=-3),
    "hold": lambda: hinton.animate([W, W], hold=(1, 2, 3)),
    "morph": lambda: hinton.animate([W, W], morph=-1),
    "loop": lambda: hinton.animate([W, W]).encode("gif", loop=-1),
    "pictures": lambda: hinton.animate([W, W]).strip(0),
    "port": lambda: hinton.view(W, port=99_999),
    "overhead": lambda: hinton.record("never", {"w": W}, overhead="much"),
    "every": lambda: hinton.record("never", {"w": W}, every=0),
    "labels": lambda: hinton.space("2-3-tanh-2", W[:, :2], [0, 1]),
    "chunk": lambda: hinton.distributed.plan("never.npz", chunk="x"),
    "max_download": lambda: hinton.max_download("x"),
}


@pytest.mark.parametrize("argument", WRONG)
def test_a_wrong_argument_is_named_and_has_a_cure(argument):
    with pytest.raises((TypeError, ValueError), match=f"^{argument}[: ]") as raised:
        WRONG[argument]()
    assert raised.value.cure and f"help: {raised.value.cure}" in raised.value.__notes__


def test_pictures_and_pages_that_cannot_be_have_a_cure(tmp_path):
    for wrong in (
        lambda: hinton.draw(W).encode("png", dpi=0),
        lambda: hinton.draw(W, size="100000x100000in").encode("png"),
        lambda: hinton.draw(W, size="1x1mm"),
        lambda: hinton.draw({}),
        lambda: hinton.heatmap(W, chart="tiles"),
        lambda: hinton.animate(3),
        lambda: hinton.run(),
    ):
        with pytest.raises((TypeError, ValueError)) as raised:
            wrong()
        assert raised.value.cure and "--" not in raised.value.cure + str(raised.value)
    (tmp_path / "file").write_text("a file")
    space = hinton.space("2-3-tanh-2")
    for wrong in (
        lambda: space.save(tmp_path / "no" / "x.html"),
        lambda: hinton.diff(W, W).save(tmp_path / "no" / "x.md"),
        lambda: hinton.record(tmp_path / "file" / "run", {"w": W}),
    ):
        with pytest.raises(OSError, match="cannot be written") as raised:
            wrong()
        assert raised.value.cure and "os error" not in str(raised.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]


def test_cures_speak_of_arguments_not_of_options():
    for wrong in (lambda: hinton.spectrum(W[0]), lambda: hinton.curve(np.ones((2, 3, 4)))):
        with pytest.raises(ValueError) as raised:
            wrong()
        assert raised.value.cure and "-t" not in raised.value.cure, raised.value.cure
    assert hinton.curve(np.ones((2, 3, 4)), "array[0,:]").size


def test_words_of_other_libraries_are_translated():
    keywords = hinton.settings()
    for word, here in hinton._draw.OTHERS.items():
        assert word not in keywords and here.split("=")[0] in keywords
    with pytest.raises(TypeError, match="vmin") as raised:
        hinton.heatmap(W, vmin=-1, cmap="viridis")
    assert raised.value.cure == "it is range=(-1, 1), both ends, here"


def test_a_name_that_is_nearly_one_is_suggested():
    with pytest.raises(AttributeError) as raised:
        hinton.drwa
    assert raised.value.name == "drwa" and raised.value.obj is hinton


def test_a_path_is_a_text_or_a_path():
    for wrong in (3, None, W, ["a.npz"]):
        with pytest.raises(TypeError, match="is not a path") as raised:
            hinton.open(wrong)
        assert "pathlib" in raised.value.cure
    with pytest.raises(TypeError, match="int is not a path"):
        hinton.draw(W).save(3)


def test_a_model_is_called_by_its_class():
    class Net:
        def state_dict(self):
            return {"fc.weight": W, "fc.bias": W[0]}

    assert hinton.draw(Net()).title == "Net"
    assert hinton.draw(Net(), name="mine").title == "mine"
    assert hinton.draw({"a": W, "b": {"c": W, "d": W[0]}}).title == "3 arrays"
    assert hinton.draw(W, name="W").title == "W"
    wrapped = type("OptimizedModule", (Net,), {"__module__": "torch._dynamo", "_orig_mod": Net()})()
    assert hinton.draw(wrapped).title == "Net"


def test_long_work_shows_how_far_it_is():
    """By a stand-in of tqdm, which keeps what it was told; the work takes two seconds of the clock."""
    code = (
        "import io, sys, types, hinton, numpy\n"
        "told = []\n"
        "class tqdm:\n"
        "    n = 0\n"
        "    def __init__(self, **keywords): told.append(keywords)\n"
        "    def update(self, more): self.n += more; told.append(self.n)\n"
        "    def close(self): told.append('closed')\n"
        "sys.modules['tqdm'] = types.SimpleNamespace(tqdm=tqdm, __spec__=object())\n"
        "sys.stderr = types.SimpleNamespace(isatty=lambda: True, write=lambda text: None, flush=lambda: None)\n"
        "W = numpy.lib.stride_tricks.as_strided(numpy.ones(1 << 20, 'f4'), (1 << 16, 1 << 16), (4, 4))\n"
        "hinton.draw(W[:16], chart='heatmap')\n"
        "assert not told, 'short work shows nothing'\n"
        "import _thread, threading\n"
        "threading.Timer(3, _thread.interrupt_main).start()\n"
        "try: hinton.draw(W, chart='heatmap', threads=1)\n"
        "except KeyboardInterrupt: pass\n"
        "first, *steps, last = told\n"
        "assert first['total'] == 4 << 32 and first['desc'] == 'draw' and first['unit'] == 'B', first\n"
        "assert steps == sorted(steps) and 0 < steps[-1] <= 4 << 32, steps\n"
        "assert last == 'closed'\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_setting_is_a_keyword_with_help():
    import inspect

    keywords = inspect.signature(hinton.draw).parameters
    for row in hinton.settings().values():
        assert row.name in keywords and row.name in hinton.draw.__doc__
        assert row.about and "--" not in row.about + row.help
    assert "chart" not in inspect.signature(hinton.heatmap).parameters
    # Settings of films, spaces and trainings come from the library's tables too.
    functions = {"animate": hinton.Run.animate, "space": hinton.space, "train": hinton.train}
    for command, function in functions.items():
        keywords = inspect.signature(function).parameters
        rows = hinton._hinton.command_keywords(command)
        assert len(rows) > 5
        for name, _, about, _ in rows:
            assert name in keywords, (command, name)
            assert about and "--" not in about, (command, name, about)


def test_type_checkers_know_the_table():
    import importlib.util

    path = Path(__file__).parents[1] / "tools" / "keywords.py"
    spec = importlib.util.spec_from_file_location("keywords", path)
    keywords = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(keywords)
    committed = (path.parents[1] / "hinton" / "_keywords.py").read_text(encoding="utf-8")
    assert committed == keywords.written(), "run python python/tools/keywords.py"


def test_nothing_else_is_imported():
    code = "import sys, hinton; print([m for m in ('numpy', 'torch', 'IPython', 'matplotlib') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout.strip() == b"[]"


def test_the_magic():
    from hinton._magic import of_line

    assert of_line("W chart=heatmap", {"W": W}).encode("svg") == hinton.heatmap(W).encode("svg")
    assert of_line("m['w'] cmap=viridis title='a b'", {"m": {"w": W}}).size


def test_ctrl_c_stops_work():
    code = (
        "import numpy, hinton, _thread, threading\n"
        "W = numpy.lib.stride_tricks.as_strided(numpy.ones(1 << 20, 'f4'), (1 << 19, 1 << 19), (4, 4))\n"
        "hinton.draw(W[:4, :4])\n"
        # Python loses an interrupt that meets a callback of its imports; people press again, too.
        "presses = [threading.Timer(wait, _thread.interrupt_main) for wait in (0.3, 8, 16)]\n"
        "for press in presses: press.daemon = True; press.start()\n"
        "try: hinton.draw(W)\n"
        "except KeyboardInterrupt: print('stopped')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60)
    assert done.stdout.strip() == b"stopped", done.stderr


def test_importing_loads_nothing_and_every_name_is_there():
    code = "import sys, hinton; print([m for m in sys.modules if m.startswith('hinton.')])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[]"
    assert sorted({*hinton.HOLDERS, *hinton.MODULES_OF_USERS}) == sorted(hinton.__all__)
    assert all(getattr(hinton, name) is not None for name in hinton.__all__)
    assert set(hinton.__all__) <= set(dir(hinton))
    with pytest.raises(AttributeError, match="drwa"):
        hinton.drwa
