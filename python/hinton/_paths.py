"""Paths as people write them."""

from __future__ import annotations

import os


def path_of(path: str | os.PathLike[str]) -> str:
    """The text of a path or an address; `~` is the folder of the user, as in a shell."""
    return os.path.expanduser(os.fspath(path))
