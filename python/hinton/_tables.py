"""The tables of the library: settings, charts, colour maps."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from . import _hinton

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class Setting:
    """A keyword of `draw`."""

    #: The keyword.
    name: str
    #: Whether it takes `"nothing"` (True or False), a `"value"`, or `"perhaps"` a value.
    takes: str
    #: What it does, in a line.
    about: str
    #: What it does, in a paragraph.
    help: str
    #: The values it takes, where they are names; empty otherwise.
    choices: tuple[str, ...]
    #: The charts that heed it; empty for all.
    charts: tuple[str, ...]


def settings() -> dict[str, Setting]:
    """The keywords of `draw` by name, in the order of the reference: what each takes, its names, the charts that heed it."""
    return {
        name: Setting(name, takes, about, help, tuple(choices), tuple(charts))
        for name, takes, about, help, choices, charts in _hinton.settings()
    }


@functools.cache
def lines() -> list[tuple[str, str]]:
    """Name and one line of each setting. Asked once: importing the package is to be quick."""
    return [(name, about) for name, _, about, _, _, _ in _hinton.settings()]


@functools.cache
def chart_names() -> frozenset[str]:
    return frozenset(name for name, _, _ in _hinton.charts())


def charts() -> dict[str, str]:
    """The charts: name, and what it shows."""
    return {name: about for name, about, _ in _hinton.charts()}


def colormaps() -> dict[str, list[tuple[int, int, int]]]:
    """The colour maps: name, and colours from low to high as red, green and blue of 0 to 255."""
    return {name: colors for name, _, colors in _hinton.colormaps()}


#: What the functions with a chart's name have in common.
OF_CHARTS = """What is drawn and which tensors of it are those of `hinton.draw`, and so are `name`, `device` and `threads`.

Raises:
    KeyError: no tensor has that name.
    ValueError: a setting does not take that value, or the chart cannot draw that shape.
    TypeError: no array, or an unknown keyword."""


def with_settings(function: Function) -> Function:
    """Gives a function that takes `**settings` their names, for `help()` and for completion."""
    signature = inspect.signature(function)
    own = [p for p in signature.parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
    taken = {parameter.name for parameter in own}
    if getattr(function, "__name__", "draw") in chart_names():
        taken.add("chart")
        function.__doc__ = f"{inspect.cleandoc(function.__doc__ or '')}\n\n{OF_CHARTS}"
    return documented(function, signature, own, [row for row in lines() if row[0] not in taken])


def documented(
    function: Function,
    signature: inspect.Signature,
    own: list[inspect.Parameter],
    rows: list[tuple[str, str]],
) -> Function:
    """The function with the rows as keywords of its signature, and as lines of its documentation."""
    keywords = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None) for name, _ in rows]
    function.__signature__ = signature.replace(parameters=[*own, *keywords])  # type: ignore[attr-defined]
    said = "\n".join(f"    {name}: {about}" for name, about in rows)
    function.__doc__ = f"{inspect.cleandoc(function.__doc__ or '')}\n\nSettings:\n{said}\n"
    return function


def with_keywords(function: Function, command: str) -> Function:
    """Gives a function that passes `**settings` to a command their names, as `with_settings` does."""
    signature = inspect.signature(function)
    own = [p for p in signature.parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
    taken = {parameter.name for parameter in own}
    rows = [(name, about) for name, _, about, _ in _hinton.command_keywords(command)]
    if command == "train":
        rows += lines()
    return documented(function, signature, own, [row for row in rows if row[0] not in taken])
