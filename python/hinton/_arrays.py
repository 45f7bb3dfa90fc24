"""Arrays of any library as tensors, in place in memory.

Nothing is imported here that the caller has not imported: a torch tensor is recognised by its class, and if there is
one, torch is already loaded.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from . import _hinton
from ._errors import kind_of, refused, warn

#: Types of torch and ml_dtypes that numpy does not have, with hinton's names and their sizes in bytes.
FOREIGN = {
    "bfloat16": ("bf16", 2),
    "float8_e4m3fn": ("f8_e4m3", 1),
    "float8_e5m2": ("f8_e5m2", 1),
}

#: The maximum number of labels of a data frame that a picture shows.
MOST_LABELS = 100

#: Wrappers that torch puts around a module, and the attributes that hold the module.
WRAPPERS = {"OptimizedModule": "_orig_mod", "DataParallel": "module", "DistributedDataParallel": "module"}


def is_from(value: Any, module: str) -> bool:
    """Whether a class of the value is defined in this library."""
    kind: Any = type(value)
    return module in libraries(kind)


@functools.lru_cache(maxsize=1024)
def libraries(kind: type) -> frozenset[str]:
    """The libraries in which a class and its base classes are defined."""
    return frozenset(base.__module__.split(".")[0] for base in kind.__mro__)


def is_array(value: Any) -> bool:
    """Whether the value is a single array, or provides one."""
    if isinstance(value, (str, bytes, Mapping)) or isinstance(value, type):
        return False
    return isinstance(value, (memoryview, bytearray)) or any(
        hasattr(value, name)
        for name in ("__array_interface__", "__dlpack__", "__array__", "__buffer__")
    ) or is_from(value, "array")


def tensor(value: Any, name: str, device: str | None = None) -> _hinton.Tensor:
    """Makes a tensor of one array, without a copy if it is in memory as numbers.

    `device="cpu"` allows copies from a GPU.
    """
    if isinstance(value, _hinton.Tensor):
        return value.named(name)
    if is_from(value, "torch"):
        return of_torch(value, name, device)
    if isinstance(value, (list, tuple, range, int, float, complex)):
        return of_list(value, name)
    return of_numpy(as_numpy(value, name), name)


def as_numpy(value: Any, name: str) -> Any:
    """The value as a numpy array, without a copy if possible."""
    import numpy

    if isinstance(value, numpy.ma.MaskedArray):
        # Masked values are not numbers, and charts show them as NaN.
        floats: Any = value.astype(numpy.result_type(value.dtype, numpy.float32))
        return floats.filled(numpy.nan)
    if isinstance(value, (numpy.ndarray, numpy.generic)):
        return numpy.asarray(value)
    if is_from(value, "array") or isinstance(value, (memoryview, bytearray)):
        return numpy.asarray(value)
    if hasattr(value, "__array_interface__") or hasattr(value, "__array__"):
        try:
            return numpy.asarray(value)
        except (TypeError, RuntimeError) as error:
            cure = "give its numbers as an array of numpy"
            raise refused(TypeError, f"{name!r}: {error}", cure) from error
    if hasattr(value, "__dlpack__"):
        try:
            return numpy.from_dlpack(value)
        except (BufferError, RuntimeError) as error:
            cure = "copy it to the memory of the CPU first"
            raise refused(TypeError, f"{name!r}: {error}", cure) from error
    cure = "give an array, a tensor, a module, a dictionary of arrays, or the path of a file"
    if is_from(value, "scipy") and hasattr(value, "toarray"):
        cure = "`.toarray()` makes an array of it"
    raise refused(TypeError, f"{name!r}: {kind_of(value)} is not an array", cure)


def as_array(value: Any, name: str, device: str | None = None) -> Any:
    """The values as a numpy array, also for torch tensors."""
    if is_from(value, "torch"):
        value = value.detach()
        return (value.cpu() if device == "cpu" else value).numpy()
    return value if isinstance(value, (list, tuple)) else as_numpy(value, name)


def listed(value: Any) -> Any:
    """Rows of numbers as lists."""
    return value if isinstance(value, (list, tuple)) else as_array(value, "weights").tolist()


def of_list(value: Any, name: str) -> _hinton.Tensor:
    """Makes a tensor of lists of numbers, by copying them."""
    import numpy

    try:
        return of_numpy(numpy.asarray(value), name)
    except ValueError as error:
        cure = "give rows of one length"
        raise refused(ValueError, f"{name!r}: the lists are not an array: {error}", cure) from error


def of_numpy(array: Any, name: str) -> _hinton.Tensor:
    """Makes a tensor of a numpy array with any strides and byte order."""
    import numpy

    if array.dtype.name in FOREIGN:
        dtype, size = FOREIGN[array.dtype.name]
        return lend(array.view(f"u{size}"), name, dtype)
    if array.dtype.kind not in "biufc" or array.dtype.itemsize > (16 if array.dtype.kind == "c" else 8):
        cure = "`.astype(float)` makes numbers of it"
        if array.dtype.names:
            cure = f"draw one of its fields: {', '.join(map(repr, array.dtype.names))}"
        message = f"{name!r}: values of type {array.dtype} are not numbers that hinton draws"
        raise refused(TypeError, message, cure)
    if any(stride % array.dtype.itemsize for stride in array.strides):
        # A field of packed records has unaligned offsets.
        array = numpy.ascontiguousarray(array)
    return lend(array, name, None)


def lend(array: Any, name: str, dtype: str | None) -> _hinton.Tensor:
    """Makes a tensor that borrows the array. An array without axes cannot be borrowed, but a view of it as a row can."""
    if array.ndim == 0:
        return _hinton.lend(name, array.reshape(1), dtype, True)
    return _hinton.lend(name, array, dtype)


def of_torch(value: Any, name: str, device: str | None) -> _hinton.Tensor:
    """Makes a tensor of a torch tensor: on the CPU with any strides; from other devices if copies are allowed."""
    torch = sys.modules["torch"]
    value = value.detach()
    if hasattr(value, "full_tensor") and hasattr(value, "placements"):
        cure = "`.full_tensor()` on every rank gathers it, `.to_local()` is the part of this one"
        raise refused(TypeError, f"{name!r}: the tensor is spread over several processes", cure)
    if value.layout != torch.strided:
        cure = "`.to_dense()` makes an array of it"
        raise refused(TypeError, f"{name!r}: a tensor of layout {value.layout} is not an array", cure)
    if value.is_quantized:
        cure = "`.dequantize()` gives its values, `.int_repr()` its integers"
        raise refused(TypeError, f"{name!r}: the tensor is quantised", cure)
    if value.device.type == "meta":
        cure = "load the weights first"
        raise refused(ValueError, f"{name!r}: the tensor has a shape and no values", cure)
    if value.device.type != "cpu":
        if device != "cpu":
            cure = 'device="cpu" copies it, and waits for the device'
            raise refused(ValueError, f"{name!r}: the tensor is on {value.device}", cure)
        value = value.cpu()
    value = value.resolve_conj().resolve_neg()
    foreign = FOREIGN.get(str(value.dtype).removeprefix("torch."))
    if foreign is None:
        try:
            return of_numpy(value.numpy(), name)
        except TypeError as error:
            # A type that neither numpy nor hinton has.
            if hasattr(error, "cure"):
                raise
            message = f"{name!r}: values of type {value.dtype} are not numbers that hinton draws"
            raise refused(TypeError, message, "`.float()` makes such numbers of it") from error
    dtype, size = foreign
    bits = value.view(torch.int16 if size == 2 else torch.uint8)
    return lend(bits.numpy(), name, dtype)


def is_model(value: Any) -> bool:
    """Whether the value holds named arrays: a module, a model, a dictionary or a list of arrays."""
    return (
        isinstance(value, Mapping)
        or callable(getattr(value, "state_dict", None))
        or (is_from(value, "keras") and hasattr(value, "weights"))
        or is_from(value, "flax")
    )


def name_of(model: Any) -> str:
    """The name of a model in pictures: its own or that of its class; for dictionaries and lists, the number of arrays."""
    if isinstance(model, (Mapping, list, tuple)):
        count = sum(1 for _, part in parts(model, "") if is_array(part) or is_numbers(part))
        return f"{count} array" if count == 1 else f"{count} arrays"
    name = type(model).__name__
    if name in WRAPPERS and is_from(model, "torch"):
        return name_of(getattr(model, WRAPPERS[name]))
    own = getattr(model, "name", None)
    return own if is_from(model, "keras") and isinstance(own, str) else name


def tensors(value: Any, device: str | None = None) -> list[_hinton.Tensor]:
    """The named tensors of a model, a state dict, or arrays in dictionaries and lists, in order."""
    found: list[_hinton.Tensor] = []
    skipped: list[str] = []
    for name, part in parts(value, ""):
        if is_array(part) or isinstance(part, _hinton.Tensor):
            found.append(tensor(part, name, device))
        elif is_numbers(part):
            found.append(tensor(part, name))
        elif part is not None:
            skipped.append(f"{name} ({type(part).__qualname__})")
    if skipped:
        some = ", ".join(skipped[:3]) + (" …" if len(skipped) > 3 else "")
        warn([f"{len(skipped)} {'values are not arrays' if len(skipped) > 1 else 'value is not an array'}: {some}"])
    return found


def parts(value: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    """Every leaf with its name: keys of dictionaries and indices of lists, joined by dots."""
    if is_from(value, "keras") and hasattr(value, "weights") and not is_array(value):
        for weight in value.weights:
            yield joined(prefix, str(getattr(weight, "path", weight.name))), weight
    elif not isinstance(value, Mapping) and callable(getattr(value, "state_dict", None)):
        yield from parts(value.state_dict(), prefix)
    elif isinstance(value, Mapping):
        for name, part in value.items():
            yield from parts(part, joined(prefix, str(name)))
    elif isinstance(value, (list, tuple)) and any(is_array(part) for part in value):
        fields = getattr(value, "_fields", range(len(value)))
        for name, part in zip(fields, value):
            yield from parts(part, joined(prefix, str(name)))
    else:
        yield prefix, value


def is_numbers(value: Any) -> bool:
    """Whether the value is a number, or nested lists of numbers."""
    while isinstance(value, (list, tuple)) and value:
        value = value[0]
    return isinstance(value, (int, float, complex, range)) and not isinstance(value, bool)


def gathered(value: Any) -> Any:
    """The items of an iterator such as `module.named_parameters()` as a list, or as a dictionary if they are pairs."""
    if isinstance(value, Iterator) and not hasattr(value, "read"):
        value = list(value)
    is_pairs = isinstance(value, (list, tuple)) and value and all(
        isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], str) for pair in value
    )
    return dict(value) if is_pairs else value


def labels_of(value: Any) -> dict[str, list[str]]:
    """The names of the rows and columns of a pandas data frame, as labels. Names that only count the rows or columns, or
    that are too many to read, are left out."""
    if not (is_from(value, "pandas") and hasattr(value, "columns")):
        return {}
    axes = {"row_labels": value.index, "col_labels": value.columns}
    return {
        setting: [str(name) for name in axis]
        for setting, axis in axes.items()
        if len(axis) <= MOST_LABELS and not str(axis.dtype).startswith("int")
    }


def joined(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name
