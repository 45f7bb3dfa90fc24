"""Trainings of other libraries are recorded: by small stand-ins of their trainers, and by the real ones where they are."""

import importlib.util
import os
import sys
import types

import numpy as np
import pytest

import hinton


class Model:
    def __init__(self):
        self.weight = np.zeros((3, 4), "f4")

    def state_dict(self):
        return {"fc.weight": self.weight}


ALL = {"overhead": 1e9}


def stand_in(monkeypatch, name, **members):
    """A module of that name with these members, and the packages around it."""
    parts = name.split(".")
    for end in range(1, len(parts) + 1):
        monkeypatch.setitem(sys.modules, ".".join(parts[:end]), types.ModuleType(".".join(parts[:end])))
    for member, value in members.items():
        setattr(sys.modules[name], member, value)


def test_lightning_is_recorded(monkeypatch, tmp_path):
    stand_in(monkeypatch, "lightning.pytorch.callbacks", Callback=type("Callback", (), {}))
    model, trainer = Model(), types.SimpleNamespace(is_global_zero=True, callback_metrics={}, sanity_checking=True)
    callback = hinton.callbacks.lightning(tmp_path / "run", trained="a net", **ALL)
    callback.on_fit_start(trainer, model)
    callback.on_validation_end(trainer, model)
    trainer.sanity_checking = False
    for batch in range(3):
        model.weight += 1
        callback.on_train_batch_end(trainer, model, {"loss": np.float32(1 / (batch + 1))}, None, batch)
    trainer.callback_metrics = {"val_loss": 0.25, "name": "text"}
    callback.on_validation_end(trainer, model)
    callback.on_fit_end(trainer, model)
    run = hinton.run(tmp_path / "run")
    assert run.trained == "a net"
    assert run.metrics == {"loss": [(0, 1.0), (1, 0.5), (2, pytest.approx(1 / 3))], "val_loss": [(2, 0.25)]}
    np.testing.assert_array_equal(run.at()["fc.weight"].numpy(), np.full((3, 4), 3))


def test_transformers_is_recorded_by_the_first_process_alone(monkeypatch, tmp_path):
    stand_in(monkeypatch, "transformers", TrainerCallback=type("TrainerCallback", (), {}))
    for is_first, folder in ((True, "run"), (False, "none")):
        model, state = Model(), types.SimpleNamespace(is_world_process_zero=is_first, global_step=0)
        callback = hinton.callbacks.transformers(tmp_path / folder, **ALL)
        callback.on_train_begin(None, state, None, model=model, optimizer=None)
        for step in range(1, 4):
            model.weight += 1
            state.global_step = step
            callback.on_step_end(None, state, None, model=model)
            callback.on_log(None, state, None, logs={"loss": 1 / step, "epoch": 0.5})
        callback.on_train_end(None, state, None)
    run = hinton.run(tmp_path / "run")
    assert [step.number for step in run.steps] == [1, 2, 3]
    assert run.metrics["loss"][1] == (2, 0.5)
    assert not (tmp_path / "none").exists()


def test_keras_is_recorded(monkeypatch, tmp_path):
    base = type("Callback", (), {})
    stand_in(monkeypatch, "keras", callbacks=types.SimpleNamespace(Callback=base))
    callback = hinton.callbacks.keras(tmp_path / "run", **ALL)
    callback.model = types.SimpleNamespace(weights=[np.ones((2, 3), "f4")])
    callback.on_train_begin()
    for epoch in range(2):
        for batch in range(2):
            callback.on_train_batch_end(batch, {"loss": 1.0 / (1 + epoch)})
        callback.on_epoch_end(epoch, {"loss": 9.0, "val_loss": 0.1})
    callback.on_train_end()
    run = hinton.run(tmp_path / "run")
    assert run.metrics["loss"] == [(0, 1.0), (1, 1.0), (2, 0.5), (3, 0.5)]
    assert run.metrics["val_loss"] == [(1, 0.1), (3, 0.1)]
    np.testing.assert_array_equal(run.at()["0"].numpy(), np.ones((2, 3)))


def test_a_library_that_is_not_there_is_named(tmp_path):
    if importlib.util.find_spec("transformers"):
        pytest.skip("transformers is installed")
    with pytest.raises(ModuleNotFoundError, match="transformers"):
        hinton.callbacks.transformers(tmp_path / "run")


def test_the_real_keras_is_recorded(tmp_path):
    # Its default is TensorFlow; JAX is smaller.
    os.environ.setdefault("KERAS_BACKEND", "jax")
    keras = pytest.importorskip("keras")
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, "tanh"), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.random.default_rng(0).normal(size=(64, 4)).astype("f4")
    callback = hinton.callbacks.keras(tmp_path / "run", **ALL)
    model.fit(x, x.sum(1), batch_size=16, epochs=3, verbose=0, validation_split=0.25, callbacks=[callback])
    run = hinton.run(tmp_path / "run")
    assert len(run.metrics["loss"]) == 9 and len(run.metrics["val_loss"]) == 3
    kernel = next(name for name in run.names if name.endswith("kernel"))
    np.testing.assert_array_equal(run.at()[kernel].numpy(), np.asarray(model.layers[0].kernel))
    assert run.animate(kernel, fps=9).encode("gif").startswith(b"GIF89a")
    space = hinton.space(model, x)
    np.testing.assert_allclose(list(space.values.values())[-1], np.asarray(model(x)), rtol=1e-5)


def test_the_real_jax_is_recorded(tmp_path):
    jax = pytest.importorskip("jax")
    optax = pytest.importorskip("optax")
    params = {"dense": {"kernel": jax.numpy.ones((4, 3)), "bias": jax.numpy.zeros(3, jax.numpy.bfloat16)}}
    optimizer = optax.sgd(0.1)
    state = optimizer.init(params)

    @jax.jit
    def learn(params, state, x):
        loss, grads = jax.value_and_grad(lambda p: ((x @ p["dense"]["kernel"]) ** 2).mean())(params)
        updates, state = optimizer.update(grads, state)
        return optax.apply_updates(params, updates), state, loss

    x = jax.numpy.ones((8, 4))
    with hinton.record(tmp_path / "run", overhead=1e9) as rec:
        for _ in range(4):
            params, state, loss = learn(params, state, x)
            rec.step(model=params, weights=True, loss=loss)
    run = hinton.run(tmp_path / "run")
    assert sorted(run.names) == ["dense.bias", "dense.kernel"] and len(run.steps) == 4
    np.testing.assert_array_equal(run.at()["dense.kernel"].numpy(), np.asarray(params["dense"]["kernel"]))
    assert run.metrics["loss"][-1] == (3, float(loss))
