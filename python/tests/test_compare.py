"""Two models are compared: files, arrays and modules in any mixture."""

import json

import numpy as np
import pytest

import hinton


def models():
    random = np.random.default_rng(0)
    a = {"fc.weight": random.normal(size=(8, 6)).astype("f4"), "fc.bias": np.zeros(8, "f4")}
    b = {"fc.weight": a["fc.weight"] * np.float32(1.5), "fc.bias": a["fc.bias"]}
    return a, b


def test_measures_are_those_of_numpy():
    a, b = models()
    found = hinton.diff(a, b)
    assert not found.same
    weight = next(one for one in found.tensors if one["a"] == "fc.weight")
    difference = np.linalg.norm(b["fc.weight"].astype("f8") - a["fc.weight"])
    assert weight["relative"] == pytest.approx(difference / np.linalg.norm(a["fc.weight"].astype("f8")))
    assert weight["relative"] == pytest.approx(0.5, rel=1e-5)
    assert weight["cosine"] == pytest.approx(1)
    assert weight["changed"] == 48
    bias = next(one for one in found.tensors if one["a"] == "fc.bias")
    assert bias["changed"] == 0
    assert "1 of 2 tensors changed" in found.summary[0]
    assert found.summary[0] in repr(found)
    assert "fc.weight" in found._repr_markdown_()


def test_a_file_is_the_model_it_was_written_from(tmp_path):
    a, b = models()
    hinton.draw  # the package is one
    path = tmp_path / "a.npz"
    np.savez(path, **a)
    assert hinton.diff(path, a).same
    assert hinton.diff(hinton.open(path), a, "fc.weight").same
    assert not hinton.diff(path, b).same
    found = hinton.diff(path, {"module." + name: array for name, array in a.items()})
    assert found.same, found.summary
    exact = hinton.diff(path, {"module." + name: array for name, array in a.items()}, match="exact")
    assert not exact.same and len(exact.to_dict()["only_a"]) == 2


def test_conditions_fail_or_do_not():
    a, b = models()
    found = hinton.diff(a, b)
    assert found.failures("rel>0.6,nan") == []
    assert "fc.weight" in found.failures("rel>0.1")[0]
    with pytest.raises(ValueError) as raised:
        found.failures("better")
    assert "rel>N" in raised.value.cure


def test_it_is_written(tmp_path):
    a, b = models()
    found = hinton.diff(a, b)
    found.save(tmp_path / "d.json")
    assert json.loads((tmp_path / "d.json").read_text()) == found.to_dict()
    found.save(tmp_path / "d.csv")
    assert len((tmp_path / "d.csv").read_text().splitlines()) == 3
    found.save(tmp_path / "d.md")
    with pytest.raises(ValueError) as raised:
        found.save(tmp_path / "d.xlsx")
    assert ".csv" in raised.value.cure


def test_what_is_asked_wrongly_is_told():
    a, b = models()
    with pytest.raises(ValueError) as raised:
        hinton.diff(a, b, match="best")
    assert "exact" in raised.value.cure
    with pytest.raises(KeyError):
        hinton.diff(a, b, "no.such")
    with pytest.raises(FileNotFoundError):
        hinton.diff(a, "nowhere.npz")
