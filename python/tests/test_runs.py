"""Runs are recorded while a model learns, and read, drawn and played."""

import subprocess
import sys
import time
import warnings

import numpy as np
import pytest

import hinton


class Model:
    def __init__(self):
        self.weight = np.zeros((3, 4), "f4")

    def state_dict(self):
        return {"fc.weight": self.weight, "fc.count": np.int64(3)}


def learn(path, steps=5, **keywords):
    model = Model()
    with hinton.record(path, model, overhead=1e9, trained="a test", settings={"lr": 0.1}, **keywords) as rec:
        for step in range(steps):
            model.weight += step
            rec.step(loss=1 / (step + 1), weights=True)
    return rec


def test_what_is_recorded_is_read(tmp_path):
    rec = learn(tmp_path / "run")
    assert rec.recorded == 5 and rec.bytes == 5 * (48 + 8)
    run = hinton.run(tmp_path / "run")
    assert [step.number for step in run.steps] == [0, 1, 2, 3, 4]
    assert run.trained == "a test" and run.settings == {"lr": 0.1}
    assert run.metrics["loss"][1] == (1, 0.5)
    np.testing.assert_array_equal(run.at(3)["fc.weight"].numpy(), np.full((3, 4), 6, "f4"))
    np.testing.assert_array_equal(run.at()["fc.weight"].numpy(), np.full((3, 4), 10, "f4"))
    with pytest.raises(KeyError) as raised:
        run.at(9)
    assert "4" in raised.value.cure


def test_runs_are_drawn_and_played(tmp_path):
    learn(tmp_path / "run")
    run = hinton.run(tmp_path / "run")
    assert run.draw().encode("svg") == hinton.draw(tmp_path / "run").encode("svg")
    assert run.draw(metric="loss").encode("svg") != run.draw().encode("svg")
    assert run.draw("fc.weight", step=2).size
    film = run.animate("fc.weight", chart="heatmap", fps=5)
    film.save(tmp_path / "w.gif")
    assert (tmp_path / "w.gif").read_bytes().startswith(b"GIF89a")
    bundle, about = film._repr_mimebundle_()
    assert bundle["image/png"].startswith("iVBOR")
    # As wide as the picture of one step: a film would fill the notebook otherwise.
    step = run.draw("fc.weight", step=2, chart="heatmap").size[0] * 96 / 72
    assert abs(about["image/png"]["width"] - step) <= 2
    assert film.strip(3).size[0] > 0
    with pytest.raises(ValueError):
        run.animate("fc.weight", chart="curve").encode("gif")
    with pytest.raises(KeyError):
        run.animate("nothing").encode("gif")


def test_with_all_of_the_time_nothing_is_left_out(tmp_path):
    """Also where the loop does nothing but record."""
    model = {"w": np.zeros((4, 4), "f4")}
    with hinton.record(tmp_path / "run", model, overhead=1) as rec:
        for _ in range(30):
            rec.step()
    assert (rec.recorded, rec.skipped) == (30, 0)
    assert len(hinton.run(tmp_path / "run").steps) == 30


def test_the_budget_is_kept_and_what_it_left_out_is_counted(tmp_path):
    model = {"w": np.zeros((1000, 1000), "f4")}
    with hinton.record(tmp_path / "run", model, every=1, overhead=1e-9) as rec:
        for step in range(20):
            rec.step(loss=step)
    assert rec.recorded == 1 and rec.skipped == 19
    run = hinton.run(tmp_path / "run")
    assert len(run.steps) == 1 and len(run.metrics["loss"]) == 20
    # The run says so too.
    assert run.metrics["skipped_steps"] == [(19, 19)]
    with hinton.record(tmp_path / "small", model, every=1, overhead=1e9, max_bytes=9_000_000) as rec:
        for step in range(9):
            rec.step()
            time.sleep(0.02)
    assert rec.recorded <= 2


def test_a_snapshot_does_not_change_with_the_model(tmp_path):
    values = np.zeros(4, "f4")
    with hinton.record(tmp_path / "run", {"w": values}) as rec:
        rec.step(weights=True)
        values += 1
        rec.step(weights=True)
    run = hinton.run(tmp_path / "run")
    assert [run.at(step)["w"].numpy()[0] for step in (0, 1)] == [0, 1]


def test_a_fault_never_stops_the_training(tmp_path):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        with hinton.record(tmp_path / "run", Model()) as rec:
            rec.step(5, loss=1)
            rec.step(6, loss="no number")
            rec.step(7, loss=1)
    assert any("training goes on" in str(one.message) for one in told)


def test_a_run_is_not_written_over_and_goes_on(tmp_path):
    learn(tmp_path / "run")
    with pytest.raises(ValueError, match="already"):
        hinton.record(tmp_path / "run")
    rec = learn(tmp_path / "run", 2, resume=True)
    assert rec.recorded == 2
    assert [step.number for step in hinton.run(tmp_path / "run").steps][-2:] == [5, 6]


def test_a_killed_training_leaves_a_run(tmp_path):
    code = (
        "import hinton, numpy, os, sys\n"
        "rec = hinton.record(sys.argv[1], {'w': numpy.ones(3)})\n"
        "for step in range(3): rec.step(weights=True, loss=step)\n"
        "while not os.path.exists(sys.argv[1] + '/steps/2.safetensors'): pass\n"
        "os._exit(9)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "run")], timeout=60)
    assert len(hinton.run(tmp_path / "run").steps) == 3


def test_torch_is_recorded(tmp_path):
    torch = pytest.importorskip("torch")
    model = torch.nn.Linear(3, 2).to(torch.bfloat16)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with hinton.record(tmp_path / "run", model, overhead=1e9) as rec:
        rec.attach(optimizer)
        for _ in range(2):
            model(torch.ones(1, 3, dtype=torch.bfloat16)).sum().backward()
            optimizer.step()
        rec.step(weights=True, loss=torch.tensor(0.5))
    run = hinton.run(tmp_path / "run")
    assert run.at().dtypes["weight"] == "bf16"
    np.testing.assert_array_equal(run.at()["weight"].numpy(), model.weight.detach().float().numpy())


def test_pictures_in_axes_of_matplotlib(tmp_path):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, ax = pyplot.subplots(figsize=(4, 3))
    picture = hinton.on(ax, np.eye(4), chart="heatmap")
    assert abs(picture.size[0] / 72 - ax.get_window_extent().width / figure.dpi) < 0.01
    figure.savefig(tmp_path / "f.png")
    assert pyplot.imread(tmp_path / "f.png").std() > 0
    assert all(matplotlib.colormaps[name] for name in hinton.register())
