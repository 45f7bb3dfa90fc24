"""Weights files and models in memory, as mappings of tensors."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from . import _arrays, _files, _hinton
from ._errors import patterns as named
from ._errors import kind_of, refused, warn
from ._paths import path_of
from ._tensor import Tensor

if TYPE_CHECKING:
    from typing import Unpack

    from ._keywords import Settings
    from ._picture import Picture
    from ._view import View

#: Number of rows of the table that a notebook shows.
ROWS = 40


class Checkpoint(Mapping[str, Tensor]):
    """The named tensors of a file, a folder of shards, or a model, in the file's order."""

    def __init__(self, inner: _hinton.Checkpoint) -> None:
        self._inner = inner
        self._tensors: dict[str, Tensor] | None = None

    def _all(self) -> dict[str, Tensor]:
        if self._tensors is None:
            self._tensors = {tensor.name: Tensor(tensor) for tensor in self._inner.select([])}
        return self._tensors

    @property
    def path(self) -> str:
        """The path it was opened from, or what its tensors were taken from."""
        return self._inner.path

    @property
    def format(self) -> str:
        """The name of the format, see `hinton list formats`; `"memory"` for a model."""
        return self._inner.format

    @property
    def files(self) -> list[str]:
        """The files that were opened: one file, or the shards."""
        return self._inner.files

    @property
    def names(self) -> list[str]:
        """The names of the tensors."""
        return self._inner.names

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of each tensor, by name."""
        return {name: tensor.shape for name, tensor in self._all().items()}

    @property
    def dtypes(self) -> dict[str, str]:
        """The dtype of each tensor, by name."""
        return {name: tensor.dtype for name, tensor in self._all().items()}

    @property
    def metadata(self) -> dict[str, str]:
        """The metadata of the file; nested values are JSON."""
        return dict(self._inner.metadata)

    @property
    def warnings(self) -> list[str]:
        """What was skipped, unusual or assumed when it was opened."""
        return self._inner.warnings

    def __getitem__(self, name: str) -> Tensor:
        if not isinstance(name, str):
            cure = "`.names` lists them, and a slice follows: file[name][0]"
            raise refused(TypeError, f"a tensor is asked for by its name, not by {kind_of(name)}", cure)
        found = self._all().get(name)
        if found is not None:
            return found
        # A slice in the notation of the command; otherwise an error that suggests the nearest names.
        selected = self._inner.select([name])
        if len(selected) != 1:
            raise refused(KeyError, f"{name!r} means {len(selected)} tensors", ".select() returns them all")
        return Tensor(selected[0])

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def __contains__(self, name: object) -> bool:
        return name in self._all()

    def select(self, *patterns: str) -> list[Tensor]:
        """Selects tensors by names, globs (`"*.weight"`) and slices (`"conv1.weight[:,0]"`), in the file's order; all without
        patterns.

        Raises:
            KeyError: a pattern matches no tensor; the error suggests the nearest names.
            ValueError: a slice does not fit the tensor's shape.
        """
        return [Tensor(tensor) for tensor in self._inner.select(named(patterns))]

    def summary(self, *patterns: str) -> dict[str, Any]:
        """The output of `hinton inspect --stats --json`: `["tensors"]` has the name, shape, type and statistics of each tensor.
        Reads every value, with little memory.

        Raises:
            KeyError: a pattern matches no tensor.
            OSError: values cannot be read.
        """
        report: dict[str, Any] = json.loads(self._inner.inspect(named(patterns), True))
        return report

    def check(self, *patterns: str) -> dict[str, Any]:
        """The output of `hinton check --json`: NaN, infinities, dead and equal tensors. Reads every value.

        Raises:
            KeyError: a pattern matches no tensor.
            OSError: values cannot be read.
        """
        report: dict[str, Any] = json.loads(self._inner.check(named(patterns)))
        return report

    def draw(self, *patterns: str, **settings: Unpack[Settings]) -> Picture:
        """Draws the tensors that match the patterns; without patterns, an overview of all. Keywords and errors are those of
        `hinton.draw`."""
        from ._draw import draw

        return draw(self, *patterns, **settings)

    def view(self, **options: Any) -> View:
        """Opens it in the viewer. Options and errors are those of `hinton.view`."""
        from ._view import view

        return view(self, **options)

    def save(self, path: str | os.PathLike[str], *patterns: str) -> None:
        """Writes the tensors to a file in another format, like `hinton export`. The extension selects the format (`.npz`,
        `.safetensors` …). If the format cannot hold something, a `HintonWarning` says so.

        Raises:
            KeyError: a pattern matches no tensor.
            ValueError: no format has this extension.
            OSError: the file cannot be written, or values cannot be read.
        """
        warn(self._inner.export(named(patterns), path_of(path)))

    def __repr__(self) -> str:
        return f"<hinton.Checkpoint {self.path!r}: {len(self)} tensors, {self.format}>"

    def _repr_html_(self) -> str:
        # The table is rarely needed, and importing its module takes longer than reading all headers.
        import html

        head = f"<caption>{html.escape(self.path)}: {len(self)} tensors, {html.escape(self.format)}</caption>"
        rows = "".join(
            f"<tr><td style='text-align:left'>{html.escape(name)}</td>"
            f"<td>{' × '.join(map(str, tensor.shape))}</td><td>{html.escape(tensor.stored)}</td></tr>"
            for name, tensor in list(self._all().items())[:ROWS]
        )
        more = f"<tr><td colspan='3'>… {len(self) - ROWS} more</td></tr>" if len(self) > ROWS else ""
        return f"<table>{head}<tr><th>tensor</th><th>shape</th><th>type</th></tr>{rows}{more}</table>"


def open(path: str | os.PathLike[str] | Any) -> Checkpoint:
    """Opens a weights file, or a folder that holds one checkpoint in shards. Reads headers, but no values.

    Args:
        path: A path. Or an address, `"https://host/model.safetensors"` or `"hf://org/name/file"`, of which only the
            needed parts are downloaded. The environment variables of `huggingface_hub` (`HF_TOKEN`, `HF_HUB_OFFLINE` …),
            those of proxies, and `SSL_CERT_FILE` are used; for buckets (`"s3://bucket/run"`, `gs://`, `az://`) those of
            the clouds' own tools. Or a file that another library reads: a file of fsspec, or its file system (or a store
            of obstore) with a path, `(fs, "bucket/run")`; any seekable file; bytes.

    Raises:
        FileNotFoundError: there is no such file.
        OSError: the file cannot be read, is damaged, or has an unknown format.
    """
    opened = _files.opened(path) or _hinton.open(path_of(path))
    warn(opened.warnings)
    warn_of_addresses()
    return Checkpoint(opened)


def warn_of_addresses() -> None:
    """Warns about addresses that were read: redirects, servers without ranges."""
    warn(_hinton.notes_of_addresses())


def of_model(model: Any, name: str, device: str | None) -> Checkpoint:
    """The named arrays of a model, in place."""
    tensors = _arrays.tensors(model, device)
    if not tensors:
        cure = "give an array, or a model or dictionary that holds some"
        raise refused(ValueError, f"{name}: there is no array in it", cure)
    return Checkpoint(_hinton.of_tensors(name, tensors))
