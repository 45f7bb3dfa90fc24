"""Steps in memory become films, as those of files do."""

import numpy as np
import pytest

import hinton


def steps(count=4):
    random = np.random.default_rng(1)
    start = random.normal(size=(6, 5)).astype("f4")
    return [start * (1 + step) for step in range(count)]


def test_a_film_of_arrays_is_that_of_their_file(tmp_path):
    arrays = steps()
    of_list = hinton.animate(arrays, chart="heatmap", fps=4).encode("gif")
    assert of_list.startswith(b"GIF89a")
    stacked = hinton.animate(np.stack(arrays), chart="heatmap", fps=4).encode("gif")
    numbered = hinton.animate(dict(enumerate(arrays)), chart="heatmap", fps=4).encode("gif")
    assert of_list == stacked == numbered
    # Frames differ: a film of one array over and over is another one.
    still = hinton.animate([arrays[0]] * 4, chart="heatmap", fps=4).encode("gif")
    assert still != of_list


def test_models_have_their_tensors_played():
    models = [{"fc.weight": array, "fc.bias": array[0]} for array in steps()]
    film = hinton.animate({10 * at: model for at, model in enumerate(models)}, "fc.weight", chart="hinton")
    assert film.strip(3).size[0] > 0
    with pytest.raises(KeyError):
        hinton.animate(models, "fc.wait").encode("gif")


def test_files_are_steps_too(tmp_path):
    paths = []
    for at, array in enumerate(steps(3)):
        paths.append(tmp_path / f"step{at}.npy")
        np.save(paths[-1], array)
    assert hinton.animate(paths, fps=4).encode("gif") == hinton.animate(steps(3), fps=4).encode("gif")


def test_steps_that_are_none_are_told():
    with pytest.raises(ValueError):
        hinton.animate([])
    with pytest.raises(ValueError) as raised:
        hinton.animate(np.zeros(3))
    assert "first axis" in raised.value.cure
    with pytest.raises(ValueError):
        hinton.animate({3: steps()[0], 1: steps()[1]})
    with pytest.raises(TypeError):
        hinton.animate({"first": steps()[0]})
    with pytest.raises(TypeError):
        hinton.animate([steps()[0], object()])
