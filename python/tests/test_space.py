"""Points go through networks of specs, arrays, functions and other libraries."""

import json
import sys
import types

import numpy as np
import pytest

import hinton


def test_a_spec_is_the_command_s(tmp_path, capfd):
    space = hinton.space("2-3-tanh-2", scale=2, seed=3, spacing=1)
    assert space.steps[0] == "Input" and len(space.steps) == 4
    assert space.title == "2-3-tanh-2"
    words = ["hinton", "space", "2-3-tanh-2", "--scale=2", "--seed=3", "--spacing=1", "-o"]
    assert hinton._hinton.main([*words, str(tmp_path / "c.png")]) == 0
    space.save(tmp_path / "p.png")
    assert (tmp_path / "p.png").read_bytes() == (tmp_path / "c.png").read_bytes()
    space.save(tmp_path / "p.npz")
    assert hinton._hinton.main([*words, str(tmp_path / "c.npz")]) == 0
    assert (tmp_path / "p.npz").read_bytes() == (tmp_path / "c.npz").read_bytes()
    assert any("0" in heading for heading in space.weights)


def test_arrays_are_computed_as_numpy_computes_them(tmp_path):
    random = np.random.default_rng(0)
    model = {"0.weight": random.normal(size=(3, 2)), "0.bias": random.normal(size=3)}
    points = random.normal(size=(50, 2))
    labels = np.arange(50) % 3
    space = hinton.space(model, points, labels, activation="tanh")
    values = list(space.values.values())
    np.testing.assert_allclose(values[1], points @ model["0.weight"].T + model["0.bias"], rtol=1e-12)
    np.testing.assert_array_equal(space.values["labels"], labels)
    right = np.mean(np.argmax(values[-2], axis=1) == labels)
    assert space.accuracy == pytest.approx(right)
    with pytest.raises(ValueError, match="width"):
        hinton.space(model, np.zeros((4, 5)))
    with pytest.raises(ValueError):
        hinton.space(model, points, labels / 2)
    # By hand, and turned by the same matrix in a function.
    by_hand = hinton.space("2-2", points, weights={0: [[0, -1], [1, 0]]})
    turned = hinton.space([lambda rows: rows @ np.array([[0, 1], [-1, 0]])], points)
    np.testing.assert_allclose(list(by_hand.values.values())[-1], list(turned.values.values())[-1])


def test_it_is_a_picture_a_film_and_a_page(tmp_path):
    space = hinton.space("2-2-tanh", "circle", count=24, travel=0.2, pause=0.2, fps=10)
    bundle, _ = space._repr_mimebundle_()
    assert bundle["image/png"].startswith("iVBOR")
    assert "sandbox=\"allow-scripts\"" in bundle["text/html"]
    assert len(bundle["text/html"].encode()) <= 1 << 20
    space.save(tmp_path / "s.gif")
    assert (tmp_path / "s.gif").read_bytes() == space.film().encode("gif")
    space.save(tmp_path / "s.html")
    assert (tmp_path / "s.html").read_text("utf-8") == space.html()
    assert space.picture(-1).size != space.picture().size
    with pytest.raises(ValueError):
        space.picture(9)


def test_what_is_asked_wrongly_is_told():
    with pytest.raises(TypeError) as raised:
        hinton.space("2-3-tanh-2", colour="angle")
    assert "color" in raised.value.cure
    with pytest.raises(ValueError) as raised:
        hinton.space("2-3-tanh-2", projection="fisheye")
    assert "perspective" in raised.value.cure
    with pytest.raises(ValueError, match="zoom"):
        hinton.space("2-3-tanh-2", zoom=0)
    with pytest.raises(TypeError):
        hinton.space("2-3-tanh-2", bias="yes")
    with pytest.raises(ValueError):
        hinton.space([abs])
    with pytest.raises(TypeError):
        hinton.space(3, np.zeros((2, 2)))
    with pytest.raises(ValueError) as raised:
        hinton.space([lambda rows: rows * np.nan], np.ones((4, 2)))
    assert "step" in raised.value.cure


def test_a_small_network_learns(tmp_path):
    trained = hinton.train("digits", epochs=2, record=tmp_path / "run", chart="tiles")
    assert trained.outcome == "finished" and len(trained.epochs) == 2
    assert trained.accuracy > 0.8 and trained.loss < 1
    assert "fc.weight" in trained.weights or len(trained.weights) > 0
    assert trained.run.metrics
    assert trained._repr_mimebundle_()[0]["image/png"].startswith("iVBOR")
    again = hinton.train("digits", epochs=2, threads=1)
    for name in trained.weights:
        np.testing.assert_array_equal(trained.weights[name].numpy(), again.weights[name].numpy())
    more = hinton.train(resume=tmp_path / "run", epochs=1)
    assert [epoch.number for epoch in more.epochs] == [3]


@pytest.mark.parametrize(
    ("keywords", "said"),
    [
        ({"resume": "run", "model": "2-2"}, ["resume and model do not go together"]),
        ({"record_every": "log"}, ["record_every means nothing without record"]),
        ({"open": False}, ["open means nothing without view"]),
        ({"epochs": "three"}, ['epochs="three"', "expected"]),
        ({"optimizer": "best"}, ["best", "adam"]),
    ],
)
def test_settings_of_a_training_are_told_as_keywords(keywords, said):
    with pytest.raises(ValueError) as raised:
        hinton.train("digits" if "resume" not in keywords else None, **keywords)
    text = f"{raised.value} {raised.value.cure}"
    assert all(words in text for words in said), text
    assert "--" not in text


def test_a_resumed_training_keeps_its_data(tmp_path):
    with pytest.raises(ValueError, match="keeps the data of its run"):
        hinton.train("digits", resume=tmp_path / "run")


def test_it_learns_from_arrays():
    random = np.random.default_rng(1)
    labels = random.integers(0, 2, size=400)
    points = random.normal(size=(400, 2)) + 6 * labels[:, None]
    trained = hinton.train(points, labels, model="2-2", epochs=30, lr=0.05)
    assert trained.accuracy > 0.97
    with pytest.raises(ValueError):
        hinton.train(points)
    with pytest.raises(ValueError):
        hinton.train("digits", optimizer="best")
    with pytest.raises(TypeError):
        hinton.train("digits", learning_rate=1)
    with pytest.warns(hinton.HintonWarning, match="diverged"):
        hinton.train(points * 1e30, labels, model="2-2", epochs=3, lr=1e30, optimizer="sgd")
