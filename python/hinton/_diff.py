"""What changed between two models."""

from __future__ import annotations

import json
import os
from typing import Any, Literal

from . import _hinton
from ._checkpoint import Checkpoint
from ._errors import patterns, refused, whole
from ._paths import path_of, write

#: Tensors that a notebook lists.
ROWS = 20


class Diff:
    """Two models, tensor by tensor: which are the same, how far the others are from each other.

    A notebook shows what differs in sentences and the tensors that changed most.
    """

    def __init__(self, inner: _hinton.Diff) -> None:
        self._inner = inner
        self._report: dict[str, Any] | None = None

    @property
    def same(self) -> bool:
        """Whether both hold the same tensors with equal values in the same types."""
        return self._inner.is_same

    @property
    def relative(self) -> float | None:
        """The norm of all differences over that of the first model's values; None where those are zero."""
        return self._inner.relative

    @property
    def summary(self) -> list[str]:
        """What differs, in sentences, the most important first."""
        return self._inner.summary

    @property
    def tensors(self) -> list[dict[str, Any]]:
        """The tensors that both have, with every measure: `a` and `b` are the names, `relative` the norm of the
        difference over that of the first, `cosine`, `equal` and `changed` numbers of values …"""
        tensors: list[dict[str, Any]] = self.to_dict()["matched"]
        return tensors

    def to_dict(self) -> dict[str, Any]:
        """What `hinton diff --json` prints: `"matched"` tensors with every measure, those of one model alone, and sums."""
        if self._report is None:
            self._report = json.loads(self._inner.json())
        return self._report

    def failures(self, conditions: str) -> list[str]:
        """The conditions that are met, one sentence each: `"rel>0.02,nan"`, as `--fail-on` of the command.

        >>> assert not hinton.diff("a.pt", "b.pt").failures("rel>0.02,nan")     # doctest: +SKIP

        Raises:
            ValueError: a condition is not understood; the cure lists all.
        """
        return self._inner.failures(conditions)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes it whole: `.json`, `.csv` with a line for each tensor, or `.md` for a pull request.

        Raises:
            ValueError: the extension is another one.
            OSError: the file cannot be written.
        """
        name = path_of(path)
        extension = os.path.splitext(name)[1].lower()
        if extension not in (".json", ".csv", ".md"):
            raise refused(ValueError, f"{name}: nothing writes a comparison as {extension!r}",
                          "there are .json, .csv and .md")
        match extension:
            case ".json":
                text = self._inner.json() + "\n"
            case ".csv":
                text = self._inner.csv()
            case _:
                text = self._inner.markdown(len(self.tensors))
        write(name, text.encode("utf-8"))

    def _repr_markdown_(self) -> str:
        return self._inner.markdown(ROWS)

    def __repr__(self) -> str:
        return f"<hinton.Diff: {self.summary[0]}>"


def diff(
    a: Any,
    b: Any,
    *tensors: str,
    match: Literal["exact", "names", "values"] = "values",
    device: str | None = None,
    threads: int = 0,
) -> Diff:
    """Compares two models: files, modules, dictionaries of arrays, arrays, in any mixture. Reads every value.

    >>> hinton.diff("before.safetensors", model).summary        # doctest: +SKIP

    Args:
        a: What was there before: what `hinton.draw` takes.
        b: What is there now.
        tensors: Which tensors: names, globs, with slices. Without any, all.
        match: By what tensors may be matched: `"exact"` by equal names, `"names"` also by names of other
            libraries and without prefixes such as `module.`, `"values"` also by their values.
        device: `"cpu"` allows tensors to be copied from a GPU.
        threads: How many threads work; 0 is one for each core.

    Raises:
        KeyError: a pattern means no tensor of either.
        ValueError: `match` is no rule.
        OSError: a file cannot be read.
    """
    from ._draw import inner

    first, second = opened(inner(a, "a", device)), opened(inner(b, "b", device))
    return Diff(_hinton.compare(first, second, patterns(tensors), match, whole("threads", threads)))


def opened(checkpoint: Checkpoint) -> _hinton.Checkpoint:
    return checkpoint._inner
