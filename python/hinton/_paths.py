"""Paths as users write them."""

from __future__ import annotations

import contextlib
import os

from ._errors import kind_of, refused


def path_of(path: str | os.PathLike[str]) -> str:
    """The text of a path or an address; `~` is the user's home folder, as in a shell."""
    try:
        text = os.fsdecode(path)
    except TypeError:
        cure = "give a text such as \"model.safetensors\", or a pathlib.Path"
        raise refused(TypeError, f"{kind_of(path)} is not a path", cure) from None
    return os.path.expanduser(text)


def write(path: str | os.PathLike[str], data: bytes) -> None:
    """Writes a file completely, or leaves an existing file unchanged."""
    target = path_of(path)
    part = f"{target}.part"
    try:
        with open(part, "wb") as file:
            file.write(data)
        os.replace(part, target)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.remove(part)
        is_there = os.path.isdir(os.path.dirname(target) or ".")
        cure = "write to a folder that is yours, under the name of a file" if is_there else "make the folder first"
        why = (error.strerror or str(error)).lower()
        raise refused(type(error), f"{target}: it cannot be written: {why}", cure) from error
