"""Exceptions and warnings."""

from __future__ import annotations

import importlib
import os
import sys
import warnings
from collections.abc import Iterable
from typing import Any

HERE = os.path.dirname(__file__)


class HintonWarning(UserWarning):
    """Something was skipped, assumed or reduced."""


def warn(messages: Iterable[str]) -> None:
    """Issues each message as a warning, attributed to the caller's line outside this package."""
    depth = 1
    frame = sys._getframe(0)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(HERE):
        frame = frame.f_back
        depth += 1
    for message in messages:
        warnings.warn(message, HintonWarning, stacklevel=depth)


def refused(kind: type[Exception], message: str, cure: str) -> Exception:
    """An exception with advice on what to do: in its attribute `cure`, and shown below its traceback."""
    error = kind(message)
    error.cure = cure  # type: ignore[attr-defined]
    error.add_note(f"help: {cure}")
    return error


def kind_of(value: Any) -> str:
    """The kind of a value, with an article: `an int`, `a ndarray`, `None`."""
    name = type(value).__qualname__
    return "None" if value is None else f"{'an' if name[0].lower() in 'aeio' else 'a'} {name}"


def whole(name: str, value: Any, least: int = 0, most: int = (1 << 31) - 1) -> int:
    """Checks that an argument is an integer within its bounds, and returns it."""
    is_whole = hasattr(value, "__index__") and not isinstance(value, bool)
    if is_whole and least <= value.__index__() <= most:
        return int(value.__index__())
    bounds = f"of {least} or more" if most == (1 << 31) - 1 else f"from {least} to {most}"
    message = f"{name}: expected a whole number {bounds}, not {value!r:.40}"
    raise refused(ValueError if is_whole else TypeError, message, f"give a number such as {name}={max(least, 1)}")


def texts(name: str, values: Iterable[Any], cure: str) -> list[str]:
    """Checks that an argument consists of texts, and returns them."""
    listed = list(values)
    for value in listed:
        if not isinstance(value, str):
            raise refused(TypeError, f"{name}: expected texts, found {kind_of(value)}", cure)
    return listed


def patterns(tensors: Iterable[Any]) -> list[str]:
    """Checks the names of tensors that were requested, and returns them."""
    cure = 'give names and globs such as "fc1.*"; several arrays are drawn as a list, draw([a, b])'
    return texts("tensors", tensors, cure)


def needed(module: str, package: str) -> Any:
    """Imports a module of an optional library; if it is not installed, the error says how to install it."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] != module.split(".")[0]:
            # It is installed, but something that it needs is not.
            raise
        cure = f"pip install {package}"
        raise refused(ModuleNotFoundError, f"{package} is not installed", cure) from None
