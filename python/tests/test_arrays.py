"""Arrays of every kind arrive as the values they are, from where they lie."""

import array
import os
import subprocess
import sys

import numpy as np
import pytest

import hinton
from hinton import _arrays

DTYPES = ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16"]


def back(value, name="x", device=None):
    return hinton.Tensor(_arrays.tensor(value, name, device))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("order", ["<", ">"])
def test_every_type_in_either_byte_order(dtype, order):
    values = np.arange(12).reshape(3, 4).astype(np.dtype(dtype).newbyteorder(order))
    np.testing.assert_array_equal(back(values).numpy(), values)


@pytest.mark.parametrize(
    "key", [np.s_[::2], np.s_[::-1, ::-2], np.s_[1:1], np.s_[2], np.s_[:, 1:3], np.s_[..., ::-1]]
)
def test_views_of_any_strides_lie_where_they_lay(key):
    values = np.arange(60, dtype="f4").reshape(3, 4, 5)
    for view in (values[key], values.T[key]):
        tensor = _arrays.tensor(view, "x")
        np.testing.assert_array_equal(hinton.Tensor(tensor).numpy(), view)
        if view.size:
            assert tensor.address == view.__array_interface__["data"][0]


def test_one_value_and_one_repeated():
    assert back(np.float64(2.5)).shape == ()
    assert back(np.array(2.5)).numpy() == 2.5
    repeated = np.broadcast_to(np.arange(3.0), (1000, 3))
    assert _arrays.tensor(repeated, "x").address == repeated.__array_interface__["data"][0]
    np.testing.assert_array_equal(back(repeated).numpy(), repeated)


def test_memory_is_kept_while_a_tensor_lives():
    values = np.arange(10.0)
    tensor, count = back(values[3:]), sys.getrefcount(values)
    del values
    np.testing.assert_array_equal(tensor.numpy(), np.arange(3.0, 10.0))
    assert count >= 2


def test_other_things_that_lend_memory():
    np.testing.assert_array_equal(back(array.array("d", [1, 2, 3])).numpy(), [1, 2, 3])
    np.testing.assert_array_equal(back(memoryview(b"\x01\x02")).numpy(), [1, 2])
    np.testing.assert_array_equal(back([[1, 2], [3, 4]]).numpy(), [[1, 2], [3, 4]])

    class Lender:
        def __init__(self, values):
            self.__array_interface__ = values.__array_interface__
            self.values = values

    values = np.arange(6.0).reshape(2, 3)
    assert _arrays.tensor(Lender(values), "x").address == values.__array_interface__["data"][0]

    class Dlpack:
        def __dlpack__(self, **keywords):
            return values.__dlpack__(**keywords)

        def __dlpack_device__(self):
            return values.__dlpack_device__()

    np.testing.assert_array_equal(back(Dlpack()).numpy(), values)


def test_drawing_copies_nothing_of_what_lies_in_memory():
    """By what the process holds at its peak, not by addresses alone; an array of 400 MB in columns, every second row."""
    if not os.path.exists("/proc/self/status"):
        pytest.skip("no /proc: the memory of a process is not known")
    code = (
        "import numpy as np, hinton, threading, time\n"
        "def anonymous():\n"
        "    return next(int(line.split()[1]) for line in open('/proc/self/status') if line.startswith('RssAnon')) / 1000\n"
        "hinton.draw(np.eye(9)).encode('png')\n"
        "values = np.ones((10_000, 10_000), 'f4', order='F')[::2]\n"
        "before, peak, done = anonymous(), [0], []\n"
        "def watch():\n"
        "    while not done: peak[0] = max(peak[0], anonymous()); time.sleep(0.001)\n"
        "watcher = threading.Thread(target=watch); watcher.start()\n"
        "hinton.draw(values, threads=2).encode('png'); done.append(1); watcher.join()\n"
        "print(peak[0] - before)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert float(done.stdout) < 100, "megabytes beyond the array"


def test_what_is_masked_is_no_number():
    masked = np.ma.masked_array([1.0, 2.0, 3.0], [0, 1, 0])
    np.testing.assert_array_equal(back(masked).numpy(), [1, np.nan, 3])


def test_types_that_numpy_lacks():
    ml_dtypes = pytest.importorskip("ml_dtypes")
    values = np.array([[1.5, -2.0], [0.25, 8.0]]).astype(ml_dtypes.bfloat16)
    tensor = back(values[:, ::-1])
    assert tensor.dtype == "bf16"
    np.testing.assert_array_equal(tensor.numpy(), values[:, ::-1].astype("f4"))


@pytest.mark.parametrize(
    "value, says",
    [
        (np.array(["a"]), "not numbers"),
        (np.array([object()]), "not numbers"),
        (np.zeros(2, [("a", "f4"), ("b", "f4")]), "'a', 'b'"),
        (object(), "is not an array"),
        (np.zeros(2, "g"), "not numbers"),
    ],
)
def test_what_is_no_array_is_refused_with_a_cure(value, says):
    with pytest.raises(TypeError) as raised:
        hinton.draw(value)
    assert says in str(raised.value) + raised.value.cure


def test_ragged_lists_are_refused():
    with pytest.raises(ValueError, match="not an array"):
        hinton.draw([[1, 2], [3]])


def test_torch_without_a_copy():
    torch = pytest.importorskip("torch")
    for dtype in (torch.float32, torch.bfloat16, torch.float16, torch.int64, torch.bool):
        values = torch.arange(12).reshape(3, 4).to(dtype)
        for view in (values, values.T, values[1:, ::2]):
            tensor = _arrays.tensor(view, "x")
            assert tensor.address == view.data_ptr()
            np.testing.assert_array_equal(hinton.Tensor(tensor).numpy(), view.float().numpy())
    module = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU(), torch.nn.Linear(3, 2))
    names = [tensor.name for tensor in _arrays.tensors(module)]
    assert names == ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert hinton.draw(module).encode("png") == hinton.draw(module.state_dict(), name="Sequential").encode("png")
    with pytest.raises(TypeError, match="layout"):
        hinton.draw(torch.eye(3).to_sparse())
    with pytest.raises(ValueError, match="no values"):
        hinton.draw(torch.empty(3, 3, device="meta"))


class Module:
    """What a module of torch looks like from outside."""

    def state_dict(self):
        return {"fc.weight": np.eye(3), "fc.bias": np.ones(3)}


def test_models_and_trees_of_arrays():
    assert [tensor.name for tensor in _arrays.tensors(Module())] == ["fc.weight", "fc.bias"]
    tree = {"a": {"w": np.ones(2)}, "b": [np.ones(3), np.ones(1)], "lr": 0.1}
    assert [tensor.name for tensor in _arrays.tensors(tree)] == ["a.w", "b.0", "b.1", "lr"]
    with pytest.warns(hinton.HintonWarning, match="1 value is not an array: c"):
        _arrays.tensors({**tree, "c": object()})


def test_names_and_arrays_come_in_pairs_and_from_iterators():
    model = {"fc.weight": np.ones((2, 3)), "fc.bias": np.ones(2)}
    drawn = hinton.draw(model).encode("svg")
    assert hinton.draw(iter(model.items())).encode("svg") == drawn
    assert hinton.draw(list(model.items())).encode("svg") == drawn
    assert hinton.draw(row for row in np.ones((2, 3))).title == "2 arrays"


def test_numbers_in_dictionaries_and_ranges_are_arrays():
    assert hinton.draw({"a": [1, 2, 3], "b": [[1, 2], [3, 4]], "c": 2.5}).title == "3 arrays"
    assert hinton.draw(range(10)).encode("svg") == hinton.draw(np.arange(10)).encode("svg")


@pytest.mark.parametrize(
    "wrong, cure",
    [
        (None, "give an array"),
        (np.float64, "astype"),
        ({1, 2}, "give an array"),
        (type("csr_array", (), {"__module__": "scipy.sparse", "toarray": None})(), ".toarray()"),
        (type("Key", (), {"__array__": lambda *_: len(3)})(), "array of numpy"),
        ([["a", "b"]], "astype"),
    ],
    ids=["None", "class", "set", "sparse", "key", "text"],
)
def test_what_is_no_array_has_a_cure(wrong, cure):
    with pytest.raises(TypeError) as raised:
        hinton.draw(wrong)
    assert cure in raised.value.cure


def test_the_names_of_a_data_frame_are_labels():
    """By a stand-in of pandas, of which a picture needs the values, the columns and the index."""
    values = np.arange(6.0).reshape(2, 3)
    axis = lambda names, dtype: type("Index", (list,), {"dtype": dtype})(names)  # noqa: E731
    members = {"__module__": "pandas", "columns": axis("abc", "object"), "index": axis([0, 1], "int64"),
               "__array__": lambda self, *_, **__: values}
    frame = type("DataFrame", (), members)()
    drawn = hinton.draw(frame, chart="heatmap").encode("svg")
    assert drawn == hinton.draw(values, chart="heatmap", col_labels=list("abc")).encode("svg")
    assert drawn != hinton.draw(values, chart="heatmap").encode("svg")
    assert hinton.draw(frame, chart="heatmap", col_labels=False).encode("svg") != drawn
