"""Comparison of two models."""

from __future__ import annotations

import json
import os
from typing import Any, Literal

from . import _hinton
from ._checkpoint import Checkpoint
from ._errors import patterns, refused, whole
from ._paths import path_of, write

#: Number of tensors that a notebook lists.
ROWS = 20


class Diff:
    """The comparison of two models, tensor by tensor: which are equal, and how far the others are apart.

    A notebook shows the differences in sentences, and the tensors that changed most.
    """

    def __init__(self, inner: _hinton.Diff) -> None:
        self._inner = inner
        self._report: dict[str, Any] | None = None

    @property
    def same(self) -> bool:
        """Whether both hold the same tensors with equal values and dtypes; of summaries (`.hs`), with equal statistics, which
        may stand for other values."""
        return self._inner.is_same

    @property
    def relative(self) -> float | None:
        """The norm of all differences divided by that of the first model's values; None if those are zero,
        and for summaries, which have no values."""
        return self._inner.relative

    @property
    def summary(self) -> list[str]:
        """What differs, in sentences, the most important first."""
        return self._inner.summary

    @property
    def tensors(self) -> list[dict[str, Any]]:
        """The tensors that both have, with every measure: `a` and `b` are the names, `relative` is the norm of the difference
        divided by that of the first, `cosine`, `equal` and `changed` count values …"""
        tensors: list[dict[str, Any]] = self.to_dict()["matched"]
        return tensors

    def to_dict(self) -> dict[str, Any]:
        """The output of `hinton diff --json`: `"matched"` tensors with every measure, those of only one model, and totals."""
        if self._report is None:
            self._report = json.loads(self._inner.json())
        return self._report

    def failures(self, conditions: str) -> list[str]:
        """The conditions that are met, one sentence each. `"rel>0.02,nan"` has the syntax of `--fail-on` in the command.

        >>> assert not hinton.diff("a.pt", "b.pt").failures("rel>0.02,nan")     # doctest: +SKIP

        Raises:
            ValueError: a condition is not understood; the error lists all.
        """
        return self._inner.failures(conditions)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the comparison: `.json`, `.csv` with a line per tensor, or `.md` for a pull request.

        Raises:
            ValueError: the extension is unknown.
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
    """Compares two models: files, modules, dictionaries of arrays, or arrays, in any combination. Reads every value; if one is a
    summary (`.hs`), statistics are compared in place of values.

    >>> hinton.diff("before.safetensors", model).summary        # doctest: +SKIP

    Args:
        a: The first model, before the change: anything that `hinton.draw` accepts.
        b: The second model, after the change.
        tensors: The tensors to compare: names, globs, with slices. All by default.
        match: How tensors are matched: `"exact"` by equal names, `"names"` also by the names of other libraries and
            without prefixes such as `module.`, `"values"` also by their values.
        device: `"cpu"` allows tensors to be copied from a GPU.
        threads: Number of threads; 0 means one per core.

    Raises:
        KeyError: a pattern matches no tensor of either model.
        ValueError: `match` is not a rule.
        OSError: a file cannot be read.
    """
    from ._draw import inner

    first, second = opened(inner(a, "a", device)), opened(inner(b, "b", device))
    return Diff(_hinton.compare(first, second, patterns(tensors), match, whole("threads", threads)))


def opened(checkpoint: Checkpoint) -> _hinton.Checkpoint:
    return checkpoint._inner
