"""Files as mappings of tensors."""

import pickle

import numpy as np
import pytest

import hinton

ARRAYS = {
    "fc1.weight": np.arange(12, dtype="f4").reshape(3, 4),
    "fc1.bias": np.array([0.5, -1, 2], dtype="f8"),
    "steps": np.array([7], dtype="i8"),
}


@pytest.fixture
def opened(tmp_path):
    np.savez(tmp_path / "w.npz", **ARRAYS)
    return hinton.open(tmp_path / "w.npz")


def test_a_file_is_a_mapping_in_its_order(opened):
    assert list(opened) == opened.names == list(ARRAYS)
    assert opened.shapes == {name: values.shape for name, values in ARRAYS.items()}
    assert opened.dtypes == {"fc1.weight": "f32", "fc1.bias": "f64", "steps": "i64"}
    assert "fc1.bias" in opened and "fc1" not in opened and len(opened) == 3
    for name, values in ARRAYS.items():
        np.testing.assert_array_equal(opened[name].numpy(), values)
        np.testing.assert_array_equal(np.asarray(opened[name]), values)


@pytest.mark.parametrize("key", [np.s_[0], np.s_[1:, ::2], np.s_[..., -1], np.s_[::-1], np.s_[2, 3]])
def test_slices_are_those_of_numpy(opened, key):
    np.testing.assert_array_equal(opened["fc1.weight"][key].numpy(), ARRAYS["fc1.weight"][key])


def test_select_takes_globs_and_slices(opened):
    assert [tensor.name for tensor in opened.select("fc1.*")] == ["fc1.weight", "fc1.bias"]
    assert opened["fc1.weight[0]"].shape == (4,)


def test_errors_are_python_s(opened, tmp_path):
    with pytest.raises(KeyError) as raised:
        opened["fc1.weigth"]
    assert "fc1.weight" in raised.value.cure
    with pytest.raises(FileNotFoundError):
        hinton.open(tmp_path / "none.npz")
    with pytest.raises(OSError) as raised:
        (tmp_path / "odd.bin").write_bytes(b"\x00\x01 nothing that is known")
        hinton.open(tmp_path / "odd.bin")
    assert raised.value.kind and hasattr(raised.value, "cure")
    with pytest.raises(IndexError) as raised:
        opened["fc1.weight"][9]
    assert "[3, 4]" in raised.value.cure
    with pytest.raises(TypeError, match="index") as raised:
        opened["fc1.weight"]["a"]
    assert ".numpy()" in raised.value.cure
    for key in (slice("a", 3), 1.5, None, True, [0, 1], ARRAYS["fc1.weight"] > 0):
        with pytest.raises(TypeError, match="whole number") as raised:
            opened["fc1.weight"][key]
        assert ".numpy()" in raised.value.cure
    with pytest.raises(TypeError):
        len(opened["fc1.weight"][0, 0])
    with pytest.raises(KeyError, match="2 tensors") as raised:
        opened["fc1.*"]
    assert "select" in raised.value.cure


def test_one_value_is_a_number(opened):
    assert opened["fc1.weight"][2, 3].item() == float(opened["fc1.weight"][2, 3]) == 11
    assert int(opened["steps"]) == 7
    with pytest.raises(ValueError, match="12 values") as raised:
        opened["fc1.weight"].item()
    assert "tensor[0, 3]" in raised.value.cure


def test_reports_are_those_of_the_command(opened):
    tensors = opened.summary("fc1.weight")["tensors"]
    assert [tensor["name"] for tensor in tensors] == ["fc1.weight"]
    assert isinstance(opened.check(), dict)


def test_a_table_for_notebooks(opened):
    assert "3 × 4" in opened._repr_html_() and "fc1.bias" in opened._repr_html_()
    assert "3 tensors" in repr(opened)


def test_writing_other_formats(opened, tmp_path):
    opened.save(tmp_path / "w.safetensors", "fc1.*")
    again = hinton.open(tmp_path / "w.safetensors")
    assert sorted(again) == ["fc1.bias", "fc1.weight"]
    np.testing.assert_array_equal(again["fc1.weight"].numpy(), ARRAYS["fc1.weight"])


def test_nothing_in_a_file_is_run(tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    (tmp_path / "trap.pkl").write_bytes(pickle.dumps(Trap()))
    try:
        hinton.open(tmp_path / "trap.pkl")
    except OSError:
        pass
    assert not (tmp_path / "sprung").exists()


def test_paths_are_written_as_in_a_shell(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    np.savez(tmp_path / "w.npz", **ARRAYS)
    assert hinton.open("~/w.npz").names == list(ARRAYS)
    hinton.draw("~/w.npz").save("~/w.png")
    assert (tmp_path / "w.png").stat().st_size > 200
    with hinton.record("~/run", {"w": np.ones((3, 4))}) as rec:
        rec.step(loss=1.0)
    assert hinton.draw("~/run").size and hinton.run("~/run").names == ["w"]
    with pytest.raises(FileNotFoundError):
        hinton.open("~nobody/w.npz")
