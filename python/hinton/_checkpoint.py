"""Weights files, and models in memory, as mappings of tensors."""

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

#: Rows of the table that a notebook shows.
ROWS = 40


class Checkpoint(Mapping[str, Tensor]):
    """Named tensors of a file, a folder of shards, or a model; in the file's order."""

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
        """The name of the format, as `hinton list formats` has it; `"memory"` for a model."""
        return self._inner.format

    @property
    def files(self) -> list[str]:
        """The files that were opened: one, or the shards."""
        return self._inner.files

    @property
    def names(self) -> list[str]:
        """Names of the tensors."""
        return self._inner.names

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Length of each axis, by name."""
        return {name: tensor.shape for name, tensor in self._all().items()}

    @property
    def dtypes(self) -> dict[str, str]:
        """The type of the values, by name."""
        return {name: tensor.dtype for name, tensor in self._all().items()}

    @property
    def metadata(self) -> dict[str, str]:
        """Metadata of the file; nested values are JSON."""
        return dict(self._inner.metadata)

    @property
    def warnings(self) -> list[str]:
        """What was skipped, odd or assumed when it was opened."""
        return self._inner.warnings

    def __getitem__(self, name: str) -> Tensor:
        if not isinstance(name, str):
            cure = "`.names` lists them, and a slice follows: file[name][0]"
            raise refused(TypeError, f"a tensor is asked for by its name, not by {kind_of(name)}", cure)
        found = self._all().get(name)
        if found is not None:
            return found
        # A slice in the notation of the command, or an error with the nearest names.
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
        """The tensors that names, globs (`"*.weight"`) and slices (`"conv1.weight[:,0]"`) mean, in the file's order; all
        without any.

        Raises:
            KeyError: a pattern means no tensor; the cure has the nearest names.
            ValueError: a slice does not fit the tensor's shape.
        """
        return [Tensor(tensor) for tensor in self._inner.select(named(patterns))]

    def summary(self, *patterns: str) -> dict[str, Any]:
        """What `hinton inspect --stats --json` prints: `["tensors"]` has for each its name, shape, type and statistics.
        Every value is read, and no more memory is taken than a few blocks of them.

        Raises:
            KeyError: a pattern means no tensor.
            OSError: values cannot be read.
        """
        report: dict[str, Any] = json.loads(self._inner.inspect(named(patterns), True))
        return report

    def check(self, *patterns: str) -> dict[str, Any]:
        """What `hinton check --json` prints: NaN, infinities, dead and equal tensors. Reads every value.

        Raises:
            KeyError: a pattern means no tensor.
            OSError: values cannot be read.
        """
        report: dict[str, Any] = json.loads(self._inner.check(named(patterns)))
        return report

    def draw(self, *patterns: str, **settings: Unpack[Settings]) -> Picture:
        """Draws the tensors that the patterns mean; without any, an overview of all. Keywords and errors are those of
        `hinton.draw`."""
        from ._draw import draw

        return draw(self, *patterns, **settings)

    def view(self, **options: Any) -> View:
        """Opens it in the viewer; options and errors are those of `hinton.view`."""
        from ._view import view

        return view(self, **options)

    def save(self, path: str | os.PathLike[str], *patterns: str) -> None:
        """Writes the tensors to a file of another format, as `hinton export` does: the extension chooses (`.npz`,
        `.safetensors` …). What a format cannot hold is a `HintonWarning`.

        Raises:
            KeyError: a pattern means no tensor.
            ValueError: nothing writes files with that extension.
            OSError: the file cannot be written, or values cannot be read.
        """
        warn(self._inner.export(named(patterns), path_of(path)))

    def __repr__(self) -> str:
        return f"<hinton.Checkpoint {self.path!r}: {len(self)} tensors, {self.format}>"

    def _repr_html_(self) -> str:
        # A table is seldom wanted, and its module takes longer to load than all headers to read.
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
    """Opens a weights file, or a folder that holds one in shards. Headers are read, and no values.

    Args:
        path: A path; or an address: `"https://host/model.safetensors"`, `"hf://org/name/file"`, of which only what is
            looked at is downloaded. The variables of `huggingface_hub` (`HF_TOKEN`, `HF_HUB_OFFLINE` …), proxies
            and `SSL_CERT_FILE` hold; for buckets (`"s3://bucket/run"`, `gs://`, `az://`) those of the clouds' own tools.
            Or what another library reads: a file of fsspec, or its file system (a store of obstore) with a path in it,
            `(fs, "bucket/run")`; any file that can seek; bytes.

    Raises:
        FileNotFoundError: nothing is there.
        OSError: the file cannot be read, is damaged, or is of no format that is known.
    """
    opened = _files.opened(path) or _hinton.open(path_of(path))
    warn(opened.warnings)
    warn_of_addresses()
    return Checkpoint(opened)


def warn_of_addresses() -> None:
    """Says what a person should know of addresses that were read: redirects, servers without ranges."""
    warn(_hinton.notes_of_addresses())


def of_model(model: Any, name: str, device: str | None) -> Checkpoint:
    """The named arrays of a model, where they lie."""
    tensors = _arrays.tensors(model, device)
    if not tensors:
        cure = "give an array, or a model or dictionary that holds some"
        raise refused(ValueError, f"{name}: there is no array in it", cure)
    return Checkpoint(_hinton.of_tensors(name, tensors))
