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
    #: A description in one line.
    about: str
    #: A description in a paragraph.
    help: str
    #: The values it accepts, if they are names; otherwise empty.
    choices: tuple[str, ...]
    #: The charts that it affects; empty means all.
    charts: tuple[str, ...]


def settings() -> dict[str, Setting]:
    """The keywords of `draw` by name, in the order of the reference: type, accepted names, and affected charts."""
    return {
        name: Setting(name, takes, about, help, tuple(choices), tuple(charts))
        for name, takes, about, help, choices, charts in _hinton.settings()
    }


@functools.cache
def lines() -> list[tuple[str, str]]:
    """The name and one-line description of each setting. Called once, so that importing the package is quick."""
    return [(name, about) for name, _, about, _, _, _ in _hinton.settings()]


@functools.cache
def chart_names() -> frozenset[str]:
    return frozenset(name for name, _, _ in _hinton.charts())


def charts() -> dict[str, str]:
    """The charts: their names, and what they show."""
    return {name: about for name, about, _ in _hinton.charts()}


def colormaps() -> dict[str, list[tuple[int, int, int]]]:
    """The colour maps: their names, and their colours from low to high as red, green and blue from 0 to 255."""
    return {name: colors for name, _, colors in _hinton.colormaps()}


#: The common part of the documentation of functions named after a chart.
OF_CHARTS = """`what` and `tensors` are those of `hinton.draw`, and so are `name`, `device` and `threads`.

Raises:
    KeyError: no tensor has this name.
    ValueError: a setting does not accept the value, or the chart cannot draw the shape.
    TypeError: not an array, or an unknown keyword."""


def with_settings(function: Function) -> Function:
    """Gives a function that takes `**settings` the names of the settings, for `help()` and completion."""
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
    """Gives a function the rows as keywords in its signature, and as lines in its documentation."""
    keywords = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None) for name, _ in rows]
    function.__signature__ = signature.replace(parameters=[*own, *keywords])  # type: ignore[attr-defined]
    said = "\n".join(f"    {name}: {about}" for name, about in rows)
    function.__doc__ = f"{inspect.cleandoc(function.__doc__ or '')}\n\nSettings:\n{said}\n"
    return function


def with_keywords(function: Function, command: str) -> Function:
    """Gives a function that passes `**settings` to a command the command's keywords, like `with_settings`."""
    signature = inspect.signature(function)
    own = [p for p in signature.parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
    taken = {parameter.name for parameter in own}
    rows = [(name, about) for name, _, about, _ in _hinton.command_keywords(command)]
    if command != "space":
        rows += lines()
    return documented(function, signature, own, [row for row in rows if row[0] not in taken])
