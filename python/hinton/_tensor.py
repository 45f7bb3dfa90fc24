"""A tensor in a file or in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import _hinton
from ._errors import kind_of, refused

if TYPE_CHECKING:
    from typing import Unpack

    from numpy import ndarray

    from ._keywords import Settings
    from ._picture import Picture

#: numpy's dtype for each dtype of hinton; others are decoded to float32.
IN_NUMPY = {
    "bool": "?",
    "i8": "i1",
    "i16": "<i2",
    "i32": "<i4",
    "i64": "<i8",
    "u8": "u1",
    "u16": "<u2",
    "u32": "<u4",
    "u64": "<u8",
    "f16": "<f2",
    "f32": "<f4",
    "f64": "<f8",
    "c64": "<c8",
    "c128": "<c16",
}


class Tensor:
    """A named tensor whose values are read on request.

    Slices (`tensor[0, :, ::2]`, including `...` and steps) are views that read nothing; an integer removes its axis, as in
    numpy. `numpy()` or `numpy.asarray(tensor)` reads the values. An index out of bounds is an `IndexError`, any other
    invalid index a `TypeError`.
    """

    __slots__ = ("_inner",)

    def __init__(self, inner: _hinton.Tensor) -> None:
        self._inner = inner

    @property
    def name(self) -> str:
        """Its name in the file, with the slice if it is one: `fc1.weight[0:3]`."""
        return self._inner.name

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each axis, slowest first; `()` for a single value."""
        return self._inner.shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of values."""
        size = 1
        for axis in self.shape:
            size *= axis
        return size

    @property
    def dtype(self) -> str:
        """The dtype of the values: `"f32"`, `"bf16"`, `"i8"` …"""
        return self._inner.dtype

    @property
    def stored(self) -> str:
        """The type in the file: `"Q4_K"` for values that are decoded when they are read."""
        return self._inner.stored

    @property
    def nbytes(self) -> int:
        """The size in the file, in bytes."""
        return self._inner.nbytes

    @property
    def file(self) -> str:
        """The file that holds it."""
        return self._inner.file

    def __len__(self) -> int:
        if not self.shape:
            raise refused(TypeError, "a tensor without axes has no length", "`.numpy()` is its one value")
        return self.shape[0]

    def __getitem__(self, key: Any) -> Tensor:
        return Tensor(self._inner.slice(notation(key)))

    def numpy(self) -> ndarray[Any, Any]:
        """Reads the values: an array of this shape and dtype, packed in C order. Types that numpy does not have (bfloat16, 8-bit
        floats, quantised ones) become float32.

        Raises:
            OSError: they cannot be read: the file is truncated, has changed, or cannot be reached.
        """
        import numpy

        dtype = IN_NUMPY.get(self.dtype)
        array = numpy.empty(self.shape, numpy.dtype(dtype or "<f4"))
        if array.size:
            self._inner.read_into(array.reshape(-1).view("u1"), dtype is None)
        return array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> ndarray[Any, Any]:
        if copy is False:
            raise refused(ValueError, "a tensor of a file is read, and so a copy", "leave `copy=False` away")
        array = self.numpy()
        return array if dtype is None else array.astype(dtype, copy=False)

    def item(self) -> Any:
        """The single value, as a Python number.

        Raises:
            ValueError: it has several values.
        """
        if self.size != 1:
            cure = "an index takes one: tensor[0, 3].item()"
            raise refused(ValueError, f"{self.name}: it has {self.size} values, and so not one", cure)
        return self.numpy().item()

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def draw(self, **settings: Unpack[Settings]) -> Picture:
        """Draws it; keywords and errors are those of `hinton.draw`."""
        from ._draw import draw

        return draw(self, **settings)

    def __repr__(self) -> str:
        shape = " x ".join(map(str, self.shape)) or "one value"
        return f"<hinton.Tensor {self.name!r}: {shape}, {self.stored}>"


def notation(key: Any) -> str:
    """A Python index in the notation of the command: `[0,:,::2]`."""
    keys = key if isinstance(key, tuple) else (key,)
    return "[" + ",".join(map(part, keys)) + "]"


def part(key: Any) -> str:
    if key is Ellipsis:
        return "..."
    if isinstance(key, slice):
        bounds = ":".join("" if bound is None else whole(bound) for bound in (key.start, key.stop))
        return bounds if key.step is None else f"{bounds}:{whole(key.step)}"
    return whole(key)


def whole(key: Any) -> str:
    """An integer in an index. numpy treats arrays of one integer as masks or lists; here they are not accepted."""
    if hasattr(key, "__index__") and not isinstance(key, bool) and not getattr(key, "ndim", 0):
        return str(key.__index__())
    cure = "read it first: `.numpy()` takes any index"
    raise refused(TypeError, f"an index is a whole number, a slice or ..., not {kind_of(key)}", cure)
