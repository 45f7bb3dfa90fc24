"""Files that other libraries read: of fsspec, of obstore, or anything with `seek` and `read`."""

from __future__ import annotations

import io
import os
import threading
from typing import Any, Protocol

from . import _hinton

#: A file or folder: its name, whether it is a folder, and its length in bytes.
Entry = tuple[str, bool, int]


class Files(Protocol):
    """What the extension module needs of files that it does not read itself."""

    def size(self, name: str) -> int | None:
        """The length of a file in bytes; `None` if there is no such file."""

    def read(self, name: str, start: int, stop: int) -> bytes:
        """The bytes of a range of a file."""

    def list(self, name: str) -> list[Entry]:
        """The entries of a folder; empty if there is no such folder."""


class OneFile:
    """An open seekable file, or bytes. It is read by one thread at a time, and not closed."""

    def __init__(self, file: Any, name: str) -> None:
        self.file, self.name = file, name
        self.lock = threading.Lock()
        with self.lock:
            file.seek(0, io.SEEK_END)
            self.length = int(file.tell())

    def size(self, name: str) -> int | None:
        return self.length if name == self.name else None

    def read(self, name: str, start: int, stop: int) -> bytes:
        with self.lock:
            self.file.seek(start)
            parts = []
            while start < stop:
                part = bytes(self.file.read(stop - start))
                if not part:
                    break
                parts.append(part)
                start += len(part)
        return b"".join(parts)

    def list(self, name: str) -> list[Entry]:
        return [] if name else [(self.name, False, self.length)]


class FsspecFiles:
    """A folder in a file system of fsspec."""

    def __init__(self, filesystem: Any, folder: str) -> None:
        self.filesystem, self.folder = filesystem, folder.rstrip("/")

    def path(self, name: str) -> str:
        return f"{self.folder}/{name}" if self.folder and name else self.folder or name

    def size(self, name: str) -> int | None:
        try:
            found = self.filesystem.info(self.path(name))
        except FileNotFoundError:
            return None
        return None if found["type"] == "directory" else int(found["size"])

    def read(self, name: str, start: int, stop: int) -> bytes:
        return bytes(self.filesystem.cat_file(self.path(name), start=start, end=stop))

    def list(self, name: str) -> list[Entry]:
        try:
            found = self.filesystem.ls(self.path(name), detail=True)
        except (FileNotFoundError, NotADirectoryError):
            return []
        own = self.filesystem._strip_protocol(self.path(name)).rstrip("/")
        listed = [(entry["name"].rstrip("/"), entry["type"] == "directory", int(entry.get("size") or 0)) for entry in found]
        return [(path.rsplit("/", 1)[-1], is_folder, size) for path, is_folder, size in listed if path != own]


class ObstoreFiles:
    """A folder in a store of obstore."""

    def __init__(self, store: Any, folder: str) -> None:
        self.store, self.folder = store, folder.strip("/")

    def path(self, name: str) -> str:
        return f"{self.folder}/{name}" if self.folder and name else self.folder or name

    def size(self, name: str) -> int | None:
        try:
            return int(self.store.head(self.path(name))["size"])
        except FileNotFoundError:
            return None

    def read(self, name: str, start: int, stop: int) -> bytes:
        return bytes(self.store.get_range(self.path(name), start=start, end=stop))

    def list(self, name: str) -> list[Entry]:
        found = self.store.list_with_delimiter(self.path(name) or None)
        folders = [(path.rstrip("/").rsplit("/", 1)[-1], True, 0) for path in found["common_prefixes"]]
        files = [(entry["path"].rsplit("/", 1)[-1], False, int(entry["size"])) for entry in found["objects"]]
        return folders + files


def opened(source: Any) -> _hinton.Checkpoint | None:
    """Opens a source that another library reads; `None` if it is a path or anything else."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        return _one(io.BytesIO(source), "memory/bytes")
    if isinstance(source, tuple) and len(source) == 2 and isinstance(source[1], str):
        return _folder(source[0], source[1])
    if isinstance(source, (str, os.PathLike)) and not hasattr(source, "fs"):
        return None
    # An open file of fsspec, its lazy handle of one, or a path of universal_pathlib.
    if hasattr(source, "fs") and isinstance(getattr(source, "path", None), str) and hasattr(source.fs, "cat_file"):
        return _folder(source.fs, source.path)
    if hasattr(source, "read") and hasattr(source, "seek"):
        return _one(source, str(getattr(source, "name", "")) or "memory/file")
    return None


def _one(file: Any, path: str) -> _hinton.Checkpoint:
    folder, name = os.path.split(path)
    return _hinton.open_files(OneFile(file, name), folder, name)


def _folder(store: Any, path: str) -> _hinton.Checkpoint | None:
    """Opens a path in a file system or store; data in other files next to it is found there."""
    if hasattr(store, "cat_file"):
        path = str(store._strip_protocol(path)).rstrip("/")
        folder, _, name = path.rpartition("/")
        return _hinton.open_files(FsspecFiles(store, folder), folder, name)
    if hasattr(store, "get_range") and hasattr(store, "list_with_delimiter"):
        folder, _, name = path.strip("/").rpartition("/")
        return _hinton.open_files(ObstoreFiles(store, folder), folder, name)
    return None
