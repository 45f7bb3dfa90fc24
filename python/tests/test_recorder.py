"""What a recorder keeps besides weights, of large models, of devices: with torch where it is."""

import sys
import types

import numpy as np
import pytest

import hinton
from hinton import _snapshot

ALL = {"overhead": 1e9}


def test_of_a_large_model_samples_are_recorded(tmp_path):
    large = np.random.default_rng(0).normal(size=(700, 300)).astype("f4")
    model = {"large": large, "small": np.arange(6.0)}
    with hinton.record(tmp_path / "run", model, keep="samples", **ALL) as rec:
        rec.step()
        rec.step(weights=True)
    run = hinton.run(tmp_path / "run")
    assert run.at(0).names == ["large.sample", "small"]
    np.testing.assert_array_equal(run.at(0)["large.sample"].numpy(), large[::4])
    assert run.metrics["rms.large"][0][1] == pytest.approx(np.sqrt((large.astype("f8") ** 2).mean()), rel=1e-5)
    assert run.metrics["max_abs.large"][0][1] == np.abs(large).max()
    np.testing.assert_array_equal(run.at(1)["large"].numpy(), large)
    assert rec.bytes == large[::4].nbytes + large.nbytes + 2 * 48


@pytest.mark.parametrize(
    ("shape", "strides"),
    [((256, 256), ()), ((257, 256), (2, 1)), ((4096, 4096), (16, 16)), ((100_000,), (2,)), ((3, 3, 512, 512), (1, 1, 8, 8)),
     ((), ())],
)
def test_a_sample_is_small_and_of_every_axis(shape, strides):
    found = _snapshot.sample_of(shape)
    assert found == strides or np.prod([-(-a // s) for a, s in zip(shape, found)]) <= 65_536
    assert all(stride & (stride - 1) == 0 for stride in found)


def test_updates_are_those_of_one_step(tmp_path):
    model = {"w": np.ones((3, 4)), "count": np.int64(0)}
    with hinton.record(tmp_path / "run", model, every=3, updates=True, **ALL) as rec:
        for step in range(6):
            model["w"] += step + 1
            rec.step()
    ratios = hinton.run(tmp_path / "run").metrics["update_ratio.w"]
    # Recorded at 0 and 3, whose values are 2 and 11: the steps after them add 2 and 5.
    assert ratios == [(1, 1.0), (4, pytest.approx(5 / 11))]


def test_what_cannot_be_watched_is_refused(tmp_path):
    with pytest.raises(ValueError, match="gradients"):
        hinton.record(tmp_path / "a", {"w": np.ones(3)}, gradients=True)
    with pytest.raises(ValueError, match="activations"):
        hinton.record(tmp_path / "b", {"w": np.ones(3)}, activations=["fc"])
    with pytest.raises(ValueError, match="keep"):
        hinton.record(tmp_path / "c", {"w": np.ones(3)}, keep="half")
    assert not list(tmp_path.iterdir())


def test_gradients_and_activations_of_torch(tmp_path):
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(inplace=True), torch.nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    x = torch.randn(40, 4)
    with pytest.raises(KeyError) as raised:
        hinton.record(tmp_path / "no", model, activations=["encoder.*"])
    assert "0, 1, 2" in raised.value.cure
    with hinton.record(tmp_path / "run", model, gradients=True, activations=["[01]"], **ALL) as rec:
        rec.attach(optimizer)
        norms = []
        for _ in range(3):
            optimizer.zero_grad()
            seen = torch.relu(x @ model[0].weight.T + model[0].bias).detach()
            model(x).square().mean().backward()
            norms.append(float(model[2].weight.grad.norm()))
            optimizer.step()
            model.eval()
            model(x * 100)
            model.train()
    run = hinton.run(tmp_path / "run")
    assert [value for _, value in run.metrics["grad_norm.2.weight"]] == pytest.approx(norms)
    assert run.metrics["grad_norm"][0][1] > norms[0]
    np.testing.assert_allclose(run.at(2)["activation.1"].numpy(), seen[:16].numpy(), rtol=1e-5)
    assert run.metrics["activation_zeros.1"][2][1] == pytest.approx(float((seen == 0).float().mean()))
    assert not model[0]._forward_hooks, "the hooks are gone with the recorder"


def test_a_compiled_module_and_mixed_precision_are_recorded(tmp_path):
    torch = pytest.importorskip("torch")
    if not hasattr(torch, "compile"):
        pytest.skip("a torch without compile")
    module = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
    model = torch.compile(module, backend="eager")
    optimizer = torch.optim.AdamW(model.parameters(), 0.1)
    with hinton.record(tmp_path / "run", model, gradients=True, **ALL) as rec:
        rec.attach(optimizer)
        for _ in range(2):
            optimizer.zero_grad()
            with torch.autocast("cpu", torch.bfloat16):
                loss = model(torch.ones(3, 4)).square().mean()
            loss.backward()
            optimizer.step()
            rec.log(loss=loss)
    run = hinton.run(tmp_path / "run")
    name = next(name for name in run.names if name.endswith("0.weight"))
    np.testing.assert_array_equal(run.at()[name].numpy(), module[0].weight.detach().numpy())
    assert len(run.metrics["loss"]) == 2 and len(run.metrics["grad_norm"]) == 2


def test_a_copy_from_cuda_waits_for_nothing_on_the_cpu(monkeypatch):
    """The order of calls, told by a stand-in of torch: no machine of the tests has a GPU."""
    calls = []

    class Stream:
        def __init__(self, name="side"):
            self.name = name

        def __enter__(self):
            calls.append("on side")

        def __exit__(self, *_):
            calls.append("off side")

        def wait_stream(self, other):
            calls.append(f"{self.name} waits for {other.name}")

        def wait_event(self, event):
            calls.append(f"{self.name} waits for the copy")

        def record_event(self):
            return types.SimpleNamespace(synchronize=lambda: calls.append("the writer waits"))

    class Pinned:
        shape = (2,)

        def copy_(self, value, non_blocking):
            calls.append(f"copied, {non_blocking=}")

        numel = element_size = lambda self: 2

    class Value:
        device, shape, dtype = "cuda:0", (2,), "f4"

        def record_stream(self, stream):
            calls.append(f"memory kept for {stream.name}")

    monkeypatch.setattr(_snapshot, "SIDES", {})
    monkeypatch.setitem(sys.modules, "torch", types.SimpleNamespace(
        empty=lambda shape, dtype, pin_memory: Pinned(),
        cuda=types.SimpleNamespace(
            Stream=lambda device: Stream(), current_stream=lambda device: Stream("training"), stream=lambda side: side
        ),
    ))
    copy = _snapshot.OnItsWay(Value())
    assert calls == [
        "side waits for training", "on side", "copied, non_blocking=True", "off side", "training waits for the copy",
        "memory kept for side",
    ]
    assert copy.nbytes == 4
    copy.arrived()
    assert calls[-1] == "the writer waits"
